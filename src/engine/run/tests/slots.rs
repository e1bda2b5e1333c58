//! The slots of a loop: what is idle, who holds a claim next, and which results wait.

use super::super::reaper::Reaper;
use super::super::running::{Kind, Running};
use super::super::slots::{Done, Slots};
use super::super::thread::{Ended, Executor, Holder, Message, Surroundings};
use super::ends::passed;
use super::outside::Site;
use super::play::{Play, task};
use crate::domain::{QueueIx, WorkerId};
use crate::engine::attempt::{Job, KnownCommands, Purpose, Steering};
use crate::engine::dispatch::SlotIx;
use crate::platform::clock::Clock;
use crate::project::Project;
use crate::store::Hold;
use serde_json::json;
use std::cell::RefCell;
use std::path::PathBuf;
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::sync::mpsc::{self, Receiver};
use std::thread::JoinHandle;

/// What was begun: in which slot, and how it is steered.
type Begun = Rc<RefCell<Vec<(SlotIx, Arc<Steering>)>>>;

/// Keeps what it is to run.
#[derive(Default)]
struct Kept(Begun);

impl Executor for Kept {
    fn begin(
        &self,
        slot: SlotIx,
        _: Job,
        _: Holder,
        steering: Arc<Steering>,
    ) -> Option<JoinHandle<()>> {
        self.0.borrow_mut().push((slot, steering));
        None
    }
}

/// Two slots for attempts and one that lands.
struct Bench {
    site: Rc<Site>,
    project: Project,
    slots: Slots,
    steering: Begun,
    inbox: Receiver<Message>,
}

impl Bench {
    fn new() -> Self {
        let play =
            Play::new(json!([task("A"), task("B"), task("C")])).queue("other.json", json!([]));
        let project = play.site.open();
        let clock: Arc<dyn Clock> = Arc::<super::host::Ticking>::clone(&play.site.clock);
        let (outbox, inbox) = mpsc::channel();
        let known = Arc::new(KnownCommands::default());
        let (exe, env) = (PathBuf::from("/nowhere"), Vec::new());
        let reaper = Reaper::start(outbox.clone());
        let around = Arc::new(Surroundings { exe, env, clock, known, outbox });
        let workers = ["h:7:0", "h:7:1", "h:7:2"].map(WorkerId::new);
        let executor = Kept::default();
        let steering = Rc::clone(&executor.0);
        let slots = Slots::new(&workers, around, Box::new(executor), reaper);
        Self { site: play.site, project, slots, steering, inbox }
    }

    fn job(&self, id: &str) -> Job {
        self.site.job(&self.project, id, 7)
    }

    fn hold(&self, id: &str) -> Hold {
        Site::hold(&self.project, id).expect("it is free")
    }

    fn is_free(&self, id: &str) -> bool {
        Site::hold(&self.project, id).is_some()
    }

    /// Begins an attempt at this task.
    fn begin(&mut self, at: usize, id: &str) {
        self.begin_for(at, self.job(id));
    }

    fn begin_for(&mut self, at: usize, job: Job) {
        let holder = Holder::Lock { lock: self.hold(&job.id), idle: None };
        self.slots.begin(SlotIx::new(at), Kind::Attempt, job, holder);
    }

    /// Ends what runs in a slot; the loop keeps the lock of its claim.
    fn end(&mut self, at: usize, id: &str, lock: Option<Hold>) {
        let finished = passed(self.job(id), &*self.site.clock);
        self.slots.ended(SlotIx::new(at), Ended { finished, supervisor: None, lock });
    }

    fn free(&self) -> Vec<usize> {
        self.slots.free().into_iter().map(SlotIx::index).collect()
    }

    fn taken(&mut self) -> Vec<usize> {
        self.slots.take_results(|_| false).iter().map(|done| done.slot.index()).collect()
    }

    fn cancelled(&self) -> Vec<bool> {
        let steering = self.steering.borrow();
        steering.iter().map(|(_, it)| it.cancelled.load(Ordering::SeqCst)).collect()
    }
}

fn at(slot: usize) -> SlotIx {
    SlotIx::new(slot)
}

#[test]
fn a_slot_is_idle_until_something_runs_and_again_when_its_result_is_written() {
    let mut bench = Bench::new();
    assert_eq!((bench.free(), bench.slots.landing().index()), (vec![0, 1], 2));
    assert!(!bench.slots.are_full() && bench.slots.running() == 0);
    bench.begin(0, "A");
    assert_eq!((bench.free(), bench.slots.are_full()), (vec![1], false));
    bench.begin(1, "B");
    assert_eq!((bench.free(), bench.slots.are_full(), bench.slots.running()), (vec![], true, 2));
    assert!(!bench.slots.is_busy(at(2)), "nothing lands");
    bench.end(0, "A", None);
    assert_eq!((bench.slots.are_full(), bench.slots.running()), (false, 1));
    assert!(bench.slots.is_busy(at(0)) && bench.free().is_empty(), "its result is not written");
    assert_eq!(bench.taken(), [0]);
    assert_eq!(bench.free(), [0]);
}

#[test]
fn the_slot_that_lands_is_not_for_attempts() {
    let mut bench = Bench::new();
    let landing = bench.slots.landing();
    bench.begin(landing.index(), "A");
    assert!(bench.slots.is_busy(landing) && !bench.slots.are_full());
    assert_eq!(bench.free(), [0, 1]);
    assert_eq!(bench.slots.worker(landing).as_str(), "h:7:2");
    assert!(bench.slots.at(at(9)).is_none(), "there is no such slot");
}

#[test]
fn the_lock_of_a_claim_is_kept_until_the_slot_takes_another_one() {
    let mut bench = Bench::new();
    assert!(bench.slots.holder(at(0), None).is_none(), "nobody holds the claim");
    let lock = bench.hold("A");
    bench.begin(0, "B");
    bench.end(0, "B", Some(lock));
    assert!(!bench.is_free("A"), "the slot holds it");
    // The same task again: nothing new is handed over.
    let Some(Holder::Lock { lock, idle: None }) = bench.slots.holder(at(0), None) else {
        panic!("the lock that the loop kept")
    };
    assert!(bench.slots.holder(at(0), None).is_none(), "it is taken once");
    bench.begin(0, "C");
    bench.end(0, "C", Some(lock));
    let new = bench.hold("B");
    let Some(Holder::Lock { .. }) = bench.slots.holder(at(0), Some(new)) else {
        panic!("the new lock")
    };
    assert!(bench.is_free("A") && bench.is_free("B"), "the earlier one is given back");
}

#[test]
fn a_released_slot_gives_its_claim_back_unless_it_runs_again() {
    let mut bench = Bench::new();
    let lock = bench.hold("A");
    bench.begin(0, "B");
    bench.end(0, "B", Some(lock));
    bench.begin(0, "C");
    bench.slots.release(at(0));
    assert!(!bench.is_free("A"), "its work has not ended");
    bench.end(0, "C", None);
    assert!(!bench.is_free("A"), "an end without a lock leaves the earlier one");
    bench.slots.release(at(0));
    assert!(bench.is_free("A") && !bench.slots.are_letting_go());
    // A lock that is taken stays held.
    bench.begin(1, "A");
    let lock = bench.hold("B");
    bench.end(1, "A", Some(lock));
    let lock = bench.slots.take_lock(at(1));
    bench.slots.release(at(1));
    assert!(lock.is_some() && !bench.is_free("B") && bench.slots.take_lock(at(1)).is_none());
}

#[test]
fn results_that_are_held_back_keep_their_order() {
    let mut bench = Bench::new();
    for (slot, id) in [(0, "A"), (1, "B")] {
        bench.begin(slot, id);
    }
    bench.end(1, "B", None);
    bench.end(0, "A", None);
    let is_b = |done: &Done| done.finished.job.id == "B";
    let taken = bench.slots.take_results(is_b);
    assert_eq!(taken.iter().map(|done| done.slot.index()).collect::<Vec<_>>(), [0]);
    assert!(!bench.slots.have_no_results());
    // A result that could not be written comes back, as what it was.
    let mut back: Vec<_> = taken.into_iter().map(|done| (done.slot, done.finished)).collect();
    back[0].1.job.purpose = Purpose::Landing;
    bench.slots.put_back(back);
    let all = bench.slots.take_results(|_| false);
    let kinds: Vec<(usize, bool)> =
        all.iter().map(|done| (done.slot.index(), matches!(done.kind, Kind::Landing))).collect();
    assert_eq!(kinds, [(1, false), (0, true)]);
    assert!(bench.slots.have_no_results());
}

#[test]
fn the_claims_of_a_loop_are_those_that_run_and_those_that_are_not_written() {
    let mut bench = Bench::new();
    let numbered = |bench: &Bench, id: &str, attempt| {
        let mut job = bench.job(id);
        job.token.attempt = attempt;
        job
    };
    let (first, second) = (numbered(&bench, "A", 1), numbered(&bench, "B", 2));
    bench.begin_for(0, first.clone());
    bench.begin_for(1, second);
    let finished = passed(first, &*bench.site.clock);
    bench.slots.ended(at(0), Ended { finished, supervisor: None, lock: None });
    let mut attempts: Vec<u32> = bench.slots.tokens().iter().map(|it| it.attempt).collect();
    attempts.sort_unstable();
    assert_eq!(attempts, [1, 2]);
    bench.taken();
    assert_eq!(bench.slots.tokens().iter().map(|it| it.attempt).collect::<Vec<_>>(), [2]);
}

#[test]
fn only_what_is_meant_is_ended() {
    let mut bench = Bench::new();
    bench.begin(0, "A");
    bench.begin(1, "B");
    bench.slots.end(|running| running.id() == "B");
    assert_eq!(bench.cancelled(), [false, true]);
    bench.slots.kill();
    assert_eq!(bench.cancelled(), [true, true]);
}

#[test]
fn work_that_dies_leaves_an_idle_slot_and_no_result() {
    let mut bench = Bench::new();
    bench.begin(0, "A");
    let died = bench.slots.died(at(0)).map(|running| running.id().to_owned());
    assert_eq!(died.as_deref(), Some("A"));
    assert!(bench.slots.died(at(0)).is_none() && bench.slots.have_no_results());
    assert_eq!(bench.free(), [0, 1]);
    // The end of work that nobody knows is no result.
    bench.end(0, "A", None);
    assert!(bench.slots.have_no_results());
}

#[test]
fn a_pause_has_a_number_that_no_other_pause_has() {
    let mut bench = Bench::new();
    let (first, second) = (QueueIx::FIRST, QueueIx::new(1));
    bench.begin(0, "A");
    assert!(bench.slots.are_still(second) && !bench.slots.are_still(first), "nothing runs for it");
    let is_held = |bench: &mut Bench| bench.slots.at(at(0)).is_some_and(|it| it.is_held());
    let stands = |bench: &mut Bench, number| bench.slots.at(at(0)).unwrap().stood_still(number);
    bench.slots.hold(|_| true);
    assert!(is_held(&mut bench));
    stands(&mut bench, 1);
    assert!(bench.slots.are_still(first));
    // The same pause continues, so it keeps its number.
    bench.slots.hold(|_| true);
    assert!(bench.slots.are_still(first));
    bench.slots.hold(|_| false);
    assert!(!is_held(&mut bench) && !bench.slots.are_still(first));
    bench.slots.hold(|queue| queue == first);
    stands(&mut bench, 1);
    assert!(!bench.slots.are_still(first), "that pause is over");
    stands(&mut bench, 4);
    assert!(bench.slots.are_still(first));
    bench.slots.hold(|queue| queue == second);
    assert!(!is_held(&mut bench), "only the other queue is paused");
}

#[test]
fn an_attempt_acknowledges_a_pause_with_its_slot() {
    let mut bench = Bench::new();
    bench.begin(1, "A");
    (bench.steering.borrow()[0].1.on_still)(5);
    let message = bench.inbox.try_recv().unwrap();
    assert!(matches!(message, Message::Still(slot, 5) if slot == at(1)), "{message:?}");
}

#[test]
fn what_runs_is_listed_with_its_slot() {
    let mut bench = Bench::new();
    bench.begin(1, "B");
    bench.begin(2, "C");
    let each: Vec<(usize, String)> = bench
        .slots
        .each()
        .map(|(slot, it): (_, &Running)| (slot.index(), it.id().to_owned()))
        .collect();
    assert_eq!(each, [(1, "B".to_owned()), (2, "C".to_owned())]);
}
