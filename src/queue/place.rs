//! Lines and columns in the current text.

use super::parse::position::Position;
use super::text::Base;
use crate::platform::snippet::{WIDTH, snippet};
use memchr::memchr_iter;
use std::sync::Arc;

/// The number of bytes between two stored character counts. A file may be one line of megabytes
/// with a finding about every task.
const STRIDE: usize = 1024;

/// The text at one moment, with the starts of its lines.
#[derive(Debug)]
pub(super) struct Snapshot {
    base: Arc<Base>,
    /// The text, if it differs from the base.
    own: Option<String>,
    starts: Vec<u32>,
    /// The number of characters before every [`STRIDE`] bytes.
    counts: Vec<u32>,
}

impl Snapshot {
    pub(super) fn new(base: Arc<Base>, own: Option<String>) -> Self {
        let bytes = own.as_deref().unwrap_or(&base.text).as_bytes();
        let starts = std::iter::once(0).chain(memchr_iter(b'\n', bytes).map(|at| at as u32 + 1));
        let mut count = 0;
        let counts = bytes.chunks(STRIDE).map(|piece| {
            let before = count;
            count += characters(piece);
            before
        });
        let (starts, counts) = (starts.collect(), counts.collect());
        Self { base, own, starts, counts }
    }

    pub(super) fn text(&self) -> &str {
        self.own.as_deref().unwrap_or(&self.base.text)
    }

    /// Returns the line and column of a byte.
    pub(super) fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start as usize <= offset);
        let start = self.starts.get(line.saturating_sub(1)).map_or(0, |start| *start as usize);
        Position { line: line as u32, column: self.before(offset) - self.before(start) + 1 }
    }

    /// Returns the line with a caret under the column, ready to print. Returns an empty text for a
    /// blank line.
    pub(super) fn excerpt(&self, position: Position) -> String {
        let line = self.line(position.line);
        if line.trim_start().is_empty() {
            return String::new();
        }
        let start = line.as_ptr() as usize - self.text().as_ptr() as usize;
        let skipped = (position.column.max(1) - 1).saturating_sub(WIDTH as u32 / 2);
        let from = self.offset(self.before(start) + skipped).clamp(start, start + line.len());
        snippet(position.line, &line[from - start..], skipped as usize, position.column)
    }

    /// Returns a line, counted from 1, without its line ending.
    fn line(&self, line: u32) -> &str {
        let Some(index) = (line as usize).checked_sub(1) else { return "" };
        let Some(start) = self.starts.get(index) else { return "" };
        let end = self.starts.get(index + 1).map_or(self.text().len(), |next| *next as usize - 1);
        self.text()[*start as usize..end].trim_end_matches('\r')
    }

    /// Returns how many characters begin before a byte.
    fn before(&self, offset: usize) -> u32 {
        let at = (offset / STRIDE).min(self.counts.len().saturating_sub(1));
        let piece = self.text().as_bytes().get(at * STRIDE..offset).unwrap_or_default();
        self.counts.get(at).copied().unwrap_or(0) + characters(piece)
    }

    /// Returns the byte at which a character of the text begins, or the end for a later one.
    fn offset(&self, character: u32) -> usize {
        let at = self.counts.partition_point(|before| *before <= character).saturating_sub(1);
        let mut left = character - self.counts.get(at).copied().unwrap_or(0);
        let bytes = self.text().as_bytes();
        let from = at * STRIDE;
        for (n, byte) in bytes.iter().enumerate().skip(from) {
            if begins(*byte) {
                if left == 0 {
                    return n;
                }
                left -= 1;
            }
        }
        bytes.len()
    }
}

/// Returns how many characters begin in `bytes`.
fn characters(bytes: &[u8]) -> u32 {
    bytes.iter().filter(|byte| begins(**byte)).count() as u32
}

/// Returns whether a UTF-8 character begins with `byte`.
fn begins(byte: u8) -> bool {
    byte & 0xc0 != 0x80
}
