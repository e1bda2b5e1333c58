//! Finds what runs in a project besides the loaded queues, so that loops over queues that were
//! loaded separately do not change the same files at the same time.

use super::queues::QueueSet;
use crate::claims::ClaimReader;
use crate::domain::{Liveness, QueueIx, Status, Task};
use crate::plan::{self, NeighbourTask};
use crate::queue::Queue;
use crate::store::file::Peek;
use crate::store::registry::{Listing, Registry};
use crate::store::{Place, StoreError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// The other queues of the projects of a command.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    seen: BTreeMap<PathBuf, Peek>,
    listings: BTreeMap<PathBuf, Listing>,
}

impl Neighbours {
    /// Registers the served queues, so that loops over other queues find them.
    ///
    /// # Errors
    /// Returns [`StoreError`] if a project root is not writable.
    pub(crate) fn enter(set: &QueueSet) -> Result<(), StoreError> {
        for queue in set.each_served() {
            let registry = Registry::of(set.root(queue));
            registry
                .enter(set.real(queue))
                .map_err(StoreError::io("enter the queue in", registry.dir()))?;
        }
        Ok(())
    }

    /// Returns the tasks that run in the projects of `set`, except those that `queues` show in
    /// progress. While the caller holds the lock of the roots, the result is complete. A task of a
    /// dead worker is not included.
    ///
    /// # Errors
    /// Returns an error if the system lacks the means to look, because then conflicting tasks could
    /// be started.
    pub(crate) fn running(
        &mut self,
        set: &QueueSet,
        queues: &[Queue],
        reader: &ClaimReader<'_>,
    ) -> Result<Vec<NeighbourTask>, StoreError> {
        let mut roots: Vec<&Path> = set.roots().map(|root| root.path.as_path()).collect();
        roots.sort_unstable();
        roots.dedup();
        let mut outside = Vec::new();
        for (number, queue) in QueueIx::each(queues) {
            let (root, path) = (set.root(number), set.real(number));
            let leaving = queue.tasks().iter().filter(|task| is_leaving(reader, path, task));
            outside.extend(leaving.map(|task| named(set, root, path, task)));
        }
        for root in roots {
            let listing = self.listings.entry(root.to_owned()).or_default();
            let registry = Registry::of(root);
            let listed = registry.list(listing).map_err(StoreError::io("list", registry.dir()));
            for path in listed? {
                if set.all_real().any(|own| own == path) {
                    continue;
                }
                let peek = self.seen.entry(path.clone()).or_insert_with(|| Peek::of(path));
                let may_run = |task: &Task| task.status == Status::InProgress || may_leave(task);
                for task in peek.tasks(may_run)? {
                    outside.extend(neighbour(set, root, path, task, reader));
                }
            }
        }
        Ok(outside)
    }

    /// Returns the queues that were examined so far.
    pub(crate) fn paths(&self) -> impl Iterator<Item = &Path> {
        self.seen.keys().map(PathBuf::as_path)
    }

    /// Returns all queues that are registered in the projects of `set`, as far as they can be read.
    pub(crate) fn queues(set: &QueueSet) -> impl Iterator<Item = PathBuf> {
        set.roots().flat_map(|root| Registry::of(&root.path).queues().unwrap_or_default())
    }

    /// Returns the folder in which the queues of the project at `root` are registered.
    pub(crate) fn dir(root: &Path) -> PathBuf {
        Registry::of(root).dir()
    }
}

fn neighbour(
    set: &QueueSet,
    root: &Path,
    queue: &Path,
    task: &Task,
    reader: &ClaimReader<'_>,
) -> Option<NeighbourTask> {
    if task.status != Status::InProgress {
        return is_leaving(reader, queue, task).then(|| named(set, root, queue, task));
    }
    let liveness = (!set.is_persons(task)).then(|| reader.liveness(queue, task));
    if liveness.as_ref().is_some_and(Liveness::is_over) {
        return None;
    }
    let foreign = liveness.is_some_and(|liveness| liveness.is_untold());
    Some(NeighbourTask { foreign, ..named(set, root, queue, task) })
}

fn named(set: &QueueSet, root: &Path, queue: &Path, task: &Task) -> NeighbourTask {
    let stem = queue.file_stem().unwrap_or_default().to_string_lossy();
    NeighbourTask {
        name: format!("{stem}:{}", task.id),
        root: root.to_owned(),
        agent: set.limit(task).name,
        foreign: false,
        task: task.clone(),
    }
}

/// Returns whether the last attempt of a task that is not in progress may still be ending. A verb
/// takes a task away at once, but the agent is given time to end.
fn may_leave(task: &Task) -> bool {
    task.attempts > 0
        && !matches!(task.status, Status::InProgress | Status::Complete)
        && plan::owns_anything(task)
}

/// Returns the liveness of the claims of tasks in progress in the loaded queues from number `first`
/// on, as far as it can be determined by observation.
pub(crate) fn others_claims(
    set: &QueueSet,
    queues: &[Queue],
    first: usize,
    reader: &ClaimReader<'_>,
) -> Vec<(Place, Liveness)> {
    let mut claims = Vec::new();
    for (queue, tasks) in QueueIx::each(queues).skip(first) {
        if tasks.counts().in_progress == 0 {
            continue;
        }
        for (task, record) in tasks.tasks().iter().enumerate() {
            if record.status == Status::InProgress && !set.is_persons(record) {
                let liveness = reader.liveness(set.real(queue), record);
                claims.push((Place { queue, task }, liveness));
            }
        }
    }
    claims
}

/// Returns whether a command of the last attempt of a task that is not in progress is still
/// running.
fn is_leaving(reader: &ClaimReader<'_>, queue: &Path, task: &Task) -> bool {
    may_leave(task) && reader.is_leaving(queue, task)
}
