//! What people and agents did to the file behind the program's back.
//!
//! A person's fields are theirs: they are in the file and stay. Finished work is not thrown
//! away, though: a task whose runtime fields are all those of an earlier moment was set back
//! (`git checkout`, a restored copy), and a journalled PASS is put back, with an event. A task
//! of which only the status changed was reopened by a person, and stays so. `workloop reset` is
//! the way to say that work is to be done again.

use super::loaded::Loaded;
use crate::domain::{Event, EventKind, Field};
use crate::platform::fault::{self, Fault};
use crate::queue::Queue;
use crate::store::StoreError;
use crate::store::draft::{Draft, Place, queue_name, runtime_hash};
use crate::store::journal::Journal;
use serde_json::{Map, Value, json};
use std::collections::{HashMap, HashSet};
use std::path::PathBuf;

/// What the journal knows of one task.
#[derive(Default)]
struct History {
    earlier: HashSet<String>,
    now: String,
    passed: Option<Map<String, Value>>,
}

/// Notes edits that no journal line tells of, and puts back finished work that was set back, but for
/// the queues that are to be left alone.
pub(super) fn external_edits(
    draft: &mut Draft<'_>,
    loaded: &mut [Loaded],
    journals: &HashMap<PathBuf, Journal>,
    alone: &HashSet<usize>,
) -> Result<(), StoreError> {
    let judged = loaded.iter_mut().enumerate().filter(|(index, _)| !alone.contains(index));
    for (index, file) in judged {
        let Some(hash) = file.take_unexplained() else { continue };
        let Some(journal) = journals.get(file.dir()) else { continue };
        let name = queue_name(&draft.queues()[index]);
        // No line at all: no journal, and the file wins.
        let Some(last) = journal.last_write(&name) else { continue };
        // Still the very file of before the last line: that line is void, because its writer died
        // before the rename. The same text in another file was put back (`git checkout`).
        let is_void = hash == last.before && last.file.is_none_or(|was| was == file.identity());
        let after = last.after;
        if hash == after || is_void {
            continue;
        }
        if !fault::is(Fault::NoRestore) {
            restore(draft, index, &histories(journal, &name))?;
        }
        let mut data = Map::new();
        data.insert("known".to_owned(), json!(after));
        data.insert("found".to_owned(), json!(hash));
        draft.record_queue(index, EventKind::ExternalEdit, data);
    }
    Ok(())
}

fn histories(journal: &Journal, queue: &str) -> HashMap<String, History> {
    let mut histories: HashMap<String, History> = HashMap::new();
    for event in journal.all().filter(|event| event.queue == queue) {
        let text = |key| event.data.get(key).and_then(Value::as_str).map(str::to_owned);
        let (Some(task), Some(was), Some(is)) = (&event.task, text("was"), text("is")) else {
            continue;
        };
        let history = histories.entry(task.clone()).or_default();
        history.earlier.insert(was);
        history.earlier.insert(is.clone());
        history.now = is;
        history.passed = passed(&event, history.passed.take());
    }
    histories
}

/// The state to put back after `event`, given the one before it.
fn passed(event: &Event, before: Option<Map<String, Value>>) -> Option<Map<String, Value>> {
    let kind = event.event;
    if kind == EventKind::Completed {
        return event.data.get("state")?.as_object().cloned();
    }
    if kind == EventKind::Restored {
        return event.data.get("fields")?.as_object().cloned();
    }
    // These change no runtime field of a finished task, unless a person reopened it by an edit.
    let harmless = [EventKind::Edited, EventKind::Approved, EventKind::Progress].contains(&kind);
    if harmless && !edits_runtime(event) { before } else { None }
}

fn edits_runtime(event: &Event) -> bool {
    let fields = event.data.get("fields").and_then(Value::as_object);
    let runtime = |key: &String| Field::from_key(key).is_some_and(Field::is_runtime);
    fields.is_some_and(|fields| fields.keys().any(runtime))
}

fn restore(
    draft: &mut Draft<'_>,
    queue: usize,
    histories: &HashMap<String, History>,
) -> Result<(), StoreError> {
    let set_back = |queue: &Queue, task: usize| {
        let history = histories.get(queue.tasks()[task].id.as_str())?;
        let state = history.passed.as_ref()?;
        let hash = runtime_hash(queue, task);
        (hash != history.now && history.earlier.contains(&hash)).then(|| state.clone())
    };
    for task in 0..draft.queues()[queue].tasks().len() {
        if let Some(state) = set_back(&draft.queues()[queue], task) {
            draft.restore(Place { queue, task }, &state)?;
        }
    }
    Ok(())
}
