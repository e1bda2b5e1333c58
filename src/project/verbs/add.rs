//! Adds tasks.

use super::fields::{Said, id_text, keys, map, refuse_problems, refuse_unknown};
use crate::config::Config;
use crate::domain::{Field, QueueIx, Status};
use crate::project::{Among, Project, QueueSet, resolve};
use crate::queue::{Duplicate, Queue, fingerprint};
use crate::store::{Draft, StoreError};
use serde_json::{Map, Value, json};

/// Adds a task to the first queue of `project` for each object in `originals`, given as JSON text.
/// `said` overrides its fields. `found_by` is the task during which the work was found. Returns the
/// ids.
///
/// # Errors
/// Returns [`StoreError`] if one of them is not a valid task or already exists. Nothing is added
/// then.
pub(crate) fn add(
    project: &mut Project,
    originals: &[String],
    said: &[Said],
    found_by: Option<&str>,
) -> Result<Vec<String>, StoreError> {
    let mut ids = Vec::new();
    project.update(|draft, set| {
        ids.clear();
        for original in originals {
            let task = task(draft, set, original, said, found_by)?;
            ids.push(add_one(draft, &set.config, &task, original)?);
        }
        Ok(())
    })?;
    Ok(ids)
}

/// Builds the task to add from the given object, the overriding flags and the required fields.
fn task(
    draft: &Draft<'_>,
    set: &QueueSet,
    original: &str,
    said: &[Said],
    found_by: Option<&str>,
) -> Result<Map<String, Value>, StoreError> {
    let queue = &draft.queues()[QueueIx::FIRST];
    let mut task = map(original);
    for (key, value) in keys(queue, None, said) {
        if let Some(value) = value {
            task.insert(key, value);
        }
    }
    if let Some(text) = found_by {
        let place = resolve(set, draft.queues(), text, Among::Served)?;
        let id = draft.task(place).id.to_string();
        task.insert(Field::DiscoveredBy.key().to_owned(), json!(id));
        task.insert(Field::Fingerprint.key().to_owned(), json!(fingerprint(&task)));
    }
    let filled =
        |key: &str| task.get(key).and_then(Value::as_str).is_some_and(|t| !t.trim().is_empty());
    if !filled("title") && !filled("description") {
        let text = "a task needs a title or a description".to_owned();
        return Err(StoreError::Rejected(text));
    }
    if task.contains_key(Field::Claim.key()) {
        return Err(StoreError::Rejected("a new task cannot already be claimed".to_owned()));
    }
    Ok(complete(queue, task))
}

/// Adds an id and a status to the task if they are missing, at their usual places.
fn complete(queue: &Queue, mut task: Map<String, Value>) -> Map<String, Value> {
    let mut complete = Map::new();
    let id = task.shift_remove("id").filter(|id| !id.is_null());
    let id = id.unwrap_or_else(|| queue.id_value(&queue.next_ids(1).pop().unwrap_or_default()));
    complete.insert("id".to_owned(), id);
    if !Queue::says_state(&task) {
        task.shift_remove(Field::Status.key());
        let (key, value) = queue.state_member(Status::Pending);
        task.shift_remove(key);
        for key in [Field::Title.key(), Field::Description.key()] {
            complete.extend(task.shift_remove(key).map(|value| (key.to_owned(), value)));
        }
        complete.insert(key.to_owned(), value);
    }
    complete.extend(task);
    complete
}

fn add_one(
    draft: &mut Draft<'_>,
    config: &Config,
    task: &Map<String, Value>,
    original: &str,
) -> Result<String, StoreError> {
    let queue = &draft.queues()[QueueIx::FIRST];
    let taken = id_text(&task["id"]).is_some_and(|id| queue.index_of(&id).is_some());
    if let Some(same) = queue.duplicate_of(task).filter(|_| !taken) {
        return Err(StoreError::Rejected(match same {
            Duplicate::Task(index) => {
                let id = &queue.tasks()[index].id;
                format!("task {id} is the same work: it has the same text and the same file")
            }
            Duplicate::Listed => {
                "the same work was added before and removed: fingerprints still lists it".to_owned()
            }
        }));
    }
    let place = draft.add(QueueIx::FIRST, task)?;
    draft.keep_numbers(place, original)?;
    refuse_problems(draft.task(place), &[])?;
    let phases = draft.queues()[place.queue].phase_profiles();
    refuse_unknown(config, (draft.task(place), phases), None)?;
    Ok(draft.task(place).id.to_string())
}
