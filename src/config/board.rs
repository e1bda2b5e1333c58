//! The section `[board]` as typed values.

use std::path::PathBuf;

/// `[board]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoardRules {
    /// `path`, absolute. If it is not set, no file is written.
    pub path: Option<PathBuf>,
    /// `style`.
    pub style: BoardStyle,
}

/// The layout of a board.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BoardStyle {
    /// One list per state, for all queues together.
    #[default]
    Kanban,
    /// One section and a report per task.
    Progress,
    /// A checklist per phase.
    Todo,
}
