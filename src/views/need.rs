//! A task that needs a person, and what its agent asked, as plain data.

use crate::domain::{Need, OpenQuestion, ReasonCode};
use serde::Serialize;

/// A task that needs a person.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NeedView {
    /// Its reference.
    pub id: String,
    /// The path of its queue.
    pub queue: String,
    /// Its title.
    pub title: String,
    /// What it needs.
    pub need: Need,
    /// Why, as a code, where there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
    /// Why, in one line: the question, what is in the way, how it failed.
    pub text: String,
    /// Since when, as far as the queue tells.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// What a person types.
    pub command: String,
}

impl NeedView {
    /// Has the command say which queues are meant, in `words` that begin with a blank.
    pub fn say_queues(&mut self, words: &str) {
        // Of two commands both.
        self.command = self.command.replace(", then", &format!("{words}, then")) + words;
    }
}

/// `open_question` of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct QuestionView(pub OpenQuestion);

impl QuestionView {
    /// What it asks or found.
    pub fn question(&self) -> &OpenQuestion {
        &self.0
    }
}
