//! How far a task is, said by its agent or by a person.

use crate::domain::{Field, Transition, timestamp};
use crate::project::{Among, Project, resolve};
use crate::store::{Actor, Draft, Place, StoreError};
use serde_json::{Map, Value, json};

/// Records what `actor` said of the task `id`, over what was said before.
///
/// # Errors
/// [`StoreError`], also for an attempt that lost its claim.
pub fn progress(
    project: &mut Project,
    id: &str,
    actor: &Actor,
    said: &Map<String, Value>,
) -> Result<(), StoreError> {
    project.update(|draft, set| {
        let place = resolve(set, draft.queues(), id, Among::Served)?;
        still_ours(draft, place, actor)?;
        let queue = &draft.queues()[place.queue];
        let mut progress = match queue.value(place.task, Field::Progress) {
            Some(Value::Object(earlier)) => earlier,
            _ => Map::new(),
        };
        progress.extend(said.clone());
        progress.insert("at".to_owned(), json!(timestamp(draft.now())));
        let transition = Transition::Progress(Value::Object(progress));
        draft.transition(place, &transition, actor, Map::new())
    })
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
