//! Finds what runs in a project besides the loaded queues, so that loops over queues that were
//! loaded separately do not change the same files at the same time.

use super::queues::QueueSet;
use crate::claims::ClaimReader;
use crate::domain::{Liveness, QueueIx, Status, Task};
use crate::plan::{self, NeighbourTask};
use crate::queue::Queue;
use crate::store::{Place, StoreError};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// The other queues of the projects of a command.
#[derive(Debug, Default)]
pub(crate) struct Neighbours {
    seen: BTreeSet<PathBuf>,
}

impl Neighbours {
    /// Registers the served queues, so that loops over other queues find them.
    ///
    /// # Errors
    /// Returns [`StoreError`] if a queue cannot be registered.
    pub(crate) fn enter(set: &QueueSet) -> Result<(), StoreError> {
        let mut served = set.each_served();
        served.try_for_each(|queue| set.control().register(set.root(queue), set.real(queue)))
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
            for path in set.control().registered(root)? {
                if set.all_real().any(|own| own == path) {
                    continue;
                }
                let may_run = |task: &Task| task.status == Status::InProgress || may_leave(task);
                for task in set.control().tasks(&path, &may_run)? {
                    outside.extend(neighbour(set, root, &path, &task, reader));
                }
                self.seen.insert(path);
            }
        }
        Ok(outside)
    }

    /// Returns the keys of the queues that were examined so far.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &Path> {
        self.seen.iter().map(PathBuf::as_path)
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
