//! Amp: `amp -x --stream-json`, whose events are those of Claude Code.

use super::adapter::{Adapter, Call, Knows, no_lines, no_status, words};
use super::claude;
use super::told::Told;
use crate::domain::Preset;
use serde_json::Value;

pub(super) static ADAPTER: Adapter = Adapter {
    preset: Preset::Amp,
    program: "amp",
    arguments,
    event,
    lines: no_lines,
    streams: true,
    status: no_status,
    knows: &[Knows::Tokens, Knows::Resume, Knows::Session],
    has_permissions: false,
    install: "npm install -g @sourcegraph/amp",
    login: "amp login",
    credentials: None,
};

fn arguments(call: &Call<'_>) -> Vec<String> {
    let mut list = Vec::new();
    if let Some(session) = call.session {
        list.extend(words(&["threads", "continue", session]));
    }
    list.extend(words(&["--execute", "--stream-json", "--dangerously-allow-all"]));
    list
}

fn event(told: &mut Told, event: &Value) {
    match event["type"].as_str() {
        Some("system") => {
            told.session(&event["session_id"]);
            told.model(&event["model"]);
        }
        Some("assistant") => claude::assistant(told, event),
        Some("result") => {
            claude::result(told, event);
            told.error(&event["error"]);
        }
        Some(_) | None => {}
    }
}
