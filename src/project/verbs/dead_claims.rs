//! Claims of dead workers, which a person's verb ends.

use super::transition::make;
use crate::claims::Keeper;
use crate::domain::{Claim, Liveness, Status, Task, TaskId, Transition};
use crate::project::Project;
use crate::store::{Draft, Place, StoreError, TaskRef};
use std::collections::{HashMap, HashSet};
use std::sync::Arc;

/// Why a verb does not end a claim.
#[derive(Debug, thiserror::Error)]
pub enum VerbError {
    /// The queues cannot be read or written, or they refuse the change.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A worker is working on a task, or may be.
    #[error("task {id}: {why}")]
    AtWork {
        /// The id of the task.
        id: TaskId,
        /// The worker, and what is known about it.
        why: String,
    },
}

/// How a task with a live claim is handled.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Living {
    /// The verb is refused.
    Refused,
    /// The claim is left alone, and the transition reports why it is not possible.
    Left,
}

/// The dead claims of some tasks. No worker can take these tasks over as long as this value exists.
#[derive(Debug)]
pub(crate) struct DeadClaims {
    keeper: Keeper,
    claims: HashMap<TaskRef, Option<Claim>>,
}

impl DeadClaims {
    /// Creates a value that holds none.
    pub(super) fn none(project: &Project) -> Self {
        let keeper = Keeper::here(Arc::clone(project.set().claims()));
        Self { keeper, claims: HashMap::new() }
    }

    /// Finds the dead claims of the tasks at `places`, and ends what is left of their attempts.
    pub(super) fn find(
        project: &Project,
        places: &[Place],
        living: Living,
    ) -> Result<Self, VerbError> {
        let mut dead = Self::none(project);
        for place in places {
            let task = &project.queues()[place.queue].tasks()[place.task];
            if task.status != Status::InProgress {
                continue;
            }
            let real = project.set().real(place.queue);
            let liveness = dead.keeper.recover(real, task, &HashSet::new())?;
            match at_work(task.claim(), &liveness) {
                None => {
                    let task_ref = TaskRef { queue: place.queue, id: task.id.clone() };
                    dead.claims.insert(task_ref, task.claim().cloned());
                }
                Some(why) if living == Living::Refused => {
                    return Err(VerbError::AtWork { id: task.id.clone(), why });
                }
                Some(_) => {}
            }
        }
        Ok(dead)
    }

    /// Returns whether the claim of the task is one of the dead claims and has not changed.
    pub(super) fn hold(&self, place: Place, task: &Task) -> bool {
        let claim = self.claims.get(&TaskRef { queue: place.queue, id: task.id.clone() });
        claim.is_some_and(|claim| claim.as_ref() == task.claim())
    }

    /// Ends the claim of the task at `place`, if it is one of the dead claims.
    pub(super) fn end(&self, draft: &mut Draft<'_>, place: Place) -> Result<(), StoreError> {
        if self.hold(place, draft.task(place)) {
            make(draft, place, &Transition::Release)?;
        }
        Ok(())
    }

    /// Returns the keeper of the locks of the tasks, for verifying one of them while they are
    /// locked.
    pub(crate) fn keeper(&mut self) -> &mut Keeper {
        &mut self.keeper
    }
}

/// Returns why a claim cannot be ended without force: a worker is working on the task, or may be.
fn at_work(claim: Option<&Claim>, liveness: &Liveness) -> Option<String> {
    let worker = claim.map_or("a worker", |claim| claim.worker.as_str());
    match liveness {
        Liveness::Dead { .. } => None,
        Liveness::Ours | Liveness::Alive => Some(format!("{worker} is working on it")),
        Liveness::Foreign => Some(format!(
            "{worker} is on another host, so whether it is alive cannot be determined here"
        )),
        Liveness::Unknown(why) => Some(why.clone()),
    }
}
