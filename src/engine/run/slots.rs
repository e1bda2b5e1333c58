//! The slots of a loop: one attempt or verification each, in its own thread, and the results that
//! are not written yet.

use super::reaper::Reaper;
use super::running::{Kind, Running};
use super::thread::{Ended, Executor, Holder, Surroundings};
use crate::domain::{ClaimToken, QueueIx, WorkerId};
use crate::engine::attempt::{Finished, Job, Purpose, Steering};
use crate::engine::dispatch::SlotIx;
use crate::store::Hold;
use crate::supervisor::{Controls, Supervisor};
use std::collections::HashSet;
use std::sync::Arc;
use std::sync::mpsc::Sender;

/// A place for one attempt.
#[derive(Debug)]
struct Slot {
    worker: WorkerId,
    running: Option<Running>,
    /// The supervisor of the last finished work. It still holds that claim, and may take the next
    /// one.
    supervisor: Option<Box<Supervisor>>,
    /// The lock of that claim, shared with the supervisor.
    lock: Option<Hold>,
}

/// Work that ended in a slot and is not written yet.
#[derive(Debug)]
pub(super) struct Done {
    pub(super) slot: SlotIx,
    pub(super) kind: Kind,
    pub(super) finished: Finished,
}

/// The slots of a loop.
pub(super) struct Slots {
    slots: Vec<Slot>,
    results: Vec<Done>,
    around: Arc<Surroundings>,
    executor: Box<dyn Executor>,
    reaper: Reaper,
    /// The number of the last order to stop or continue.
    holds: u64,
}

impl Slots {
    /// Creates an idle slot for each of `workers`; the last one only lands.
    pub(super) fn new(
        workers: &[WorkerId],
        around: Arc<Surroundings>,
        executor: Box<dyn Executor>,
        reaper: Reaper,
    ) -> Self {
        let slot = |worker: &WorkerId| Slot {
            worker: worker.clone(),
            running: None,
            supervisor: None,
            lock: None,
        };
        let slots = workers.iter().map(slot).collect();
        Self { slots, results: Vec::new(), around, executor, reaper, holds: 0 }
    }

    /// Returns what all running work needs besides its job.
    pub(super) fn around(&self) -> &Arc<Surroundings> {
        &self.around
    }

    fn all_running(&self) -> impl Iterator<Item = &Running> {
        self.slots.iter().filter_map(|slot| slot.running.as_ref())
    }

    fn all_running_mut(&mut self) -> impl Iterator<Item = &mut Running> {
        self.slots.iter_mut().filter_map(|slot| slot.running.as_mut())
    }

    /// Returns the running work, with its slot.
    pub(super) fn each(&self) -> impl Iterator<Item = (SlotIx, &Running)> {
        let all = self.slots.iter().enumerate();
        all.filter_map(|(at, slot)| Some((SlotIx::new(at), slot.running.as_ref()?)))
    }

    /// Returns how many slots are busy.
    pub(super) fn running(&self) -> usize {
        self.all_running().count()
    }

    /// Returns the slot that lands.
    pub(super) fn landing(&self) -> SlotIx {
        SlotIx::new(self.slots.len().saturating_sub(1))
    }

    /// Returns whether work runs in `slot`, or the result of its last work is not written yet.
    pub(super) fn is_busy(&self, slot: SlotIx) -> bool {
        let held = self.results.iter().any(|done| done.slot == slot);
        held || self.slots[slot.index()].running.is_some()
    }

    /// Returns whether all slots for attempts are busy.
    pub(super) fn are_full(&self) -> bool {
        self.slots[..self.landing().index()].iter().all(|slot| slot.running.is_some())
    }

    /// Returns the running work in `slot`.
    pub(super) fn at(&mut self, slot: SlotIx) -> Option<&mut Running> {
        self.slots.get_mut(slot.index())?.running.as_mut()
    }

    /// Returns the worker of `slot`.
    pub(super) fn worker(&self, slot: SlotIx) -> &WorkerId {
        &self.slots[slot.index()].worker
    }

    /// Returns the idle slots, those with a supervisor first, because that saves starting one. If a
    /// result is held back, its supervisor holds the claim: such a slot is not idle.
    pub(super) fn free(&self) -> Vec<SlotIx> {
        let all = (0..self.landing().index()).map(SlotIx::new);
        let mut free: Vec<SlotIx> = all.filter(|slot| !self.is_busy(*slot)).collect();
        free.sort_by_key(|slot| self.slots[slot.index()].supervisor.is_none());
        free
    }

    /// Returns the holder of the claim for the next work in `slot`. Without a new `lock`, that is
    /// the supervisor that has the claim already, or the lock that this loop kept.
    pub(super) fn holder(&mut self, slot: SlotIx, lock: Option<Hold>) -> Option<Holder> {
        let own = &mut self.slots[slot.index()];
        let supervisor = own.supervisor.take();
        match (lock, supervisor) {
            (Some(lock), idle) => {
                own.lock = None;
                Some(Holder::Lock { lock, idle })
            }
            (None, Some(supervisor)) => Some(Holder::Supervisor(supervisor)),
            (None, None) => own.lock.take().map(|lock| Holder::Lock { lock, idle: None }),
        }
    }

    /// Begins `job` in `slot`.
    pub(super) fn begin(&mut self, slot: SlotIx, kind: Kind, job: Job, holder: Holder) {
        let steering = Arc::new(steering(slot, self.around.outbox.clone()));
        let mut running = Running::new(kind, &job, &steering);
        running.runs_in(self.executor.begin(slot, job, holder, steering));
        self.slots[slot.index()].running = Some(running);
    }

    /// Records that the supervisor of `slot` can be controlled from now on.
    pub(super) fn attach(&mut self, slot: SlotIx, controls: Controls) {
        if let Some(running) = self.at(slot) {
            running.attach(controls);
        }
    }

    /// Records the end of the work in `slot`.
    pub(super) fn ended(&mut self, slot: SlotIx, ended: Ended) {
        let Ended { finished, supervisor, lock } = ended;
        let own = &mut self.slots[slot.index()];
        own.supervisor = supervisor;
        own.lock = lock.or(own.lock.take());
        // Only a slot in which work was started reports an end.
        if let Some(running) = own.running.take() {
            let kind = running.join();
            self.results.push(Done { slot, kind, finished });
        }
    }

    /// Records that the thread of `slot` died, and its supervisor with it. Returns its work.
    pub(super) fn died(&mut self, slot: SlotIx) -> Option<Running> {
        self.slots[slot.index()].running.take()
    }

    /// Returns whether every result is written.
    pub(super) fn have_no_results(&self) -> bool {
        self.results.is_empty()
    }

    /// Takes out the results, except those that are to be `held` back.
    pub(super) fn take_results(&mut self, held: impl Fn(&Done) -> bool) -> Vec<Done> {
        let all = std::mem::take(&mut self.results);
        let (held, taken) = all.into_iter().partition(held);
        self.results = held;
        taken
    }

    /// Keeps results of attempts that could not be written.
    pub(super) fn put_back(&mut self, results: Vec<(SlotIx, Finished)>) {
        let done = |(slot, finished): (SlotIx, Finished)| {
            let landed = finished.job.purpose == Purpose::Landing;
            let kind = if landed { Kind::Landing } else { Kind::Attempt };
            Done { slot, kind, finished }
        };
        self.results.extend(results.into_iter().map(done));
    }

    /// Returns the fencing tokens of all running work and of all results that are not written yet.
    pub(super) fn tokens(&self) -> HashSet<ClaimToken> {
        let held = self.results.iter().map(|done| &done.finished.job.token);
        self.all_running().map(Running::token).chain(held).cloned().collect()
    }

    /// Takes the lock of the last claim in `slot`: it stays locked even after the supervisor is
    /// released.
    pub(super) fn take_lock(&mut self, slot: SlotIx) -> Option<Hold> {
        self.slots[slot.index()].lock.take()
    }

    /// Releases the supervisor of `slot`, and with it the last claim there.
    pub(super) fn release(&mut self, slot: SlotIx) {
        let own = &mut self.slots[slot.index()];
        // Running work is either a further try of the same task or holds another claim.
        if own.running.is_none() {
            own.lock = None;
        }
        if let Some(supervisor) = own.supervisor.take() {
            self.reaper.release(supervisor);
        }
    }

    /// Returns whether released supervisors may still hold claims.
    pub(super) fn are_letting_go(&self) -> bool {
        self.reaper.is_busy()
    }

    /// Returns whether no process of `queue` runs: there is none, or all are stopped.
    pub(super) fn are_still(&self, queue: QueueIx) -> bool {
        self.all_running().all(|running| running.queue() != queue || running.is_still())
    }

    /// Stops the work of queues for which `is_paused` is true, and continues the rest.
    pub(super) fn hold(&mut self, is_paused: impl Fn(QueueIx) -> bool) {
        self.holds += 1;
        let number = self.holds;
        for running in self.all_running_mut() {
            let paused = is_paused(running.queue());
            running.hold(paused, number);
        }
    }

    /// Ends the work for which `is` is true: TERM, grace period, KILL.
    pub(super) fn end(&mut self, is: impl Fn(&Running) -> bool) {
        self.all_running_mut().filter(|running| is(running)).for_each(Running::end);
    }

    /// Kills all running work.
    pub(super) fn kill(&mut self) {
        self.all_running_mut().for_each(Running::kill);
    }

    /// Releases all supervisors and waits until they have exited.
    pub(super) fn leave(&mut self) {
        for supervisor in self.slots.iter_mut().filter_map(|slot| slot.supervisor.take()) {
            self.reaper.release(supervisor);
        }
        self.reaper.finish();
    }
}

fn steering(slot: SlotIx, outbox: Sender<super::thread::Message>) -> Steering {
    let on_still = move |number| drop(outbox.send(super::thread::Message::Still(slot, number)));
    Steering { cancelled: Arc::default(), on_still: Box::new(on_still) }
}
