//! Finished work that was set back with its queue: verified once more on the tree as it is, without
//! an agent. What passes is complete again, what fails is done again.
//!
//! As long as a task of a served queue waits for this, the loop claims nothing: what it would start
//! changes the tree that is to be judged, and may rest on work that is not there.

use super::tree_job::Check;
use crate::domain::{Event, EventKind, Field, Status};
use crate::engine::attempt::{Fixed, Purpose};
use crate::project::{Project, QueueSet};
use crate::queue::Queue;
use crate::store::{Actor, Patience, Place, QueueStore, StoreError};
use crate::verify::VerifyStep;
use crate::workspace::Oid;
use serde_json::json;

/// The tasks about which a verification of the tree decides.
#[derive(Debug)]
pub(super) struct SetBack {
    /// Their queue.
    pub(super) queue: usize,
    ids: Vec<String>,
}

/// What was decided about them.
pub(super) struct Decided {
    /// What was written.
    pub(super) events: Vec<Event>,
    /// For the person at the terminal.
    pub(super) text: String,
}

impl SetBack {
    /// The first queue with undecided tasks, those of its tasks that are verified alike, and the steps.
    pub(super) fn next(project: &Project) -> Option<(Self, Vec<VerifyStep>)> {
        let (set, queues) = (project.set(), project.queues());
        let steps = |place: &Place| {
            set.config.profiles_for(&queues[place.queue].tasks()[place.task]).unwrap_or_default()
        };
        let mut places: Vec<Place> = project.store().undecided().collect();
        places.sort_unstable();
        let first = *places.first()?;
        let alike = steps(&first);
        places.retain(|place| place.queue == first.queue && steps(place) == alike);
        let id = |place: &Place| queues[place.queue].tasks()[place.task].id.to_string();
        let ids = places.iter().map(id).collect();
        Some((Self { queue: first.queue, ids }, alike))
    }

    /// The first undecided tasks whose work landed, and whether it is in the target's history now:
    /// a commit says more than any verification.
    pub(super) fn landed(project: &Project, fixed: &Fixed) -> Option<(Self, bool)> {
        let (set, store) = (project.set(), project.store());
        let mut places: Vec<Place> = store.undecided().collect();
        places.sort_unstable();
        places.into_iter().find_map(|Place { queue, task }| {
            let id = project.queues()[queue].tasks()[task].id.to_string();
            let state = store.state_before(queue, &id)?;
            let commit = state.get(Field::LandedCommit.key())?.as_str().and_then(Oid::parse)?;
            // Where git cannot tell, the verification does.
            let is_there = fixed.repository(set.root(queue))?.has_landed(&commit).ok()?;
            Some((Self { queue, ids: vec![id] }, is_there))
        })
    }

    /// Whether nobody has decided about any of them.
    pub(super) fn waits(&self, project: &Project) -> bool {
        self.ids.iter().all(|id| project.store().state_before(self.queue, id).is_some())
    }

    /// What it is called, and what it is for.
    pub(super) fn name(&self) -> (&'static str, String) {
        ("verification of the tree", "without an agent, because a queue was set back".to_owned())
    }

    /// The same as a job.
    pub(super) fn check(&self) -> Check {
        let (id, title) = self.name();
        Check { purpose: Purpose::SetBack, id, title, tree: None }
    }

    /// Their work is in the tree: they are complete again.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be written.
    pub(super) fn restore(&self, project: &mut Project, why: &str) -> Result<Decided, StoreError> {
        let Self { queue, ids } = self;
        let store = project.store_mut();
        let state = |id: &String| Some((id.clone(), store.state_before(*queue, id)?.clone()));
        let states: Vec<_> = ids.iter().filter_map(state).collect();
        let events = store.update(Patience::Unlimited, &mut |draft| {
            // Somebody may have decided meanwhile.
            for (id, state) in &states {
                if let Some(place) = draft.undecided(*queue, id) {
                    draft.restore(place, state)?;
                }
            }
            Ok(())
        })?;
        let text =
            format!("set back with the queue: {}; {why}, so they are complete again", named(ids));
        Ok(Decided { events, text })
    }

    /// Their work is not in the tree: they are done again.
    ///
    /// # Errors
    /// [`StoreError`] when that cannot be written.
    pub(super) fn redo(&self, project: &mut Project) -> Result<Decided, StoreError> {
        let Self { queue, ids } = self;
        let data = json!({"set_back": "work_missing"});
        let data = data.as_object().cloned().unwrap_or_default();
        let store = project.store_mut();
        let events = store.update(Patience::Unlimited, &mut |draft| {
            for id in ids {
                if let Some(place) = draft.undecided(*queue, id) {
                    draft.record(place, EventKind::ExternalEdit, &Actor::Loop, data.clone());
                }
            }
            Ok(())
        })?;
        store.decide(*queue, ids);
        let text = format!(
            "set back with the queue: {}; their work is not in the tree, so they are done again",
            named(ids)
        );
        Ok(Decided { events, text })
    }
}

/// Whether an attempt of any loop runs for a served queue.
pub(super) fn are_worked_on(set: &QueueSet, queues: &[Queue]) -> bool {
    queues[..set.served()].iter().any(|queue| {
        queue.tasks().iter().any(|t| t.status == Status::InProgress && t.claim().is_some())
    })
}

/// The first few ids of a list.
fn named(ids: &[String]) -> String {
    const MOST: usize = 8;
    let names = ids.iter().take(MOST).map(String::as_str).collect::<Vec<_>>().join(", ");
    match ids.len().saturating_sub(MOST) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}
