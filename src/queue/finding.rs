//! What is wrong or odd in a queue: positions, severities, codes, and how a line is shown.

use crate::domain::TaskId;
use crate::platform::terminal::steers;
use std::fmt;

/// A place in a file: 1-based line, and column in characters.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Position {
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.line, self.column)
    }
}

/// How much a finding matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Severity {
    /// Something cannot work as it stands.
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

/// One thing that is wrong or odd in a queue.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Stable name of this kind of finding; stands in [`CODES`].
    pub code: &'static str,
    /// Where.
    pub position: Position,
    /// The task concerned.
    pub task: Option<TaskId>,
    /// What is wrong and what to do, in a lower-case fragment.
    pub message: String,
}

use Severity::{Error, Warning};

/// Every code of a refusal or a finding, with its severity and what it means.
pub const CODES: &[(&str, Severity, &str)] = &[
    ("too-large", Error, "the file is over 256 MiB"),
    ("encoding", Error, "the file is not UTF-8"),
    ("byte-order-mark", Error, "the file starts with a byte order mark"),
    ("empty", Error, "the file is empty"),
    ("syntax", Error, "the file is not JSON (RFC 8259)"),
    ("too-deep", Error, "arrays and objects are nested deeper than 127"),
    ("number-range", Error, "a number overflows a 64-bit float"),
    ("not-an-object", Error, "the file is JSON, but not an object"),
    ("no-task-list", Error, "there is no list under `tasks` or `features`"),
    ("two-task-lists", Error, "there are lists under both `tasks` and `features`"),
    ("task-not-object", Error, "an element of the task list is not an object"),
    ("id-missing", Error, "a task has no `id`"),
    ("id-invalid", Error, "an `id` is not a non-empty string"),
    ("id-duplicate", Error, "two tasks have the same `id`"),
    ("schema", Error, "a value does not match schemas/queue.schema.json"),
    ("field-unusable", Error, "a field the program acts on cannot be read; the task is never run"),
    ("duplicate-key", Warning, "a key stands twice in one object; the last one counts"),
    ("two-spellings", Warning, "a field stands under two of its spellings"),
    ("status-unknown", Warning, "a status word that means nothing; the task is never run"),
    ("priority-unreadable", Warning, "a priority that cannot be read; the task ranks last"),
    ("estimate-unreadable", Warning, "an estimate that cannot be read; it is ignored"),
    ("complete-not-passed", Warning, "a task is complete, but `passes` is false"),
    ("budget-zero", Warning, "`max_iterations` is 0; the task has one attempt all the same"),
    ("no-description", Warning, "a task has neither title nor description"),
    ("id-characters", Warning, "an id holds control characters, or blanks at its ends"),
    ("summary-untrue", Warning, "the counts of `summary` are not those of the tasks"),
    ("summary-not-counts", Warning, "`summary` is no object, so that counts cannot be kept"),
];

/// The severity of a code of [`CODES`].
pub(super) fn severity(code: &str) -> Severity {
    CODES.iter().find(|(name, ..)| *name == code).map_or(Error, |(_, severity, _)| *severity)
}

/// Characters of a long line that are shown.
pub(super) const WIDTH: usize = 100;

/// The line with its number and a mark under the column, ready to be printed; empty for a blank
/// line.
///
/// Long lines are cut around the column; control characters are shown as escapes.
pub fn excerpt(line: &str, position: Position) -> String {
    if line.trim().is_empty() {
        return String::new();
    }
    let first = (position.column.max(1) as usize - 1).saturating_sub(WIDTH / 2);
    let from = line.char_indices().nth(first).map_or(line.len(), |(at, _)| at);
    excerpt_of(&line[from..], first, position)
}

/// The same of a line of which `skipped` characters are left out.
pub(super) fn excerpt_of(rest: &str, skipped: usize, position: Position) -> String {
    let column = position.column.max(1) as usize - 1;
    let mut shown = String::new();
    if skipped > 0 {
        shown.push('…');
    }
    let mut mark = None;
    let mut chars = rest.chars();
    for (n, c) in chars.by_ref().take(WIDTH).enumerate() {
        if skipped + n == column {
            mark = Some(shown.chars().count());
        }
        push_visible(&mut shown, c);
    }
    let mark = mark.unwrap_or_else(|| shown.chars().count());
    if chars.next().is_some() {
        shown.push('…');
    }
    let number = position.line.to_string();
    let gutter = " ".repeat(number.len());
    format!("{number} | {shown}\n{gutter} | {}^", " ".repeat(mark))
}

/// Appends `c`, or its escape where a terminal would act on it.
fn push_visible(text: &mut String, c: char) {
    if c == '\t' {
        text.push(' ');
    } else if steers(c) {
        text.extend(c.escape_unicode());
    } else {
        text.push(c);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_excerpt_marks_the_column() {
        let text = excerpt("  \"a\": nul,", Position { line: 12, column: 8 });
        assert_eq!(text, "12 |   \"a\": nul,\n   |        ^");
    }

    #[test]
    fn a_long_line_is_cut_around_the_column() {
        let line = "x".repeat(300) + "é!" + &"y".repeat(300);
        let text = excerpt(&line, Position { line: 1, column: 302 });
        let (shown, mark) = text.split_once('\n').unwrap();
        assert!(shown.chars().count() < 115, "{shown}");
        assert!(shown.starts_with("1 | …x") && shown.ends_with("y…"));
        let at = mark.chars().position(|c| c == '^').unwrap();
        assert_eq!(shown.chars().nth(at), Some('!'));
    }

    #[test]
    fn control_and_bidi_characters_are_shown_as_escapes() {
        let text = excerpt("a\u{1b}[31m\u{202e}b", Position { line: 1, column: 2 });
        assert!(text.starts_with("1 | a\\u{1b}[31m\\u{202e}b\n"), "{text}");
    }

    #[test]
    fn codes_are_unique() {
        for (n, (code, ..)) in CODES.iter().enumerate() {
            assert!(CODES[n + 1..].iter().all(|(other, ..)| other != code), "{code}");
        }
    }
}
