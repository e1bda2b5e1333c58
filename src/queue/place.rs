//! Lines and columns of the present text.

use super::finding::Position;
use super::text::Base;
use std::sync::Arc;

/// The text at one moment with the starts of its lines.
#[derive(Debug)]
pub(super) struct Snapshot {
    base: Arc<Base>,
    /// The text where it differs from the base.
    own: Option<String>,
    starts: Vec<usize>,
}

impl Snapshot {
    pub(super) fn new(base: Arc<Base>, own: Option<String>) -> Self {
        let text = own.as_deref().unwrap_or(&base.text);
        let breaks = text.bytes().enumerate().filter(|(_, byte)| *byte == b'\n');
        let starts = std::iter::once(0).chain(breaks.map(|(at, _)| at + 1)).collect();
        Self { base, own, starts }
    }

    pub(super) fn text(&self) -> &str {
        self.own.as_deref().unwrap_or(&self.base.text)
    }

    /// Line and column of a byte.
    pub(super) fn position(&self, offset: usize) -> Position {
        let line = self.starts.partition_point(|start| *start <= offset);
        let start = self.starts.get(line.saturating_sub(1)).copied().unwrap_or(0);
        let before = self.text().get(start..offset).unwrap_or_default();
        Position { line: line as u32, column: before.chars().count() as u32 + 1 }
    }

    /// The text of a line, from 1.
    pub(super) fn line(&self, line: u32) -> &str {
        let Some(index) = (line as usize).checked_sub(1) else { return "" };
        let Some(start) = self.starts.get(index) else { return "" };
        let end = self.starts.get(index + 1).map_or(self.text().len(), |next| next - 1);
        self.text()[*start..end].trim_end_matches('\r')
    }
}
