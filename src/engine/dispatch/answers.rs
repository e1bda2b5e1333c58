//! An agent's answers to the questions that other tasks asked its task: they put those tasks back,
//! as a person's answer does.
//!
//! An answer is text and not work, so it counts however the attempt ended. It reaches only a task
//! of the same queue that is blocked with a question to this very task.

use crate::domain::Status;
use crate::engine::attempt::Finished;
use crate::project::verbs::{answered, open_question};
use crate::store::{Actor, Draft, Place, StoreError};
use serde_json::{Map, json};

/// Passes the answers of `finished` to the tasks that asked the task at `place`.
pub(super) fn give(
    draft: &mut Draft<'_>,
    place: Place,
    finished: &Finished,
) -> Result<(), StoreError> {
    let result = &finished.result;
    // An agent that only uses `notes_for` has answered as well.
    let notes = result.notes_for.iter().filter(|(id, _)| !result.answers.contains_key(*id));
    for (id, text) in result.answers.iter().chain(notes) {
        let queue = &draft.queues()[place.queue];
        let Some(task) = queue.index_of(id) else { continue };
        let asks = open_question(queue, task)
            .filter(|_| queue.tasks()[task].status == Status::Blocked && !text.trim().is_empty());
        let own = draft.task(place).id.to_string();
        if asks.and_then(|question| question.to).as_deref() != Some(own.as_str()) {
            continue;
        }
        let asker = Place { queue: place.queue, task };
        let answer = answered(draft, asker, (text, None), Some(&own));
        let data = Map::from_iter([("answered_by".to_owned(), json!(own))]);
        draft.transition(asker, &answer, &Actor::Loop, data)?;
    }
    Ok(())
}
