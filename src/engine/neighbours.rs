//! What runs in a project besides the loaded queues: loops over queues that nobody listed
//! together still keep off each other's files.

use crate::domain::{Status, Task};
use crate::plan::{self, ClaimState, Outsider};
use crate::platform::host::Host;
use crate::platform::scan;
use crate::project::QueueSet;
use crate::queue::Queue;
use crate::store::file::Glimpse;
use crate::store::registry::{Listing, Registry};
use crate::store::{Place, StateDir, StoreError, TaskKey};
use crate::supervisor::ClaimRecord;
use std::collections::{BTreeMap, HashSet};
use std::path::{Path, PathBuf};

/// The other queues of the projects that a command is about.
#[derive(Debug, Default)]
pub struct Neighbours {
    seen: BTreeMap<PathBuf, Glimpse>,
    listings: BTreeMap<PathBuf, Listing>,
}

impl Neighbours {
    /// Enters the served queues, so that loops over other queues find them.
    ///
    /// # Errors
    /// [`StoreError`] when nothing can be written in a project root.
    pub fn enter(set: &QueueSet) -> Result<(), StoreError> {
        for queue in 0..set.served() {
            let registry = Registry::of(set.root(queue));
            registry
                .enter(set.real(queue))
                .map_err(StoreError::io("enter the queue in", registry.dir()))?;
        }
        Ok(())
    }

    /// The tasks that run in the projects of `set` beside those that its `queues` show in progress.
    /// Under the lock of the roots nothing is missed. A task of a dead worker holds nothing.
    pub fn running(&mut self, set: &QueueSet, queues: &[Queue], host: &Host) -> Vec<Outsider> {
        let mut roots: Vec<&Path> = set.roots().map(|root| root.path.as_path()).collect();
        roots.sort_unstable();
        roots.dedup();
        let mut outside = Vec::new();
        for (number, queue) in queues.iter().enumerate() {
            let (root, path) = (set.root(number), set.real(number));
            let leaving = queue.tasks().iter().filter(|task| is_leaving(path, task));
            outside.extend(leaving.map(|task| named(set, root, path, task)));
        }
        for root in roots {
            let listing = self.listings.entry(root.to_owned()).or_default();
            for path in Registry::of(root).list(listing) {
                if set.all_real().any(|own| own == path) {
                    continue;
                }
                let glimpse = self.seen.entry(path.clone()).or_insert_with(|| Glimpse::of(path));
                let may_run = |task: &Task| task.status == Status::InProgress || may_leave(task);
                for task in glimpse.tasks(may_run) {
                    outside.extend(outsider(set, root, path, task, host));
                }
            }
        }
        outside
    }

    /// The queues that were looked at so far.
    pub(super) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.seen.keys().map(PathBuf::as_path)
    }

    /// All queues that are entered in the projects of `set`.
    pub(super) fn queues(set: &QueueSet) -> impl Iterator<Item = PathBuf> {
        set.roots().flat_map(|root| Registry::of(&root.path).queues())
    }

    /// Where the queues of the project at `root` are entered.
    pub(super) fn dir(root: &Path) -> PathBuf {
        Registry::of(root).dir()
    }
}

fn outsider(
    set: &QueueSet,
    root: &Path,
    queue: &Path,
    task: &Task,
    host: &Host,
) -> Option<Outsider> {
    if task.status != Status::InProgress {
        return is_leaving(queue, task).then(|| named(set, root, queue, task));
    }
    let state = glance(set, queue, task, host);
    if state == Some(ClaimState::Stale) && !is_carried(queue, task) {
        return None;
    }
    let foreign = state == Some(ClaimState::Foreign);
    Some(Outsider { foreign, ..named(set, root, queue, task) })
}

fn named(set: &QueueSet, root: &Path, queue: &Path, task: &Task) -> Outsider {
    let stem = queue.file_stem().unwrap_or_default().to_string_lossy();
    Outsider {
        name: format!("{stem}:{}", task.id),
        root: root.to_owned(),
        agent: set.limit(task).name,
        foreign: false,
        task: task.clone(),
    }
}

/// Whether the last attempt of a task that is not in progress may still be on its way out: a verb
/// takes a task away at once, and its agent is given time to end.
fn may_leave(task: &Task) -> bool {
    task.attempts > 0
        && !matches!(task.status, Status::InProgress | Status::Complete)
        && plan::owns_anything(task)
}

/// Whether a command of that attempt still runs.
fn is_leaving(queue: &Path, task: &Task) -> bool {
    if !may_leave(task) {
        return false;
    }
    let key = TaskKey::new(queue, task.id.as_str());
    let record = ClaimRecord::read(&StateDir::beside(queue).claim_lock(&key));
    let command = record.and_then(|record| record.command);
    command.is_some_and(|(pid, start)| scan::alive(pid, start))
}

/// Claims of dead workers in the queues that are only looked at; served queues are cleaned up.
pub(super) fn stale_elsewhere(set: &QueueSet, queues: &[Queue], host: &Host) -> HashSet<Place> {
    let mut stale = HashSet::new();
    for (queue, tasks) in queues.iter().enumerate().skip(set.served()) {
        for (place, task) in tasks.tasks().iter().enumerate() {
            if task.status == Status::InProgress
                && glance(set, set.real(queue), task, host) == Some(ClaimState::Stale)
                && !is_carried(set.real(queue), task)
            {
                stale.insert(Place { queue, task: place });
            }
        }
    }
    stale
}

/// What can be said of a claim by looking alone: no lock is tried, and nothing is ended. `None`
/// when its worker is alive, or a person does the task.
pub fn glance(set: &QueueSet, queue: &Path, task: &Task, host: &Host) -> Option<ClaimState> {
    if task.status != Status::InProgress {
        return None;
    }
    let Some(claim) = task.claim() else {
        // What a person does is in progress without a claim.
        return (!set.limit(task).manual).then_some(ClaimState::Stale);
    };
    if !claim.host.is_empty() && claim.host != host.id {
        return Some(ClaimState::Foreign);
    }
    if !claim.boot.is_empty() && claim.boot != host.boot {
        return Some(ClaimState::Stale);
    }
    let key = TaskKey::new(queue, task.id.as_str());
    let record = ClaimRecord::read(&StateDir::beside(queue).claim_lock(&key));
    let supervised = record.is_some_and(|record| scan::alive(record.pid, record.start));
    let pid = claim.token().worker.pid();
    let alive = supervised || pid.is_some_and(|pid| scan::alive(pid, claim.start));
    (!alive).then_some(ClaimState::Stale)
}

/// Whether a process of the task's last attempt is left. Looks at all processes, which is why it
/// is asked only of dead workers.
pub(super) fn is_carried(queue: &Path, task: &Task) -> bool {
    let mark = TaskKey::new(queue, task.id.as_str()).mark();
    // When nobody can look, the paths count as held.
    scan::processes().map_or(true, |all| {
        all.iter()
            .filter(|process| !process.dead)
            .any(|process| scan::carries(process.pid, &scan::mark_of(process.pid), &mark))
    })
}
