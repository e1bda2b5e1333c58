//! The slots of a loop: one attempt each, in a thread of its own.

use super::attempt::{
    self, Finished, Job, KnownCommands, Purpose, Stage, Steering, With, not_started,
};
use super::options::RunOptions;
use super::tree_kind::TreeCheck;
use crate::domain::{ClaimToken, Outcome, WorkerId};
use crate::platform::claim_tag::ClaimTag;
use crate::platform::clock::Clock;
use crate::platform::dir::identity;
use crate::platform::fault::{self, Fault};
use crate::platform::lock::FileLock;
use crate::platform::open;
use crate::platform::signal::Request;
use crate::supervisor::{Controls, Launch, Lost, Supervisor};
use std::ffi::OsString;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

/// What reaches the loop.
#[derive(Debug)]
pub(super) enum Message {
    /// The supervisor of a slot runs.
    Attached(usize, Controls),
    /// An attempt goes on.
    Stage(usize, Stage),
    /// Nothing of an attempt runs any more, as the pause with this number asked for.
    Still(usize, u64),
    /// An attempt ended.
    Finished(usize, Box<Ended>),
    /// The thread of a slot died.
    Died(usize),
    /// A supervisor that was let go is gone.
    Released,
    /// A queue or a request file changed.
    Changed,
    /// The system or a person wants something.
    Signal(Request),
}

/// What an attempt leaves.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) finished: Finished,
    /// Still holds the claim.
    pub(super) supervisor: Option<Box<Supervisor>>,
}

/// One place for an attempt.
#[derive(Debug)]
pub(super) struct Slot {
    pub(super) worker: WorkerId,
    pub(super) running: Option<Running>,
    /// The supervisor of the attempt that ended last, which still holds its claim, and may take
    /// the next one.
    pub(super) supervisor: Option<Box<Supervisor>>,
    /// The verification of the tree that runs in it.
    pub(super) tree_check: Option<TreeCheck>,
}

/// An attempt that runs.
#[derive(Debug)]
pub(super) struct Running {
    pub(super) queue: usize,
    pub(super) id: String,
    pub(super) purpose: Purpose,
    pub(super) token: ClaimToken,
    steering: Arc<Steering>,
    controls: Option<Controls>,
    /// The number of the pause that it is in.
    paused: Option<u64>,
    /// Whether nothing of it runs.
    still: bool,
    thread: Option<JoinHandle<()>>,
}

/// What a slot's thread needs besides the job.
pub(super) struct Surroundings {
    pub(super) exe: PathBuf,
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) known: Arc<KnownCommands>,
    pub(super) outbox: Sender<Message>,
}

impl Surroundings {
    /// Those of a run.
    pub(super) fn of(options: &RunOptions, outbox: &Sender<Message>) -> Self {
        Self {
            exe: options.exe.clone(),
            env: options.vars.clone(),
            clock: Arc::clone(&options.clock),
            known: Arc::clone(&options.known),
            outbox: outbox.clone(),
        }
    }
}

/// How a claim reaches the attempt's supervisor.
pub(super) enum Holder {
    /// The task is tried again: its supervisor holds the claim already.
    Supervisor(Box<Supervisor>),
    /// The lock, to be handed over.
    Lock {
        lock: FileLock,
        /// The supervisor of the slot's last task, which may take it.
        idle: Option<Box<Supervisor>>,
    },
}

impl Slot {
    /// An idle one.
    pub(super) fn of(worker: &WorkerId) -> Self {
        Self { worker: worker.clone(), running: None, supervisor: None, tree_check: None }
    }

    /// Begins `job`.
    pub(super) fn begin(
        &mut self,
        slot: usize,
        job: Job,
        holder: Holder,
        around: &Arc<Surroundings>,
    ) {
        let outbox = around.outbox.clone();
        let on_still = move |number| drop(outbox.send(Message::Still(slot, number)));
        let steering = Steering { cancelled: AtomicBool::new(false), on_still: Box::new(on_still) };
        let steering = Arc::new(steering);
        let mut running = Running {
            queue: job.place.queue,
            id: job.id.clone(),
            purpose: job.purpose,
            token: job.token.clone(),
            steering: Arc::clone(&steering),
            controls: None,
            paused: None,
            still: false,
            thread: None,
        };
        // A thread that cannot be started would take what it was given with it.
        let (give, given) = mpsc::channel();
        let inside = Arc::clone(around);
        let body = move || {
            let Ok((job, holder)) = given.recv() else { return };
            let mut alarm = Alarm { slot, outbox: inside.outbox.clone(), armed: true };
            let ended = work(slot, job, holder, &steering, &inside);
            alarm.armed = false;
            finish(slot, ended, &inside);
        };
        if fault::is(Fault::OneThread) {
            drop(give.send((job, holder)));
            body();
        } else {
            match thread::Builder::new().name(format!("slot-{slot}")).spawn(body) {
                Ok(thread) => {
                    running.thread = Some(thread);
                    drop(give.send((job, holder)));
                }
                Err(error) => finish(slot, without_thread(job, holder, &error, around), around),
            }
        }
        self.running = Some(running);
    }
}

impl Running {
    /// The supervisor can be steered from now on.
    pub(super) fn attach(&mut self, controls: Controls) {
        if self.steering.cancelled.load(Ordering::SeqCst) {
            controls.term();
        } else if let Some(number) = self.paused {
            controls.pause(number);
        }
        self.controls = Some(controls);
    }

    /// Ends the attempt: TERM, grace, KILL.
    pub(super) fn end(&mut self) {
        self.steering.cancelled.store(true, Ordering::SeqCst);
        if let Some(controls) = &self.controls {
            controls.term();
        }
    }

    /// Ends the attempt at once.
    pub(super) fn kill(&mut self) {
        self.steering.cancelled.store(true, Ordering::SeqCst);
        if let Some(controls) = &self.controls {
            controls.kill();
        }
    }

    /// Stops the attempt and its timers, with a number that was not used before, or lets it go on.
    pub(super) fn hold(&mut self, paused: bool, number: u64) {
        if self.paused.is_some() == paused {
            return;
        }
        self.still = false;
        self.paused = paused.then_some(number);
        match &self.controls {
            Some(controls) if paused => controls.pause(number),
            Some(controls) => controls.resume(),
            None => {}
        }
    }

    /// Nothing of it runs any more because of the pause with this number.
    pub(super) fn stands(&mut self, number: u64) {
        self.still |= self.paused == Some(number);
    }

    /// Whether nothing of it runs.
    pub(super) fn is_still(&self) -> bool {
        self.still && !self.steering.cancelled.load(Ordering::SeqCst)
    }

    /// Waits for the thread, which has nothing left to do.
    pub(super) fn join(&mut self) {
        if let Some(thread) = self.thread.take() {
            // A panic was told by the alarm.
            drop(thread.join());
        }
    }
}

/// Tells the loop when a thread dies without a result, so that nobody waits for it for ever.
struct Alarm {
    slot: usize,
    outbox: Sender<Message>,
    armed: bool,
}

impl Drop for Alarm {
    fn drop(&mut self) {
        if self.armed {
            drop(self.outbox.send(Message::Died(self.slot)));
        }
    }
}

/// Hands in what an attempt came to. Nobody listens any more only when the loop itself is gone.
fn finish(slot: usize, ended: Ended, around: &Surroundings) {
    drop(around.outbox.send(Message::Finished(slot, Box::new(ended))));
}

/// The end of a job for which the system has no thread.
fn without_thread(job: Job, holder: Holder, error: &io::Error, around: &Surroundings) -> Ended {
    let reason = format!("cannot start a thread for the attempt: {error}");
    let outcome = Outcome::FailedToStart { reason: reason.clone() };
    let supervisor = match holder {
        Holder::Supervisor(supervisor) => Some(supervisor),
        Holder::Lock { idle, .. } => idle,
    };
    Ended { finished: not_started(job, outcome, reason, &*around.clock), supervisor }
}

fn work(
    slot: usize,
    job: Job,
    holder: Holder,
    steering: &Steering,
    around: &Surroundings,
) -> Ended {
    let clock = &*around.clock;
    let held = match holder {
        Holder::Supervisor(supervisor) => Ok(supervisor),
        Holder::Lock { lock, idle } => hand_over(&job.tag, &lock, idle, around),
    };
    let mut supervisor = match held {
        Ok(held) => held,
        Err((outcome, reason, supervisor)) => {
            let finished = not_started(job, outcome, reason, clock);
            return Ended { finished, supervisor };
        }
    };
    drop(around.outbox.send(Message::Attached(slot, supervisor.controls())));
    let mut on_stage = |stage| drop(around.outbox.send(Message::Stage(slot, stage)));
    let with = With { supervisor: &mut supervisor, steering, known: &around.known, clock };
    let finished = attempt::run(job, with, &mut on_stage);
    Ended { finished, supervisor: Some(supervisor) }
}

/// Why an attempt does not begin, and the supervisor that holds its claim all the same.
type Refused = (Outcome, String, Option<Box<Supervisor>>);

/// What it means that a supervisor was gone before it held its claim.
fn vanished(lost: &Lost) -> Refused {
    if !lost.refused {
        return (Outcome::Lost, "its supervisor vanished".to_owned(), None);
    }
    let reason =
        "its supervisor was refused what it needs: descriptors (ulimit -n), memory or /proc";
    let outcome = Outcome::FailedToStart { reason: reason.to_owned() };
    (outcome, reason.to_owned(), None)
}

/// Gives the claim to a supervisor; the attempt may begin when this succeeds.
fn hand_over(
    tag: &ClaimTag,
    lock: &FileLock,
    idle: Option<Box<Supervisor>>,
    around: &Surroundings,
) -> Result<Box<Supervisor>, Refused> {
    // One that died meanwhile or was told to end had nothing to do, so nobody misses it.
    let taken = idle.and_then(|mut idle| idle.take(tag, lock).is_ok().then_some(idle));
    let supervisor = match taken {
        Some(supervisor) => supervisor,
        None => {
            let launch = Launch { exe: &around.exe, tag, env: &around.env };
            let started = Supervisor::start(&launch, lock).map(Box::new);
            let mut supervisor = started.map_err(|error| {
                let reason = format!("cannot start the supervisor: {error}");
                (Outcome::FailedToStart { reason: reason.clone() }, reason, None)
            })?;
            if let Err(lost) = supervisor.ready() {
                return Err(vanished(&lost));
            }
            supervisor
        }
    };
    // Whoever takes the task from now on sees the supervisor among the processes. Whoever took it
    // before, after the lock file was deleted, has made it anew.
    let there = open::if_there(fs::symlink_metadata(lock.path()));
    let current =
        there.and_then(|there| Ok(there.as_ref().map(identity) == Some(lock.identity()?)));
    match current {
        Ok(true) => return Ok(supervisor),
        Ok(false) => {}
        Err(error) => {
            let reason = format!("cannot look at the lock of the claim: {error}");
            let outcome = Outcome::FailedToStart { reason: reason.clone() };
            return Err((outcome, reason, Some(supervisor)));
        }
    }
    let reason = "interrupted: the lock of its claim was deleted".to_owned();
    Err((Outcome::Interrupted, reason, Some(supervisor)))
}
