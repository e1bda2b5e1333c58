//! `since TIME`: what changed while nobody looked, in at most fifteen lines.
//!
//! Every figure is counted from the journal, except what waits for a person and what runs now.

use super::fold::folded;
use super::known::LiveView;
use super::mask::Mask;
use super::need::NeedView;
use super::style::{Look, count, fitted, listed};
use super::timing::{between, clock, parsed, percent, running};
use super::view::Summary;
use crate::domain::{Event, EventKind, Typed, timestamp};
use crate::plan::duration_text;
use chrono::{DateTime, Utc};
use serde::Serialize;
use serde_json::Value;
use std::collections::BTreeMap;
use std::time::Duration;

/// The most names of each kind that are listed.
const NAMED: usize = 6;
/// The most tasks that wait for a person and are named.
const NEEDS: usize = 4;
/// The width of the labels, in cells.
const HEAD: usize = 11;

/// A task that was blocked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct BlockedView {
    /// The task.
    pub id: String,
    /// The reason.
    pub reason: Option<String>,
}

/// What happened since a time, by the journal.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Happened {
    /// Tasks that were completed and still are, according to the journal.
    pub completed: Vec<String>,
    /// Tasks that were blocked and have not been made pending since.
    pub blocked: Vec<BlockedView>,
    /// Attempts that ended with a verdict.
    pub attempts: usize,
    /// Attempts that failed, by reason.
    pub failed: BTreeMap<String, usize>,
    /// Changes that landed.
    pub landed: usize,
    /// Tasks that were added.
    pub added: Vec<String>,
    /// What people did: the number of events by name.
    pub people: BTreeMap<String, usize>,
    /// The numbers of loops that began and ended.
    pub loops: (usize, usize),
    /// The cost of attempts, if known.
    pub cost_usd: Option<f64>,
}

/// The view.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SinceView {
    /// Version of this shape.
    pub schema_version: u32,
    /// Since when.
    pub since: String,
    /// Until when.
    pub until: String,
    /// What happened.
    #[serde(flatten)]
    pub happened: Happened,
    /// The current states of the tasks.
    pub summary: Summary,
    /// Tasks that run now.
    pub running: Vec<RunningView>,
    /// What waits for a person now.
    pub needs_you: Vec<NeedView>,
    /// How suggested commands name the queues.
    #[serde(skip)]
    pub typed: Typed,
}

/// A task that runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct RunningView {
    /// The task.
    pub id: String,
    /// What its attempt is doing.
    pub live: Option<LiveView>,
}

impl Happened {
    /// Counts an event, the oldest first.
    pub(crate) fn add(&mut self, event: &Event) {
        let Some(task) = event.task.clone() else {
            self.loops.0 += usize::from(event.event == EventKind::LoopStarted);
            self.loops.1 += usize::from(event.event == EventKind::LoopFinished);
            return;
        };
        let text = |key: &str| event.data.get(key).and_then(Value::as_str).map(str::to_owned);
        let is_person = event.worker.is_none();
        if let Some(cost) = event.data.get("cost_usd").and_then(Value::as_f64) {
            self.cost_usd = Some(self.cost_usd.unwrap_or_default() + cost);
        }
        match event.event {
            EventKind::Completed => {
                self.attempts += usize::from(!is_person);
                self.forget(&task);
                self.completed.push(task);
            }
            EventKind::Retried if !is_person => self.fails(text("reason_code")),
            EventKind::Blocked => {
                if !is_person {
                    self.fails(text("reason_code"));
                }
                self.forget(&task);
                self.blocked.push(BlockedView { id: task, reason: text("reason") });
            }
            EventKind::Landed => self.landed += 1,
            EventKind::Added => self.added.push(task),
            EventKind::Retried
            | EventKind::Reset
            | EventKind::Answered
            | EventKind::Parked
            | EventKind::Cancelled => {
                self.forget(&task);
                self.person(event);
            }
            EventKind::Approved
            | EventKind::Edited
            | EventKind::ExternalEdit
            | EventKind::Unparked
            | EventKind::Released => self.person(event),
            EventKind::LoopStarted
            | EventKind::LoopFinished
            | EventKind::Claimed
            | EventKind::AttemptStarted
            | EventKind::AgentFinished
            | EventKind::Verified
            | EventKind::Interrupted
            | EventKind::AttemptLost
            | EventKind::StaleClaim
            | EventKind::Restored
            | EventKind::Paused
            | EventKind::Resumed
            | EventKind::Stopped
            | EventKind::Progress
            | EventKind::Tampered
            | EventKind::UsageLimit
            | EventKind::Budget
            | EventKind::Silent
            | EventKind::Hook
            | EventKind::Other => {}
        }
    }

    /// Masks secrets.
    #[must_use]
    pub(crate) fn masked(mut self, mask: &Mask) -> Self {
        for reason in self.blocked.iter_mut().filter_map(|blocked| blocked.reason.as_mut()) {
            *reason = mask.text(reason).into_owned();
        }
        self
    }

    fn fails(&mut self, code: Option<String>) {
        self.attempts += 1;
        *self.failed.entry(code.unwrap_or_else(|| "other".to_owned())).or_default() += 1;
    }

    fn person(&mut self, event: &Event) {
        let word = serde_json::to_value(event.event).ok();
        let word = word.as_ref().and_then(Value::as_str).unwrap_or("other").replace('_', " ");
        *self.people.entry(word).or_default() += 1;
    }

    /// Removes earlier statements about a task.
    fn forget(&mut self, task: &str) {
        self.completed.retain(|id| id != task);
        self.blocked.retain(|blocked| blocked.id != task);
    }
}

/// Renders at most fifteen lines.
pub(crate) fn text(view: &SinceView, look: Look) -> String {
    let Happened { completed, blocked, attempts, failed, landed, added, people, loops, .. } =
        &view.happened;
    let mut lines = vec![head(view, look)];
    let mut line = |head: &str, text: String| {
        if !text.is_empty() {
            let most = look.width.map_or(usize::MAX, |width| width.saturating_sub(HEAD));
            lines.push(format!("{head:<HEAD$}{}", fitted(&text, most)));
        }
    };
    line("Complete", named(completed));
    let blocked: Vec<String> = blocked
        .iter()
        .map(|one| match &one.reason {
            Some(reason) => format!("{} ({reason})", one.id),
            None => one.id.clone(),
        })
        .collect();
    line("Blocked", named(&blocked));
    let kinds: Vec<String> = failed.iter().map(|(code, many)| format!("{many} {code}")).collect();
    let many: usize = failed.values().sum();
    if many > 0 {
        let of = count(*attempts, "attempt", "attempts");
        line("Failed", format!("{many} of {of}: {}", kinds.join(", ")));
    }
    if *landed > 0 {
        line("Landed", count(*landed, "change", "changes"));
    }
    line("Added", named(added));
    let people: Vec<String> = people.iter().map(|(word, many)| format!("{many} {word}")).collect();
    line("People", people.join(", "));
    let (began, ended) = loops;
    if began + ended > 0 {
        line("Loops", format!("{began} started, {ended} ended"));
    }
    let runs: Vec<String> = view.running.iter().map(run).collect();
    line("Running", named(&runs));
    needs(view, look, &mut lines);
    folded(&(lines.join("\n") + "\n"), look)
}

fn head(view: &SinceView, look: Look) -> String {
    let (from, to) = (parsed(&view.since), parsed(&view.until));
    let (from, to) = (from.unwrap_or_default(), to.unwrap_or_default());
    let lasted = duration_text(between(from, to).as_secs());
    let Summary { total, complete, parked, .. } = view.summary;
    let total = total.saturating_sub(parked);
    let share = percent(complete, total);
    let mut text = format!(
        "Since {} ({lasted}): {} more complete, {complete} of {total} now ({share}%)",
        clock(from, to),
        view.happened.completed.len(),
    );
    if let Some(cost) = view.happened.cost_usd {
        text.push_str(&format!(", ${cost:.2}"));
    }
    look.head(fitted(&text, look.width.unwrap_or(usize::MAX)))
}

fn needs(view: &SinceView, look: Look, lines: &mut Vec<String>) {
    let needs = &view.needs_you;
    if needs.is_empty() {
        lines.push("Needs you  nothing".to_owned());
        return;
    }
    lines.push(look.head("Needs you"));
    let safe = |text: &str| fitted(text, usize::MAX);
    let shown = needs.iter().take(NEEDS);
    lines.extend(shown.map(|need| format!("  {}  {}", safe(&need.id), safe(&need.command))));
    if let Some(more) = needs.len().checked_sub(NEEDS + 1) {
        lines.push(format!("  … and {} more: {}", more + 1, view.typed.verb("status")));
    }
}

fn run(task: &RunningView) -> String {
    let live = task.live.as_ref().and_then(|live| {
        let ran = running(Duration::from_secs(live.running_s?));
        Some(format!(" ({}, {ran})", live.phase.word()))
    });
    format!("{}{}", task.id, live.unwrap_or_default())
}

fn named(names: &[String]) -> String {
    listed(names, NAMED)
}

/// Returns what happened from `since` to `until`.
pub(crate) fn happened(
    events: impl Iterator<Item = Event>,
    (since, until): (DateTime<Utc>, DateTime<Utc>),
) -> Happened {
    let mut happened = Happened::default();
    let is_there =
        |event: &Event| parsed(&event.at).is_some_and(|at| (since..=until).contains(&at));
    events.filter(is_there).for_each(|event| happened.add(&event));
    happened
}

/// Formats a time as in files.
pub(crate) fn written(time: DateTime<Utc>) -> String {
    timestamp(time)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn event(minute: u32, kind: &str, task: &str, data: Value) -> Event {
        let at = format!("2026-01-19T10:{minute:02}:00.000Z");
        let worker = if data.get("by").is_some() { Value::Null } else { json!("w") };
        let line = json!({"v": 1, "seq": minute, "at": at, "event": kind, "queue": "q.json",
            "task": task, "worker": worker, "data": data});
        serde_json::from_value(line).expect("an event")
    }

    fn night() -> Happened {
        let why = json!({"reason": "step test: exit status 1", "reason_code": "tests_failed"});
        let events = [
            event(1, "completed", "before", json!({})),
            event(10, "completed", "A", json!({"cost_usd": 0.5})),
            event(11, "retried", "B", why.clone()),
            event(12, "blocked", "B", why.clone()),
            event(13, "blocked", "C", why),
            event(14, "retried", "C", json!({"by": "anna"})),
            event(15, "completed", "C", json!({"cost_usd": 0.25})),
            event(16, "completed", "D", json!({})),
            event(17, "reset", "D", json!({"by": "anna"})),
            event(18, "added", "E", json!({"by": "anna"})),
        ];
        let at = |minute: u32| parsed(&format!("2026-01-19T10:{minute:02}:00Z")).expect("a time");
        happened(events.into_iter(), (at(5), at(30)))
    }

    #[test]
    fn what_is_over_again_does_not_count() {
        let night = night();
        assert_eq!(night.completed, ["A", "C"]);
        let blocked: Vec<&str> = night.blocked.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(blocked, ["B"]);
        assert_eq!((night.attempts, night.failed["tests_failed"]), (6, 3));
        assert_eq!((night.cost_usd, night.added.len()), (Some(0.75), 1));
        assert_eq!((night.people["retried"], night.people["reset"]), (1, 1));
    }

    #[test]
    fn the_text_has_at_most_fifteen_lines() {
        let need = |number: usize| NeedView {
            id: format!("N{number}"),
            queue: "q.json".to_owned(),
            title: String::new(),
            need: crate::domain::Need::Blocked,
            reason_code: None,
            text: String::new(),
            since: None,
            command: format!("workloop retry N{number}"),
        };
        let running = RunningView { id: "R".to_owned(), live: None };
        let mut happened = night();
        (happened.landed, happened.loops) = (3, (1, 1));
        let view = SinceView {
            schema_version: 1,
            since: "2026-01-19T10:05:00Z".to_owned(),
            until: "2026-01-19T10:30:00Z".to_owned(),
            happened,
            summary: Summary { total: 5, complete: 2, ..Summary::default() },
            running: vec![running],
            needs_you: (0..9).map(need).collect(),
            typed: Typed::default(),
        };
        let text = text(&view, Look { color: false, width: Some(80) });
        assert!(text.lines().count() <= 15, "{text}");
        assert!(text.contains(" (25 min): 2 more complete, 2 of 5 now (40%), $0.75\n"), "{text}");
        assert!(text.contains("\nFailed     3 of 6 attempts: 3 tests_failed\n"), "{text}");
        assert!(text.contains("\nNeeds you\n  N0  workloop retry N0\n"), "{text}");
        assert!(text.ends_with("  … and 5 more: workloop status\n"), "{text}");
    }
}
