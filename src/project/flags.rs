//! Red flags: tasks that fail repeatedly, tasks that take far longer than others, and verification
//! with inconsistent results. They are computed from the recent part of the journal.

use crate::domain::{AttemptReport, Event, EventKind, Verdict};
use chrono::DateTime;
use std::collections::BTreeMap;

/// The number of consecutive failed attempts that raises a flag.
const FAILURES: usize = 3;
/// The minimum number of completed tasks for a median.
const ENOUGH: usize = 5;
/// A task is slow if it takes at least this many times the median, and at least this many minutes.
const SLOW: (i64, i64) = (4, 10);

/// Something that a person should look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Flag {
    /// The kind of the flag.
    pub kind: FlagKind,
    /// The file name of the queue.
    pub queue: String,
    /// The id of the task.
    pub task: String,
    /// The observation, in words.
    pub detail: String,
}

/// The kinds of red flags.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FlagKind {
    /// Attempts failed one after the other.
    Repeated,
    /// The task took far longer than others.
    Slow,
    /// The same change failed in different ways.
    Flaky,
}

/// What the journal contains about a task, in journal order.
#[derive(Default)]
struct Known {
    began: Option<i64>,
    failures: usize,
    reason: String,
    minutes: Option<i64>,
}

/// Returns the flags of `events`, oldest first. `reports` returns the attempts of a task by queue
/// and id; it is called only for tasks that failed at least twice.
pub(crate) fn red_flags(
    events: impl Iterator<Item = Event>,
    reports: &dyn Fn(&str, &str) -> Vec<AttemptReport>,
) -> Vec<Flag> {
    let mut tasks: BTreeMap<(String, String), Known> = BTreeMap::new();
    for event in events {
        let Some(task) = event.task.clone() else { continue };
        tasks.entry((event.queue.clone(), task)).or_default().hear(&event);
    }
    let mut times: Vec<i64> = tasks.values().filter_map(|known| known.minutes).collect();
    times.sort_unstable();
    let median = times.get(times.len() / 2).copied().filter(|_| times.len() >= ENOUGH);
    let mut flags = Vec::new();
    for ((queue, task), known) in tasks {
        let flag = |kind, detail| Flag { kind, queue: queue.clone(), task: task.clone(), detail };
        if known.failures >= FAILURES {
            let detail = format!("{} attempts failed in a row{}", known.failures, known.reason);
            flags.push(flag(FlagKind::Repeated, detail));
        }
        if let (Some(minutes), Some(median)) = (known.minutes, median)
            && minutes >= SLOW.1
            && minutes > SLOW.0 * median.max(1)
        {
            let detail = format!("took {minutes} min, the median is {median}");
            flags.push(flag(FlagKind::Slow, detail));
        }
        if known.failures >= 2 && is_flaky(&reports(&queue, &task)) {
            let detail = "the same change failed in different ways".to_owned();
            flags.push(flag(FlagKind::Flaky, detail));
        }
    }
    flags
}

impl Known {
    fn hear(&mut self, event: &Event) {
        let at = DateTime::parse_from_rfc3339(&event.at).ok().map(|at| at.timestamp());
        let failed = matches!(event.event, EventKind::Retried | EventKind::Blocked);
        if event.event == EventKind::Claimed {
            self.began = at;
        } else if event.event == EventKind::Completed {
            let minutes = at.zip(self.began).map(|(at, began)| (at - began) / 60);
            *self = Self { minutes, ..Self::default() };
        } else if failed && event.worker.is_some() {
            self.failures += 1;
            let why = event.data.get("reason").and_then(|why| why.as_str());
            self.reason = why.map_or_else(String::new, |why| format!(", the last: {why}"));
        } else if failed || event.event == EventKind::Reset {
            // A person has looked at it.
            *self = Self::default();
        }
    }
}

/// Returns whether one change failed with more than one output.
fn is_flaky(reports: &[AttemptReport]) -> bool {
    let failed: Vec<_> = reports
        .iter()
        .filter(|report| report.verdict == Some(Verdict::Fail))
        .map(|report| &report.fingerprint)
        .filter(|print| print.change.is_some() && print.output.is_some())
        .collect();
    failed.iter().any(|one| {
        failed.iter().any(|other| one.change == other.change && one.output != other.output)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::new_event;
    use chrono::TimeDelta;
    use serde_json::json;

    fn event(kind: EventKind, task: &str, minute: i64) -> Event {
        let at = DateTime::UNIX_EPOCH + TimeDelta::minutes(minute);
        let data = json!({"reason": "step test: exit status 1"}).as_object().cloned().unwrap();
        let mut event = new_event(kind, at, "q.json".to_owned(), data);
        event.task = Some(task.to_owned());
        event.worker = Some("w".to_owned());
        event
    }

    fn kinds(events: Vec<Event>) -> Vec<(FlagKind, String)> {
        let flags = red_flags(events.into_iter(), &|_, _| Vec::new());
        flags.into_iter().map(|flag| (flag.kind, flag.task)).collect()
    }

    #[test]
    fn failures_in_a_row_are_a_flag_until_somebody_looks() {
        let failed = |count| (0..count).map(|n| event(EventKind::Retried, "A", n));
        assert_eq!(kinds(failed(2).collect()), []);
        assert_eq!(kinds(failed(3).collect()), [(FlagKind::Repeated, "A".to_owned())]);
        let person = Event { worker: None, ..event(EventKind::Retried, "A", 9) };
        assert_eq!(kinds(failed(3).chain([person]).collect()), []);
        let done = event(EventKind::Completed, "A", 9);
        assert_eq!(kinds(failed(3).chain([done]).collect()), []);
    }

    #[test]
    fn slow_is_what_takes_far_longer_than_the_others() {
        let run = |task: &str, minutes| {
            [event(EventKind::Claimed, task, 0), event(EventKind::Completed, task, minutes)]
        };
        let all = |last| {
            let others = ["B", "C", "D", "E"].map(|task| run(task, 5));
            kinds(others.into_iter().chain([run("A", last)]).flatten().collect())
        };
        assert_eq!((all(20), all(21)), (vec![], vec![(FlagKind::Slow, "A".to_owned())]));
        // A median of only a few tasks would mean nothing.
        assert_eq!(kinds(run("A", 500).into_iter().chain(run("B", 1)).collect()), []);
    }
}
