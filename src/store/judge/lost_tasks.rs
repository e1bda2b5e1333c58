//! Other effects of an edit beside attempts on a queue: added and removed tasks, and phases.

use crate::domain::{Field, QueueIx, Status};
use crate::queue::Queue;
use crate::store::StoreError;
use crate::store::draft::Draft;
use crate::store::place::Place;
use serde_json::{Map, Value};
use std::collections::HashSet;

/// Who added a task beside attempts: one of them, or a person.
const UNKNOWN: &str = "unknown";

/// Makes new tasks pending, because nobody verified them, takes away what they permit themselves, and
/// removes the parent of a new task if that would hold back a parent without children. Appends
/// removed tasks again.
pub(super) fn settle(
    draft: &mut Draft<'_>,
    queue: QueueIx,
    base: &Queue,
) -> Result<(), StoreError> {
    draft.put_back_phases(queue, base);
    let parents: HashSet<&str> = base.tasks().iter().filter_map(|task| task.parent()).collect();
    for task in 0..draft.queues()[queue].tasks().len() {
        let place = Place { queue, task };
        let found = draft.task(place);
        if base.index_of(found.id.as_str()).is_some() {
            continue;
        }
        let adopts = found
            .parent()
            .is_some_and(|parent| base.index_of(parent).is_some() && !parents.contains(parent));
        let parent = adopts.then_some((Field::Parent.key().to_owned(), None));
        let keys: Vec<(String, Option<Value>)> =
            fresh(&draft.queues()[queue], task).into_iter().chain(parent).collect();
        let keys = [keys, permitted(&draft.queues()[queue], task)].concat();
        if !keys.is_empty() {
            draft.put_back(place, &keys, true);
        }
    }
    for (index, gone) in base.tasks().iter().enumerate() {
        if draft.queues()[queue].index_of(gone.id.as_str()).is_none() {
            let text = base.task_text(index);
            let task: Map<String, Value> = serde_json::from_str(text).unwrap_or_default();
            draft.add_again(queue, &task, text)?;
        }
    }
    Ok(())
}

/// Returns the keys to change so that a task looks like one that never ran.
fn fresh(queue: &Queue, index: usize) -> Vec<(String, Option<Value>)> {
    let mut keys = Vec::new();
    for flag in ["done", "completed"] {
        let is_set = queue.member(index, flag) == Some("true");
        keys.extend(is_set.then(|| (flag.to_owned(), Some(Value::from(false)))));
    }
    let words = queue.state_key(index).filter(|key| matches!(*key, "status" | "state"));
    if let Some(key) = words.filter(|_| queue.tasks()[index].status != Status::Pending) {
        let word = queue.status_word(Status::Pending);
        keys.push((key.to_owned(), Some(Value::from(word))));
    }
    let written = Field::all().filter(|field| {
        field.is_runtime() && *field != Field::Status
            || matches!(field, Field::ApprovedBy | Field::ApprovedAt | Field::Answers)
    });
    for key in written.flat_map(|field| field.spellings()) {
        let says = queue.member(index, key).is_some_and(|raw| !is_nothing(raw));
        keys.extend(says.then(|| ((*key).to_owned(), None)));
    }
    keys
}

/// The fields by which a task may change files that judge the work.
const GRANTS: [Field; 8] = [
    Field::File,
    Field::Files,
    Field::FilesToCreate,
    Field::Scope,
    Field::Tests,
    Field::Contracts,
    Field::MayChangeTests,
    Field::MayRemoveTests,
];

/// Returns the keys to change so that a task that an agent may have added permits itself nothing:
/// what it declares stays, but counts as declared by an agent, and the configuration chooses its
/// verification.
fn permitted(queue: &Queue, index: usize) -> Vec<(String, Option<Value>)> {
    let says = |key: &str| queue.member(index, key).is_some_and(|raw| !is_nothing(raw));
    let spellings = |field: Field| field.spellings().iter().copied().filter(|key| says(key));
    let mut keys: Vec<(String, Option<Value>)> =
        spellings(Field::Verify).map(|key| (key.to_owned(), None)).collect();
    let grants = GRANTS.into_iter().any(|field| spellings(field).next().is_some());
    if grants && spellings(Field::DiscoveredBy).next().is_none() {
        keys.push((Field::DiscoveredBy.key().to_owned(), Some(Value::from(UNKNOWN))));
    }
    keys
}

/// Returns whether a runtime field has the value that it has in a task that never ran.
fn is_nothing(raw: &str) -> bool {
    matches!(raw, "null" | "0" | "false" | "[]" | "\"\"")
}
