//! The data that an adapter collects from the events of a tool.

use super::codes;
use super::reset;
use super::texts::{self, Meaning};
use crate::agent::feedback::cut;
use crate::domain::Tokens;
use chrono::{DateTime, Utc};
use serde_json::Value;
use std::collections::HashMap;

/// The maximum length of a message, in bytes.
const MESSAGE_BYTES: usize = 2000;

/// How a tool reports that it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It succeeded.
    Ok,
    /// It failed, with the meaning of the event if that is known from more than its text.
    Failed(Option<Meaning>),
}

/// The data collected so far.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// The number of events.
    pub(super) events: usize,
    pub(super) session_id: Option<String>,
    pub(super) model: Option<String>,
    pub(super) tokens: Option<Tokens>,
    pub(super) cost_usd: Option<f64>,
    /// The last message of the agent.
    pub(super) message: Option<String>,
    /// The last message, if the model wrote it. A tool may repeat it where its own errors are.
    reply: Option<String>,
    /// How it ended, according to the last event about that.
    pub(super) end: Option<End>,
    /// The texts of its error events, oldest first.
    pub(super) errors: Vec<String>,
    /// A reached limit, from an event: when it ends, and its kind.
    pub(super) limit: Option<(Option<DateTime<Utc>>, Option<String>)>,
    /// Whether the model continued after the limit was reported.
    pub(super) is_past_limit: bool,
    /// Tokens by message, for a tool that reports the sum only at the end.
    pub(super) by_message: HashMap<String, Tokens>,
}

impl Told {
    /// Records the session, if `value` is safe to pass as an argument.
    pub(super) fn session(&mut self, value: &Value) {
        let fits = |id: &&str| {
            let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:".contains(&byte);
            (1..=128).contains(&id.len()) && !id.starts_with('-') && id.bytes().all(plain)
        };
        if let Some(id) = value.as_str().filter(fits) {
            self.session_id = Some(id.to_owned());
        }
    }

    /// Records the model.
    pub(super) fn model(&mut self, value: &Value) {
        if let Some(model) = value.as_str().filter(|model| !model.is_empty() && model.len() < 200) {
            self.model = Some(model.to_owned());
        }
    }

    /// Records a message of the agent.
    pub(super) fn message(&mut self, value: &Value) {
        if let Some(text) = value.as_str().filter(|text| !text.trim().is_empty()) {
            let mut text = text.to_owned();
            cut(&mut text, MESSAGE_BYTES);
            self.message = Some(text);
            self.reply.clone_from(&self.message);
        }
    }

    /// Records that the tool, and not the model, wrote the last message.
    pub(super) fn is_own_message(&mut self) {
        self.reply = None;
    }

    /// Appends a piece of a message.
    pub(super) fn piece(&mut self, value: &Value) {
        let Some(text) = value.as_str() else { return };
        let message = self.message.get_or_insert_default();
        if message.len() < MESSAGE_BYTES {
            message.push_str(text);
            cut(message, MESSAGE_BYTES);
        }
        self.reply.clone_from(&self.message);
    }

    /// Records the text of an error event.
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

    /// Records that it failed, with the meaning if the event gives one.
    pub(super) fn failed(&mut self, meaning: Option<Meaning>) {
        self.end = Some(End::Failed(meaning));
    }

    /// Adds tokens.
    pub(super) fn add_tokens(&mut self, tokens: Tokens) {
        self.tokens = Some(self.tokens.unwrap_or_default().plus(tokens));
    }

    /// Adds cost, in US dollars.
    pub(super) fn add_cost(&mut self, value: &Value) {
        if let Some(cost) = value.as_f64().filter(|cost| cost.is_finite() && *cost >= 0.0) {
            self.cost_usd = Some(self.cost_usd.unwrap_or_default() + cost);
        }
    }

    /// Returns the meaning of the last meaningful error text. What the model replied, or what is
    /// quoted of `prompt`, has none.
    pub(super) fn meant(&self, prompt: &str) -> Option<Meaning> {
        let is_own = |text: &&String| self.reply.as_deref().map(str::trim) != Some(text.trim());
        // An error without a message is kept as its JSON, in which a number may mean anything.
        let is_json = |text: &str| serde_json::from_str::<Value>(text).is_ok();
        let by_words = |text: &String| texts::of_event(text, prompt).filter(|_| !is_json(text));
        let meaning = |text: &String| codes::of_body(text, prompt).or_else(|| by_words(text));
        self.errors.iter().rev().filter(is_own).find_map(meaning)
    }

    /// Returns the reset that its error texts state.
    pub(super) fn stated(&self, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
        let stated = |text: &String| reset::stated(text, now, reset::Zone::Local);
        self.errors.iter().rev().find_map(stated)
    }
}

/// Returns the integer value of a field, or 0.
pub(super) fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap_or(0)
}
