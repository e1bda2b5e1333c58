//! The section `[board]` as typed values.

use std::path::PathBuf;

/// `[board]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct BoardRules {
    /// `path`, absolute; no file is written where it is not set.
    pub path: Option<PathBuf>,
    /// `style`.
    pub style: BoardStyle,
}

/// How a board looks.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum BoardStyle {
    /// A list for each state, all queues together.
    #[default]
    Kanban,
    /// A section and a report for each task.
    Progress,
    /// A check list for each phase.
    Todo,
}
