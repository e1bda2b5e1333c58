//! Claiming ahead: where a turn takes much longer than an attempt, a slot gets several tasks at
//! once.
//!
//! A turn waits for the lock of the queue and writes all of the file durably. Where many loops
//! share a queue, or the file is large, a loop with short attempts would do little else. So it
//! claims for each slot as many tasks as are done in half the time that a turn takes. They run one
//! after the other, and what they came to is written together. Nothing is held back for longer
//! than a second: then the results are written, and what was not begun is given back. Attempts that
//! take more than an eighth of a second never have anything claimed ahead.

use super::attempt::Finished;
use super::dispatch::Claimed;
use super::ownership;
use super::run_loop::RunLoop;
use crate::domain::{ClaimToken, Verdict};
use crate::platform::fault::{self, Fault};
use crate::platform::lock::FileLock;
use crate::store::{Place, QueueStore, TaskKey};
use std::collections::HashSet;
use std::time::{Duration, Instant};

/// The most tasks that a slot is given at once.
const MOST: usize = 16;
/// A turn that takes longer counts as one of this length.
const LONG_TURN: Duration = Duration::from_millis(500);
/// The longest that a result or a claim is held back.
const LONGEST: Duration = Duration::from_secs(1);

/// How long turns and attempts of this loop take.
#[derive(Debug, Default)]
pub(super) struct Pace {
    /// The last turn.
    turn: Duration,
    /// The longest of the last attempts, of which each counts half as much as the one after it.
    attempt: Duration,
    /// How many tasks an idle slot was given last.
    given: usize,
}

impl Pace {
    /// A turn took so long, the wait for the lock included.
    pub(super) fn turned(&mut self, took: Duration) {
        self.turn = took.min(LONG_TURN);
    }

    /// An attempt took so long.
    pub(super) fn attempted(&mut self, took: Duration) {
        self.attempt = took.max(self.attempt / 2);
    }

    /// How many tasks to claim for an idle slot: four times as many as the last time at most, because
    /// what all loops take along makes turns shorter and attempts longer.
    pub(super) fn claims(&mut self) -> usize {
        if fault::is(Fault::Prefetch) {
            return 4;
        }
        let fit = (self.turn / 2).as_nanos().checked_div(self.attempt.as_nanos());
        let fit = fit.map_or(1, |fit| usize::try_from(fit).unwrap_or(MOST));
        self.given = fit.min(self.given * 4).clamp(1, MOST);
        self.given
    }
}

/// A task that a slot has claimed ahead; nothing runs for it yet.
#[derive(Debug)]
pub(super) struct Ahead {
    pub(super) queue: usize,
    pub(super) id: String,
    pub(super) token: ClaimToken,
    lock: FileLock,
}

/// What is claimed ahead, and how that is decided.
#[derive(Debug, Default)]
pub(super) struct Prefetch {
    pub(super) pace: Pace,
    /// When results are to be written and what was not begun is to be given back.
    due: Option<Instant>,
    /// The locks of claims whose results are not written yet, while the supervisor that held them
    /// has gone on to the next.
    ended: Vec<FileLock>,
}

impl Prefetch {
    /// When the loop has to make a turn, if it must.
    pub(super) fn due(&self) -> Option<Instant> {
        self.due
    }

    pub(super) fn is_due(&self) -> bool {
        self.due.is_some_and(|due| due <= Instant::now())
    }
}

impl RunLoop<'_> {
    /// Goes on with what `slot` has claimed ahead, after an attempt that ended with `verdict`, and
    /// keeps the lock of its claim until that is written. `false` when it is to be written now.
    pub(super) fn goes_on(
        &mut self,
        slot: usize,
        verdict: Option<Verdict>,
        lock: Option<FileLock>,
    ) -> bool {
        let held = lock.is_some();
        self.prefetch.ended.extend(lock);
        // What failed may be tried again at once, which the turn decides.
        let passed = matches!(verdict, Some(Verdict::Pass | Verdict::Skipped));
        held && passed && !self.prefetch.is_due() && self.begin_ahead(slot)
    }

    /// Begins the next task that `slot` has claimed ahead; `false` when there is none.
    pub(super) fn begin_ahead(&mut self, slot: usize) -> bool {
        while self.draining.is_none() && self.slots[slot].running.is_none() {
            let paused = |ahead: &Ahead| self.paused.contains(&ahead.queue);
            if self.slots[slot].ahead.front().is_none_or(paused) {
                return false;
            }
            let Some(ahead) = self.slots[slot].ahead.pop_front() else { return false };
            let Ahead { queue, id, token, lock } = ahead;
            let tasks = &self.store.queues()[queue];
            let Some(task) = tasks.index_of(&id) else { continue };
            let set = &self.dispatcher.set;
            if ownership::lost(set, queue, &tasks.tasks()[task], &token).is_none() {
                self.begin(slot, Place { queue, task }, token, Some(lock));
            }
        }
        self.slots[slot].running.is_some()
    }

    /// Begins what was claimed, in each slot the first one; the others wait for their turn.
    pub(super) fn begin_all(&mut self, claimed: Vec<Claimed>) {
        for Claimed { slot, place, token } in claimed {
            let id = self.store.queues()[place.queue].tasks()[place.task].id.to_string();
            let key = TaskKey::new(self.dispatcher.set.real(place.queue), &id);
            match self.dispatcher.claims.hand_over(&key) {
                Some(lock) => {
                    let ahead = Ahead { queue: place.queue, id, token, lock };
                    self.slots[slot].ahead.push_back(ahead);
                }
                // It is tried again.
                None => self.begin(slot, place, token, None),
            }
        }
        for slot in 0..self.slots.len() {
            self.begin_ahead(slot);
        }
        if self.ahead() > 0 {
            self.prefetch.due.get_or_insert_with(|| Instant::now() + LONGEST);
        }
    }

    /// Takes out what was claimed ahead and must not wait any longer, with its locks, which are to
    /// be held until the change is made.
    pub(super) fn give_back(&mut self) -> Vec<Ahead> {
        let due = self.prefetch.is_due() && !fault::is(Fault::AheadKept);
        let all = due || self.draining.is_some();
        let mut back = Vec::new();
        for slot in &mut self.slots {
            let (out, stays): (Vec<Ahead>, Vec<Ahead>) = std::mem::take(&mut slot.ahead)
                .into_iter()
                .partition(|ahead| all || self.paused.contains(&ahead.queue));
            slot.ahead = stays.into();
            back.extend(out);
        }
        if !back.is_empty() {
            self.prefetch.pace.given = 0;
        }
        back
    }

    /// Takes out what is to be written now: nothing while it waits for the results of the next
    /// attempts, which is as long as no slot is idle.
    pub(super) fn results(&mut self) -> Vec<(usize, Finished)> {
        let goes_on = self.draining.is_none() && self.running() == self.slots.len();
        if goes_on && self.prefetch.due.is_some() && !self.prefetch.is_due() {
            return Vec::new();
        }
        if self.ahead() == 0 {
            self.prefetch.due = None;
        }
        std::mem::take(&mut self.finished)
    }

    /// Lets go of the claims whose results are written.
    pub(super) fn settle_ahead(&mut self) {
        if self.finished.is_empty() {
            self.prefetch.ended.clear();
        }
    }

    /// The claims of this loop that are its own business: of what runs and of what is ahead.
    pub(super) fn own_claims(&self) -> HashSet<ClaimToken> {
        let running = self.slots.iter().filter_map(|slot| slot.running.as_ref());
        let ahead = self.slots.iter().flat_map(|slot| &slot.ahead);
        running.map(|r| r.token.clone()).chain(ahead.map(|a| a.token.clone())).collect()
    }

    /// How many tasks are claimed ahead.
    pub(super) fn ahead(&self) -> usize {
        self.slots.iter().map(|slot| slot.ahead.len()).sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pace(turn: u64, attempts: &[u64]) -> Pace {
        let mut pace = Pace::default();
        pace.turned(Duration::from_millis(turn));
        attempts.iter().for_each(|took| pace.attempted(Duration::from_millis(*took)));
        pace
    }

    /// What it comes to in the end.
    fn settled(turn: u64, attempts: &[u64]) -> usize {
        let mut pace = pace(turn, attempts);
        (0..10).map(|_| pace.claims()).last().unwrap()
    }

    #[test]
    fn as_many_as_are_done_in_half_a_turn() {
        assert_eq!(settled(100, &[10]), 5);
        assert_eq!(settled(100, &[26]), 1);
        assert_eq!(settled(100, &[60]), 1);
        assert_eq!(settled(100, &[1]), MOST);
        assert_eq!(settled(2, &[6]), 1);
    }

    #[test]
    fn nothing_is_claimed_ahead_before_something_is_known() {
        assert_eq!(settled(100, &[]), 1);
        assert_eq!(settled(0, &[1]), 1);
        let mut known = pace(100, &[1]);
        assert_eq!([(); 4].map(|()| known.claims()), [1, 4, 16, 16]);
    }

    #[test]
    fn a_long_attempt_is_remembered_for_a_while() {
        assert_eq!(settled(200, &[80, 5, 5]), 5);
        assert_eq!(settled(200, &[80, 5, 5, 5, 5]), MOST);
    }

    #[test]
    fn attempts_that_take_their_time_stand_alone() {
        let day = 86_400_000;
        assert_eq!(settled(day, &[126]), 1);
        assert_eq!(settled(day, &[125]), 2);
        assert_eq!(settled(day, &[day]), 1);
    }
}
