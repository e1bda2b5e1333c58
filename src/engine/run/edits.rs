//! Processes edits that others made to the queues of a running loop.

use super::crew::Crew;
use crate::domain::{QueueIx, Status};
use crate::plan;
use crate::project::Project;
use crate::queue::Queue;
use crate::store::{Patience, StoreError};
use serde_json::{Map, json};
use std::collections::HashSet;

/// Judges pending edits by others under the lock. Until then, the file may say of a task that it is
/// complete although nothing verified it. Returns whether anything was judged.
///
/// # Errors
/// Returns any error that prevents reading or writing.
pub(super) fn judge(project: &mut Project, crew: &mut Crew<'_>) -> Result<bool, StoreError> {
    let store = project.store_mut();
    if !store.is_unjudged() {
        return Ok(false);
    }
    let events = store.update(Patience::Unlimited, &mut |_| Ok(()))?;
    crew.tell().change(&events);
    Ok(true)
}

/// Adds the missing gate tasks that `phases` asks for, except in `paused` queues.
///
/// # Errors
/// [`StoreError`] when they cannot be added.
pub(super) fn add_gates(
    project: &mut Project,
    paused: &HashSet<QueueIx>,
) -> Result<(), StoreError> {
    let missing = |queue: &Queue| plan::missing_gates(queue.tasks(), queue.phases());
    let served = project.set().each_served();
    let served: Vec<QueueIx> = served.filter(|queue| !paused.contains(queue)).collect();
    let queues = project.queues();
    if served.iter().all(|queue| missing(&queues[*queue]).is_empty()) {
        return Ok(());
    }
    project.store_mut().update(Patience::Limited, &mut |draft| {
        for &queue in &served {
            let (key, pending) = draft.queues()[queue].state_member(Status::Pending);
            for gate in missing(&draft.queues()[queue]) {
                let title = format!("Gate of phase {}", gate.phase);
                let task = json!({
                    "id": gate.id, "title": title, "type": "gate", "phase": gate.phase,
                    key: pending, "verify": gate.verify,
                });
                draft.add(queue, task.as_object().unwrap_or(&Map::new()))?;
            }
        }
        Ok(())
    })?;
    Ok(())
}
