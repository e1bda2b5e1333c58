//! Tests real queue files, if they are available next to the crate.

use super::*;
use crate::domain::Status;
use crate::queue::json::object::members;
use serde_json::Value;

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../shared/data/queues");

fn folder() -> Option<std::path::PathBuf> {
    let named = std::env::var_os("WORKLOOP_TEST_QUEUES").map(std::path::PathBuf::from);
    let folder = named.unwrap_or_else(|| FOLDER.into());
    folder.is_dir().then_some(folder)
}

fn files() -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let Some(folder) = folder() else {
        println!("skipped: no folder {FOLDER}; set WORKLOOP_TEST_QUEUES to one with queue files");
        return Vec::new();
    };
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ext| ext == "json") {
            let bytes = std::fs::read(&path).unwrap();
            found.push((path, bytes));
        }
    }
    found
}

#[test]
fn a_load_and_save_is_byte_identical() {
    for (path, bytes) in files() {
        let queue = Queue::parse(&path, bytes.clone()).unwrap();
        assert_eq!(queue.pieces().count(), 1, "{}", path.display());
        assert!(queue.to_bytes() == bytes, "{}", path.display());
    }
}

/// Returns the lines of a task that belong to no runtime field, without trailing commas.
fn foreign_lines(task: &str) -> Vec<String> {
    let mut text = task.to_owned();
    let entries: Vec<_> = members(task).collect();
    for entry in entries.iter().rev() {
        if crate::domain::Field::from_key(&entry.name).is_some_and(|field| field.is_runtime()) {
            text.replace_range(entry.key..entry.end, "");
        }
    }
    let lines = text.lines().map(|line| line.trim_end_matches(','));
    lines.filter(|line| !line.trim().is_empty()).map(str::to_owned).collect()
}

/// Returns everything except runtime fields, `summary` and the timestamp.
fn rest(queue: &Queue) -> Value {
    let mut value: Value = serde_json::from_slice(&queue.to_bytes()).unwrap();
    let map = value.as_object_mut().unwrap();
    for key in ["summary", "last_updated", "updated_by"] {
        map.remove(key);
    }
    let key = if map.contains_key("tasks") { "tasks" } else { "features" };
    for task in map[key].as_array_mut().unwrap() {
        task.as_object_mut().unwrap().retain(|key, _| {
            crate::domain::Field::from_key(key).is_none_or(|field| !field.is_runtime())
        });
    }
    value
}

#[test]
fn a_claim_and_a_completion_change_only_their_values_and_the_summary() {
    for (path, bytes) in files() {
        let original = Queue::parse(&path, bytes).unwrap();
        let mut first = original.clone();
        first.refresh(now());
        for index in 0..first.tasks().len() {
            let mut queue = first.clone();
            if queue.tasks()[index].status != Status::Pending {
                let changes = apply(&queue.tasks()[index], &Transition::Reset, now()).unwrap();
                queue.apply(index, &changes).unwrap();
                queue.refresh(now());
            }
            let attempt = queue.tasks()[index].attempts + 1;
            step(&mut queue, index, &claim(attempt));
            step(&mut queue, index, &complete());
            let after = written(&queue);
            let reread = Queue::parse(&path, after.clone().into_bytes()).unwrap();
            assert_eq!(reread.tasks(), queue.tasks());
            assert_eq!(reread.counts(), queue.counts());
            assert_eq!(reread.structure(), original.structure());
            assert_eq!(rest(&original), rest(&queue), "{} {index}", path.display());
            assert!(!after.contains("\"claim\""));
            // Outside of the task and the summary every line is the same.
            let texts = |queue: &Queue| -> Vec<String> {
                (0..queue.tasks().len()).map(|n| queue.task_text(n).to_owned()).collect()
            };
            let (mut old, mut new) = (texts(&first), texts(&queue));
            let (gone, come) = (old.remove(index), new.remove(index));
            assert_eq!(old, new);
            assert_eq!(foreign_lines(&gone), foreign_lines(&come));
        }
    }
}

#[test]
fn the_summary_of_a_refreshed_file_is_true() {
    for (path, bytes) in files() {
        let mut queue = Queue::parse(&path, bytes).unwrap();
        queue.refresh(now());
        let value: Value = serde_json::from_slice(&queue.to_bytes()).unwrap();
        let summary = &value["summary"];
        let counts = queue.counts();
        assert_eq!(summary["total"], counts.total, "{}", path.display());
        for status in Status::ALL {
            let keys = status.spellings().iter().filter_map(|key| summary.get(key));
            let found: Vec<&Value> = keys.collect();
            assert!(!found.is_empty(), "{status} in {}", path.display());
            assert!(found.iter().all(|count| **count == counts.of(status)));
        }
        let once = written(&queue);
        queue.refresh("2027-01-01T00:00:00Z".parse().unwrap());
        assert_eq!(once, written(&queue), "a second refresh changes nothing");
    }
}

#[test]
fn nothing_in_them_is_an_error() {
    for (path, bytes) in files() {
        let queue = Queue::parse(&path, bytes).unwrap();
        for finding in queue.findings() {
            assert_ne!(finding.severity, crate::queue::Severity::Error, "{finding:?}");
        }
        assert!(queue.tasks().iter().all(|task| !task.has_problems()));
    }
}

#[test]
fn no_key_in_them_is_taken_for_another() {
    for (path, bytes) in files() {
        let queue = Queue::parse(&path, bytes).unwrap();
        assert_eq!(queue.odd_keys(), [], "{}", path.display());
    }
}
