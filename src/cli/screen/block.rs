//! The block below the lines of a run on a terminal.

use super::board::Board;
use crate::platform::terminal;
use crate::views::style::Look;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::time::Instant;

/// A terminal that does not say how large it is.
const SIZE: (usize, usize) = (80, 24);

/// The block.
#[derive(Clone)]
pub(super) struct Block {
    bars: MultiProgress,
    bar: ProgressBar,
    color: bool,
}

impl Block {
    /// One that shows nothing yet.
    pub(super) fn new(color: bool) -> Self {
        let bars = MultiProgress::new();
        let bar = bars.add(ProgressBar::new_spinner());
        let style = ProgressStyle::with_template("{msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self { bars, bar, color }
    }

    /// Shows how `board` is now.
    pub(super) fn show(&self, board: &Board) {
        let (columns, rows) = terminal::size_of_stderr().unwrap_or(SIZE);
        // The last column stays free: some terminals break a line that fills it.
        let look = Look { color: self.color, width: Some(columns.saturating_sub(1)) };
        self.bar.set_message(board.block(look, rows, Instant::now()).join("\n"));
        self.bar.tick();
    }

    /// Writes lines above it; `false` where the terminal is gone.
    pub(super) fn above(&self, text: &str) -> bool {
        let shown = !self.bars.is_hidden();
        // Progress that cannot be shown stops nothing. (`suspend` of the bars would panic when the
        // terminal is gone.)
        drop(shown.then(|| self.bars.println(text)));
        shown
    }

    /// Takes it away.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
