//! What an adapter gathers while it reads the events of a tool.

use super::reset;
use super::texts::{self, Meaning};
use crate::agent::feedback::cut;
use crate::domain::Tokens;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::HashMap;

/// The most of a message that is kept, in bytes.
const MESSAGE_BYTES: usize = 2000;

/// How a tool says that it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It came to its end.
    Ok,
    /// It failed; what its event means, where that is told by more than words.
    Failed(Option<Meaning>),
}

/// What was read so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// Events that were read.
    pub(super) events: usize,
    pub(super) session_id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) tokens: Option<Tokens>,
    pub(super) cost_usd: Option<f64>,
    /// The last message of the agent.
    pub(super) message: Option<String>,
    /// How it ended, by its last word.
    pub(super) end: Option<End>,
    /// Texts of its own error events, oldest first.
    pub(super) errors: Vec<String>,
    /// What an event says of a limit that was reached: when it ends, and which it is.
    pub(super) limit: Option<(Option<DateTime<Utc>>, Option<String>)>,
    /// Tokens by message, of a tool that sums them only at its end.
    pub(super) by_message: HashMap<String, Tokens>,
}

impl Told {
    /// Notes the session, where `value` is a name that an argument may hold.
    pub(super) fn session(&mut self, value: &Value) {
        let fits = |id: &&str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
            (1..=128).contains(&id.len()) && !id.starts_with('-') && id.bytes().all(plain)
        };
        if let Some(id) = value.as_str().filter(fits) {
            self.session_id = Some(id.to_owned());
        }
    }

    /// Notes the model.
    pub(super) fn model(&mut self, value: &Value) {
        if let Some(model) = value.as_str().filter(|model| !model.is_empty() && model.len() < 200) {
            self.model = Some(model.to_owned());
        }
    }

    /// Notes a message of the agent.
    pub(super) fn message(&mut self, value: &Value) {
        if let Some(text) = value.as_str().filter(|text| !text.trim().is_empty()) {
            let mut text = text.to_owned();
            cut(&mut text, MESSAGE_BYTES);
            self.message = Some(text);
        }
    }

    /// Notes a part of a message, which comes in pieces.
    pub(super) fn piece(&mut self, value: &Value) {
        let Some(text) = value.as_str() else { return };
        let message = self.message.get_or_insert_default();
        if message.len() < MESSAGE_BYTES {
            message.push_str(text);
            cut(message, MESSAGE_BYTES);
        }
    }

    /// Notes the text of an error event.
    pub(super) fn error(&mut self, value: &Value) {
        let text = match value {
            Value::String(text) => text.clone(),
            Value::Object(fields) => match fields.get("message").or(fields.get("data")) {
                Some(inner @ (Value::String(_) | Value::Object(_))) => return self.error(inner),
                Some(_) | None => value.to_string(),
            },
            Value::Null => return,
            Value::Bool(_) | Value::Number(_) | Value::Array(_) => value.to_string(),
        };
        if !text.trim().is_empty() && self.errors.len() < 100 {
            let mut text = text;
            cut(&mut text, MESSAGE_BYTES);
            self.errors.push(text);
        }
    }

    /// Notes that it failed, for a reason that the event itself tells or not.
    pub(super) fn failed(&mut self, meaning: Option<Meaning>) {
        self.end = Some(End::Failed(meaning));
    }

    /// Adds tokens.
    pub(super) fn add_tokens(&mut self, tokens: Tokens) {
        self.tokens = Some(self.tokens.unwrap_or_default().plus(tokens));
    }

    /// Adds money.
    pub(super) fn add_cost(&mut self, value: &Value) {
        if let Some(cost) = value.as_f64().filter(|cost| cost.is_finite() && *cost >= 0.0) {
            self.cost_usd = Some(self.cost_usd.unwrap_or_default() + cost);
        }
    }

    /// What its error texts mean: the last one that means anything.
    pub(super) fn meant(&self) -> Option<Meaning> {
        self.errors.iter().rev().find_map(|text| texts::of_event(text))
    }

    /// The reset that its error texts state.
    pub(super) fn stated(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let stated = |text: &String| reset::stated(text, now, reset::Zone::Local);
        self.errors.iter().rev().find_map(stated)
    }
}

/// A whole number of a field, 0 where there is none.
pub(super) fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}
