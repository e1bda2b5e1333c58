//! The verdict of verification on an attempt.

use serde::{Deserialize, Serialize};
use std::fmt;

/// The verdict of an attempt. Only PASS makes a task truly complete.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "UPPERCASE")]
pub enum Verdict {
    /// Every step of the verification passed.
    Pass,
    /// A step failed. The attempt is repeated until the budget is used up.
    Fail,
    /// A person must look: the agent asked, or something was tampered with.
    Blocked,
    /// Verification was deliberately switched off.
    Skipped,
}

impl Verdict {
    /// Returns the word used in queue files.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pass => "PASS",
            Self::Fail => "FAIL",
            Self::Blocked => "BLOCKED",
            Self::Skipped => "SKIPPED",
        }
    }

    /// Parses the word of a queue file. Returns `None` for any other text.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Pass, Self::Fail, Self::Blocked, Self::Skipped]
            .into_iter()
            .find(|v| v.word().eq_ignore_ascii_case(word))
    }
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_read_in_any_case() {
        for (verdict, word) in [
            (Verdict::Pass, "PASS"),
            (Verdict::Fail, "FAIL"),
            (Verdict::Blocked, "BLOCKED"),
            (Verdict::Skipped, "SKIPPED"),
        ] {
            assert_eq!((verdict.word(), verdict.to_string()), (word, word.to_owned()));
            assert_eq!(Verdict::from_word(&word.to_lowercase()), Some(verdict));
            assert_eq!(serde_json::json!(verdict), serde_json::json!(word));
        }
        assert_eq!(Verdict::from_word("passed"), None);
    }
}
