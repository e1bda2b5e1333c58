//! Gemini CLI: `gemini --output-format stream-json`, the prompt on stdin.

use super::adapter::{Adapter, Call, Credentials, Knows, Permission, flag, no_lines, words};
use super::codes;
use super::texts::Meaning;
use super::told::{End, Told, number};
use crate::domain::{Preset, Tokens};
use serde_json::Value;

pub(super) static ADAPTER: Adapter = Adapter {
    preset: Preset::Gemini,
    program: "gemini",
    arguments,
    event,
    lines: no_lines,
    streams: true,
    status,
    knows: &[Knows::Tokens, Knows::Limits, Knows::Resume, Knows::Model, Knows::Session],
    has_permissions: true,
    install: "npm install -g @google/gemini-cli",
    login: "gemini, then choose how to sign in",
    credentials: Some(Credentials {
        variable: "GEMINI_DIR",
        folder: ".gemini",
        file: "oauth_creds.json",
    }),
};

fn arguments(call: &Call<'_>) -> Vec<String> {
    let mut list = words(&["--output-format", "stream-json"]);
    let mode = match call.permission {
        Permission::Edits => "auto_edit",
        Permission::All => "yolo",
    };
    list.extend(words(&["--approval-mode", mode]));
    flag(&mut list, "--model", call.model);
    flag(&mut list, "--resume", call.session);
    list
}

/// Maps its documented exit statuses.
fn status(code: i32) -> Option<Meaning> {
    match code {
        41 => Some(Meaning::Auth),
        53 => Some(Meaning::Turns),
        _ => None,
    }
}

fn event(told: &mut Told, event: &Value) {
    match event["type"].as_str() {
        Some("init") => {
            told.session(&event["session_id"]);
            told.model(&event["model"]);
        }
        Some("message") if event["role"] == "assistant" => {
            if event["delta"] == true {
                told.piece(&event["content"]);
            } else {
                told.message(&event["content"]);
            }
        }
        // The next message is a new one.
        Some("tool_use") => told.message = None,
        Some("error") => {
            told.error(&event["message"]);
            told.error(&event["error"]);
            if event["severity"] != "warning" {
                told.failed(codes::of_error(&event["error"]));
            }
        }
        Some("result") => {
            stats(told, &event["stats"]);
            ended(told, event, event["status"] == "success" || event["status"].is_null());
        }
        Some(_) => {}
        // The single object of `--output-format json`.
        None if event["response"].is_string() || event["error"].is_object() => {
            told.session(&event["session_id"]);
            told.message(&event["response"]);
            models(told, &event["stats"]["models"]);
            ended(told, event, true);
        }
        None => {}
    }
}

fn ended(told: &mut Told, event: &Value, ok: bool) {
    if ok && event["error"].is_null() {
        told.end = Some(End::Ok);
        return;
    }
    told.error(&event["error"]);
    let code = event["error"]["code"].as_i64().and_then(|code| i32::try_from(code).ok());
    let meaning = code.and_then(status).or_else(|| codes::of_error(&event["error"]));
    told.failed(meaning);
}

fn stats(told: &mut Told, stats: &Value) {
    if stats["input_tokens"].is_u64() || stats["output_tokens"].is_u64() {
        told.tokens = Some(Tokens::with_cached_inside(
            number(stats, "input_tokens"),
            number(stats, "output_tokens"),
            number(stats, "cached"),
        ));
    } else {
        models(told, &stats["models"]);
    }
}

/// Sums the tokens of all models.
fn models(told: &mut Told, models: &Value) {
    for (model, usage) in models.as_object().into_iter().flatten() {
        let tokens = &usage["tokens"];
        if told.model.is_none() {
            told.model = Some(model.clone());
        }
        told.add_tokens(Tokens::with_cached_inside(
            number(tokens, "prompt"),
            number(tokens, "candidates"),
            number(tokens, "cached"),
        ));
    }
}
