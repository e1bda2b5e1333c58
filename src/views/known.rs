//! Data about tasks that their queues do not have: from the end of the journal, and from the
//! folders of running attempts. The time to read it grows neither with the queue nor with the
//! journal.

use super::last_lines::{Newest, last_lines, newest};
use super::mask::Mask;
use super::timing::{between, parsed};
use super::windows::Windows;
use crate::domain::{Event, EventKind, timestamp};
use chrono::{DateTime, Utc};
use serde::Serialize;
use std::collections::HashMap;
use std::path::Path;

/// What an attempt is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Phase {
    /// Its trees are being prepared, or its agent works.
    Agent,
    /// Its verification runs.
    Verifying,
    /// Its change lands, or waits to.
    Landing,
}

impl Phase {
    /// Returns the name of the phase.
    pub fn word(self) -> &'static str {
        match self {
            Self::Agent => "agent",
            Self::Verifying => "verifying",
            Self::Landing => "landing",
        }
    }
}

/// An attempt that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LiveView {
    /// What it is doing.
    pub phase: Phase,
    /// When the attempt began.
    pub since: Option<String>,
    /// How many seconds it has been running.
    pub running_s: Option<u64>,
    /// The last line that it printed.
    pub last_output: Option<String>,
    /// When it printed that.
    pub last_output_at: Option<String>,
    /// For how many seconds it has printed nothing.
    pub silent_s: Option<u64>,
}

impl LiveView {
    /// Reads the attempt with this folder, which was claimed at `since`, as it is `now`.
    pub fn look(folder: &Path, since: Option<&str>, now: DateTime<Utc>, mask: &Mask) -> Self {
        let newest = newest(folder);
        let line = newest.as_ref().map(|newest| last_lines(&newest.path, 1, mask));
        let begun = since.and_then(parsed);
        let printed = newest.as_ref().map(|newest| DateTime::<Utc>::from(newest.at));
        let lasts = |from: DateTime<Utc>| between(from, now).as_secs();
        let verifies = newest.as_ref().is_some_and(Newest::is_verification);
        Self {
            phase: if verifies { Phase::Verifying } else { Phase::Agent },
            since: since.map(str::to_owned),
            running_s: begun.map(lasts),
            last_output: line.and_then(|lines| lines.into_iter().next()),
            last_output_at: printed.map(timestamp),
            silent_s: printed.or(begun).map(lasts),
        }
    }
}

/// The data about one task at the end of a journal.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traces {
    /// When the last finished attempt ended, or a person decided something.
    pub ended_at: Option<String>,
    /// The window in which it ran last.
    pub window: Option<usize>,
    /// The reason for that end, as a code.
    pub reason_code: Option<String>,
}

/// The data at the end of a journal.
#[derive(Clone, Debug, Default)]
pub(crate) struct Recent {
    /// By file name of the queue and id.
    tasks: HashMap<(String, String), Traces>,
    windows: Windows,
}

impl Recent {
    /// Reads events, oldest first.
    pub(crate) fn read(events: impl Iterator<Item = Event>) -> Self {
        let mut recent = Self::default();
        events.for_each(|event| recent.add(event));
        recent
    }

    /// Adds an event.
    pub(crate) fn add(&mut self, event: Event) {
        let Event { at, event: kind, queue, task, worker, data, .. } = event;
        let Some(task) = task else { return };
        let ends = kind.ends_attempt();
        let window = match worker.as_deref() {
            Some(worker) if kind == EventKind::Claimed => Some(self.windows.begins(worker)),
            Some(worker) if ends => {
                let window = self.windows.of(worker);
                self.windows.ends(worker);
                window
            }
            Some(_) | None => None,
        };
        if kind != EventKind::Claimed && !ends {
            return;
        }
        let traces = self.tasks.entry((queue, task)).or_default();
        traces.window = window.or(traces.window);
        traces.ended_at = ends.then_some(at);
        let code = data.get("reason_code").and_then(|code| code.as_str());
        traces.reason_code = code.filter(|_| ends).map(str::to_owned);
    }

    /// Returns the data about a task of the queue with this file name.
    pub(crate) fn of(&self, queue: &str, id: &str) -> Option<&Traces> {
        self.tasks.get(&(queue.to_owned(), id.to_owned()))
    }
}

/// The data about a task.
#[derive(Clone, Debug, Default)]
pub struct Known {
    /// The data from the journal.
    pub traces: Traces,
    /// The data about its running attempt.
    pub live: Option<LiveView>,
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what commands print")]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(minute: u32, kind: &str, task: &str, worker: &str) -> Event {
        let at = format!("2026-01-19T10:{minute:02}:00.000Z");
        let line = json!({"v": 1, "seq": minute, "at": at, "event": kind, "queue": "q.json",
            "task": task, "worker": worker});
        serde_json::from_value(line).expect("an event")
    }

    #[test]
    fn the_journal_tells_when_a_task_ended_and_where_it_ran() {
        let events = [
            event(0, "claimed", "A", "w1"),
            event(1, "claimed", "B", "w2"),
            event(2, "agent_finished", "A", "w1"),
            event(3, "blocked", "A", "w1"),
            event(4, "completed", "B", "w2"),
            event(5, "claimed", "C", "w1"),
        ];
        let mut events = events.to_vec();
        events[3].data.insert("reason_code".into(), json!("tests_failed"));
        let recent = Recent::read(events.into_iter());
        let code = |id| recent.of("q.json", id).and_then(|traces| traces.reason_code.as_deref());
        assert_eq!((code("A"), code("B")), (Some("tests_failed"), None));
        let of = |id| recent.of("q.json", id).map(|t| (t.ended_at.as_deref(), t.window));
        assert_eq!(of("A"), Some((Some("2026-01-19T10:03:00.000Z"), Some(1))));
        assert_eq!(of("B"), Some((Some("2026-01-19T10:04:00.000Z"), Some(2))));
        assert_eq!(of("C"), Some((None, Some(1))));
        assert_eq!(of("D"), None);
        assert!(recent.of("other.json", "A").is_none());
    }

    /// A claim begins anew; a person's decision ends an attempt, too.
    #[test]
    fn the_last_event_of_a_task_counts() {
        let by = |minute, kind: &str, worker: Option<&str>, code: Option<&str>| {
            let mut event = event(minute, kind, "A", "w1");
            event.worker = worker.map(str::to_owned);
            event.data.extend(code.map(|code| ("reason_code".to_owned(), json!(code))));
            event
        };
        let at = |minute: u32| Some(format!("2026-01-19T10:{minute:02}:00.000Z"));
        let of = |events: &[Event]| Recent::read(events.iter().cloned()).of("q.json", "A").cloned();
        let first = by(0, "claimed", Some("w1"), None);
        let failed = by(1, "retried", Some("w1"), Some("timeout"));
        let again = by(2, "claimed", Some("w2"), Some("ignored"));
        let back = by(3, "reset", None, None);
        let traces = |ended_at, window, code: Option<&str>| {
            Some(Traces { ended_at, window, reason_code: code.map(str::to_owned) })
        };
        assert_eq!(of(&[]), None);
        assert_eq!(of(&[by(0, "silent", Some("w1"), Some("silent"))]), None);
        assert_eq!(of(&[first.clone(), failed.clone()]), traces(at(1), Some(1), Some("timeout")));
        let three = [first.clone(), failed.clone(), again.clone()];
        assert_eq!(of(&three), traces(None, Some(1), None), "the window of w1 was free");
        assert_eq!(of(&[first, failed, again, back]), traces(at(3), Some(1), None));
        let mut loops = by(4, "loop_started", Some("w1"), None);
        loops.task = None;
        assert_eq!(of(&[loops]), None);
    }

    #[test]
    fn an_attempt_without_output_or_a_time_knows_little() {
        let dir = tempfile::tempdir().expect("dir");
        let now = parsed("2026-01-19T10:02:00Z").expect("a time");
        let empty = |since: Option<&str>| LiveView {
            phase: Phase::Agent,
            since: since.map(str::to_owned),
            running_s: None,
            last_output: None,
            last_output_at: None,
            silent_s: None,
        };
        let look = |since| LiveView::look(&dir.path().join("none"), since, now, &Mask::default());
        assert_eq!(look(None), empty(None));
        assert_eq!(look(Some("soon")), empty(Some("soon")));
        let ahead = look(Some("2026-01-19T11:00:00Z"));
        assert_eq!((ahead.running_s, ahead.silent_s), (Some(0), Some(0)), "the clock was set back");
        for (phase, word) in
            [(Phase::Agent, "agent"), (Phase::Verifying, "verifying"), (Phase::Landing, "landing")]
        {
            assert_eq!((phase.word(), json!(phase)), (word, json!(word)));
        }
    }

    #[test]
    fn a_running_attempt_says_what_it_printed_and_when() {
        let dir = tempfile::tempdir().expect("dir");
        let since = "2026-01-19T10:00:00Z";
        let now = parsed("2026-01-19T10:02:00Z").expect("a time");
        let look = || LiveView::look(dir.path(), Some(since), now, &Mask::default());
        let before = look();
        assert_eq!(
            (before.phase, before.running_s, before.silent_s),
            (Phase::Agent, Some(120), Some(120))
        );
        std::fs::write(dir.path().join("agent.out"), "one\ntwo\n").expect("written");
        assert_eq!(look().last_output.as_deref(), Some("two"));
        std::fs::write(dir.path().join("verify-1.out"), "testing\n").expect("written");
        let after = look();
        assert!(after.last_output_at.is_some());
        // If both were written at the same instant, the later one counts.
        assert_eq!(after.phase, Phase::Verifying);
    }
}
