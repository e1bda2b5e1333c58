//! Counts the tasks of a run by the state in their files.

use super::observer::Tally;
use crate::domain::Status;
use crate::project::{Project, Scope};

/// Counts the tasks of `scope`; `ready` of them can be claimed.
pub(super) fn tally(project: &Project, scope: &Scope, ready: usize) -> Tally {
    let mut tally = Tally { ready, ..Tally::default() };
    let tasks = project.served().iter().flat_map(|queue| queue.tasks());
    for task in tasks.filter(|task| scope.includes(task)) {
        let status = task.status;
        tally.total += usize::from(status != Status::Parked);
        tally.complete += usize::from(status == Status::Complete);
        tally.running += usize::from(status == Status::InProgress);
        tally.blocked += usize::from(status == Status::Blocked);
    }
    tally
}
