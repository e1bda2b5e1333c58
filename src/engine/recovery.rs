//! Claims whose worker is gone.
//!
//! A claim is taken over only if nothing of it can still be alive: it is of this host, and either
//! of an earlier boot, or its lock is free, its processes are dead and no process carries it in
//! its environment (strays are ended first). A missing lock file proves nothing, no clock decides
//! anything, and a claim of another host is the operator's to release.

use super::claims::Claims;
use crate::domain::{Claim, ClaimToken, Status, Task};
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::fault::{self, Fault};
use crate::platform::host::Host;
use crate::platform::scan;
use crate::project::QueueSet;
use crate::queue::Queue;
use crate::store::{Place, StoreError, TaskKey};
use crate::supervisor::{Abandoned, ClaimRecord, end_leftovers};
use chrono::DateTime;
use std::collections::HashSet;
use std::time::Duration;

/// How long strays of a dead worker are given before KILL.
const STRAY_GRACE: Duration = Duration::from_secs(2);
/// How long their end is waited for in all.
const STRAY_LIMIT: Duration = Duration::from_secs(10);

/// What was found about the claims of others.
#[derive(Debug, Default)]
pub(super) struct Others {
    /// Claims of dead workers; their locks are held now.
    pub(super) dead: Vec<Dead>,
    /// Tasks that another host has claimed.
    pub(super) foreign: HashSet<Place>,
    /// Why a claim was left alone although its worker is gone.
    pub(super) unclear: Vec<String>,
}

/// The claim of a dead worker.
#[derive(Clone, Debug)]
pub(super) struct Dead {
    pub(super) queue: usize,
    pub(super) id: String,
    pub(super) claim: Option<Claim>,
}

/// Looks at every claimed task of the served queues that this process does not run itself.
pub(super) fn look_at_others(
    set: &QueueSet,
    queues: &[Queue],
    host: &Host,
    own: &HashSet<ClaimToken>,
    claims: &mut Claims,
) -> Result<Others, StoreError> {
    let mut others = Others::default();
    for (queue, tasks) in queues[..set.served()].iter().enumerate() {
        for (task, record) in tasks.tasks().iter().enumerate() {
            let ours = record.claim().is_some_and(|claim| own.contains(&claim.token()));
            if record.status != Status::InProgress || ours || is_persons(set, record) {
                continue;
            }
            if record.claim().is_some_and(|c| !c.host.is_empty() && c.host != host.id) {
                others.foreign.insert(Place { queue, task });
                continue;
            }
            let key = TaskKey::new(set.real(queue), record.id.as_str());
            match fate(set, queue, record, host, claims)? {
                Fate::Alive => claims.let_go(&key),
                Fate::Unclear(why) => {
                    claims.let_go(&key);
                    // Nobody here can say whether it lives.
                    others.foreign.insert(Place { queue, task });
                    others.unclear.push(format!("task {}: {why}", record.id));
                }
                Fate::Dead => {
                    let id = record.id.to_string();
                    others.dead.push(Dead { queue, id, claim: record.claim().cloned() });
                }
            }
        }
    }
    Ok(others)
}

/// What a person does is in progress without a claim.
fn is_persons(set: &QueueSet, task: &Task) -> bool {
    task.claim().is_none() && set.limit(task).manual
}

/// What [`Fault::TakeOverByTime`] does: the lock of the old claim is deleted, and nobody looked at.
fn by_time(set: &QueueSet, queue: usize, task: &Task, key: &TaskKey) -> Fate {
    let since = task.claim().and_then(|claim| DateTime::parse_from_rfc3339(&claim.since).ok());
    if since.is_some_and(|since| SystemClock.now().signed_duration_since(since).num_seconds() < 1) {
        return Fate::Alive;
    }
    drop(std::fs::remove_file(set.state(queue).claim_lock(key)));
    Fate::Dead
}

/// What is left of a claim's worker.
pub(super) enum Fate {
    Alive,
    Dead,
    Unclear(String),
}

pub(super) fn fate(
    set: &QueueSet,
    queue: usize,
    task: &Task,
    host: &Host,
    claims: &mut Claims,
) -> Result<Fate, StoreError> {
    let key = &TaskKey::new(set.real(queue), task.id.as_str());
    if fault::is(Fault::TakeOverByTime) {
        return Ok(by_time(set, queue, task, key));
    }
    if let Some(why) = scan::distrust() {
        return Ok(Fate::Unclear(format!("/proc: {why}")));
    }
    if !claims.try_lock(&set.state(queue), key)? {
        return Ok(Fate::Alive);
    }
    let claim = task.claim();
    if claim.is_some_and(|claim| !claim.boot.is_empty() && claim.boot != host.boot) {
        return Ok(Fate::Dead);
    }
    let loop_alive = claim.is_some_and(|claim| {
        let pid = claim.token().worker.pid();
        pid.is_some_and(|pid| pid != std::process::id() && scan::alive(pid, claim.start))
    });
    let record = ClaimRecord::read(&set.state(queue).claim_lock(key));
    if record.as_ref().is_some_and(|record| record.v > ClaimRecord::VERSION) {
        return Ok(Fate::Unclear("a newer workloop wrote its claim file".to_owned()));
    }
    let supervisor_alive = record.as_ref().is_some_and(|r| scan::alive(r.pid, r.start));
    if (loop_alive || supervisor_alive) && !fault::is(Fault::LivingEnded) {
        return Ok(Fate::Alive);
    }
    if fault::is(Fault::NoProcessScan) {
        return Ok(Fate::Dead);
    }
    let mark = key.mark();
    let abandoned = Abandoned {
        record: record.as_ref(),
        mark: &mark,
        // What started before the claim's own worker cannot be part of its attempt.
        since: claim.map_or(0, |claim| claim.start),
    };
    let end = end_leftovers(&abandoned, STRAY_GRACE, STRAY_LIMIT)
        .map_err(StoreError::io("look at the processes in", "/proc"))?;
    if let Some(left) = end.left.first().filter(|_| !fault::is(Fault::StubbornIgnored)) {
        let why = format!("process {} of its last attempt does not end", left.pid);
        return Ok(Fate::Unclear(why));
    }
    // Where neither claim nor claim file tells of a worker, none of ours is known to have been
    // there, and what hides its environment is somebody else's.
    let known = (claim.is_some() || record.is_some()) && !fault::is(Fault::HiddenIgnored);
    if let Some(pid) = end.unreadable.first().filter(|_| known) {
        let why = format!(
            "the environment of process {pid} cannot be read, so its last attempt may still run"
        );
        return Ok(Fate::Unclear(why));
    }
    Ok(Fate::Dead)
}
