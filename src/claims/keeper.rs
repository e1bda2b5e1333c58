//! Takes claims: for the first time, and from dead workers.
//!
//! The order is what makes it safe. The lock of the claim comes first, then one look at all
//! processes: a loop whose lock file was deleted may still be on its way to start a supervisor, but
//! whoever starts one after our look finds another lock file at its path and begins nothing, and
//! whoever has started one before is seen.

use super::liveness::{Asked, judge, untold, worker_alive};
use super::locks::Locks;
use super::system::{System, ThisHost};
use crate::domain::{Claim, ClaimToken, Liveness, Task};
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::fault::{self, Fault};
use crate::platform::host::Host;
use crate::platform::lock::FileLock;
use crate::store::{StateDir, StoreError, TaskKey};
use crate::supervisor::Abandoned;
use chrono::DateTime;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Takes and holds claim locks for this process.
#[derive(Debug)]
pub struct Keeper {
    system: Arc<dyn System>,
    locks: Locks,
    /// Tasks that could not be taken because processes of an earlier attempt run.
    waiting: Vec<(PathBuf, Task)>,
}

impl Default for Keeper {
    fn default() -> Self {
        Self::new(Arc::new(ThisHost::current()))
    }
}

impl Keeper {
    /// One that holds nothing yet, for a process of `system`.
    pub fn new(system: Arc<dyn System>) -> Self {
        Self { system, locks: Locks::default(), waiting: Vec::new() }
    }

    /// The system that we run on.
    pub fn system(&self) -> &dyn System {
        &*self.system
    }

    /// Whether the process that made `claim` lives here.
    pub fn has_worker(&self, claim: &Claim) -> bool {
        worker_alive(claim, &*self.system).is_some()
    }

    /// The host that we are on.
    pub fn host(&self) -> &Host {
        self.system.host()
    }

    /// A claim of ours. Its `tag` is a new one, unless its lock was never let go of.
    pub fn claim(&self, token: &ClaimToken, since: String, tag: String) -> Claim {
        let host = self.host();
        Claim {
            worker: token.worker.to_string(),
            attempt: token.attempt,
            since,
            host: host.id.clone(),
            boot: host.boot.clone(),
            start: self.system.own().1,
            tag,
        }
    }

    /// Who has `task` of the queue at the real path `queue`, which is in progress; `own` are the
    /// attempts of this process. When its worker is dead what that left is ended, and the lock of
    /// the claim is held from then on.
    ///
    /// # Errors
    /// [`StoreError`] when locks or processes cannot be looked at.
    pub fn recover(
        &mut self,
        queue: &Path,
        task: &Task,
        own: &HashSet<ClaimToken>,
    ) -> Result<Liveness, StoreError> {
        let asked = Asked::of(queue, task);
        if asked.claim.is_some_and(|claim| own.contains(&claim.token())) {
            return Ok(Liveness::Ours);
        }
        if fault::is(Fault::TakeOverByTime) {
            return Ok(by_time(&asked));
        }
        if let Some(untold) = untold(asked.claim, &*self.system) {
            return Ok(untold);
        }
        let liveness = if self.locks.take(&StateDir::beside(queue), &asked.key)? {
            self.judge_locked(&asked)?
        } else {
            Liveness::Alive
        };
        if !liveness.is_dead() {
            self.locks.give(&asked.key);
        }
        Ok(liveness)
    }

    /// The same for a task of which the lock is held.
    fn judge_locked(&mut self, asked: &Asked<'_>) -> Result<Liveness, StoreError> {
        let other_boot = asked.claim.is_some_and(|claim| claim.boot != self.host().boot);
        if fault::is(Fault::BootBelieved) && other_boot {
            self.locks.looked(&asked.key);
            return Ok(Liveness::Dead { strays: false });
        }
        let processes = self.system.look().map_err(unseen)?;
        let liveness = judge(asked, &*self.system, || Ok(&processes));
        if !liveness.is_dead() {
            return Ok(liveness);
        }
        let liveness = match self.end_what_is_left(asked)? {
            Some(why) => Liveness::Unknown(why),
            None => Liveness::Dead { strays: false },
        };
        if liveness.is_dead() {
            self.locks.looked(&asked.key);
        }
        Ok(liveness)
    }

    /// Ends what a dead worker left; says why the task cannot be taken all the same.
    fn end_what_is_left(&self, asked: &Asked<'_>) -> Result<Option<String>, StoreError> {
        if fault::is(Fault::NoProcessScan) {
            return Ok(None);
        }
        let record = asked.record(self.host());
        let task = asked.sought(record.as_ref());
        // In another boot start times mean nothing, and nothing is known of an attempt in this one.
        let claimed = asked.claim.filter(|claim| claim.boot == self.host().boot);
        let since = claimed.map(|claim| claim.start);
        let since = since.or_else(|| record.as_ref().map(|record| record.start));
        let abandoned = Abandoned { record: record.as_ref(), task: &task, since };
        let end = self.system.end(&abandoned).map_err(unseen)?;
        if let Some(left) = end.left.first().filter(|_| !fault::is(Fault::StubbornIgnored)) {
            return Ok(Some(format!("process {} of its last attempt does not end", left.pid)));
        }
        let hidden = end.unreadable.first().filter(|_| !fault::is(Fault::HiddenIgnored));
        Ok(hidden.map(|pid| {
            format!(
                "the environment of process {pid} cannot be read, so its last attempt may still run"
            )
        }))
    }

    /// Takes the lock of a task without waiting; `false` when another worker has it. The task may be
    /// begun only after [`Keeper::refused`] has looked at the processes.
    ///
    /// # Errors
    /// [`StoreError`] when the lock file cannot be opened.
    pub fn lock(&mut self, queue: &Path, key: &TaskKey) -> Result<bool, StoreError> {
        self.locks.take(&StateDir::beside(queue), key)
    }

    /// Which of `tasks` cannot be begun because processes run for them: one look for all whose locks
    /// were taken since the last one. Their locks are let go.
    ///
    /// # Errors
    /// [`StoreError`] when the processes cannot be looked at.
    pub fn refused(&mut self, tasks: &[(&Path, &Task)]) -> Result<Vec<usize>, StoreError> {
        let all = tasks.iter().enumerate().map(|(at, (queue, task))| (at, Asked::of(queue, task)));
        let new: Vec<_> = all.filter(|(_, asked)| self.locks.is_unlooked(&asked.key)).collect();
        if new.is_empty() {
            return Ok(Vec::new());
        }
        let processes = self.system.look().map_err(unseen)?;
        let mut refused = Vec::new();
        for (at, asked) in new {
            let record = asked.record(self.host());
            if processes.have(&asked.sought(record.as_ref())) {
                self.locks.give(&asked.key);
                self.waiting.push((tasks[at].0.to_owned(), tasks[at].1.clone()));
                refused.push(at);
            } else {
                self.locks.looked(&asked.key);
            }
        }
        Ok(refused)
    }

    /// Takes the lock of something that no task stands for, or of a task that is not claimed, and
    /// looks at the processes: `false` when somebody has it.
    ///
    /// # Errors
    /// [`StoreError`] when the lock file cannot be opened, or the processes not looked at.
    pub fn take(
        &mut self,
        queue: &Path,
        key: &TaskKey,
        claim: Option<&Claim>,
    ) -> Result<bool, StoreError> {
        if !self.lock(queue, key)? {
            return Ok(false);
        }
        let asked = Asked { queue, key: key.clone(), claim };
        let record = asked.record(self.host());
        let free = !self.system.look().map_err(unseen)?.have(&asked.sought(record.as_ref()));
        if free {
            self.locks.looked(key);
        } else {
            self.locks.give(key);
        }
        Ok(free)
    }

    /// Ends the processes for which tasks could not be taken, where no worker is left that would;
    /// says what could not be ended.
    ///
    /// # Errors
    /// [`StoreError`] when locks or processes cannot be looked at.
    pub fn end_strays(&mut self) -> Result<Vec<String>, StoreError> {
        let mut left = Vec::new();
        for (queue, task) in std::mem::take(&mut self.waiting) {
            match self.recover(&queue, &task, &HashSet::new())? {
                Liveness::Unknown(why) => left.push(format!("task {}: {why}", task.id)),
                Liveness::Dead { .. } => {
                    self.locks.give(&TaskKey::new(&queue, task.id.as_str()));
                }
                Liveness::Ours | Liveness::Alive | Liveness::Foreign => {}
            }
        }
        Ok(left)
    }

    /// The lock of a task, if this process holds it.
    pub fn lock_of(&self, key: &TaskKey) -> Option<&FileLock> {
        self.locks.get(key)
    }

    /// Gives the lock of a task to its supervisor.
    pub fn hand_over(&mut self, key: &TaskKey) -> Option<FileLock> {
        self.locks.give(key)
    }

    /// Lets go of a lock that is not needed.
    pub fn let_go(&mut self, key: &TaskKey) {
        self.locks.give(key);
    }

    /// Lets go of everything that was taken and not handed over.
    pub fn let_go_of_all(&mut self) {
        self.locks.clear();
    }
}

fn unseen(source: std::io::Error) -> StoreError {
    StoreError::io("look at the processes in", "/proc")(source)
}

/// What [`Fault::TakeOverByTime`] does: the lock of the old claim is deleted, and nobody looked at.
fn by_time(asked: &Asked<'_>) -> Liveness {
    let since = asked.claim.and_then(|claim| DateTime::parse_from_rfc3339(&claim.since).ok());
    if since.is_some_and(|since| SystemClock.now().signed_duration_since(since).num_seconds() < 1) {
        return Liveness::Alive;
    }
    drop(std::fs::remove_file(StateDir::beside(asked.queue).claim_lock(&asked.key)));
    Liveness::Dead { strays: false }
}
