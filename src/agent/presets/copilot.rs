//! GitHub Copilot CLI: prints text; some versions print JSON.

use super::adapter::{Adapter, Call, PROMPT, flag, no_lines, no_status, words};
use super::codes;
use super::told::{End, Told};
use crate::domain::Preset;
use serde_json::Value;

pub(super) static ADAPTER: Adapter = Adapter {
    preset: Preset::Copilot,
    program: "copilot",
    arguments,
    event,
    lines: no_lines,
    streams: false,
    status: no_status,
    knows: &[],
    has_permissions: false,
    install: "npm install -g @github/copilot",
    login: "copilot, then /login",
    credentials: None,
};

fn arguments(call: &Call<'_>) -> Vec<String> {
    let mut list = words(&["--allow-all-tools"]);
    flag(&mut list, "--model", call.model);
    list.extend(words(&["--prompt", PROMPT]));
    list
}

fn event(told: &mut Told, event: &Value) {
    match event["type"].as_str() {
        Some("error" | "session.error") => {
            told.error(&event["message"]);
            told.error(&event["error"]);
            told.error(&event["data"]);
            told.failed(codes::of_error(event));
        }
        Some("result") => {
            told.session(&event["sessionId"]);
            told.session(&event["session_id"]);
            told.end = Some(End::Ok);
        }
        Some(_) | None => {}
    }
}
