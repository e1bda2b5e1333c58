//! Counts of tasks by state.

use crate::domain::Status;
use crate::queue::Counts;
use serde::Serialize;

/// The number of tasks in each state, according to the file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
#[expect(missing_docs, reason = "each name is the state's own word in a summary")]
pub struct Summary {
    pub total: usize,
    pub pending: usize,
    pub in_progress: usize,
    pub blocked: usize,
    pub complete: usize,
    pub parked: usize,
}

impl From<Counts> for Summary {
    fn from(counts: Counts) -> Self {
        let Counts { total, pending, in_progress, blocked, complete, parked } = counts;
        Self { total, pending, in_progress, blocked, complete, parked }
    }
}

impl Summary {
    /// Returns the sum of both.
    #[must_use]
    pub fn with(self, other: Self) -> Self {
        Self {
            total: self.total + other.total,
            pending: self.pending + other.pending,
            in_progress: self.in_progress + other.in_progress,
            blocked: self.blocked + other.blocked,
            complete: self.complete + other.complete,
            parked: self.parked + other.parked,
        }
    }

    pub(super) fn add(&mut self, status: Status) {
        self.total += 1;
        match status {
            Status::Pending => self.pending += 1,
            Status::InProgress => self.in_progress += 1,
            Status::Blocked => self.blocked += 1,
            Status::Complete => self.complete += 1,
            Status::Parked => self.parked += 1,
            Status::Unknown => {}
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_status_is_counted_once_and_an_unknown_one_only_in_the_total() {
        let of = |statuses: &[Status]| {
            let mut summary = Summary::default();
            statuses.iter().for_each(|status| summary.add(*status));
            summary
        };
        let one = Summary { total: 1, ..Summary::default() };
        for (status, wanted) in [
            (Status::Pending, Summary { pending: 1, ..one }),
            (Status::InProgress, Summary { in_progress: 1, ..one }),
            (Status::Blocked, Summary { blocked: 1, ..one }),
            (Status::Complete, Summary { complete: 1, ..one }),
            (Status::Parked, Summary { parked: 1, ..one }),
            (Status::Unknown, one),
        ] {
            assert_eq!(of(&[status]), wanted, "{status:?}");
        }
        let all =
            Summary { total: 21, pending: 1, in_progress: 2, blocked: 3, complete: 4, parked: 5 };
        let sum =
            Summary { total: 42, pending: 2, in_progress: 4, blocked: 6, complete: 8, parked: 10 };
        assert_eq!((all.with(all), all.with(Summary::default())), (sum, all));
    }
}
