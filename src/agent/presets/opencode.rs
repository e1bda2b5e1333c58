//! opencode: `opencode run --format json`, the prompt on stdin.

use super::adapter::{Adapter, Call, Knows, flag, no_lines, no_status, words};
use super::codes;
use super::told::{End, Told, number};
use crate::domain::{Preset, Tokens};
use serde_json::Value;

pub(super) static ADAPTER: Adapter = Adapter {
    preset: Preset::Opencode,
    program: "opencode",
    arguments,
    event,
    lines: no_lines,
    streams: true,
    status: no_status,
    knows: &[Knows::Cost, Knows::Tokens, Knows::Resume, Knows::Session],
    has_permissions: false,
    install: "npm install -g opencode-ai",
    login: "opencode auth login",
    credentials: None,
};

fn arguments(call: &Call<'_>) -> Vec<String> {
    let mut list = words(&["run", "--format", "json"]);
    flag(&mut list, "--model", call.model);
    flag(&mut list, "--session", call.session);
    list
}

fn event(told: &mut Told, event: &Value) {
    told.session(&event["sessionID"]);
    let part = &event["part"];
    match event["type"].as_str() {
        Some("text") => told.message(&part["text"]),
        Some("step_finish") => {
            let (used, cache) = (&part["tokens"], &part["tokens"]["cache"]);
            if used.is_object() {
                // Reasoning tokens are output of the model too.
                let out = number(used, "output") + number(used, "reasoning");
                let (read, written) = (number(cache, "read"), number(cache, "write"));
                let input = number(used, "input");
                told.add_tokens(Tokens::with_cached_apart(input, out, read, written));
            }
            told.add_cost(&part["cost"]);
            if part["reason"] == "stop" {
                told.end = Some(End::Ok);
            }
        }
        Some("error") => {
            let error = &event["error"];
            told.error(error);
            told.failed(codes::of_error(error));
        }
        Some(_) | None => {}
    }
}
