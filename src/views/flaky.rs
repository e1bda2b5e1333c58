//! Tests that passed only on a retry, counted over the journal, even if the folders of the attempts
//! are gone.

use super::mask::Mask;
use super::style::count;
use crate::domain::FlakyItem;
use crate::store::log::Log;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The text of a journal line that contains flaky items.
const PART: &str = "\"flaky\":[";

/// A test, or a step without known items, that passed only on a retry.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FlakyView {
    /// The test or step.
    #[serde(flatten)]
    pub which: FlakyItem,
    /// The number of attempts.
    pub times: u32,
    /// The last time.
    pub last_at: String,
}

/// The fields of a journal line that are used.
#[derive(Deserialize)]
struct Line {
    at: String,
    #[serde(default)]
    queue: String,
    #[serde(default)]
    task: Option<String>,
    data: Data,
}

#[derive(Deserialize)]
struct Data {
    flaky: Vec<FlakyItem>,
}

impl FlakyView {
    /// Returns those of all attempts of the queues with these names whose journal is `log`, or
    /// of one `task`, the most frequent first.
    pub fn all(log: &Log, queues: &[&str], task: Option<&str>, mask: &Mask) -> Vec<Self> {
        let lines = log.events_with::<Line>(PART);
        let is_asked = |line: &Line| {
            queues.contains(&line.queue.as_str())
                && (task.is_none() || line.task.as_deref() == task)
        };
        counted(lines.filter(is_asked), mask)
    }

    /// Formats one line.
    pub fn line(&self) -> String {
        let FlakyItem { step, item } = &self.which;
        let item = item.as_ref().map_or_else(String::new, |item| format!(": {item}"));
        let times = count(self.times as usize, "attempt", "attempts");
        format!("step {step}{item} passed only when it ran again, in {times}")
    }
}

fn counted(lines: impl Iterator<Item = Line>, mask: &Mask) -> Vec<FlakyView> {
    let mut found: BTreeMap<FlakyItem, (u32, String)> = BTreeMap::new();
    for Line { at, data, .. } in lines {
        for item in data.flaky {
            let (times, last) = found.entry(item).or_default();
            *times += 1;
            last.clone_from(&at);
        }
    }
    let one = |(which, (times, last_at)): (FlakyItem, (u32, String))| {
        let item = which.item.map(|item| mask.text(&item).into_owned());
        FlakyView { which: FlakyItem { item, ..which }, times, last_at }
    };
    let mut all: Vec<FlakyView> = found.into_iter().map(one).collect();
    all.sort_by_key(|view| std::cmp::Reverse(view.times));
    all
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::log::{EventLog, LogReader, Span};
    use serde_json::json;
    use std::path::Path;
    use std::sync::Arc;

    /// A journal in memory.
    #[derive(Debug)]
    struct Lines(Vec<String>);

    impl EventLog for Lines {
        fn key(&self) -> &Path {
            Path::new("journal")
        }

        fn lines(&self, _: Span) -> Box<dyn Iterator<Item = Vec<u8>>> {
            let lines: Vec<Vec<u8>> = self.0.iter().map(|line| line.clone().into_bytes()).collect();
            Box::new(lines.into_iter())
        }

        fn reader(&self) -> Box<dyn LogReader> {
            unreachable!("the lines are enough")
        }

        fn newer_version(&self) -> Option<u32> {
            None
        }
    }

    /// Only events of the asked queues and task count, the most frequent test first; of two that
    /// are as frequent, the order is that of their names.
    #[test]
    fn flaky_tests_are_those_of_the_asked_queues_and_task() {
        let line = |at: &str, queue: &str, task: &str, items: &[Option<&str>]| {
            let flaky: Vec<_> =
                items.iter().map(|item| json!({"step": "test", "item": item})).collect();
            json!({"at": at, "queue": queue, "task": task, "data": {"flaky": flaky}}).to_string()
        };
        let lines = vec![
            line("1", "q.json", "A", &[Some("x"), Some("s3cret-word")]),
            line("2", "q.json", "B", &[Some("y")]),
            line("3", "q.json", "B", &[Some("y"), None]),
            line("4", "other.json", "A", &[Some("z")]),
            json!({"at": "5", "data": {"flaky": [{"step": "of no queue"}]}}).to_string(),
            r#"{"at": "6", "queue": "q.json", "data": {"flaky":[torn"#.to_owned(),
            json!({"at": "7", "queue": "q.json", "task": "A", "data": {"reason": "flaky"}})
                .to_string(),
        ];
        let log: Log = Arc::new(Lines(lines));
        let mask = Mask::new(&[("DOOR_KEY".into(), "s3cret-word".into())]);
        let of = |queues: &[&str], task| {
            let all = FlakyView::all(&log, queues, task, &mask);
            all.iter().map(|view| (view.line(), view.last_at.clone())).collect::<Vec<_>>()
        };
        let row = |item: &str, times: &str, at: &str| {
            (format!("step test{item} passed only when it ran again, in {times}"), at.to_owned())
        };
        assert_eq!(
            of(&["q.json"], None),
            [
                row(": y", "2 attempts", "3"),
                row("", "1 attempt", "3"),
                row(": [masked]", "1 attempt", "1"),
                row(": x", "1 attempt", "1"),
            ]
        );
        assert_eq!(of(&["q.json"], Some("A")).len(), 2);
        assert_eq!(of(&["other.json", "q.json"], Some("A")).len(), 3);
        assert!(of(&[], None).is_empty());
    }

    #[test]
    fn attempts_are_counted_item_by_item() {
        let line = |at: &str, items: &[&str]| {
            let flaky: Vec<_> =
                items.iter().map(|item| json!({"step": "test", "item": item})).collect();
            let line = json!({"at": at, "queue": "q.json", "task": "A", "data": {"flaky": flaky}});
            serde_json::from_value::<Line>(line).unwrap()
        };
        let lines = [line("1", &["a", "b"]), line("2", &["b"])];
        let all = counted(lines.into_iter(), &Mask::default());
        let told: Vec<String> = all.iter().map(FlakyView::line).collect();
        let first = "step test: b passed only when it ran again, in 2 attempts";
        assert_eq!((told.len(), &*told[0], &*all[0].last_at), (2, first, "2"));
    }
}
