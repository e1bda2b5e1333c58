//! What is known about an error: its cause and its fix.

use serde::{Deserialize, Serialize};

/// An entry of `[[known_errors]]` in the configuration that an attempt met.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct KnownError {
    /// The cause of the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cause: Option<String>,
    /// The fix for the error.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fix: Option<String>,
}

impl KnownError {
    /// Describes the error in one sentence.
    pub fn sentence(&self) -> String {
        match (&self.cause, &self.fix) {
            (Some(cause), Some(fix)) => format!("{cause}; what helps: {fix}"),
            (Some(cause), None) => cause.clone(),
            (None, fix) => format!("what helps: {}", fix.as_deref().unwrap_or_default()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sentence_has_what_is_known() {
        let sentence = |cause: Option<&str>, fix: Option<&str>| {
            let (cause, fix) = (cause.map(str::to_owned), fix.map(str::to_owned));
            KnownError { cause, fix }.sentence()
        };
        assert_eq!(sentence(Some("no disk"), Some("clean")), "no disk; what helps: clean");
        assert_eq!(sentence(Some("no disk"), None), "no disk");
        assert_eq!(sentence(None, Some("clean")), "what helps: clean");
    }
}
