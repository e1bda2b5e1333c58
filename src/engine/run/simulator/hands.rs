//! Attempts and landings without commands: each is a supervisor and an agent in the process table,
//! and ends when the schedule says so.

use super::end::End;
use super::machine::{Machine, Role};
use super::target::{self, Target};
use crate::domain::{Outcome, ReasonCode, StepKind, StepReport, Verdict};
use crate::engine::attempt::{Finished, Job, Purpose, Steering, not_started};
use crate::engine::dispatch::SlotIx;
use crate::engine::run::thread::{Ended, Executor, Holder, Message};
use crate::platform::claim_tag;
use crate::platform::fault::{self, Fault};
use crate::store::Hold;
use crate::store::tests::places::Somewhere;
use crate::supervisor::ClaimRecord;
use std::path::PathBuf;
use std::sync::atomic::Ordering;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;

/// An attempt that a loop started.
#[derive(Debug)]
pub(super) struct Attempt {
    /// The process of its loop.
    pub(super) owner: u32,
    pub(super) job: Job,
    slot: SlotIx,
    lock: Hold,
    place: Arc<dyn Somewhere>,
    queue: PathBuf,
    steering: Arc<Steering>,
    outbox: Sender<Message>,
    /// The processes of its supervisor and agent, once they run.
    pub(super) processes: Option<(u32, u32)>,
    /// Whether a person ended its claim: then its result no longer counts.
    pub(super) is_void: bool,
    /// Whether its start was checked against the promises.
    pub(super) is_seen: bool,
}

impl Attempt {
    /// Returns whether it is an attempt at a task.
    pub(super) fn is_attempt(&self) -> bool {
        self.job.purpose == Purpose::Attempt
    }

    /// Returns whether it lands the change of a task.
    pub(super) fn is_landing(&self) -> bool {
        self.job.purpose == Purpose::Landing
    }

    /// Returns whether it is about a task, and not a verification of the tree.
    pub(super) fn is_of_task(&self) -> bool {
        self.is_attempt() || self.is_landing()
    }

    /// Returns whether its loop wants it to end.
    pub(super) fn is_cancelled(&self) -> bool {
        self.steering.cancelled.load(Ordering::SeqCst)
    }

    /// Returns whether its lock is still the one of the claim.
    fn is_locked(&self) -> bool {
        self.lock.is_valid().unwrap_or(false)
    }

    /// Hands the claim over and starts the agent. Returns `false` if the lock file is no longer in
    /// its place.
    pub(super) fn start(&mut self, machine: &Machine) -> bool {
        if !self.is_locked() {
            return false;
        }
        let tags = claim_tag::value(None, &self.job.tag);
        let supervisor = machine.start(Role::Supervisor, &tags, &self.job.id);
        let (start, boot) = machine.boot();
        let record = ClaimRecord {
            v: ClaimRecord::VERSION,
            pid: supervisor,
            start,
            session: supervisor,
            group: supervisor,
            boot,
            tags: tags.clone(),
            command: None,
        };
        let mut line = serde_json::to_vec(&record).unwrap_or_default();
        line.push(b'\n');
        self.place.record(&self.queue, &self.job.key, &line);
        if let Some(lock) = self.lock.lock().filter(|_| fault::is(Fault::ClaimUnlocked)) {
            let _ = rustix::fs::flock(lock.file(), rustix::fs::FlockOperation::Unlock);
        }
        let agent = machine.start(Role::Agent, &tags, &self.job.id);
        self.processes = Some((supervisor, agent));
        true
    }

    /// Ends the attempt in the given way and notifies its loop if that is alive. A lost attempt
    /// leaves its agent running.
    pub(super) fn end(self, end: End, machine: &Machine, target: &Target) {
        // A claim that could not be handed over has lost its lock.
        let is_refused = self.processes.is_none() && !self.is_locked();
        if let Some((supervisor, agent)) = self.processes {
            machine.end(supervisor);
            if end != End::Lost {
                machine.end(agent);
            }
        }
        let finished = if self.is_landing() {
            target::landed(self.job, end, machine)
        } else {
            let mut finished = finished(self.job, end, machine, target);
            finished.keep();
            finished
        };
        let is_kept = !is_refused && !matches!(end, End::Lost | End::Moved);
        let lock = is_kept.then_some(self.lock);
        let ended = Ended { finished, supervisor: None, lock };
        drop(self.outbox.send(Message::Finished(self.slot, Box::new(ended))));
    }
}

fn step(kind: StepKind, name: &str, code: i32) -> StepReport {
    let (name, log) = (name.to_owned(), format!("{name}.log"));
    let outcome = Outcome::Exited { code };
    StepReport { kind, name, outcome, millis: 1, log, checked: Default::default() }
}

/// Returns the result of an attempt that ends in the given way.
fn finished(job: Job, end: End, machine: &Machine, target: &Target) -> Finished {
    let (outcome, reason) = match end {
        End::Passes | End::Fails => (Outcome::Exited { code: 0 }, "step test: exit status 1"),
        End::Asks => (Outcome::Exited { code: 0 }, "question: which way?"),
        End::Lost | End::Moved => (Outcome::Lost, "its supervisor vanished"),
        End::Interrupted => (Outcome::Interrupted, "interrupted"),
    };
    let is_attempt = job.purpose == Purpose::Attempt;
    let mut finished = not_started(job, outcome, reason.to_owned(), machine);
    if end == End::Passes && is_attempt && target.is_used() {
        finished.change = target.wait(&finished.job);
    }
    let report = &mut finished.report;
    match end {
        End::Passes => {
            (report.verdict, report.reason, report.reason_code) = (Some(Verdict::Pass), None, None);
        }
        End::Fails => {
            (report.verdict, report.reason_code) =
                (Some(Verdict::Fail), Some(ReasonCode::TestsFailed));
        }
        End::Asks => {
            (report.verdict, report.reason_code) =
                (Some(Verdict::Blocked), Some(ReasonCode::Question));
        }
        End::Lost | End::Moved | End::Interrupted => return finished,
    }
    report.steps.push(step(StepKind::Agent, "agent", 0));
    if end != End::Asks {
        report.steps.push(step(StepKind::Verify, "test", i32::from(end == End::Fails)));
    }
    finished
}

/// All attempts that were started and have not ended.
#[derive(Debug, Default)]
pub(super) struct Hands(Mutex<Vec<Attempt>>);

impl Hands {
    pub(super) fn all(&self) -> MutexGuard<'_, Vec<Attempt>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Takes the jobs of one loop.
pub(super) struct Hand {
    pub(super) hands: Arc<Hands>,
    pub(super) place: Arc<dyn Somewhere>,
    /// The key of the queue.
    pub(super) queue: PathBuf,
    pub(super) owner: u32,
    pub(super) outbox: Sender<Message>,
}

impl Executor for Hand {
    fn begin(
        &self,
        slot: SlotIx,
        job: Job,
        holder: Holder,
        steering: Arc<Steering>,
    ) -> Option<JoinHandle<()>> {
        let (owner, outbox) = (self.owner, self.outbox.clone());
        match holder {
            Holder::Lock { lock, idle: None } => {
                let (processes, is_void, is_seen) = (None, false, false);
                let (place, queue) = (Arc::clone(&self.place), self.queue.clone());
                let attempt = Attempt {
                    owner,
                    job,
                    slot,
                    lock,
                    place,
                    queue,
                    steering,
                    outbox,
                    processes,
                    is_void,
                    is_seen,
                };
                self.hands.all().push(attempt);
            }
            Holder::Lock { idle: Some(_), .. } | Holder::Supervisor(_) => {
                unreachable!("no supervisor was started")
            }
        }
        None
    }
}
