//! Edits the fields of a task.

use super::fields::{Keys, Said, change, id_text, keys};
use crate::domain::{Field, Task, Text, Typed, timestamp};
use crate::project::Project;
use crate::queue::Queue;
use crate::store::{Draft, Place, StoreError};
use serde_json::{Map, Value, json};

/// The changes to a task. Later parts override earlier ones.
#[derive(Clone, Debug, Default)]
pub(crate) struct Edit {
    /// The text of an object, with its members. `null` removes a key.
    pub merge: Option<(String, Map<String, Value>)>,
    /// The keys to remove. They must exist.
    pub unset: Vec<String>,
    /// The fields to set, by name.
    pub said: Vec<Said>,
    /// The dependencies to remove.
    pub drop: Dropped,
}

/// Dependencies that a person removes from a task.
#[derive(Clone, Debug, Default)]
pub(crate) struct Dropped {
    /// The ids as the task names them.
    pub ids: Vec<String>,
    /// The reason, which is recorded.
    pub because: Option<String>,
}

/// Makes the changes to the task `id`.
///
/// # Errors
/// Returns [`StoreError`] if a value could not be used, or if only the program may write a field.
pub(crate) fn edit(
    project: &mut Project,
    id: &str,
    edit: &Edit,
) -> Result<Vec<String>, StoreError> {
    let (config, typed) = (project.config().clone(), project.set().typed.clone());
    project.each(&[id.to_owned()], |draft, place| {
        let queue = &draft.queues()[place.queue];
        let mut changes: Keys = Keys::new();
        for (key, value) in edit.merge.iter().flat_map(|(_, merge)| merge) {
            changes.push((key.clone(), Some(value.clone()).filter(|value| !value.is_null())));
        }
        changes.extend(unset(queue, place.task, &edit.unset)?);
        changes.extend(keys(queue, Some(place.task), &edit.said));
        let mut data = Map::new();
        if let Some((keys, dropped)) = drop_dependencies(draft, place, &edit.drop, &typed)? {
            changes.extend(keys);
            data.insert("dropped".to_owned(), dropped);
        }
        change(draft, &config, place, &changes, data)?;
        edit.merge.as_ref().map_or(Ok(()), |(text, _)| draft.keep_numbers(place, text))
    })
}

fn unset(queue: &Queue, task: usize, unset: &[String]) -> Result<Keys, StoreError> {
    let key = |key: &String| match queue.member(task, key) {
        Some(_) => Ok((key.clone(), None)),
        None => {
            let known = queue.keys(task).join(", ");
            Err(StoreError::Rejected(format!("the task has no `{key}`; it has {known}")))
        }
    };
    unset.iter().map(key).collect()
}

/// Returns the dependencies of a task, with the keys that can be changed here.
fn waits_for(task: &Task) -> impl Iterator<Item = (Field, &Text)> {
    task.waits_for().filter(|(field, _)| *field != Field::Steps)
}

/// Describes where a dependency is declared that the task itself does not name.
fn blocker(queue: &Queue, task: &Task, id: &str, typed: &Typed) -> Option<String> {
    let first = &queue.tasks()[queue.index_of(id)?];
    let blocks = first.list(Field::Blocks).iter().any(|named| *named == task.id.as_str());
    blocks.then(|| {
        let (id, first) = (&task.id, &first.id);
        let edit = typed.about("edit", first.as_str());
        format!(
            "task {id} waits for {first}, because `blocks` of {first} names it; edit that: {edit}"
        )
    })
}

/// Removes the dependencies, in whichever spelling they are, and records the reason.
fn drop_dependencies(
    draft: &Draft<'_>,
    place: Place,
    drop: &Dropped,
    typed: &Typed,
) -> Result<Option<(Keys, Value)>, StoreError> {
    if drop.ids.is_empty() {
        return Ok(None);
    }
    let queue = &draft.queues()[place.queue];
    let task = draft.task(place);
    let names: Vec<&str> = waits_for(task).map(|(_, text)| text.as_str()).collect();
    if let Some(missing) = drop.ids.iter().find(|id| !names.contains(&id.as_str())) {
        if let Some(first) = blocker(queue, task, missing, typed) {
            return Err(StoreError::Rejected(first));
        }
        let known = if names.is_empty() { "nothing".to_owned() } else { names.join(", ") };
        let text = format!("task {} does not depend on {missing}; it depends on {known}", task.id);
        return Err(StoreError::Rejected(text));
    }
    let is_dropped = |value: &Value| id_text(value).is_some_and(|text| drop.ids.contains(&text));
    let now =
        |key: &str| -> Option<Value> { serde_json::from_str(queue.member(place.task, key)?).ok() };
    let mut keys = Keys::new();
    let fields = Field::WAITS_FOR.iter().filter(|field| **field != Field::Steps);
    for key in fields.flat_map(|field| field.spellings()) {
        let left = match now(key) {
            Some(Value::Array(list)) if list.iter().any(&is_dropped) => {
                list.into_iter().filter(|id| !is_dropped(id)).collect()
            }
            Some(text) if is_dropped(&text) => Vec::new(),
            _ => continue,
        };
        keys.push(((*key).to_owned(), Some(Value::Array(left))));
    }
    let record =
        |id: &String| json!({"id": id, "because": drop.because, "at": timestamp(draft.now())});
    let dropped: Vec<Value> = drop.ids.iter().map(record).collect();
    let mut all = match now(Field::DroppedDependencies.key()) {
        Some(Value::Array(earlier)) => earlier,
        None | Some(Value::Null) => Vec::new(),
        Some(other) => vec![other],
    };
    all.extend(dropped.iter().cloned());
    keys.push((Field::DroppedDependencies.key().to_owned(), Some(Value::Array(all))));
    Ok(Some((keys, Value::Array(dropped))))
}
