//! The five states of a task and their accepted spellings.

use std::fmt;

/// The state of a task. *Ready* and *waiting* are derived from it and never stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Status {
    /// Not started.
    Pending,
    /// Claimed; the claim names the worker.
    InProgress,
    /// Completed with a recorded PASS or an explicit SKIPPED.
    Complete,
    /// A person must look; `error` gives the reason.
    Blocked,
    /// Deliberately excluded from runs.
    Parked,
    /// A word that the format does not define. The task is never run, a warning is shown, and the
    /// word is kept.
    Unknown,
}

/// Every accepted spelling. The first spelling of each state is used in files that have none yet.
const SPELLINGS: [(Status, &[&str]); 5] = [
    (Status::Pending, &["pending", "todo", "open", "queued", "ready", "waiting", "not_started"]),
    (
        Status::InProgress,
        &["in_progress", "in-progress", "running", "doing", "processing", "started"],
    ),
    (
        Status::Complete,
        &[
            "complete",
            "completed",
            "done",
            "closed",
            "passed",
            "passing",
            "pass",
            "verified",
            "resolved",
            "finished",
            "success",
        ],
    ),
    (Status::Blocked, &["blocked", "failed", "error", "needs_human"]),
    (
        Status::Parked,
        &["parked", "deferred", "icebox", "skipped", "cancelled", "backlog", "wontfix"],
    ),
];

impl Status {
    /// The states that a file can contain on purpose, in the order in which a summary lists them.
    pub const ALL: [Self; 5] =
        [Self::Pending, Self::InProgress, Self::Blocked, Self::Complete, Self::Parked];

    /// Parses a status word in any accepted spelling. Case, spaces, `-` and `_` are ignored.
    pub fn from_word(word: &str) -> Self {
        let find = |is: &dyn Fn(&str) -> bool| {
            SPELLINGS.iter().find(|(_, words)| words.iter().any(|known| is(known)))
        };
        // Most words are spelled exactly as in the table, so that is tried first.
        let found = find(&|known| known == word)
            .or_else(|| find(&|known| letters(known).eq(letters(word))));
        found.map_or(Self::Unknown, |(status, _)| *status)
    }

    /// Returns the accepted spellings of this state, preferred one first.
    pub fn spellings(self) -> &'static [&'static str] {
        SPELLINGS
            .iter()
            .find(|(status, _)| *status == self)
            .map_or(&["unknown"], |(_, words)| words)
    }

    /// Returns the preferred spelling.
    pub fn word(self) -> &'static str {
        self.spellings()[0]
    }

    /// Returns whether a task in this state may still be run.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::InProgress)
    }
}

/// Returns the letters of a word in lower case, without separators.
fn letters(word: &str) -> impl Iterator<Item = u8> {
    let bytes = word.bytes().filter(|byte| !matches!(byte, b' ' | b'-' | b'_'));
    bytes.map(|byte| byte.to_ascii_lowercase())
}

impl fmt::Display for Status {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.word())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_spelling_reads_back_as_its_state() {
        for status in Status::ALL {
            for word in status.spellings() {
                assert_eq!(Status::from_word(word), status, "{word}");
                assert_eq!(Status::from_word(&word.to_uppercase()), status, "{word}");
            }
        }
        for (word, status) in [
            ("In Progress", Status::InProgress),
            ("in-PROGRESS", Status::InProgress),
            ("to do", Status::Pending),
            ("Not Started", Status::Pending),
            ("not-started", Status::Pending),
            ("needs human", Status::Blocked),
            ("Won't fix", Status::Unknown),
            ("wont-fix", Status::Parked),
            ("Passing ", Status::Complete),
            ("complet", Status::Unknown),
            ("", Status::Unknown),
            ("--", Status::Unknown),
        ] {
            assert_eq!(Status::from_word(word), status, "{word}");
        }
    }

    #[test]
    fn words_and_open_states() {
        let words = Status::ALL.map(Status::word);
        assert_eq!(words, ["pending", "in_progress", "blocked", "complete", "parked"]);
        assert_eq!(
            (Status::Unknown.word(), Status::Unknown.to_string()),
            ("unknown", "unknown".into())
        );
        let open: Vec<Status> = Status::ALL.into_iter().filter(|status| status.is_open()).collect();
        assert_eq!(open, [Status::Pending, Status::InProgress]);
        assert!(!Status::Unknown.is_open());
    }
}
