//! A task that needs a person, and the question of its agent, as plain data.

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
    /// The reason as a code, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason_code: Option<ReasonCode>,
    /// The reason in one line: the question, the obstacle, or the failure.
    pub text: String,
    /// Since when, as far as the queue shows it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub since: Option<String>,
    /// The command for a person.
    pub command: String,
}

/// `open_question` of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct QuestionView(pub OpenQuestion);

impl QuestionView {
    /// Returns the question or finding.
    pub fn question(&self) -> &OpenQuestion {
        &self.0
    }
}
