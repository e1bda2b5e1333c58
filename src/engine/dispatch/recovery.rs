//! Finds the claims of others in the served queues, and which of them belong to dead workers.

use crate::claims::Keeper;
use crate::domain::{Claim, ClaimToken, Liveness, QueueIx, Status};
use crate::project::QueueSet;
use crate::queue::Queue;
use crate::store::{Place, StoreError, TaskRef};
use std::collections::HashSet;

/// The findings about the claims of other workers.
#[derive(Debug, Default)]
pub(crate) struct Others {
    /// Claims of dead workers. This process now holds their locks.
    pub(crate) dead: Vec<Dead>,
    /// Tasks for which this host cannot determine whether their worker is alive.
    pub(crate) untold: HashSet<Place>,
    /// Why a claim was left alone although its worker is gone.
    pub(crate) unclear: Vec<String>,
    /// Whether the supervisor of a dead loop is ending its attempt: the task will be free soon.
    pub(crate) ending: bool,
}

/// The claim of a dead worker.
#[derive(Clone, Debug)]
pub(crate) struct Dead {
    pub(crate) task: TaskRef,
    pub(crate) claim: Option<Claim>,
}

/// Reads every claimed task of the served queues that this process does not run itself.
pub(super) fn look_at_others(
    set: &QueueSet,
    queues: &[Queue],
    own: &HashSet<ClaimToken>,
    keeper: &mut Keeper,
) -> Result<Others, StoreError> {
    let mut others = Others { unclear: keeper.end_strays()?, ..Others::default() };
    for (queue, tasks) in QueueIx::each(&queues[..set.served()]) {
        for (place, task) in tasks.tasks().iter().enumerate() {
            if task.status != Status::InProgress || set.is_persons(task) {
                continue;
            }
            let at = Place { queue, task: place };
            match keeper.recover(set.real(queue), task, own)? {
                Liveness::Ours => {}
                Liveness::Alive => {
                    others.ending |= task.claim().is_some_and(|claim| !keeper.has_worker(claim));
                }
                Liveness::Foreign => drop(others.untold.insert(at)),
                Liveness::Unknown(why) => {
                    others.untold.insert(at);
                    others.unclear.push(format!("task {}: {why}", task.id));
                }
                Liveness::Dead { .. } => {
                    let (task, claim) = (TaskRef::at(queues, at), task.claim().cloned());
                    others.dead.push(Dead { task, claim });
                }
            }
        }
    }
    Ok(others)
}
