//! What the verbs of people do to a queue in memory: its text, its journal, and what is refused.

mod add;
mod answer;
mod claims;
mod doubts;
mod edit;
mod fields;
mod merge;
mod progress;
mod reset;

use super::*;
use crate::domain::{Field, QueueIx, Transition, Verdict};
use crate::platform::host::Host;
use crate::project::tests::{NOW, Sample, refusal, task, with, words};
use crate::store::{Actor, StoreError};
use serde_json::{Map, Value, json};

/// The result of a verb that names the tasks that it changed.
type Made = Result<Vec<String>, StoreError>;

/// Returns a task with this status and these further members.
fn in_state(id: &str, status: &str, more: &Value) -> Value {
    let mut task = task(id, more);
    task["status"] = json!(status);
    task
}

/// Returns the kind and the task of an event.
fn event(kind: &str, id: &str) -> (String, String) {
    (kind.to_owned(), id.to_owned())
}

/// Checks that a verb is refused with this text, and that it wrote nothing.
#[track_caller]
fn refuses<T>(
    sample: &mut Sample,
    verb: impl FnOnce(&mut Sample) -> Result<T, StoreError>,
    wanted: &str,
) {
    let before = (sample.memory.text(&sample.path("q")), sample.events().len());
    assert_eq!(refusal(verb(sample)), wanted);
    let after = (sample.memory.text(&sample.path("q")), sample.events().len());
    assert!(before == after, "nothing is written: {wanted}");
}

/// Returns a task that a worker of this host has claimed. Process `pid` is that worker.
fn claimed(id: &str, (pid, start): (u32, u64)) -> Value {
    let host = Host::current();
    let claim = json!({"worker": format!("h:{pid}:00000000"), "attempt": 2, "since": NOW,
        "host": host.id, "boot": host.boot, "start": start, "tag": "ab".repeat(16)});
    in_state(id, "in_progress", &json!({"attempts": 2, "claim": claim}))
}

/// Returns a task whose worker is dead: no process of this host began then.
fn abandoned(id: &str) -> Value {
    claimed(id, (1, 1 << 40))
}

/// Returns a task whose worker is on another host.
fn foreign(id: &str) -> Value {
    let mut task = abandoned(id);
    task["claim"]["host"] = json!("no-such-host");
    task
}
