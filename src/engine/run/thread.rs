//! The thread of a slot: hands the claim over to a supervisor and runs the attempt under it.

use super::hooked::Hooked;
use crate::domain::Outcome;
use crate::engine::attempt::{
    self, Finished, Job, KnownCommands, Purpose, Stage, Steering, With, not_started,
};
use crate::engine::dispatch::SlotIx;
use crate::platform::claim_tag::ClaimTag;
use crate::platform::clock::Clock;
use crate::platform::fault::{self, Fault};
use crate::platform::signal::Request;
use crate::store::Hold;
use crate::supervisor::{Controls, Launch, Lost, Supervisor};
use std::ffi::OsString;
use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::mpsc::{self, Sender};
use std::thread::{self, JoinHandle};

/// A message to the loop.
#[derive(Debug)]
pub(super) enum Message {
    /// The supervisor of a slot runs.
    Attached(SlotIx, Controls),
    /// An attempt reached a new stage.
    Stage(SlotIx, Stage),
    /// No process of an attempt runs any more, as the pause with this number requested.
    Still(SlotIx, u64),
    /// An attempt ended.
    Finished(SlotIx, Box<Ended>),
    /// The thread of a slot panicked.
    Died(SlotIx),
    /// The hook after a task ended.
    Hooked(Box<Hooked>),
    /// A released supervisor has exited.
    Released,
    /// A queue or a request file changed.
    Changed,
    /// The system or a person sent a signal.
    Signal(Request),
}

/// What is left of an attempt.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) finished: Finished,
    /// The supervisor, which still holds the claim.
    pub(super) supervisor: Option<Box<Supervisor>>,
    /// The lock of the claim, if it was passed with the job: the supervisor shares it.
    pub(super) lock: Option<Hold>,
}

/// What the thread of a slot needs besides the job.
pub(super) struct Surroundings {
    pub(super) exe: PathBuf,
    pub(super) env: Vec<(OsString, OsString)>,
    pub(super) clock: Arc<dyn Clock>,
    pub(super) known: Arc<KnownCommands>,
    pub(super) outbox: Sender<Message>,
}

/// How the attempt's supervisor gets the claim.
pub(super) enum Holder {
    /// The task is tried again: its supervisor already holds the claim.
    Supervisor(Box<Supervisor>),
    /// The lock, to be handed over.
    Lock {
        lock: Hold,
        /// The idle supervisor of the slot's last task, which may take the claim.
        idle: Option<Box<Supervisor>>,
    },
}

/// Runs jobs.
pub(super) trait Executor {
    /// Begins `job` in `slot`, whose claim `holder` has. Its end reaches the loop as a message.
    /// Returns the thread of the job, if it has its own.
    fn begin(
        &self,
        slot: SlotIx,
        job: Job,
        holder: Holder,
        steering: Arc<Steering>,
    ) -> Option<JoinHandle<()>>;
}

/// Runs each job under a supervisor, in its own thread.
pub(super) struct Threads(pub(super) Arc<Surroundings>);

impl Executor for Threads {
    fn begin(
        &self,
        slot: SlotIx,
        job: Job,
        holder: Holder,
        steering: Arc<Steering>,
    ) -> Option<JoinHandle<()>> {
        begin(slot, job, holder, steering, &self.0)
    }
}

/// Begins `job` in its own thread. Returns `None` if no thread could be started; the job has then
/// ended for that reason.
fn begin(
    slot: SlotIx,
    job: Job,
    holder: Holder,
    steering: Arc<Steering>,
    around: &Arc<Surroundings>,
) -> Option<JoinHandle<()>> {
    // The job is sent through a channel, because a thread that fails to start would drop what it
    // captured.
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
        return None;
    }
    match thread::Builder::new().name(format!("slot-{slot}")).spawn(body) {
        Ok(thread) => {
            drop(give.send((job, holder)));
            Some(thread)
        }
        Err(error) => {
            finish(slot, without_thread(job, holder, &error, around), around);
            None
        }
    }
}

/// Notifies the loop if a thread dies without a result, so that the loop does not wait for it for
/// ever.
struct Alarm {
    slot: SlotIx,
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

/// Sends the result of an attempt to the loop. The receiver is gone only if the loop itself is
/// gone.
fn finish(slot: SlotIx, ended: Ended, around: &Surroundings) {
    drop(around.outbox.send(Message::Finished(slot, Box::new(ended))));
}

/// Returns the end of a job for which the system could not start a thread.
fn without_thread(job: Job, holder: Holder, error: &io::Error, around: &Surroundings) -> Ended {
    let reason = format!("cannot start a thread for the attempt: {error}");
    let outcome = Outcome::FailedToStart { reason: reason.clone() };
    let (supervisor, lock) = match holder {
        Holder::Supervisor(supervisor) => (Some(supervisor), None),
        Holder::Lock { idle, lock } => (idle, Some(lock)),
    };
    Ended { finished: not_started(job, outcome, reason, &*around.clock), supervisor, lock }
}

fn work(
    slot: SlotIx,
    job: Job,
    holder: Holder,
    steering: &Steering,
    around: &Surroundings,
) -> Ended {
    let clock = &*around.clock;
    let (held, lock) = match holder {
        Holder::Supervisor(supervisor) => (Ok(supervisor), None),
        Holder::Lock { lock, idle } => {
            let held = hand_over(&job.tag, &lock, idle, around);
            // A lock whose file was deleted proves nothing any more.
            let is_current = held.is_ok();
            (held, is_current.then_some(lock))
        }
    };
    let mut supervisor = match held {
        Ok(held) => held,
        Err((outcome, reason, supervisor)) => {
            let finished = not_started(job, outcome, reason, clock);
            return Ended { finished, supervisor, lock };
        }
    };
    drop(around.outbox.send(Message::Attached(slot, supervisor.controls())));
    let mut on_stage = |stage| drop(around.outbox.send(Message::Stage(slot, stage)));
    let (exe, env) = (around.exe.as_path(), around.env.as_slice());
    let known = &around.known;
    let with = With { supervisor: &mut supervisor, steering, known, exe, env, clock };
    let finished = match job.purpose {
        Purpose::Landing => attempt::land(job, with, &mut on_stage),
        Purpose::Attempt | Purpose::SetBack | Purpose::Untouched => {
            attempt::run(job, with, &mut on_stage)
        }
    };
    Ended { finished, supervisor: Some(supervisor), lock }
}

/// Why an attempt does not begin, and the supervisor that holds its claim anyway.
type Refused = (Outcome, String, Option<Box<Supervisor>>);

/// Returns what follows if a supervisor exited before it held its claim.
fn vanished(lost: &Lost) -> Refused {
    if !lost.refused {
        return (Outcome::Lost, "its supervisor vanished".to_owned(), None);
    }
    let reason =
        "its supervisor was refused what it needs: file descriptors (ulimit -n), memory or /proc";
    let outcome = Outcome::FailedToStart { reason: reason.to_owned() };
    (outcome, reason.to_owned(), None)
}

/// Hands the claim over to a supervisor. The attempt may begin if this succeeds.
fn hand_over(
    tag: &ClaimTag,
    hold: &Hold,
    idle: Option<Box<Supervisor>>,
    around: &Surroundings,
) -> Result<Box<Supervisor>, Refused> {
    let Some(lock) = hold.lock() else {
        let reason = "no process of this host can inherit the claim".to_owned();
        return Err((Outcome::FailedToStart { reason: reason.clone() }, reason, None));
    };
    // An idle supervisor that died or was ended meanwhile had no work, so it is simply replaced.
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
    // From now on, any process that takes the task finds the supervisor among the processes. If
    // another one took it earlier, after the lock file was deleted, it created a new lock file.
    match hold.is_valid() {
        Ok(true) => return Ok(supervisor),
        Ok(false) => {}
        Err(error) => {
            let reason = format!("cannot read the lock file of the claim: {error}");
            let outcome = Outcome::FailedToStart { reason: reason.clone() };
            return Err((outcome, reason, Some(supervisor)));
        }
    }
    let reason = "interrupted: the lock of its claim was deleted".to_owned();
    Err((Outcome::Interrupted, reason, Some(supervisor)))
}
