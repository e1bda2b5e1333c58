//! Attempts according to the journal, from each claim to the event that ended it.

use super::notes::{Note, Noted};
use crate::domain::{EventKind, HookPoint, Verdict};
use chrono::DateTime;
use serde::Deserialize;
use std::collections::HashMap;

/// The fields of a journal line that a report needs.
#[derive(Clone, Debug, Deserialize)]
pub(crate) struct Line {
    at: String,
    event: EventKind,
    #[serde(default)]
    queue: String,
    #[serde(default)]
    task: Option<String>,
    #[serde(default)]
    attempt: Option<u32>,
    #[serde(default)]
    worker: Option<String>,
    #[serde(default)]
    data: Data,
}

#[derive(Clone, Debug, Default, Deserialize)]
struct Data {
    #[serde(default)]
    reason: Option<String>,
    #[serde(default)]
    reason_code: Option<String>,
    #[serde(default)]
    verdict: Option<Verdict>,
    #[serde(default)]
    cost_usd: Option<f64>,
    #[serde(default)]
    tokens: Option<u64>,
    /// A hook of a newer version is ignored.
    #[serde(default)]
    hook: Option<String>,
    #[serde(default)]
    millis: u64,
}

/// An attempt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Attempt {
    /// Its number.
    pub number: u32,
    /// The worker that made it.
    pub worker: String,
    /// When the task was claimed for it, in milliseconds since the epoch.
    pub started: i64,
    /// When it ended; `None` while it runs.
    pub ended: Option<i64>,
    /// The event that ended it.
    pub end: Option<EventKind>,
    /// The verdict of the verification.
    pub verdict: Option<Verdict>,
    /// The reason for its end.
    pub reason: Option<String>,
    /// The same as a code: one of ours, or the one that a hook printed.
    pub code: Option<String>,
    /// Its cost, if known.
    pub cost_usd: Option<f64>,
    /// The tokens that it used, if known.
    pub tokens: Option<u64>,
}

impl Attempt {
    /// Returns how long it took; zero while it runs.
    pub(crate) fn millis(&self) -> i64 {
        self.ended.map_or(0, |ended| (ended - self.started).max(0))
    }

    /// Returns whether it failed: interruptions, and attempts that a person ended, do not count.
    pub(crate) fn failed(&self) -> bool {
        let ends = [EventKind::Retried, EventKind::Blocked, EventKind::AttemptLost];
        self.end.is_some_and(|end| ends.contains(&end))
    }

    /// Returns whether the work was accepted.
    pub(crate) fn passed(&self) -> bool {
        self.end == Some(EventKind::Completed)
    }
}

impl Line {
    /// Returns what the line records besides attempts.
    fn note(&self) -> Option<Note> {
        let data = &self.data;
        let what = if self.event == EventKind::Tampered {
            Noted::Tampered
        } else if self.event == EventKind::Hook {
            let named = |point: &HookPoint| data.hook.as_deref() == Some(point.word());
            let vetoed = data.reason_code.is_some();
            Noted::Hook {
                point: HookPoint::ALL.into_iter().find(named)?,
                vetoed,
                failed: data.reason.is_some() && !vetoed,
                millis: data.millis,
            }
        } else {
            return None;
        };
        let task = self.task.clone().map(|task| (self.queue.clone(), task));
        Some(Note { at: millis(&self.at)?, task, what })
    }
}

/// All attempts of the tasks of a journal, by file name of the queue and id, oldest first.
#[derive(Clone, Debug, Default)]
pub(crate) struct Attempts {
    by_task: HashMap<(String, String), Vec<Attempt>>,
    /// Other events, oldest first.
    pub(super) notes: Vec<Note>,
}

impl Attempts {
    /// Reads the lines of a journal, oldest first.
    pub(crate) fn read(lines: impl Iterator<Item = Line>) -> Self {
        let mut attempts = Self::default();
        for line in lines {
            attempts.notes.extend(line.note());
            attempts.take(line);
        }
        attempts
    }

    /// Returns the attempts of a task.
    pub(crate) fn of(&self, queue: &str, task: &str) -> &[Attempt] {
        let key = (queue.to_owned(), task.to_owned());
        self.by_task.get(&key).map_or(&[], Vec::as_slice)
    }

    fn take(&mut self, line: Line) {
        let (Some(task), Some(at)) = (line.task, millis(&line.at)) else { return };
        let is_start = line.event == EventKind::Claimed;
        // Work that passed in a private tree is still to land; its usage is reported now.
        let is_judged = line.event == EventKind::Verified;
        if !is_start && !is_judged && !line.event.ends_attempt() {
            return;
        }
        let list = self.by_task.entry((line.queue, task)).or_default();
        if is_start {
            let number = line.attempt.unwrap_or(0);
            // A landing is claimed as the attempt whose work it lands.
            if let Some(same) = list.last_mut().filter(|last| last.number == number) {
                (same.ended, same.end) = (None, None);
                return;
            }
            list.push(Attempt {
                number,
                worker: line.worker.unwrap_or_default(),
                started: at,
                ended: None,
                end: None,
                verdict: None,
                reason: None,
                code: None,
                cost_usd: None,
                tokens: None,
            });
            return;
        }
        let Some(open) = list.last_mut().filter(|last| last.ended.is_none()) else { return };
        let data = line.data;
        open.cost_usd = data.cost_usd.or(open.cost_usd);
        open.tokens = data.tokens.or(open.tokens);
        if is_judged {
            return;
        }
        (open.ended, open.end) = (Some(at), Some(line.event));
        (open.verdict, open.reason) = (data.verdict, data.reason);
        open.code = data.reason_code;
    }
}

/// Converts a time of the journal to milliseconds since the epoch.
pub(crate) fn millis(at: &str) -> Option<i64> {
    DateTime::parse_from_rfc3339(at).ok().map(|time| time.timestamp_millis())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(at: u32, event: &str, attempt: u32, data: &str) -> Line {
        let text = format!(
            r#"{{"v":1,"seq":1,"at":"2026-01-19T10:{at:02}:00.000Z","event":"{event}","queue":"q.json","task":"A","worker":"w","attempt":{attempt},"data":{data}}}"#
        );
        serde_json::from_str(&text).expect("a line")
    }

    #[test]
    fn an_attempt_lasts_from_its_claim_to_what_ended_it() {
        let read = Attempts::read(
            [
                line(0, "claimed", 1, "{}"),
                line(1, "attempt_started", 1, "{}"),
                line(5, "retried", 1, r#"{"verdict":"FAIL","reason":"step t: exit status 1","reason_code":"tests_failed","cost_usd":0.5}"#),
                line(5, "retried", 1, "{}"),
                line(7, "claimed", 2, "{}"),
                line(9, "verified", 2, r#"{"cost_usd":0.25,"tokens":7}"#),
                line(10, "claimed", 2, "{}"),
                line(12, "completed", 2, r#"{"verdict":"PASS","reason":null}"#),
                line(13, "claimed", 3, "{}"),
            ]
            .into_iter(),
        );
        let list = read.of("q.json", "A");
        let times: Vec<i64> = list.iter().map(|attempt| attempt.millis() / 60_000).collect();
        assert_eq!(times, [5, 5, 0]);
        assert!(list[0].failed() && list[1].passed() && list[2].ended.is_none());
        assert_eq!(list[0].code.as_deref(), Some("tests_failed"));
        assert_eq!(list[0].cost_usd, Some(0.5));
        assert_eq!(
            (list[1].cost_usd, list[1].tokens),
            (Some(0.25), Some(7)),
            "said before it landed"
        );
        assert!(read.of("r.json", "A").is_empty());
    }
}
