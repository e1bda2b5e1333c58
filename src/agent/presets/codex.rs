//! Codex: `codex exec --json`, which reports tokens, but neither cost nor limits as events.

use super::adapter::{
    Adapter, Call, Credentials, Knows, Permission, flag, no_lines, no_status, words,
};
use super::codes;
use super::told::{End, Told, number};
use crate::domain::{Preset, Tokens};
use serde_json::Value;

pub(super) static ADAPTER: Adapter = Adapter {
    preset: Preset::Codex,
    program: "codex",
    arguments,
    event,
    lines: no_lines,
    streams: true,
    status: no_status,
    knows: &[Knows::Tokens, Knows::Limits, Knows::Resume, Knows::Session],
    has_permissions: true,
    install: "npm install -g @openai/codex",
    login: "codex login",
    credentials: Some(Credentials { variable: "CODEX_HOME", folder: ".codex", file: "auth.json" }),
};

fn arguments(call: &Call<'_>) -> Vec<String> {
    let mut list = words(&["exec", "--json"]);
    match call.permission {
        Permission::Edits => list.extend(words(&["--sandbox", "workspace-write"])),
        Permission::All => list.push("--dangerously-bypass-approvals-and-sandbox".to_owned()),
    }
    flag(&mut list, "--model", call.model);
    // Projects without git are allowed.
    list.push("--skip-git-repo-check".to_owned());
    if let Some(session) = call.session {
        list.extend(words(&["resume", session]));
    }
    list.push("-".to_owned());
    list
}

fn event(told: &mut Told, event: &Value) {
    match event["type"].as_str() {
        Some("thread.started") => told.session(&event["thread_id"]),
        Some("turn.completed") => {
            let usage = &event["usage"];
            told.add_tokens(Tokens::with_cached_inside(
                number(usage, "input_tokens"),
                number(usage, "output_tokens"),
                number(usage, "cached_input_tokens"),
            ));
            told.end = Some(End::Ok);
        }
        Some("turn.failed") => {
            told.error(&event["error"]);
            told.failed(codes::of_error(&event["error"]));
        }
        // Also printed for errors that are retried, so only the last event counts.
        Some("error") => {
            told.error(&event["message"]);
            told.failed(None);
        }
        Some("item.completed") if event["item"]["type"] == "agent_message" => {
            told.message(&event["item"]["text"]);
        }
        // These include the output of commands, which must not be interpreted.
        Some(_) | None => {}
    }
}
