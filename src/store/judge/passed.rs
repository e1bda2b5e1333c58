//! What the journal records about finished work.

use crate::domain::{Event, EventKind, Field};
use crate::store::records::work::Work;
use serde_json::{Map, Value};
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::Path;

/// What the journal records about the tasks of one queue.
#[derive(Default)]
pub(super) struct Histories {
    tasks: HashMap<String, History>,
    /// The work of each completion, in order.
    works: Vec<(String, Work)>,
}

/// What the journal records about one task.
#[derive(Default)]
struct History {
    earlier: HashSet<String>,
    now: String,
    passed: Option<Map<String, Value>>,
}

/// Reads all `events` of the queue.
pub(super) fn histories(events: impl Iterator<Item = Event>) -> Histories {
    let mut all = Histories::default();
    for mut event in events {
        let text = |key| event.data.get(key).and_then(Value::as_str).map(str::to_owned);
        let (Some(task), Some(was), Some(is)) = (event.task.clone(), text("was"), text("is"))
        else {
            continue;
        };
        let work = event.data.remove("work").and_then(|work| serde_json::from_value(work).ok());
        if event.event == EventKind::Completed {
            all.works.extend(work.map(|work| (task.clone(), work)));
        }
        let history = all.tasks.entry(task).or_default();
        history.earlier.insert(was);
        history.earlier.insert(is.clone());
        history.now = is;
        history.passed = passed(&event, history.passed.take());
    }
    all
}

impl Histories {
    /// Returns the state in which a task passed, unless a later event revoked it.
    pub(super) fn passed(&self, id: &str) -> Option<&Map<String, Value>> {
        self.tasks.get(id)?.passed.as_ref()
    }

    /// Returns whether the task had this hash at an earlier moment and has another one now.
    pub(super) fn is_earlier(&self, id: &str, hash: &str) -> bool {
        self.tasks
            .get(id)
            .is_some_and(|history| hash != history.now && history.earlier.contains(hash))
    }

    /// Returns whether the work of the task's last completion is on disk, except for what later
    /// tasks changed.
    ///
    /// # Errors
    /// As [`Work::is_there`].
    pub(super) fn is_there(&self, id: &str, root: &Path) -> io::Result<bool> {
        let Some(at) = self.works.iter().rposition(|(task, _)| task == id) else {
            return Ok(false);
        };
        let later: Vec<&Work> = self.works[at + 1..].iter().map(|(_, work)| work).collect();
        self.works[at].1.is_there(root, &later)
    }
}

/// Returns the state to restore after `event`, given the state to restore before it.
fn passed(event: &Event, before: Option<Map<String, Value>>) -> Option<Map<String, Value>> {
    let kind = event.event;
    if kind == EventKind::Completed {
        return event.data.get("state")?.as_object().cloned();
    }
    if kind == EventKind::Restored {
        return event.data.get("fields")?.as_object().cloned();
    }
    // These change no runtime field of a finished task, unless a person reopened it by an edit.
    let harmless =
        [EventKind::Edited, EventKind::Approved, EventKind::Progress, EventKind::ExternalEdit]
            .contains(&kind);
    if harmless && !edits_runtime(event) { before } else { None }
}

fn edits_runtime(event: &Event) -> bool {
    if event.event == EventKind::ExternalEdit {
        // A put-back restores what the task was.
        return false;
    }
    let fields = event.data.get("fields").and_then(Value::as_object);
    let runtime = |key: &String| Field::from_key(key).is_some_and(Field::is_runtime);
    fields.is_some_and(|fields| fields.keys().any(runtime))
}
