//! What the hook after a task came to, for the loop.

use crate::domain::HookReport;

/// A hook that ran after a task.
#[derive(Debug)]
pub(super) struct Hooked {
    /// The queue of the task, by its number.
    pub(super) queue: usize,
    /// The task.
    pub(super) id: String,
    /// Its last attempt.
    pub(super) attempt: u32,
    /// What the hook came to, or why it could not be run.
    pub(super) came_to: Result<HookReport, String>,
}
