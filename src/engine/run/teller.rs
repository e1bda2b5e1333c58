//! Notifies the observer, and remembers what was already reported.

use super::drain::Drain;
use super::observer::{End, Notice, Observer, Piece};
use super::running::Running;
use crate::domain::{Cost, Event, EventKind, HookReport, StepReport, Typed, Verdict};
use crate::engine::attempt::{Finished, Purpose, Stage};
use crate::engine::dispatch::{After, SlotIx};
use crate::store::new_event;
use crate::views::edits;
use crate::views::timing::lasted;
use chrono::{DateTime, Utc};
use serde_json::{Map, Value, json};
use std::collections::HashSet;

/// Notifies the observer. Messages that are to appear once are not repeated.
pub(super) struct Teller<'o> {
    observer: &'o mut dyn Observer,
    /// The warnings that were already reported.
    told: HashSet<String>,
    /// What the loop waits for, as last reported.
    waits: String,
    /// How suggested commands name the queues.
    typed: Typed,
}

impl<'o> Teller<'o> {
    /// Creates a teller that notifies `observer`. `typed` formats suggested commands.
    pub(super) fn new(observer: &'o mut dyn Observer, typed: Typed) -> Self {
        Self { observer, told: HashSet::new(), waits: String::new(), typed }
    }

    /// Passes a notice on.
    pub(super) fn notice(&mut self, notice: &Notice<'_>) {
        self.observer.notice(notice);
    }

    /// Warns, every time it is called.
    pub(super) fn warn(&mut self, text: &str) {
        self.observer.notice(&Notice::Warning(text));
    }

    /// Warns, the first time only.
    pub(super) fn warn_once(&mut self, text: String) {
        if !self.told.contains(&text) {
            self.warn(&text);
            self.told.insert(text);
        }
    }

    /// Reports what the loop waits for, if that has changed. An empty text means nothing.
    pub(super) fn waits(&mut self, text: String) {
        if text != self.waits {
            if !text.is_empty() {
                self.observer.notice(&Notice::Waits(&text));
            }
            self.waits = text;
        }
    }

    /// Reports the events that were written.
    pub(super) fn events(&mut self, events: &[Event]) {
        for event in events {
            self.observer.notice(&Notice::Event(event));
        }
    }

    /// Reports the events that were written, and what was done about edits of the file.
    pub(super) fn change(&mut self, events: &[Event]) {
        self.events(events);
        for text in edits::sentences(events, &self.typed) {
            self.warn(&text);
        }
    }

    /// Reports how an attempt ended, and counts it among those that may end the run.
    pub(super) fn end(
        &mut self,
        slot: SlotIx,
        finished: &Finished,
        after: &After,
        drain: &mut Drain,
    ) {
        for warning in &finished.warnings {
            self.warn(warning);
        }
        if let Some(unlogged) = &finished.unlogged {
            self.warn_once(unlogged.clone());
        }
        let id = finished.job.id.as_str();
        let what = match after {
            After::Complete(landed) => {
                drain.completed();
                landed.as_ref().map_or_else(
                    || "complete".to_owned(),
                    |commit| format!("complete, landed as {}", short(commit)),
                )
            }
            // The end of the attempt is reported when its change has landed.
            After::Lands(obstacle) => {
                self.passed(slot, finished);
                if let Some(obstacle) = obstacle {
                    self.warn_once(format!("{id} waits to land: {obstacle}"));
                }
                return;
            }
            After::Review => {
                drain.completed();
                format!("passed, and waits for your review; {}", self.typed.about("approve", id))
            }
            After::Blocked(reason) => {
                // A failure that a pause of the agent causes does not count here; the pauses do.
                if matches!(finished.cost, None | Some(Cost::Own)) {
                    drain.blocked(id, reason);
                }
                format!("{reason}; blocked")
            }
            After::Asked(reason) => {
                format!("{reason}; {}", self.typed.with("answer", id, "TEXT"))
            }
            After::Again(reason) => format!("{reason}; to be tried again"),
            After::Interrupted(reason) => format!("{reason}; pending again"),
            After::Lost(why) => {
                let kept = finished.job.folder.path().display();
                format!("claim lost: {why}; its result is in {kept}")
            }
        };
        self.ends(slot, finished, finished.report.verdict, &what);
    }

    /// Reports how an attempt or a verification of the tree ended.
    pub(super) fn ends(
        &mut self,
        slot: SlotIx,
        finished: &Finished,
        verdict: Option<Verdict>,
        what: &str,
    ) {
        let failed = match verdict {
            Some(Verdict::Fail | Verdict::Blocked) => failed_step(finished),
            Some(Verdict::Pass | Verdict::Skipped) | None => None,
        };
        let end = End { verdict, what, failed, took: lasted(&finished.report) };
        self.observer.notice(&Notice::Ends(Piece::of(slot, &finished.job), end));
    }

    /// Reports that a change waits to land, or still waits.
    fn passed(&mut self, slot: SlotIx, finished: &Finished) {
        let notice = match finished.job.purpose {
            Purpose::Landing => Notice::Frees(slot),
            Purpose::Attempt | Purpose::SetBack | Purpose::Untouched => {
                let took = lasted(&finished.report);
                Notice::Passed(Piece::of(slot, &finished.job), took)
            }
        };
        self.observer.notice(&notice);
    }
}

/// Returns the command that made the attempt fail: the last one that ran, unless something else was
/// wrong.
fn failed_step(finished: &Finished) -> Option<&StepReport> {
    let last = finished.report.steps.last()?;
    let is_named = |reason: &String| reason.starts_with(&format!("{}: ", last.named()));
    finished.report.reason.as_ref().filter(|reason| is_named(reason)).map(|_| last)
}

/// Returns a commit id as people read it.
fn short(commit: &str) -> &str {
    commit.get(..9).unwrap_or(commit)
}

/// Returns the journal data for a hook that ran.
pub(super) fn of_hook(report: &HookReport) -> Map<String, Value> {
    let mut data = Map::new();
    data.insert("hook".to_owned(), json!(report.hook));
    data.insert("outcome".to_owned(), json!(report.outcome));
    data.insert("millis".to_owned(), json!(report.millis));
    if let Some(code) = &report.code {
        data.insert("reason_code".to_owned(), json!(code));
    }
    if !report.outcome.is_success() {
        data.insert("reason".to_owned(), json!(report.sentence()));
    }
    data
}

/// Returns the journal event for a stage of work for the queue `name`, if there is one.
pub(super) fn event_of(
    stage: &Stage,
    running: &Running,
    name: String,
    now: DateTime<Utc>,
) -> Option<Event> {
    let mut data = Map::new();
    let kind = match stage {
        Stage::Started => EventKind::AttemptStarted,
        Stage::AgentFinished(outcome) => {
            data.insert("outcome".to_owned(), json!(outcome));
            EventKind::AgentFinished
        }
        Stage::Verified(verdict) => {
            data.insert("verdict".to_owned(), json!(verdict));
            EventKind::Verified
        }
        Stage::Hooked(report) => {
            data = of_hook(report);
            EventKind::Hook
        }
        Stage::Verifying(_) => return None,
    };
    let mut event = new_event(kind, now, name, data);
    event.task = Some(running.id().to_owned());
    event.worker = Some(running.token().worker.to_string());
    event.attempt = Some(running.token().attempt);
    Some(event)
}
