//! Cursor: `cursor-agent --print`, which reports failures on stderr, without a final event.

use super::adapter::{Adapter, Call, Knows, PROMPT, flag, no_lines, no_status, words};
use super::codes;
use super::told::{End, Told};
use crate::domain::Preset;
use serde_json::Value;

pub(super) static ADAPTER: Adapter = Adapter {
    preset: Preset::Cursor,
    program: "cursor-agent",
    arguments,
    event,
    lines: no_lines,
    streams: true,
    status: no_status,
    knows: &[Knows::Resume, Knows::Model, Knows::Session],
    has_permissions: false,
    install: "curl https://cursor.com/install -fsS | bash",
    login: "cursor-agent login",
    credentials: None,
};

fn arguments(call: &Call<'_>) -> Vec<String> {
    let mut list = words(&["--print", "--output-format", "stream-json", "--force"]);
    flag(&mut list, "--model", call.model);
    flag(&mut list, "--resume", call.session);
    list.push(PROMPT.to_owned());
    list
}

fn event(told: &mut Told, event: &Value) {
    match event["type"].as_str() {
        Some("system") => {
            told.session(&event["session_id"]);
            told.model(&event["model"]);
        }
        Some("assistant") => {
            for part in event["message"]["content"].as_array().into_iter().flatten() {
                told.message(&part["text"]);
            }
        }
        Some("result") => {
            told.session(&event["session_id"]);
            if event["is_error"] == true || event["subtype"] != "success" {
                told.error(&event["result"]);
                told.error(&event["error"]);
                told.failed(codes::of_error(&event["error"]));
            } else {
                told.message(&event["result"]);
                told.end = Some(End::Ok);
            }
        }
        Some(_) | None => {}
    }
}
