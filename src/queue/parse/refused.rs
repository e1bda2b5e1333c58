//! The refusal of a file that is not a queue: one sentence, a position and the line.

use super::position::Position;
use crate::platform::snippet::{WIDTH, snippet};
use crate::queue::json::kind::{Fault, What};
use memchr::{memchr, memchr_iter, memrchr};
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::Utf8Chunk;

/// The size of the largest file that is read, in bytes.
pub const MAX_BYTES: usize = 256 * 1024 * 1024;

/// A file that cannot be read as a queue. It is never overwritten.
///
/// Displayed as `path:line:column: error[code]: reason`, followed by the line with a caret.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.text())]
pub struct Refused {
    /// The path of the file.
    pub path: PathBuf,
    /// The position of the fault.
    pub position: Position,
    /// The kind of refusal; listed in [`CODES`](crate::queue::CODES).
    pub code: &'static str,
    /// The reason, as a lower-case fragment.
    pub reason: String,
    /// The line with a caret under the column. Empty if there is nothing to show.
    pub excerpt: String,
}

impl Refused {
    /// Creates the refusal of a file of `bytes` bytes, which is not read at all.
    pub fn too_large(path: &Path, bytes: u64) -> Self {
        Self {
            path: path.to_owned(),
            position: Position { line: 1, column: 1 },
            code: "too-large",
            reason: format!("the file is {} MiB; files over 256 MiB are not read", bytes >> 20),
            excerpt: String::new(),
        }
    }

    /// Returns whether the text is not JSON at all, as while an editor is saving it.
    pub fn is_syntax(&self) -> bool {
        matches!(self.code, "empty" | "syntax" | "encoding")
    }

    fn text(&self) -> impl fmt::Display + use<> {
        let place = format!("{}:{}", self.path.display(), self.position);
        let mut text = format!("{place}: error[{}]: {}", self.code, self.reason);
        if !self.excerpt.is_empty() {
            text.push('\n');
            text.push_str(&self.excerpt);
        }
        text
    }
}

/// A reason whose position is not computed yet.
#[derive(Clone, Debug)]
pub(crate) struct Reason {
    pub(crate) at: usize,
    pub(crate) code: &'static str,
    pub(crate) text: String,
}

impl Reason {
    pub(crate) fn new(at: usize, code: &'static str, text: impl Into<String>) -> Self {
        Self { at, code, text: text.into() }
    }

    /// Creates the refusal of `bytes`, with line and column.
    pub(crate) fn refuse(self, path: &Path, bytes: &[u8]) -> Refused {
        let (position, excerpt) = place(bytes, self.at);
        Refused { path: path.to_owned(), position, code: self.code, reason: self.text, excerpt }
    }
}

impl From<Fault> for Reason {
    fn from(fault: Fault) -> Self {
        match fault.what {
            What::Expected(text) => Self::new(fault.at, "syntax", text),
            What::Ended(text) => {
                Self::new(fault.at, "syntax", format!("the file ends here; {text}"))
            }
            What::TooDeep => {
                Self::new(fault.at, "too-deep", "arrays and objects are nested deeper than 127")
            }
            What::NumberRange => {
                Self::new(fault.at, "number-range", "this number is too large to be read")
            }
        }
    }
}

/// Returns the line and column of a byte, and an excerpt of its line. Only the part that is shown
/// is copied.
fn place(bytes: &[u8], at: usize) -> (Position, String) {
    let at = at.min(bytes.len());
    let start = memrchr(b'\n', &bytes[..at]).map_or(0, |n| n + 1);
    let end = memchr(b'\n', &bytes[at..]).map_or(bytes.len(), |n| at + n);
    let line = 1 + memchr_iter(b'\n', &bytes[..start]).count();
    let characters = |bytes: &[u8]| -> usize {
        // Invalid UTF-8 is shown as one character.
        let counts = |chunk: Utf8Chunk<'_>| {
            chunk.valid().chars().count() + usize::from(!chunk.invalid().is_empty())
        };
        bytes.utf8_chunks().map(counts).sum()
    };
    let before = characters(&bytes[start..at]);
    let position = Position { line: line as u32, column: before as u32 + 1 };
    let blank = bytes[start..end].trim_ascii().is_empty();
    // A character has at most four bytes.
    let from = start.max(at.saturating_sub(4 * WIDTH));
    let shown = String::from_utf8_lossy(&bytes[from..end.min(at + 4 * WIDTH)]);
    let skipped = before.saturating_sub(WIDTH / 2);
    let behind = shown.chars().count().min(characters(&bytes[from..at]));
    let rest = shown.char_indices().nth(behind.saturating_sub(before - skipped));
    let rest = rest.map_or("", |(n, _)| &shown[n..]).trim_end_matches('\r');
    let excerpt = || snippet(position.line, rest, skipped, position.column);
    (position, if blank { String::new() } else { excerpt() })
}
