//! One change of the queues: its input and its results.

use super::apply::{Adopted, Claimed};
use super::record::After;
use super::recovery::Dead;
use super::reviews::{InReview, Reviewed};
use super::slot_ix::SlotIx;
use super::spendable::{Spendable, TooDear};
use super::trees::Wanted;
use crate::domain::QueueIx;
use crate::engine::attempt::{AgentKey, Finished};
use std::collections::HashSet;

/// What to do in one change.
#[derive(Debug, Default)]
pub(crate) struct Work<'a> {
    /// Attempts that ended, with their slots.
    pub(crate) finished: &'a [(SlotIx, Finished)],
    /// Claims of dead workers.
    pub(crate) dead: &'a [Dead],
    /// Changes in review about which the queue says something else by now.
    pub(crate) reviews: &'a [InReview],
    /// Idle slots.
    pub(crate) free: Vec<SlotIx>,
    /// How many more attempts may begin.
    pub(crate) most: usize,
    /// What they may use.
    pub(crate) spendable: Spendable,
    /// Served queues that are paused.
    pub(crate) paused: HashSet<QueueIx>,
    /// How many different tasks may still be blocked in a row before nothing more is claimed.
    pub(crate) failures_left: usize,
}

/// The results of the change.
#[derive(Debug, Default)]
pub(crate) struct Made {
    /// What happened to each attempt that ended.
    pub(crate) recorded: Vec<Recorded>,
    /// What was claimed.
    pub(crate) claimed: Vec<Claimed>,
    /// What people decided about changes in review.
    pub(crate) reviews: Vec<Reviewed>,
    /// Changes of dead loops that are to land.
    pub(crate) adopted: Vec<Adopted>,
    /// Agents whose pause is over and that one of the claimed attempts tries.
    pub(crate) tried: HashSet<AgentKey>,
    /// The profile for which a slot judges the tree before anything in its project is claimed.
    pub(crate) wanted: Option<(SlotIx, Wanted)>,
    /// A task that was not claimed because of a limit of money, tokens or time.
    pub(crate) too_dear: Option<TooDear>,
    /// How many ready tasks were not claimed.
    pub(crate) left: usize,
    /// Warnings for the person at the terminal.
    pub(crate) warnings: Vec<String>,
}

/// An attempt whose result was written, or stored beside the queue.
#[derive(Debug)]
pub(crate) struct Recorded {
    /// Its index among those that ended.
    pub(crate) number: usize,
    /// What happened to it.
    pub(crate) after: After,
}

/// Returns whether the blocked tasks among `recorded` use up what is left before the run must end.
pub(super) fn too_many_failures(recorded: &[Recorded], left: usize) -> bool {
    let mut in_a_row = 0;
    for recorded in recorded {
        match recorded.after {
            After::Complete(_) | After::Review => return false,
            After::Blocked(_) => in_a_row += 1,
            After::Asked(_)
            | After::Again(_)
            | After::Interrupted(_)
            | After::Lands(_)
            | After::Lost(_) => {}
        }
    }
    in_a_row >= left
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocked_tasks_in_a_row_end_the_run_unless_one_passes() {
        let blocked = || After::Blocked("r".to_owned());
        let again = || After::Again("r".to_owned());
        let complete = || After::Complete(None);
        let many = |all: Vec<After>, left| {
            let of = |(number, after)| Recorded { number, after };
            let recorded: Vec<Recorded> = all.into_iter().enumerate().map(of).collect();
            too_many_failures(&recorded, left)
        };
        assert!(!many(vec![], 1) && many(vec![], 0));
        assert!(many(vec![blocked()], 1) && !many(vec![blocked()], 2));
        assert!(many(vec![blocked(), blocked()], 2));
        assert!(many(vec![blocked(), again(), blocked()], 2));
        assert!(!many(vec![again(), again()], 1));
        assert!(!many(vec![blocked(), complete()], 1));
        assert!(!many(vec![After::Review, blocked(), blocked()], 2));
    }
}
