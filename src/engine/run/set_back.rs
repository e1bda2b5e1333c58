//! Finished work that was set back with its queue. It is verified once more on the present tree,
//! without an agent. If it passes, it is complete again; if it fails, it is redone.
//!
//! While a task of a served queue waits for this verification, the loop claims nothing: a task that
//! it started would change the tree that has to be judged, and might depend on work that is
//! missing.

use super::tree_job::Check;
use crate::domain::{Event, EventKind, Field, QueueIx, Status};
use crate::engine::attempt::{Fixed, Purpose};
use crate::project::{Project, QueueSet};
use crate::queue::Queue;
use crate::store::{Actor, Patience, Place, StoreError, TaskRef};
use crate::verify::VerifyStep;
use crate::workspace::Oid;
use serde_json::json;

/// The tasks that one verification of the tree decides about.
#[derive(Debug)]
pub(super) struct SetBack {
    /// Their queue.
    pub(super) queue: QueueIx,
    tasks: Vec<TaskRef>,
}

/// The decision about them.
pub(super) struct Decided {
    /// The events that were written.
    pub(super) events: Vec<Event>,
    /// The text for the person at the terminal.
    pub(super) text: String,
}

impl SetBack {
    /// Returns the undecided tasks of the first queue that has any, limited to those with the same
    /// verification, and its steps.
    pub(super) fn next(project: &Project) -> Option<(Self, Vec<VerifyStep>)> {
        let (set, queues) = (project.set(), project.queues());
        let steps = |place: &Place| {
            let queue = &queues[place.queue];
            let phases = queue.phase_profiles();
            set.config.profiles_for(&queue.tasks()[place.task], phases).unwrap_or_default()
        };
        let mut places: Vec<Place> = project.store().undecided();
        places.sort_unstable();
        let first = *places.first()?;
        let alike = steps(&first);
        places.retain(|place| place.queue == first.queue && steps(place) == alike);
        let tasks = places.iter().map(|place| TaskRef::at(queues, *place)).collect();
        Some((Self { queue: first.queue, tasks }, alike))
    }

    /// Returns the first undecided task whose work landed, and whether its commit is in the
    /// target's history now: a commit is stronger evidence than any verification.
    pub(super) fn landed(project: &Project, fixed: &Fixed) -> Option<(Self, bool)> {
        let (set, store) = (project.set(), project.store());
        let mut places: Vec<Place> = store.undecided();
        places.sort_unstable();
        places.into_iter().find_map(|place| {
            let task = TaskRef::at(project.queues(), place);
            let state = store.recorded().state_before(&task)?;
            let commit = state.get(Field::LandedCommit.key())?.as_str().and_then(Oid::parse)?;
            // If git cannot tell, the verification decides.
            let is_there = fixed.repository(set.root(task.queue))?.has_landed(&commit).ok()?;
            Some((Self { queue: task.queue, tasks: vec![task] }, is_there))
        })
    }

    /// Returns whether all of them are still undecided.
    pub(super) fn waits(&self, project: &Project) -> bool {
        self.tasks.iter().all(|task| project.store().recorded().state_before(task).is_some())
    }

    /// Returns the name of this verification, and its purpose.
    pub(super) fn name(&self) -> (&'static str, String) {
        ("verification of the tree", "without an agent, because a queue was set back".to_owned())
    }

    /// Returns the same as a check, from which a job is made.
    pub(super) fn check(&self) -> Check {
        let (id, title) = self.name();
        Check { purpose: Purpose::SetBack, id, title, tree: None }
    }

    /// Marks the tasks as complete again, because their work is in the tree.
    ///
    /// # Errors
    /// [`StoreError`] when the decision cannot be written.
    pub(super) fn restore(&self, project: &mut Project, why: &str) -> Result<Decided, StoreError> {
        let tasks = &self.tasks;
        let store = project.store_mut();
        let state =
            |task: &TaskRef| Some((task.clone(), store.recorded().state_before(task)?.clone()));
        let states: Vec<_> = tasks.iter().filter_map(state).collect();
        let events = store.update(Patience::Unlimited, &mut |draft| {
            // Another process may have decided meanwhile.
            for (task, state) in &states {
                if let Some(place) = draft.undecided(task) {
                    draft.restore(place, state)?;
                }
            }
            Ok(())
        })?;
        let text = format!(
            "set back with the queue: {}; {why}, which counts as complete again",
            named(tasks)
        );
        Ok(Decided { events, text })
    }

    /// Lets the tasks be redone, because their work is not in the tree.
    ///
    /// # Errors
    /// [`StoreError`] when the decision cannot be written.
    pub(super) fn redo(&self, project: &mut Project) -> Result<Decided, StoreError> {
        let tasks = &self.tasks;
        let data = json!({"set_back": "work_missing"});
        let data = data.as_object().cloned().unwrap_or_default();
        let store = project.store_mut();
        let events = store.update(Patience::Unlimited, &mut |draft| {
            for task in tasks {
                if let Some(place) = draft.undecided(task) {
                    draft.record(place, EventKind::ExternalEdit, &Actor::Loop, data.clone());
                }
            }
            Ok(())
        })?;
        store.decide(tasks);
        let text = format!(
            "set back with the queue: {}; their work is not in the tree, so they are done again",
            named(tasks)
        );
        Ok(Decided { events, text })
    }
}

/// Returns whether an attempt of any loop runs for a served queue.
pub(super) fn are_worked_on(set: &QueueSet, queues: &[Queue]) -> bool {
    queues[..set.served()].iter().any(|queue| {
        queue.tasks().iter().any(|t| t.status == Status::InProgress && t.claim().is_some())
    })
}

/// Returns the first few ids, for messages.
fn named(tasks: &[TaskRef]) -> String {
    const MOST: usize = 8;
    let ids = tasks.iter().take(MOST).map(|task| task.id.as_str());
    let names = ids.collect::<Vec<_>>().join(", ");
    match tasks.len().saturating_sub(MOST) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::TaskId;

    #[test]
    fn at_most_eight_tasks_are_named() {
        let named = |count: usize| {
            let task = |at: usize| TaskId::new(&format!("T{at}")).expect("not empty");
            let all = (1..=count).map(|at| TaskRef { queue: QueueIx::FIRST, id: task(at) });
            super::named(&all.collect::<Vec<TaskRef>>())
        };
        assert_eq!(named(1), "T1");
        assert_eq!(named(2), "T1, T2");
        let eight = "T1, T2, T3, T4, T5, T6, T7, T8";
        assert_eq!(named(8), eight);
        assert_eq!(named(9), format!("{eight} and 1 more"));
        assert_eq!(named(20), format!("{eight} and 12 more"));
    }
}
