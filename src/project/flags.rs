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

    #[test]
    fn a_flag_says_what_was_observed() {
        let run = |task: &str, from, to| {
            [event(EventKind::Claimed, task, from), event(EventKind::Completed, task, to)]
        };
        let others = ["B", "C", "D", "E"].map(|task| run(task, 0, 2)).into_iter().flatten();
        let failed = (0..4).map(|n| event(EventKind::Blocked, "F", n));
        let slow = run("A", 0, 11);
        let events = others.chain(slow).chain(failed);
        let flags = red_flags(events, &|_, _| Vec::new());
        let flag = |kind, task: &str, detail: &str| Flag {
            kind,
            queue: "q.json".to_owned(),
            task: task.to_owned(),
            detail: detail.to_owned(),
        };
        let wanted = [
            flag(FlagKind::Slow, "A", "took 11 min, the median is 2"),
            flag(
                FlagKind::Repeated,
                "F",
                "4 attempts failed in a row, the last: step test: exit status 1",
            ),
        ];
        assert_eq!(flags, wanted);
        let silent =
            |n| Event { data: serde_json::Map::new(), ..event(EventKind::Retried, "A", n) };
        let flags = red_flags((0..3).map(silent), &|_, _| Vec::new());
        assert_eq!(flags, [flag(FlagKind::Repeated, "A", "3 attempts failed in a row")]);
    }

    #[test]
    fn a_task_is_slow_only_beside_enough_others_and_after_ten_minutes() {
        let run = |task: usize, minutes| {
            let task = format!("T-{task}");
            [event(EventKind::Claimed, &task, 0), event(EventKind::Completed, &task, minutes)]
        };
        let all = |others: usize, each, last| {
            let events = (0..others).map(|n| run(n, each)).chain([run(99, last)]);
            kinds(events.flatten().collect()).len()
        };
        assert_eq!((all(3, 1, 60), all(4, 1, 60)), (0, 1), "five are enough");
        assert_eq!((all(4, 1, 9), all(4, 1, 10)), (0, 1));
        // Tasks that take no time count as a minute.
        assert_eq!((all(4, 0, 9), all(4, 0, 10)), (0, 1));
        assert_eq!((all(4, 5, 20), all(4, 5, 21)), (0, 1));
        // A completion without a begin has no duration.
        let unknown = (0..9).map(|n| event(EventKind::Completed, &format!("T-{n}"), 99));
        assert_eq!(kinds(unknown.collect()), []);
    }

    #[test]
    fn a_change_that_failed_in_two_ways_is_flaky() {
        let report = |verdict: &str, change: Option<&str>, output: Option<&str>| -> AttemptReport {
            let report = json!({"v": 1, "task": "A", "attempt": 1, "worker": "w", "started_at": "",
                "ended_at": "", "outcome": {"kind": "exited", "code": 0}, "verdict": verdict,
                "reason": null, "steps": [], "files_changed": [],
                "fingerprint": {"change": change, "output": output}});
            serde_json::from_value(report).expect("a report")
        };
        let found = |failures, reports: &[AttemptReport]| {
            let failed = (0..failures).map(|n| event(EventKind::Retried, "A", n));
            let flags = red_flags(failed, &|queue, task| {
                assert_eq!((queue, task), ("q.json", "A"));
                reports.to_vec()
            });
            flags.into_iter().any(|flag| {
                flag.kind == FlagKind::Flaky
                    && flag.detail == "the same change failed in different ways"
            })
        };
        let (one, other) = (Some("one"), Some("other"));
        let fails = |change, output| report("FAIL", change, output);
        assert!(found(2, &[fails(one, one), fails(one, other)]));
        assert!(found(2, &[fails(other, one), fails(one, one), fails(one, other)]));
        assert!(!found(1, &[fails(one, one), fails(one, other)]), "one failure is no pattern");
        assert!(!found(2, &[fails(one, one), fails(one, one)]));
        assert!(!found(2, &[fails(one, one), fails(other, other)]));
        assert!(!found(2, &[fails(one, one), report("PASS", one, other)]));
        // Without a change or an output there is nothing to compare.
        assert!(!found(2, &[fails(None, one), fails(None, other)]));
        assert!(!found(2, &[fails(one, None), fails(one, one)]));
        assert!(!found(3, &[]));
    }
}
