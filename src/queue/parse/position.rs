//! Lines and columns, and excerpts that show a line with a caret under a column.

use crate::platform::snippet::{WIDTH, snippet};
use std::fmt;

/// A position in a file: line and column.
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

/// Returns the line with its number and a caret under the column, ready to print. Returns an empty
/// text for a blank line.
///
/// Long lines are truncated around the column. Control characters are shown as escapes.
pub fn excerpt(line: &str, position: Position) -> String {
    if line.trim().is_empty() {
        return String::new();
    }
    let first = (position.column.max(1) as usize - 1).saturating_sub(WIDTH / 2);
    let from = line.char_indices().nth(first).map_or(line.len(), |(at, _)| at);
    snippet(position.line, &line[from..], first, position.column)
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
}
