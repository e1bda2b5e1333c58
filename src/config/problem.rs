//! A message about a place in a configuration file, with its position and line.

use std::ops::Range;

/// A fault in a configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The line, counted from 1.
    pub line: u32,
    /// The column in characters, counted from 1.
    pub column: u32,
    /// What is wrong.
    pub message: String,
    /// The text of the line.
    pub text: String,
}

impl Problem {
    /// Creates a problem at the bytes `span` of `text`.
    pub(super) fn at(text: &str, span: Range<usize>, message: String) -> Self {
        let start = (0..=span.start.min(text.len()))
            .rev()
            .find(|at| text.is_char_boundary(*at))
            .unwrap_or_default();
        let before = &text[..start];
        let line_start = before.rfind('\n').map_or(0, |newline| newline + 1);
        let line = text[line_start..].lines().next().unwrap_or_default();
        Self {
            line: number(before.matches('\n').count() + 1),
            column: number(text[line_start..start].chars().count() + 1),
            message,
            text: line.to_owned(),
        }
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}
