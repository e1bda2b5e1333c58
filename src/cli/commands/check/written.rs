//! The configuration file as findings show it.

use crate::config::{Config, FILE_NAME};
use crate::platform::open::{self, Links};
use crate::queue::{Position, excerpt};
use crate::views::check::FindingView;
use std::path::Path;

/// The maximum size of a file whose lines are shown, in bytes.
const MOST: u64 = 1 << 20;

/// The configuration file: its path as people see it, and its text.
pub(super) struct Written {
    shown: String,
    text: String,
}

impl Written {
    /// Reads the file again. Without its text, findings have a position but show no line.
    pub(super) fn of(config: &Config, cwd: &Path) -> Self {
        let path = config.path.as_deref();
        let shown = path.unwrap_or_else(|| Path::new(FILE_NAME));
        let shown = shown.strip_prefix(cwd).unwrap_or(shown).display().to_string();
        let text = path.and_then(|path| open::read_text(path, Links::Follow, MOST).ok());
        Self { shown, text: text.unwrap_or_default() }
    }

    /// The text of the file.
    pub(super) fn text(&self) -> &str {
        &self.text
    }

    /// Creates a finding about the whole file.
    pub(super) fn finding(&self, code: &'static str, message: impl Into<String>) -> FindingView {
        FindingView::placeless(code, &self.shown, message)
    }

    /// Adds a position, with its line.
    pub(super) fn at(&self, finding: FindingView, position: Position) -> FindingView {
        let number = position.line.saturating_sub(1) as usize;
        let line = self.text.lines().nth(number).unwrap_or_default();
        finding.at(position, excerpt(line, position))
    }
}
