//! Queues that are made in memory, for tests of views.

use super::mask::Mask;
use super::view::Sources;
use crate::plan::{Agents, Conditions, EstimateRules, Estimates, Graph, QueueTasks, readiness};
use crate::queue::Queue;
use chrono::{DateTime, TimeZone, Utc};
use serde_json::Value;
use std::path::Path;

/// The time at which they are viewed.
pub(super) fn now() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 19, 15, 0, 0).single().expect("a time")
}

/// Calls `see` with the queues of these names and contents.
pub(super) fn seen<T>(files: &[(&str, &Value)], see: impl FnOnce(Sources<'_>) -> T) -> T {
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
    let conditions = Conditions::at(now(), Agents::plain(&tasks));
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
        known: None,
        naming: crate::plan::Naming::WithReason,
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
