//! Lines and columns, and excerpts that show a line with a caret under a column.

use crate::platform::terminal::steers;
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

/// The number of characters shown of a long line.
pub(crate) const WIDTH: usize = 100;

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
    excerpt_of(&line[from..], first, position)
}

/// Returns the excerpt of a line of which the first `skipped` characters are left out.
pub(crate) fn excerpt_of(rest: &str, skipped: usize, position: Position) -> String {
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

/// Appends `c`, or its escape if a terminal would interpret it.
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
}
