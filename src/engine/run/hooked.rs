//! The result of an `after_task` hook, as sent to the loop.

use crate::domain::HookReport;
use crate::store::TaskRef;

/// A hook that ran after a task.
#[derive(Debug)]
pub(super) struct Hooked {
    pub(super) task: TaskRef,
    /// Its last attempt.
    pub(super) attempt: u32,
    /// The report of the hook, or why it could not be run.
    pub(super) came_to: Result<HookReport, String>,
}
