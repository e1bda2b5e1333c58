//! Computes from the journal how long tasks really took.
//!
//! The time of a task is the total of its attempts, each from its claim to the event that ended it.
//! The time between attempts does not count. Only finished tasks have one.

use crate::domain::EventKind;
use crate::plan::{EstimateRules, Experience, history_key};
use crate::queue::Queue;
use crate::store::Moment;
use crate::store::queue_name;
use chrono::DateTime;
use std::collections::HashMap;

/// Median minutes by (type, agent), as the planner expects them.
pub(crate) type Medians = HashMap<(String, String), f64>;

/// The time that a task took.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Taken {
    /// The total milliseconds of all attempts.
    pub millis: i64,
    /// The number of attempts.
    pub attempts: u32,
}

/// The times of the tasks of one state folder.
#[derive(Clone, Debug, Default)]
pub(crate) struct History {
    /// Times by file name of the queue and task id.
    finished: HashMap<(String, String), Taken>,
}

impl History {
    /// Builds the history from the moments of a journal, oldest first.
    pub(crate) fn read(moments: impl Iterator<Item = Moment>) -> Self {
        let mut history = Self::default();
        let mut running: HashMap<(String, String), i64> = HashMap::new();
        let mut so_far: HashMap<(String, String), Taken> = HashMap::new();
        for Moment { at, event, queue, task } in moments {
            let Some(task) = task else { continue };
            let key = (queue, task);
            match event {
                // Between these two events, the task may have waited for an earlier one.
                EventKind::Claimed | EventKind::AttemptStarted => {
                    running.extend(millis(&at).map(|at| (key, at)));
                }
                EventKind::Reset => {
                    running.remove(&key);
                    so_far.remove(&key);
                    history.finished.remove(&key);
                }
                EventKind::Completed
                | EventKind::Retried
                | EventKind::Blocked
                | EventKind::Interrupted
                | EventKind::AttemptLost
                | EventKind::Released
                | EventKind::Cancelled
                | EventKind::Parked => {
                    let times = running.remove(&key).zip(millis(&at));
                    let Some((since, at)) = times else { continue };
                    let taken = so_far.entry(key.clone()).or_default();
                    taken.millis += (at - since).max(0);
                    taken.attempts += 1;
                    if event == EventKind::Completed {
                        let taken = so_far.remove(&key).unwrap_or_default();
                        history.finished.insert(key, taken);
                    }
                }
                EventKind::LoopStarted
                | EventKind::AgentFinished
                | EventKind::Verified
                | EventKind::Landed
                | EventKind::StaleClaim
                | EventKind::ExternalEdit
                | EventKind::Restored
                | EventKind::Added
                | EventKind::Unparked
                | EventKind::Answered
                | EventKind::Paused
                | EventKind::Resumed
                | EventKind::Stopped
                | EventKind::Progress
                | EventKind::Tampered
                | EventKind::UsageLimit
                | EventKind::Budget
                | EventKind::Approved
                | EventKind::Edited
                | EventKind::LoopFinished
                | EventKind::Silent
                | EventKind::Hook
                | EventKind::Other => {}
            }
        }
        history
    }

    /// Returns the time that a task of `queue` took.
    pub(crate) fn of(&self, queue: &Queue, id: &str) -> Option<Taken> {
        self.finished.get(&(queue_name(queue), id.to_owned())).copied()
    }

    /// Collects the minutes of the tasks of `queue` by type and agent.
    fn collect(&self, queue: &Queue, into: &mut HashMap<(String, String), Vec<f64>>) {
        if self.finished.is_empty() {
            return;
        }
        for task in queue.tasks() {
            let Some(taken) = self.of(queue, task.id.as_str()) else { continue };
            let key = (history_key(task.kind()), history_key(task.agent()));
            into.entry(key).or_default().push(taken.millis as f64 / 60_000.0);
        }
    }
}

/// Returns the medians over all `queues`, each with the history of its folder.
pub(crate) fn medians<'a>(queues: impl Iterator<Item = (&'a Queue, &'a History)>) -> Medians {
    let mut minutes = HashMap::new();
    queues.for_each(|(queue, history)| history.collect(queue, &mut minutes));
    let median = |mut list: Vec<f64>| {
        list.sort_unstable_by(f64::total_cmp);
        let (low, high) = (list[(list.len() - 1) / 2], list[list.len() / 2]);
        (low + high) / 2.0
    };
    minutes.into_iter().map(|(key, list)| (key, median(list))).collect()
}

/// Returns the ratios of actual durations to estimates by `rules`, for the finished tasks of all
/// `queues`.
pub(crate) fn experience<'a>(
    queues: impl Iterator<Item = (&'a Queue, &'a History)>,
    rules: &EstimateRules,
) -> Experience {
    let mut experience = Experience::default();
    for (queue, history) in queues.filter(|(_, history)| !history.finished.is_empty()) {
        for task in queue.tasks() {
            let Some(taken) = history.of(queue, task.id.as_str()) else { continue };
            let (estimated, source) = rules.minutes(task);
            experience.add(source, estimated, taken.millis as f64 / 60_000.0);
        }
    }
    experience
}

fn millis(at: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(at).ok().map(|time| time.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    fn moment(at: &str, event: EventKind) -> Moment {
        let (queue, task) = ("q.json".to_owned(), Some("A".to_owned()));
        Moment { at: format!("2026-01-19T{at}.000Z"), event, queue, task }
    }

    #[test]
    fn only_the_time_of_the_attempts_counts() {
        let moments = [
            moment("14:00:00", EventKind::Claimed),
            moment("14:04:00", EventKind::Retried),
            moment("15:00:00", EventKind::Claimed),
            moment("15:06:00", EventKind::Completed),
        ];
        let history = History::read(moments.into_iter());
        let tasks = r#"[{"id":"A","title":"a","status":"complete"},{"id":"B","title":"b"}]"#;
        let text = format!("{{\"tasks\":{tasks}}}");
        let queue = Queue::parse(Path::new("q.json"), text.into_bytes()).expect("a queue");
        let taken = history.of(&queue, "A").expect("measured");
        assert_eq!((taken.millis, taken.attempts), (10 * 60_000, 2));
        assert!(history.of(&queue, "B").is_none());
        let medians = medians([(&queue, &history)].into_iter());
        assert_eq!(medians.get(&(String::new(), String::new())), Some(&10.0));
    }

    /// Returns the minutes and the attempts of A after these events, each at a minute past two.
    fn taken(events: &[(i64, EventKind)]) -> Option<(i64, u32)> {
        let moments =
            events.iter().map(|(minute, kind)| moment(&format!("14:{minute:02}:00"), *kind));
        let history = History::read(moments);
        let taken = history.finished.get(&("q.json".to_owned(), "A".to_owned()))?;
        Some((taken.millis / 60_000, taken.attempts))
    }

    #[test]
    fn every_end_of_an_attempt_adds_to_the_time_of_its_task() {
        use EventKind::*;
        for end in [Retried, Blocked, Interrupted, AttemptLost, Released, Cancelled, Parked] {
            let events = [(0, Claimed), (5, end), (10, Claimed), (12, Completed)];
            assert_eq!(taken(&events), Some((7, 2)), "{end:?}");
            assert_eq!(taken(&events[..2]), None, "it is not finished");
        }
        // What happens during an attempt changes nothing.
        for other in [AgentFinished, Verified, Landed, Progress, Silent, Edited, Answered, Other] {
            assert_eq!(
                taken(&[(0, Claimed), (5, other), (12, Completed)]),
                Some((12, 1)),
                "{other:?}"
            );
        }
    }

    #[test]
    fn an_attempt_begins_when_it_starts_and_a_reset_forgets_it() {
        use EventKind::*;
        // Between its claim and its start, the task waited.
        assert_eq!(taken(&[(0, Claimed), (9, AttemptStarted), (12, Completed)]), Some((3, 1)));
        assert_eq!(taken(&[(0, Claimed), (9, Completed), (10, Reset)]), None);
        assert_eq!(
            taken(&[(0, Claimed), (5, Retried), (6, Reset), (7, Claimed), (9, Completed)]),
            Some((2, 1))
        );
        // An end without a begin, such as a person's `done`, takes no time.
        assert_eq!(taken(&[(5, Completed)]), None);
        assert_eq!(taken(&[(0, Claimed), (5, Completed), (30, Completed)]), Some((5, 1)));
        // Work that is done again counts from then on.
        assert_eq!(
            taken(&[(0, Claimed), (5, Completed), (10, Claimed), (11, Completed)]),
            Some((1, 1))
        );
    }

    #[test]
    fn a_clock_that_was_set_back_makes_no_negative_time() {
        use EventKind::*;
        assert_eq!(
            taken(&[(30, Claimed), (10, Retried), (20, Claimed), (25, Completed)]),
            Some((5, 2))
        );
        let odd = |at: &str| Moment { at: at.to_owned(), ..moment("14:00:00", Completed) };
        for at in ["", "yesterday", "2026-01-19 14:00:00"] {
            let history = History::read([moment("14:00:00", Claimed), odd(at)].into_iter());
            assert!(history.finished.is_empty(), "{at}");
        }
        let nobody = Moment { task: None, ..moment("14:05:00", Completed) };
        let moments = [moment("14:00:00", Claimed), nobody, moment("14:06:00", Completed)];
        assert_eq!(History::read(moments.into_iter()).finished.len(), 1);
    }

    #[test]
    fn medians_are_by_type_and_agent_over_all_queues() {
        let queue = |name: &str, tasks: &str| {
            let text = format!("{{\"tasks\":[{tasks}]}}");
            Queue::parse(Path::new(name), text.into_bytes()).expect("a queue")
        };
        let task = |id: &str, more: &str| format!("{{\"id\":\"{id}\",\"title\":\"t\"{more}}}");
        let bug = r#","type":"Bug-Fix","agent":"Test Writer""#;
        let one = queue("q.json", &[task("A", bug), task("B", bug), task("C", "")].join(","));
        let two = queue(
            "r.json",
            &[task("A", bug), task("B", r#","type":"bugfix","agent":"test_writer""#)].join(","),
        );
        let history = |times: &[(&str, &str, i64)]| {
            let all = times.iter().map(|(queue, id, minutes)| {
                let taken = Taken { millis: minutes * 60_000, attempts: 1 };
                (((*queue).to_owned(), (*id).to_owned()), taken)
            });
            History { finished: all.collect() }
        };
        let (first, second) = (
            history(&[
                ("q.json", "A", 1),
                ("q.json", "B", 9),
                ("q.json", "C", 50),
                ("q.json", "gone", 99),
            ]),
            history(&[("r.json", "A", 2), ("q.json", "B", 1000)]),
        );
        let both = || [(&one, &first), (&two, &second)].into_iter();
        let key = |kind: &str, agent: &str| (kind.to_owned(), agent.to_owned());
        let wanted = HashMap::from([(key("bugfix", "testwriter"), 2.0), (key("", ""), 50.0)]);
        assert_eq!(medians(both()), wanted);
        let even = history(&[("r.json", "A", 2), ("r.json", "B", 4)]);
        let medians = medians([(&one, &first), (&two, &even)].into_iter());
        assert_eq!(medians.get(&key("bugfix", "testwriter")), Some(&3.0));
        let rules = EstimateRules::default();
        assert_eq!(experience(both(), &rules).len(), 4);
        assert!(experience([(&one, &History::default())].into_iter(), &rules).is_empty());
    }
}
