//! One suite for every store: what the rest of the program relies on.

mod control;
mod documents;
mod draft;
mod edits;
mod logs;
pub(crate) mod places;
mod records;
mod shared;

use super::QueueStore;
use crate::domain::{Claim, Completion, Transition, Verdict};
use crate::platform::trouble;
use crate::store::{Actor, Draft, Patience, Place, StoreError};
use places::{Somewhere, over_each_place};
use serde_json::{Map, Value, json};
use std::io;
use std::sync::atomic::{AtomicUsize, Ordering};

/// The only queue of most tests.
const Q: &str = "q.json";

/// Makes a change of the first task with the id `id`.
fn change(store: &mut dyn QueueStore, id: &str, transition: &Transition) -> Result<(), StoreError> {
    let made = store.update(Patience::Limited, &mut |draft| {
        draft.transition(place(draft, id), transition, &Actor::Person, Map::new())
    });
    made.map(drop)
}

fn place(draft: &Draft<'_>, id: &str) -> Place {
    let queue = crate::domain::QueueIx::FIRST;
    Place { queue, task: draft.queues()[queue].index_of(id).expect("a task") }
}

fn claimed(attempt: u32) -> Transition {
    Transition::Claim(Claim {
        worker: "h:1:00000000".to_owned(),
        attempt,
        since: "2026-01-19T00:00:00Z".to_owned(),
        host: "0123abcd".to_owned(),
        boot: "4567cdef".to_owned(),
        start: 7,
        tag: "0".repeat(32),
    })
}

fn passed() -> Transition {
    Transition::Complete(Verdict::Pass, Completion::default())
}

/// Returns the tasks of a queue in its text.
fn tasks(place: &dyn Somewhere) -> Vec<Value> {
    let queue: Value = serde_json::from_str(&place.text(Q)).expect("JSON");
    queue["tasks"].as_array().cloned().expect("tasks")
}

/// Edits the text of the queue as an editor does.
fn edit(place: &dyn Somewhere, edit: impl FnOnce(&mut Value)) {
    let mut queue: Value = serde_json::from_str(&place.text(Q)).expect("JSON");
    edit(&mut queue);
    place.put(Q, &queue.to_string());
}

/// Returns a place with one queue of pending tasks.
fn fill(place: &dyn Somewhere, ids: &[&str]) {
    let task = |id: &&str| json!({"id": id, "title": id, "status": "pending"});
    let tasks: Vec<Value> = ids.iter().map(task).collect();
    place.put(Q, &json!({ "tasks": tasks }).to_string());
}

/// Simulates a full disk at the `number`th moment of writing.
fn fails_at(number: usize) {
    let count = AtomicUsize::new(0);
    trouble::at_each_moment(move |moment| {
        let is_now =
            moment == trouble::Moment::Before && count.fetch_add(1, Ordering::SeqCst) == number;
        if is_now { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    });
}
