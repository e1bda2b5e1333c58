//! How many tasks are in which state, and under which keys a summary says so.

use crate::domain::Status;

/// How many tasks are in each state; tasks with an unknown status word count only in `total`.
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
    /// The count of one state; 0 for the unknown one.
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

/// The states with the keys under which summaries count them, the preferred one first.
const KEYS: [(Status, &[&str]); 5] = [
    (Status::Pending, &["pending", "todo", "open", "queued", "not_started"]),
    (Status::InProgress, &["in_progress", "in-progress", "inProgress", "running", "doing"]),
    (Status::Blocked, &["blocked", "failed", "needs_human"]),
    (Status::Complete, &["complete", "completed", "done", "closed"]),
    (Status::Parked, &["parked", "deferred", "icebox"]),
];

/// One count that `summary` is to hold.
pub(super) struct Due {
    /// The key, present or to be added.
    pub(super) key: &'static str,
    pub(super) count: usize,
}

/// The counts that a summary with these keys is to hold.
pub(super) fn due(counts: &Counts, present: &dyn Fn(&str) -> bool) -> Vec<Due> {
    let mut due = vec![Due { key: "total", count: counts.total }];
    for (status, keys) in KEYS {
        let count = counts.of(status);
        // `complete` and `completed` mean the same; of other doubles the preferred one counts.
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
