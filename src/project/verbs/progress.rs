//! How far a task is, said by its agent or by a person.
//!
//! What is said is kept over what was said before. Steps that are done are added up under
//! `steps_done`, by number, and a percentage that was said before them counts no more: it would
//! contradict them.

use crate::domain::{Field, Transition, timestamp};
use crate::project::{Among, Project, resolve};
use crate::queue::{Queue, STEPS_DONE};
use crate::store::{Actor, Draft, Place, StoreError};
use serde_json::{Map, Value, json};
use std::collections::BTreeSet;

/// What was said of a task.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Progress {
    /// `percent`, `next`, `eta` and `note`.
    pub fields: Map<String, Value>,
    /// Numbers of steps that are done, from 1.
    pub steps: Vec<usize>,
}

/// Records what `actor` said of the task `id`, over what was said before.
///
/// # Errors
/// [`StoreError`], also for an attempt that lost its claim, and for a step that the task does not
/// have.
pub fn progress(
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

/// Adds steps that are done to those that were.
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
            0 => format!("task {id} lists no steps; say --percent, or add a list `steps` to it"),
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

/// An attempt that lost its claim has nothing to say about the task any more.
fn still_ours(draft: &Draft<'_>, place: Place, actor: &Actor) -> Result<(), StoreError> {
    let Actor::Worker(token) = actor else { return Ok(()) };
    let task = draft.task(place);
    if task.claim().is_some_and(|claim| claim.is(token)) {
        return Ok(());
    }
    let text = format!("task {} is no longer claimed by attempt {}", task.id, token.attempt);
    Err(StoreError::Rejected(text))
}
