//! The board: all tasks as Markdown, in one of three styles.
//!
//! A board is made only of the queues and the time, so that two programs that see the same queues
//! write the same board, and an unchanged one need not be written.

mod card;
mod json;
mod kanban;
mod progress;
pub(crate) mod state;
#[cfg(test)]
mod tests;
mod todo;

pub(crate) use card::Board;

use crate::config::BoardStyle;

impl Board<'_> {
    /// Renders the board.
    pub(crate) fn render(&self, style: BoardStyle) -> String {
        match style {
            BoardStyle::Kanban => kanban::render(self),
            BoardStyle::Progress => progress::render(self),
            BoardStyle::Todo => todo::render(self),
        }
    }
}
