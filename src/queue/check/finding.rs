//! Severities and codes of what is wrong or odd in a queue.

use crate::domain::TaskId;
use crate::queue::parse::position::Position;
use std::fmt;

/// The severity of a finding.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Something cannot work as it is.
    Error,
    /// Something is odd.
    Warning,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Error => "error",
            Self::Warning => "warning",
        })
    }
}

/// Something wrong or odd in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The severity.
    pub severity: Severity,
    /// Stable name of this kind of finding; listed in [`CODES`].
    pub code: &'static str,
    /// The position in the file.
    pub position: Position,
    /// The task that the finding is about. `None` if it is about the whole file.
    pub task: Option<TaskId>,
    /// What is wrong and what to do, as a lower-case fragment.
    pub message: String,
}

use Severity::{Error, Warning};

/// The code of every refusal and finding, with its severity and meaning.
pub const CODES: &[(&str, Severity, &str)] = &[
    ("too-large", Error, "the file is over 256 MiB"),
    ("encoding", Error, "the file is not UTF-8"),
    ("byte-order-mark", Error, "the file starts with a byte order mark"),
    ("empty", Error, "the file is empty"),
    ("syntax", Error, "the file is not JSON (RFC 8259)"),
    ("too-deep", Error, "arrays and objects are nested deeper than 127"),
    ("number-range", Error, "a number overflows a 64-bit float"),
    ("not-an-object", Error, "the file is JSON, but neither an object nor a list"),
    ("no-task-list", Error, "the file has no list of tasks where one is expected"),
    ("two-task-lists", Error, "there are two lists of tasks under different keys"),
    ("task-not-object", Error, "an element of the task list is not an object"),
    ("id-missing", Error, "a task has no `id`"),
    ("id-invalid", Error, "an `id` is neither a non-empty string nor a whole number"),
    ("id-duplicate", Error, "two tasks have the same `id`"),
    ("schema", Error, "a value does not match schemas/queue.schema.json"),
    ("field-unusable", Error, "a field the program acts on cannot be read; the task is never run"),
    ("duplicate-key", Warning, "a key occurs twice in one object; the last one counts"),
    ("two-spellings", Warning, "a field is under two of its spellings"),
    ("status-unknown", Warning, "an unknown status word; the task is never run"),
    ("priority-unreadable", Warning, "a priority that cannot be read; the task ranks last"),
    ("estimate-unreadable", Warning, "an estimate that cannot be read; it is ignored"),
    ("complete-not-passed", Warning, "a task is complete, but `passes` or a flag like it is false"),
    ("passed-not-complete", Warning, "`passes` or a flag like it is true, but the task is open"),
    (
        "state-unreadable",
        Warning,
        "a value that may be meant as a state cannot be one; the task is pending",
    ),
    ("near-key", Warning, "an unknown key that is similar to a known one"),
    ("unread-state", Warning, "an unknown key looks like the state of a task that has none"),
    ("unread-ids", Warning, "an unknown key contains ids of tasks; it does not order them"),
    ("step-order", Warning, "a step is listed before one on which it depends"),
    ("budget-zero", Warning, "`max_iterations` is 0; the task still has one attempt"),
    ("no-description", Warning, "a task has neither title nor description"),
    ("id-characters", Warning, "an id contains control characters, or begins or ends with a blank"),
    ("summary-untrue", Warning, "the counts in `summary` do not match the tasks"),
    ("summary-not-counts", Warning, "`summary` is not an object, so it cannot hold counts"),
];

/// Returns the severity of a code in [`CODES`].
pub(crate) fn severity(code: &str) -> Severity {
    CODES.iter().find(|(name, ..)| *name == code).map_or(Error, |(_, severity, _)| *severity)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_unique() {
        for (n, (code, ..)) in CODES.iter().enumerate() {
            assert!(CODES[n + 1..].iter().all(|(other, ..)| other != code), "{code}");
        }
    }
}
