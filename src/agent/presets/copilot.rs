//! GitHub Copilot CLI: prints text; some versions print JSON.

use super::adapter::{Adapter, Call, PROMPT, flag, no_lines, no_status, words};
use super::texts::{self, Meaning};
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
            let data = &event["data"];
            let by_kind = match data["errorType"].as_str() {
                Some("authentication" | "authorization") => Some(Meaning::Auth),
                Some("quota" | "rate_limit") => Some(Meaning::UsageLimit),
                Some(_) | None => None,
            };
            told.failed(by_kind.or_else(|| data["statusCode"].as_i64().and_then(texts::of_status)));
        }
        Some("result") => {
            told.session(&event["sessionId"]);
            told.session(&event["session_id"]);
            told.end = Some(End::Ok);
        }
        Some(_) | None => {}
    }
}
