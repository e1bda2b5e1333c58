//! Changes of this loop that wait to land. Each keeps the lock of its claim, so that no other loop
//! takes its task. The slots are free meanwhile.

use crate::domain::{Change, ClaimToken, QueueIx, Waits};
use crate::store::{Hold, TaskRef};
use crate::workspace::Entry;
use std::collections::VecDeque;
use std::time::{Duration, Instant};

/// The delay between an unsuccessful landing and the next try.
const AGAIN: Duration = Duration::from_secs(5);

/// A change that waits to land.
#[derive(Debug)]
pub(super) struct Waiting {
    pub(super) task: TaskRef,
    /// The claim of its task.
    pub(super) token: ClaimToken,
    /// The change as recorded in the task.
    pub(super) change: Change,
    /// What is to land; `None` if another loop left it.
    pub(super) entry: Option<Box<Entry>>,
    /// The lock of its claim; `None` if the lock was lost and has to be taken again.
    pub(super) lock: Option<Hold>,
    /// When to try it; `None` means at once.
    pub(super) due: Option<Instant>,
}

impl Waiting {
    /// Returns whether a person has to approve it first.
    pub(super) fn is_in_review(&self) -> bool {
        self.change.waits == Waits::Review
    }
}

/// All waiting changes, the longest waiting first.
#[derive(Debug, Default)]
pub(super) struct Landings(VecDeque<Waiting>);

impl Landings {
    /// Adds a change; `tried` is the time of an unsuccessful landing.
    pub(super) fn push(&mut self, waiting: Waiting, tried: Option<Instant>) {
        self.0.push_back(Waiting { due: tried.map(|tried| tried + AGAIN), ..waiting });
    }

    /// Takes out the next change to try at `now`, of a queue that is not `held`.
    pub(super) fn next(&mut self, now: Instant, held: impl Fn(QueueIx) -> bool) -> Option<Waiting> {
        let is_next = |one: &Waiting| {
            one.due.is_none_or(|due| due <= now) && !held(one.task.queue) && !one.is_in_review()
        };
        let at = self.0.iter().position(is_next)?;
        self.0.remove(at)
    }

    /// Returns whether there is a change, of a queue that is not `held`, with no known obstacle.
    pub(super) fn are_open(&self, held: impl Fn(QueueIx) -> bool) -> bool {
        let is_open = |one: &Waiting| {
            !one.is_in_review() && (one.due.is_none() || !one.change.is_obstructed())
        };
        self.0.iter().any(|one| is_open(one) && !held(one.task.queue))
    }

    /// Returns the changes that wait for a person's approval.
    pub(super) fn in_review(&self) -> impl Iterator<Item = &Waiting> {
        self.0.iter().filter(|one| one.is_in_review())
    }

    /// Records what was decided about the change of `token`. Returns the change if it must not
    /// land.
    pub(super) fn decide(&mut self, token: &ClaimToken, change: Option<Change>) -> Option<Waiting> {
        let at = self.0.iter().position(|one| one.token == *token)?;
        match change {
            None => self.0.remove(at),
            Some(change) => {
                let waiting = self.0.get_mut(at)?;
                (waiting.change, waiting.due) = (change, None);
                None
            }
        }
    }

    /// Returns the claims of the tasks of these changes.
    pub(super) fn tokens(&self) -> impl Iterator<Item = &ClaimToken> {
        self.0.iter().map(|one| &one.token)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{TaskId, WorkerId};

    const FIRST: QueueIx = QueueIx::FIRST;
    const SECOND: QueueIx = QueueIx::new(1);

    fn waiting(id: &str, queue: QueueIx) -> Waiting {
        let change = Change {
            commit: String::new(),
            base: String::new(),
            verdict: "PASS".to_owned(),
            waits: Waits::Landing,
            obstacle: None,
        };
        let token = ClaimToken { worker: WorkerId::new("h:1:00000000"), attempt: 1 };
        let task = TaskRef { queue, id: TaskId::new(id).unwrap() };
        Waiting { task, token, change, entry: None, lock: None, due: None }
    }

    #[test]
    fn the_first_that_may_be_tried_comes_next() {
        let (now, nobody) = (Instant::now(), |_| false);
        let mut landings = Landings::default();
        landings.push(waiting("tried", FIRST), Some(now));
        landings.push(waiting("paused", SECOND), None);
        landings.push(waiting("new", FIRST), None);
        assert!(landings.are_open(nobody) && landings.are_open(|queue| queue == FIRST));
        let mut next = |at, held: &dyn Fn(QueueIx) -> bool| {
            landings.next(at, held).map(|one| one.task.id.to_string())
        };
        assert_eq!(next(now, &|queue| queue == SECOND).as_deref(), Some("new"));
        assert_eq!(next(now, &|queue| queue == SECOND), None);
        assert_eq!(next(now + AGAIN, &|queue| queue == SECOND).as_deref(), Some("tried"));
        assert_eq!(next(now, &nobody).as_deref(), Some("paused"));
        assert!(!landings.are_open(nobody));
    }

    #[test]
    fn what_is_in_review_is_tried_only_after_a_yes() {
        let (now, nobody) = (Instant::now(), |_| false);
        let mut landings = Landings::default();
        let review = Change { waits: Waits::Review, ..waiting("A", FIRST).change };
        landings.push(Waiting { change: review, ..waiting("A", FIRST) }, None);
        assert!(landings.next(now, nobody).is_none() && !landings.are_open(nobody));
        let token = waiting("A", FIRST).token;
        assert!(landings.decide(&token, Some(waiting("A", FIRST).change)).is_none());
        assert!(landings.are_open(nobody));
        assert!(landings.decide(&token, None).is_some_and(|gone| gone.task.id.as_str() == "A"));
    }
}
