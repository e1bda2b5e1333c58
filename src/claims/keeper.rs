//! Takes claims: for the first time, and from dead workers.
//!
//! The order makes it safe: first the lock of the claim, then one scan of all processes. A loop
//! whose lock file was deleted may still be about to start a supervisor. A supervisor started after
//! our scan finds another lock file at its path and runs nothing; one started before is found by
//! the scan.

use super::liveness::{Asked, ClaimReader, judge, untold, worker_alive};
use super::locks::Locks;
use super::system::{System, ThisHost};
use crate::domain::{Claim, ClaimToken, Liveness, Task};
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::fault::{self, Fault};
use crate::platform::host::Host;
use crate::store::{ClaimKeeper, Hold, StateDir, StoreError, TaskKey};
use crate::supervisor::Abandoned;
use chrono::DateTime;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// Takes and holds claim locks for this process.
#[derive(Debug)]
pub(crate) struct Keeper {
    claims: Arc<dyn ClaimKeeper>,
    system: Arc<dyn System>,
    locks: Locks,
    /// Tasks that could not be taken because processes of an earlier attempt run.
    waiting: Vec<(PathBuf, Task)>,
}

impl Keeper {
    /// Creates a keeper of nothing yet, of `claims`, for this process.
    pub(crate) fn here(claims: Arc<dyn ClaimKeeper>) -> Self {
        Self::new(claims, Arc::new(ThisHost::current()))
    }

    /// Does the same for a process of `system`.
    pub(crate) fn new(claims: Arc<dyn ClaimKeeper>, system: Arc<dyn System>) -> Self {
        Self { claims, system, locks: Locks::default(), waiting: Vec::new() }
    }

    /// Returns a reader of the same claims.
    pub(crate) fn reader(&self) -> ClaimReader<'_> {
        ClaimReader::new(&*self.claims, &*self.system)
    }

    /// Returns whether the process that made `claim` is alive on this host.
    pub(crate) fn has_worker(&self, claim: &Claim) -> bool {
        worker_alive(claim, &*self.system).is_some()
    }

    /// The host that this process runs on.
    pub(crate) fn host(&self) -> &Host {
        self.system.host()
    }

    /// Creates a claim of this process. `tag` must be new, unless the lock was held all the time.
    pub(crate) fn claim(&self, token: &ClaimToken, since: String, tag: String) -> Claim {
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

    /// Determines who has `task`, which is in progress, in the queue at the real path `queue`.
    /// `own` are the attempts of this process. If the worker is dead, ends what it left and keeps
    /// holding the lock of the claim.
    ///
    /// # Errors
    /// [`StoreError`] when locks or processes cannot be inspected.
    pub(crate) fn recover(
        &mut self,
        queue: &Path,
        task: &Task,
        own: &HashSet<ClaimToken>,
    ) -> Result<Liveness, StoreError> {
        let claims = Arc::clone(&self.claims);
        let asked = Asked::of(&*claims, queue, task);
        if asked.claim.is_some_and(|claim| own.contains(&claim.token())) {
            return Ok(Liveness::Ours);
        }
        if fault::is(Fault::TakeOverByTime) {
            return Ok(by_time(&asked));
        }
        if let Some(untold) = untold(asked.claim, &*self.system) {
            return Ok(untold);
        }
        let liveness = if self.locks.take(&*claims, queue, &asked.key)? {
            self.judge_locked(&asked)?
        } else {
            Liveness::Alive
        };
        if !liveness.is_dead() {
            self.locks.give(&asked.key);
        }
        Ok(liveness)
    }

    /// Does the same for a task whose lock is held.
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

    /// Ends what a dead worker left. Returns why the task cannot be taken nevertheless, if that is
    /// so.
    fn end_what_is_left(&self, asked: &Asked<'_>) -> Result<Option<String>, StoreError> {
        if fault::is(Fault::NoProcessScan) {
            return Ok(None);
        }
        let record = asked.record(self.host());
        let task = asked.sought(record.as_ref());
        // Start times of another boot mean nothing here, and nothing is known about an attempt in
        // this boot.
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
                "the environment of process {pid} cannot be read: it may belong to the last attempt"
            )
        }))
    }

    /// Takes the lock of a task without waiting. Returns `false` if another worker has it. The task
    /// may start only after [`Keeper::refused`] has scanned the processes.
    ///
    /// # Errors
    /// [`StoreError`] when the lock file cannot be opened.
    pub(crate) fn lock(&mut self, queue: &Path, key: &TaskKey) -> Result<bool, StoreError> {
        self.locks.take(&*self.claims, queue, key)
    }

    /// Returns which of `tasks` cannot start because processes run for them, and releases their
    /// locks. Scans once for all locks that were taken since the last scan.
    ///
    /// # Errors
    /// [`StoreError`] when the processes cannot be scanned.
    pub(crate) fn refused(&mut self, tasks: &[(&Path, &Task)]) -> Result<Vec<usize>, StoreError> {
        let claims = Arc::clone(&self.claims);
        let one = |(at, (queue, task))| (at, Asked::of(&*claims, queue, task));
        let all = tasks.iter().copied().enumerate().map(one);
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

    /// Takes the lock of a key that does not belong to a task, or of a task without a claim, and
    /// scans the processes. Returns `false` if another process has it.
    ///
    /// # Errors
    /// [`StoreError`] when the lock file cannot be opened or the processes cannot be scanned.
    pub(crate) fn take(
        &mut self,
        queue: &Path,
        key: &TaskKey,
        claim: Option<&Claim>,
    ) -> Result<bool, StoreError> {
        if !self.lock(queue, key)? {
            return Ok(false);
        }
        let claims = Arc::clone(&self.claims);
        let asked = Asked { claims: &*claims, queue, key: key.clone(), claim };
        let record = asked.record(self.host());
        let free = !self.system.look().map_err(unseen)?.have(&asked.sought(record.as_ref()));
        if free {
            self.locks.looked(key);
        } else {
            self.locks.give(key);
        }
        Ok(free)
    }

    /// Ends the processes because of which tasks could not be taken, if no worker is alive that
    /// would end them. Returns what could not be ended.
    ///
    /// # Errors
    /// [`StoreError`] when locks or processes cannot be inspected.
    pub(crate) fn end_strays(&mut self) -> Result<Vec<String>, StoreError> {
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

    /// Returns the lock of a task, if this process holds it.
    pub(crate) fn lock_of(&self, key: &TaskKey) -> Option<&Hold> {
        self.locks.get(key)
    }

    /// Gives the lock of a task to its supervisor.
    pub(crate) fn hand_over(&mut self, key: &TaskKey) -> Option<Hold> {
        self.locks.give(key)
    }

    /// Releases a lock that is not needed.
    pub(crate) fn let_go(&mut self, key: &TaskKey) {
        self.locks.give(key);
    }

    /// Releases all locks that were taken and not handed over.
    pub(crate) fn let_go_of_all(&mut self) {
        self.locks.clear();
    }
}

fn unseen(source: std::io::Error) -> StoreError {
    StoreError::io("scan the processes in", "/proc")(source)
}

/// Implements [`Fault::TakeOverByTime`]: deletes the lock of the old claim without checking whether
/// its processes are alive.
fn by_time(asked: &Asked<'_>) -> Liveness {
    let since = asked.claim.and_then(|claim| DateTime::parse_from_rfc3339(&claim.since).ok());
    if since.is_some_and(|since| SystemClock.now().signed_duration_since(since).num_seconds() < 1) {
        return Liveness::Alive;
    }
    drop(std::fs::remove_file(StateDir::beside(asked.queue).claim_lock(&asked.key)));
    Liveness::Dead { strays: false }
}
