//! Claude Code: `claude --print`, which prints events as lines of JSON.

use super::adapter::{
    Adapter, Call, Credentials, Knows, Permission, flag, no_lines, no_status, words,
};
use super::reset;
use super::texts::{self, Meaning};
use super::told::{End, Told, number};
use crate::domain::{Preset, Tokens};
use serde_json::Value;

pub(super) static ADAPTER: Adapter = Adapter {
    preset: Preset::Claude,
    program: "claude",
    arguments,
    event,
    lines: no_lines,
    streams: true,
    status: no_status,
    knows: &[
        Knows::Cost,
        Knows::Tokens,
        Knows::Limits,
        Knows::Resume,
        Knows::Model,
        Knows::Session,
    ],
    has_permissions: true,
    install: "npm install -g @anthropic-ai/claude-code",
    login: "claude, then /login",
    credentials: Some(Credentials {
        variable: "CLAUDE_CONFIG_DIR",
        folder: ".claude",
        file: ".credentials.json",
    }),
};

fn arguments(call: &Call<'_>) -> Vec<String> {
    // Events are printed only with --verbose.
    let mut list = words(&["--print", "--verbose", "--output-format", "stream-json"]);
    match call.permission {
        Permission::Edits => list.extend(words(&["--permission-mode", "acceptEdits"])),
        Permission::All => list.push("--dangerously-skip-permissions".to_owned()),
    }
    flag(&mut list, "--model", call.model);
    flag(&mut list, "--resume", call.session);
    let budget = call.budget_usd.map(|usd| usd.to_string());
    flag(&mut list, "--max-budget-usd", budget.as_deref());
    list
}

fn event(told: &mut Told, event: &Value) {
    match event["type"].as_str() {
        Some("system") => {
            told.session(&event["session_id"]);
            told.model(&event["model"]);
        }
        Some("assistant") => assistant(told, event),
        Some("rate_limit_event") => limit(told, &event["rate_limit_info"]),
        Some("result") => result(told, event),
        // Tool output and echoed prompts (`user`), and unknown events of later versions.
        Some(_) | None => {}
    }
}

pub(super) fn assistant(told: &mut Told, event: &Value) {
    let message = &event["message"];
    told.session(&event["session_id"]);
    told.model(&message["model"]);
    for part in message["content"].as_array().into_iter().flatten() {
        if part["type"] == "text" {
            told.message(&part["text"]);
        }
    }
    let is_silent = message["usage"].is_object() && number(&message["usage"], "output_tokens") == 0;
    if is_silent || message["model"] == "<synthetic>" || !event["error"].is_null() {
        told.is_own_message();
    }
    if message["usage"].is_object() {
        let id = message["id"].as_str().unwrap_or_default().to_owned();
        told.by_message.insert(id, tokens(&message["usage"]));
        // A message with output tokens comes from the model, so the work continues. The tool itself
        // reports limits in messages without tokens.
        if event["error"].is_null() && number(&message["usage"], "output_tokens") > 0 {
            told.is_past_limit = told.limit.is_some();
            if matches!(told.end, Some(End::Failed(_))) {
                told.end = None;
            }
        }
    }
    let meaning = match event["error"].as_str() {
        Some("authentication_failed") => Some(Meaning::Auth),
        Some("billing_error" | "rate_limit") => Some(Meaning::UsageLimit),
        Some("server_error" | "overloaded") => Some(Meaning::Transient),
        Some(_) => None,
        None => return,
    };
    // The text of such a message comes from the tool, not from the model.
    for part in message["content"].as_array().into_iter().flatten() {
        told.error(&part["text"]);
    }
    told.failed(outweighed(meaning, told));
}

/// Returns `meaning`, unless it is a usage limit and the tool says that it is not one of the
/// account.
fn outweighed(meaning: Option<Meaning>, told: &Told) -> Option<Meaning> {
    match (meaning, told.meant("")) {
        (Some(Meaning::UsageLimit), Some(Meaning::Transient)) => Some(Meaning::Transient),
        (meaning, _) => meaning,
    }
}

fn limit(told: &mut Told, info: &Value) {
    // Only `rejected` is a limit, unless it is paid for as overage. `allowed` is not a limit, even
    // if the overage is rejected.
    told.is_past_limit = false;
    let is_limit = info["status"] == "rejected" && info["isUsingOverage"] != true;
    told.limit = is_limit.then(|| {
        let until = reset::of_field(&info["resetsAt"]);
        (until, info["rateLimitType"].as_str().map(str::to_owned))
    });
}

pub(super) fn result(told: &mut Told, event: &Value) {
    told.session(&event["session_id"]);
    told.model(&event["model"]);
    if let Some((model, _)) = event["modelUsage"].as_object().and_then(|usage| usage.iter().next())
        && told.model.is_none()
    {
        told.model = Some(model.clone());
    }
    if event["usage"].is_object() {
        told.tokens = Some(tokens(&event["usage"]));
    }
    if event["total_cost_usd"].is_number() {
        told.cost_usd = None;
        told.add_cost(&event["total_cost_usd"]);
    }
    let subtype = event["subtype"].as_str().unwrap_or_default();
    let reason = event["terminal_reason"].as_str().unwrap_or_default();
    // `subtype` may be `success` although `is_error` is true.
    let is_error = event["is_error"].as_bool().unwrap_or(false) || subtype.starts_with("error");
    let failed = is_error || event["api_error_status"].is_number() || reason == "api_error";
    // Some versions report success although the last message was the tool's own error, or the last
    // request was rejected.
    let was_cut =
        matches!(told.end, Some(End::Failed(_))) || (told.limit.is_some() && !told.is_past_limit);
    if !failed && !was_cut {
        told.message(&event["result"]);
        told.end = Some(End::Ok);
        return;
    }
    told.error(&event["result"]);
    for error in event["errors"].as_array().into_iter().flatten() {
        told.error(error);
    }
    let meaning = match (reason, subtype) {
        ("max_turns", _) | (_, "error_max_turns") => Some(Meaning::Turns),
        ("budget_exhausted", _) | (_, "error_max_budget_usd") => Some(Meaning::Cost),
        _ if told.limit.is_some() => Some(Meaning::UsageLimit),
        _ => event["api_error_status"].as_i64().and_then(texts::of_status),
    };
    // The meaning that an assistant message gave for the same failure.
    let earlier = match &told.end {
        Some(End::Failed(meaning)) => *meaning,
        Some(End::Ok) | None => None,
    };
    told.failed(outweighed(meaning.or(earlier), told));
}

fn tokens(usage: &Value) -> Tokens {
    Tokens::with_cached_apart(
        number(usage, "input_tokens"),
        number(usage, "output_tokens"),
        number(usage, "cache_read_input_tokens"),
        number(usage, "cache_creation_input_tokens"),
    )
}
