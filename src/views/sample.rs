//! Queues that are made in memory, for tests of views.

use super::known::Known;
use super::mask::Mask;
use super::style::Look;
use super::timing::clock;
use super::view::Sources;
use crate::domain::{AttemptReport, Event, Field, QueueIx, ReasonCode, Status};
use crate::plan::{
    Agents, Conditions, EstimateRules, Estimates, Graph, Naming, Node, QueueTasks, readiness,
};
use crate::queue::Queue;
use chrono::{DateTime, TimeZone, Utc};
use serde_json::{Value, json};
use std::path::Path;

/// The time at which they are viewed.
pub(super) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 19, 15, 0, 0).single().expect("a time")
}

/// Parses a time of a test.
pub(super) fn at(text: &str) -> DateTime<Utc> {
    super::timing::parsed(text).expect("a time")
}

/// Formats a time as views show it, in the time zone of the machine that runs the test.
pub(super) fn shown(text: &str) -> String {
    clock(at(text), now())
}

/// Output of this width, without colours.
pub(super) fn wide(width: usize) -> Look {
    Look { color: false, width: Some(width) }
}

/// Returns an object with the fields of both; those of `more` replace others.
pub(super) fn joined(mut first: Value, more: Value) -> Value {
    let (Some(fields), Value::Object(more)) = (first.as_object_mut(), more) else {
        panic!("not an object: {first}");
    };
    fields.extend(more);
    first
}

/// Returns task A with these fields.
pub(super) fn task(more: Value) -> Value {
    joined(json!({"id": "A", "title": "a"}), more)
}

/// Parses a line of a journal; absent fields get values that views do not show.
pub(super) fn event(line: Value) -> Event {
    let whole = json!({"v": 1, "seq": 1, "at": "2026-01-19T10:00:00.000Z", "queue": "q.json"});
    serde_json::from_value(joined(whole, line)).expect("an event")
}

/// Parses the report of an attempt that began at 9:00 and lasted ten minutes; `more` replaces or
/// adds fields.
pub(super) fn report(more: Value) -> AttemptReport {
    let whole = json!({"v": 1, "task": "A", "attempt": 1, "worker": "w", "steps": [],
        "started_at": "2026-01-19T09:00:00.000Z", "ended_at": "2026-01-19T09:10:00.000Z",
        "outcome": {"kind": "exited", "code": 0}, "files_changed": []});
    serde_json::from_value(joined(whole, more)).expect("a report")
}

/// What is known besides the queues.
#[derive(Default)]
pub(super) struct Beside<'a> {
    /// Returns the data of journals and attempt folders.
    pub(super) known: Option<&'a dyn Fn(Node) -> Known>,
    /// How much is reported about the tasks that a task waits for.
    pub(super) naming: Naming,
    /// Changes the conditions.
    pub(super) conditions: Option<&'a dyn Fn(&mut Conditions)>,
}

/// Calls `see` with the queues of these names and contents.
pub(super) fn seen<T>(files: &[(&str, &Value)], see: impl FnOnce(Sources<'_>) -> T) -> T {
    seen_beside(files, &Beside::default(), see)
}

/// Records the blocked tasks that ask a person, by their errors.
fn ask(graph: &Graph, queues: &[Queue], conditions: &mut Conditions) {
    for (number, queue) in QueueIx::each(queues) {
        for (index, task) in queue.tasks().iter().enumerate() {
            let error = queue.text(index, Field::Error).unwrap_or_default();
            let node = graph.node(number, index);
            match ReasonCode::asked(&error).filter(|_| task.status == Status::Blocked) {
                Some((ReasonCode::Review, _)) => drop(conditions.reviews.insert(node)),
                Some(_) => drop(conditions.questions.insert(node)),
                None => {}
            }
        }
    }
}

/// Calls `see` with the queues of these names and contents, and with what is known besides.
pub(super) fn seen_beside<T>(
    files: &[(&str, &Value)],
    beside: &Beside<'_>,
    see: impl FnOnce(Sources<'_>) -> T,
) -> T {
    let queue = |(name, value): &(&str, &Value)| {
        Queue::parse(Path::new(name), value.to_string().into_bytes()).expect("a queue")
    };
    let queues: Vec<Queue> = files.iter().map(queue).collect();
    let tasks: Vec<QueueTasks<'_>> = queues
        .iter()
        .zip(files)
        .map(|(queue, (name, _))| QueueTasks {
            name,
            path: queue.path(),
            root: Path::new("/project"),
            tasks: queue.tasks(),
            phases: queue.phases(),
        })
        .collect();
    let graph = Graph::build(&tasks);
    let mut conditions = Conditions::at(now(), Agents::plain(&tasks));
    ask(&graph, &queues, &mut conditions);
    if let Some(change) = beside.conditions {
        change(&mut conditions);
    }
    let readiness = readiness(&graph, &tasks, &conditions);
    let estimates = Estimates::new(&graph, &tasks, &EstimateRules::default());
    let shown: Vec<String> = files.iter().map(|(name, _)| (*name).to_owned()).collect();
    let mask = Mask::new(&[("DOOR_KEY".into(), "s3cret-word".into())]);
    see(Sources {
        queues: &queues,
        shown: &shown,
        served: queues.len(),
        readiness: &readiness,
        mask: &mask,
        estimates: &estimates,
        known: beside.known,
        naming: beside.naming,
    })
}

/// Returns titles that try to inject markup or control sequences.
pub(super) fn hostile() -> Vec<String> {
    let punctuation = (33_u8..127).filter(u8::is_ascii_punctuation).map(char::from);
    let mut titles = vec![punctuation.collect::<String>()];
    let others = [
        "one\n# two\n- [x] three\n---",
        "```\n<script>alert(1)</script> ]]> <!-- --> &amp; {{ x }}",
        "日本語 🦀 \u{202e}abc \u{200f}שלום",
        "| a | b |",
        "=1+1\",\"x",
        "+1",
        "-1",
        "@sum",
        "\u{1b}]0;x\u{7}\u{85}\u{fffe}",
    ];
    titles.extend(others.map(str::to_owned));
    titles
}
