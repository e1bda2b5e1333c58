//! The result of an `after_task` hook, as sent to the loop.

use crate::domain::{HookReport, QueueIx};

/// A hook that ran after a task.
#[derive(Debug)]
pub(super) struct Hooked {
    /// The queue of the task, by its number.
    pub(super) queue: QueueIx,
    /// The id of the task.
    pub(super) id: String,
    /// Its last attempt.
    pub(super) attempt: u32,
    /// The report of the hook, or why it could not be run.
    pub(super) came_to: Result<HookReport, String>,
}
