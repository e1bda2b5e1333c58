//! Records the progress of a task, as reported by its agent or by a person.
//!
//! A new report is merged over earlier ones. The numbers of done steps accumulate in `steps_done`.
//! An earlier percentage is removed then, because it would contradict them.

use crate::domain::{Field, Transition, timestamp};
use crate::project::{Among, Project, resolve};
use crate::queue::{Queue, STEPS_DONE};
use crate::store::{Actor, Draft, Place, StoreError};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// Reported progress of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub(crate) struct Progress {
    /// The values of `percent`, `next`, `eta` and `note`.
    pub fields: Map<String, Value>,
    /// The numbers of the steps that are done, counted from 1.
    pub steps: Vec<usize>,
}

/// Records the progress that `actor` reports for the task `id`, merged over earlier reports.
///
/// # Errors
/// Returns [`StoreError`], including for an attempt that lost its claim and for a step that the
/// task does not have.
pub(crate) fn progress(
    project: &mut Project,
    id: &str,
    actor: &Actor,
    said: &Progress,
) -> Result<(), StoreError> {
    project.update(|draft, set| {
        let place = resolve(set, draft.queues(), id, Among::Served)?;
        still_ours(draft, place, actor)?;
        let queue = &draft.queues()[place.queue];
        let mut progress = match queue.value(place.task, Field::Progress) {
            Some(Value::Object(earlier)) => earlier,
            _ => Map::new(),
        };
        take_steps(queue, place.task, &said.steps, &mut progress)?;
        progress.extend(said.fields.clone());
        progress.insert("at".to_owned(), json!(timestamp(draft.now())));
        let transition = Transition::Progress(Value::Object(progress));
        draft.transition(place, &transition, actor, Map::new())
    })
}

/// Adds steps that are done to the earlier ones.
fn take_steps(
    queue: &Queue,
    task: usize,
    steps: &[usize],
    progress: &mut Map<String, Value>,
) -> Result<(), StoreError> {
    if steps.is_empty() {
        return Ok(());
    }
    let id = &queue.tasks()[task].id;
    let known = queue.steps(task).len();
    if let Some(step) = steps.iter().find(|step| !(1..=known).contains(*step)) {
        return Err(StoreError::Rejected(match known {
            0 => format!("task {id} lists no steps; use --percent, or add a list `steps` to it"),
            known => format!("task {id} has no step {step}; its steps are 1 to {known}"),
        }));
    }
    let before = progress.get(STEPS_DONE).and_then(Value::as_array).cloned().unwrap_or_default();
    let before = before.iter().filter_map(Value::as_u64).filter_map(|n| usize::try_from(n).ok());
    let done: BTreeSet<usize> = before.chain(steps.iter().copied()).collect();
    progress.insert(STEPS_DONE.to_owned(), json!(done));
    progress.remove("percent");
    Ok(())
}

/// Checks that an attempt has not lost its claim. Otherwise it may no longer report about the task.
fn still_ours(draft: &Draft<'_>, place: Place, actor: &Actor) -> Result<(), StoreError> {
    let Actor::Worker(token) = actor else { return Ok(()) };
    let task = draft.task(place);
    if task.claim().is_some_and(|claim| claim.is(token)) {
        return Ok(());
    }
    let text = format!("task {} is no longer claimed by attempt {}", task.id, token.attempt);
    Err(StoreError::Rejected(text))
}
