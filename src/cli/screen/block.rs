//! The live block below the lines of a run, on a terminal.

use super::board::Board;
use crate::platform::terminal;
use crate::views::style::Look;
use indicatif::{MultiProgress, ProgressBar, ProgressStyle};
use std::time::Instant;

/// The assumed columns and rows of a terminal of unknown size.
const SIZE: (usize, usize) = (80, 24);

/// The live block, drawn with a progress bar.
#[derive(Clone)]
pub(super) struct Block {
    bars: MultiProgress,
    bar: ProgressBar,
    color: bool,
}

impl Block {
    /// Creates an empty block.
    pub(super) fn new(color: bool) -> Self {
        let bars = MultiProgress::new();
        let bar = bars.add(ProgressBar::new_spinner());
        let style = ProgressStyle::with_template("{msg}");
        bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        Self { bars, bar, color }
    }

    /// Draws the current state of `board`.
    pub(super) fn show(&self, board: &Board) {
        let (columns, rows) = terminal::size_of_stderr().unwrap_or(SIZE);
        // The last column stays free: some terminals break a line that fills it.
        let look = Look { color: self.color, width: Some(columns.saturating_sub(1)) };
        self.bar.set_message(board.block(look, rows, Instant::now()).join("\n"));
        self.bar.tick();
    }

    /// Writes lines above the block. Returns `false` if the terminal is gone.
    pub(super) fn above(&self, text: &str) -> bool {
        let shown = !self.bars.is_hidden();
        // A failure to draw must not stop the run. (`suspend` of the bars would panic if the
        // terminal is gone.)
        drop(shown.then(|| self.bars.println(text)));
        shown
    }

    /// Removes the block.
    pub(super) fn clear(&self) {
        self.bar.finish_and_clear();
    }
}
