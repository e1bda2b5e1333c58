//! Projects in memory, for tests of what commands find in them and change.

mod loaded;
mod neighbours;
mod resolve;
mod scope;
mod structure;

use crate::config::{self, SelectedQueue, Selection};
use crate::domain::{QueueIx, Typed};
use crate::platform::clock::Clock;
use crate::project::{Among, Project, QueueSet};
use crate::queue::Queue;
use crate::store::memory::Memory;
use crate::store::{Place, StoreError};
use chrono::{DateTime, TimeZone, Utc};
use serde_json::{Value, json};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

/// The time of every change in a sample, as the queue file has it.
pub(crate) const NOW: &str = "2026-01-19T15:00:00Z";

/// A clock that always shows [`NOW`].
#[derive(Debug)]
struct Still;

impl Clock for Still {
    fn now(&self) -> DateTime<Utc> {
        now()
    }

    fn monotonic(&self) -> Instant {
        Instant::now()
    }
}

pub(crate) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 19, 15, 0, 0).single().expect("a time")
}

/// A project in memory. Its folder exists, because references are resolved by files.
pub(crate) struct Sample {
    pub(crate) memory: Memory,
    pub(crate) project: Project,
    pub(crate) dir: tempfile::TempDir,
}

/// The file stem and the content of a queue.
pub(crate) type Content<'a> = (&'a str, Value);

impl Sample {
    /// Opens a project that serves `q.json` with these tasks, without a configuration.
    pub(crate) fn of(tasks: Value) -> Self {
        Self::with("", tasks)
    }

    /// Does the same with the text of `workloop.toml`.
    pub(crate) fn with(config: &str, tasks: Value) -> Self {
        Self::new(config, &[("q", json!({ "tasks": tasks }))], &[])
    }

    /// Opens a project that serves `q.json` with these tasks, which suggested commands name with
    /// these flags.
    pub(crate) fn named(flags: &str, tasks: Value) -> Self {
        let served = [("q", json!({ "tasks": tasks }))];
        Self::opened("", Typed::naming(flags.to_owned()), &served, &[])
    }

    /// Opens a project that serves some queues; `others` exist beside them.
    pub(crate) fn new(config: &str, served: &[Content<'_>], others: &[Content<'_>]) -> Self {
        Self::opened(config, Typed::default(), served, others)
    }

    fn opened(config: &str, typed: Typed, served: &[Content<'_>], others: &[Content<'_>]) -> Self {
        let dir = tempfile::tempdir().expect("a folder");
        let memory = Memory::default();
        let root = dir.path().canonicalize().expect("a folder");
        for (name, content) in served.iter().chain(others) {
            let path = root.join(format!("{name}.json"));
            // Only files that exist are referred to.
            std::fs::write(&path, "").expect("written");
            memory.put(&path, content.to_string());
        }
        let config = config::parse(&root.join("workloop.toml"), config).expect("valid");
        let selected = |(name, _): &Content<'_>| SelectedQueue {
            path: root.join(format!("{name}.json")),
            shown: PathBuf::from(format!("{name}.json")),
            name: (*name).to_owned(),
            aliases: vec![(*name).to_owned()],
            project: None,
        };
        let queues = served.iter().map(selected).collect();
        let selection = Selection { config, queues, typed };
        let project = Project::open(selection, Box::new(memory.at(Arc::new(Still)))).expect("open");
        Self { memory, project, dir }
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().canonicalize().expect("a folder").join(format!("{name}.json"))
    }

    /// Replaces the content of a queue, as an editor does.
    pub(crate) fn put(&self, name: &str, content: &Value) {
        self.memory.put(&self.path(name), content.to_string());
    }

    pub(crate) fn parts(&self) -> (&QueueSet, &[Queue]) {
        (self.project.set(), self.project.queues())
    }

    pub(crate) fn place(&self, id: &str) -> Place {
        self.project.resolve(id, Among::All).expect("a task")
    }

    /// Returns a task of the first queue, as it was written.
    pub(crate) fn task(&self, id: &str) -> Value {
        let content: Value =
            serde_json::from_slice(&self.memory.text(&self.path("q"))).expect("JSON");
        let tasks = content["tasks"].as_array().cloned().unwrap_or_default();
        tasks.into_iter().find(|task| task["id"] == id).unwrap_or_default()
    }

    /// Returns the kind and the task of each event in the journal of the first queue.
    pub(crate) fn events(&self) -> Vec<(String, String)> {
        let kind = |kind| json!(kind).as_str().unwrap_or_default().to_owned();
        let events = self.memory.events(&self.path("q")).into_iter();
        events.map(|event| (kind(event.event), event.task.unwrap_or_default())).collect()
    }

    /// Returns the data of the last event in the journal of the first queue.
    pub(crate) fn last_data(&self) -> Value {
        let events = self.memory.events(&self.path("q"));
        events.last().map_or(Value::Null, |event| json!(event.data))
    }
}

/// Returns ids as the verbs take them.
pub(crate) fn words(ids: &[&str]) -> Vec<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

/// Returns a pending task with these further members.
pub(crate) fn task(id: &str, more: &Value) -> Value {
    with(json!({"id": id, "title": id, "status": "pending"}), more)
}

/// Returns `task` with these further members.
pub(crate) fn with(mut task: Value, more: &Value) -> Value {
    let more = more.as_object().expect("an object").clone();
    task.as_object_mut().expect("an object").extend(more);
    task
}

/// Returns the text of an error.
#[track_caller]
pub(crate) fn refusal<T>(result: Result<T, StoreError>) -> String {
    match result {
        Ok(_) => panic!("this must be refused"),
        Err(error) => error.to_string(),
    }
}

const SECOND: QueueIx = QueueIx::new(1);
