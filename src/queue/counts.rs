//! Counts the tasks in each state, and the keys under which a summary stores these counts.

use crate::domain::Status;

/// The number of tasks in each state. Tasks with an unknown status word count only in `total`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "each name is the state's own word in a summary")]
pub struct Counts {
    pub total: usize,
    pub pending: usize,
    pub in_progress: usize,
    pub blocked: usize,
    pub complete: usize,
    pub parked: usize,
}

impl Counts {
    /// Returns the count of one state; 0 for the unknown state.
    pub fn of(&self, status: Status) -> usize {
        match status {
            Status::Pending => self.pending,
            Status::InProgress => self.in_progress,
            Status::Blocked => self.blocked,
            Status::Complete => self.complete,
            Status::Parked => self.parked,
            Status::Unknown => 0,
        }
    }

    pub(super) fn slot(&mut self, status: Status) -> Option<&mut usize> {
        match status {
            Status::Pending => Some(&mut self.pending),
            Status::InProgress => Some(&mut self.in_progress),
            Status::Blocked => Some(&mut self.blocked),
            Status::Complete => Some(&mut self.complete),
            Status::Parked => Some(&mut self.parked),
            Status::Unknown => None,
        }
    }
}

/// The states with the keys under which summaries count them, preferred key first.
const KEYS: [(Status, &[&str]); 5] = [
    (Status::Pending, &["pending", "todo", "open", "queued", "not_started"]),
    (Status::InProgress, &["in_progress", "in-progress", "inProgress", "running", "doing"]),
    (Status::Blocked, &["blocked", "failed", "needs_human"]),
    (Status::Complete, &["complete", "completed", "done", "closed"]),
    (Status::Parked, &["parked", "deferred", "icebox"]),
];

/// A count that `summary` must contain.
pub(super) struct Due {
    /// The key, whether it exists or must be added.
    pub(super) key: &'static str,
    pub(super) count: usize,
}

/// Returns the counts that a summary with these keys must contain.
pub(super) fn due(counts: &Counts, present: &dyn Fn(&str) -> bool) -> Vec<Due> {
    let mut due = vec![Due { key: "total", count: counts.total }];
    for (status, keys) in KEYS {
        let count = counts.of(status);
        // `complete` and `completed` may both be kept. For other states the preferred one of
        // several keys counts.
        let used = keys.iter().copied().filter(|key| present(key));
        let limit = if status == Status::Complete { 2 } else { 1 };
        let before = due.len();
        due.extend(used.take(limit).map(|key| Due { key, count }));
        if due.len() == before {
            due.push(Due { key: keys[0], count });
        }
    }
    due
}
