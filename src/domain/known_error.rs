//! What is known about an error: its cause, and what helps.

use serde::{Deserialize, Serialize};

/// One `[[known_errors]]` of the configuration that an attempt met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownError {
    /// What causes it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// What helps.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl KnownError {
    /// In one sentence.
    pub fn sentence(&self) -> String {
        match (&self.cause, &self.fix) {
            (Some(cause), Some(fix)) => format!("{cause}; what helps: {fix}"),
            (Some(cause), None) => cause.clone(),
            (None, fix) => format!("what helps: {}", fix.as_deref().unwrap_or_default()),
        }
    }
}
