//! Lines of the journal for people: all details, or a sentence.

use super::escape;
use super::landing::short;
use super::mask::Mask;
use super::style::{Look, took};
use super::windows::Windows;
use crate::domain::{Event, EventKind, Outcome};
use anstyle::Style;
use chrono::{DateTime, Local};
use serde_json::Value;
use std::collections::HashMap;

/// Formats events; remembers when tasks were claimed, to show how long they took.
#[derive(Debug, Default)]
pub struct Teller {
    mask: Mask,
    look: Option<Look>,
    claimed: HashMap<(String, String), i64>,
    windows: Windows,
}

impl Teller {
    /// Creates a formatter for a reader.
    pub fn new(mask: Mask, look: Look) -> Self {
        Self { mask, look: Some(look), ..Self::default() }
    }

    /// Returns all details of an event, on one line.
    pub fn text(&self, event: &Event) -> String {
        let look = self.look.unwrap_or(Look::PLAIN);
        let time = local(&event.at).map_or_else(
            || escape::line(&event.at).into_owned(),
            |at| at.format("%Y-%m-%d %H:%M:%S").to_string(),
        );
        let kind = look.head(format_args!("{:<15}", word(event.event)));
        let mut parts = Vec::new();
        if !event.queue.is_empty() {
            parts.push(event.queue.clone());
        }
        parts.extend(event.task.clone());
        parts.extend(event.attempt.map(|number| format!("attempt {number}")));
        parts.extend(event.worker.as_ref().map(|worker| format!("by {worker}")));
        parts.extend(details(event));
        let text = parts.join("  ");
        let text = self.mask.text(&text);
        format!("{time}  {kind}  {}", escape::line(&text)).trim_end().to_owned()
    }

    /// Formats `10:05 - Window 1: SUBTASK A complete (7 min)`; returns `None` for an intermediate
    /// step.
    pub fn log(&mut self, event: &Event) -> Option<String> {
        let look = self.look.unwrap_or(Look::PLAIN);
        let at = local(&event.at);
        let what = self.sentence(event, at.map(|at| at.timestamp_millis()))?;
        let time = at.map_or_else(|| "--:--".to_owned(), |at| at.format("%H:%M").to_string());
        let line = match (&event.task, self.window(event)) {
            (None, _) => what,
            (Some(_), Some(window)) => format!("Window {window}: {what}"),
            (Some(_), None) => format!("Person: {what}"),
        };
        let line = self.mask.text(&line);
        let time = look.paint(Style::new().dimmed(), time);
        Some(format!("{time} - {}", escape::line(&line)))
    }

    /// Returns the number of the worker of an event. What a loop reports about itself is no work of
    /// a slot, and what follows the end of an attempt does not begin another one.
    fn window(&mut self, event: &Event) -> Option<usize> {
        let worker = event.worker.as_deref().filter(|_| event.task.is_some())?;
        let known = self.windows.of(worker).filter(|_| event.event != EventKind::Claimed);
        let window = known.unwrap_or_else(|| self.windows.begins(worker));
        if event.event.ends_attempt() {
            self.windows.ends(worker);
        }
        Some(window)
    }

    fn sentence(&mut self, event: &Event, at: Option<i64>) -> Option<String> {
        let key = || Some((event.queue.clone(), event.task.clone()?));
        let task = event.task.as_deref().map_or_else(String::new, |id| format!("SUBTASK {id} "));
        let lasted = |since: Option<i64>| {
            let millis = at.zip(since).map(|(at, since)| (at - since).max(0));
            millis.map_or_else(String::new, |millis| format!(" ({})", took(millis)))
        };
        let because = because(event);
        let ended = |teller: &mut Self| lasted(key().and_then(|key| teller.claimed.remove(&key)));
        Some(match event.event {
            EventKind::Claimed => {
                if let (Some(key), Some(at)) = (key(), at) {
                    self.claimed.insert(key, at);
                }
                let attempt = event.attempt.filter(|number| *number > 1);
                let again = attempt.map_or_else(String::new, |n| format!(" (attempt {n})"));
                format!("{task}started{again}")
            }
            EventKind::Landed => {
                let commit = text_of(event, "commit").map(short);
                let commit = commit.map_or_else(String::new, |commit| format!(" as {commit}"));
                format!("{task}landed{commit}")
            }
            EventKind::Completed => format!("{task}complete{}", ended(self)),
            EventKind::Retried if event.worker.is_some() => {
                format!("{task}failed{}{because}", ended(self))
            }
            EventKind::Retried => format!("{task}put back"),
            EventKind::Blocked => format!("{task}blocked{}{because}", ended(self)),
            EventKind::Interrupted => format!("{task}interrupted{}{because}", ended(self)),
            EventKind::AttemptLost => format!("{task}lost its attempt{}{because}", ended(self)),
            EventKind::AttemptStarted | EventKind::AgentFinished | EventKind::Verified => {
                return None;
            }
            EventKind::Hook => format!("{task}{}", of_hook(event)?),
            EventKind::LoopStarted => "loop started".to_owned(),
            EventKind::LoopFinished => "loop ended".to_owned(),
            EventKind::Released
            | EventKind::StaleClaim
            | EventKind::ExternalEdit
            | EventKind::Restored
            | EventKind::Added
            | EventKind::Parked
            | EventKind::Unparked
            | EventKind::Reset
            | EventKind::Answered
            | EventKind::Cancelled
            | EventKind::Paused
            | EventKind::Resumed
            | EventKind::Stopped
            | EventKind::Progress
            | EventKind::Tampered
            | EventKind::UsageLimit
            | EventKind::Budget
            | EventKind::Approved
            | EventKind::Edited
            | EventKind::Silent
            | EventKind::Other => format!("{task}{}{because}", word(event.event).replace('_', " ")),
        })
    }
}

/// Describes the result of a hook. A hook that allowed the action is an intermediate step. The line
/// that follows describes a veto about a task; no line follows a veto of a run.
fn of_hook(event: &Event) -> Option<&str> {
    let is_followed = event.task.is_some() && event.data.contains_key("reason_code");
    text_of(event, "reason").filter(|_| !is_followed)
}

/// Returns the reason, and the agent that has the task from now on.
fn because(event: &Event) -> String {
    let why = text_of(event, "reason").map_or_else(String::new, |why| format!(" - {why}"));
    match text_of(event, "escalated_to") {
        Some(agent) => format!("{why}; agent {agent} has it now"),
        None => why,
    }
}

/// Returns the name of the event.
fn word(kind: EventKind) -> String {
    let word = serde_json::to_value(kind).ok();
    word.as_ref().and_then(Value::as_str).unwrap_or("other").to_owned()
}

fn local(at: &str) -> Option<DateTime<Local>> {
    DateTime::parse_from_rfc3339(at).ok().map(|time| time.with_timezone(&Local))
}

fn text_of<'a>(event: &'a Event, key: &str) -> Option<&'a str> {
    event.data.get(key)?.as_str().filter(|text| !text.is_empty())
}

/// Returns the parts of an event's data that are meant for people.
fn details(event: &Event) -> Vec<String> {
    let mut parts = Vec::new();
    parts.extend(text_of(event, "verdict").map(str::to_owned));
    let outcome = event.data.get("outcome");
    let outcome = outcome.and_then(|value| serde_json::from_value::<Outcome>(value.clone()).ok());
    parts.extend(outcome.filter(|outcome| !outcome.is_success()).map(|o| o.to_string()));
    let hidden = ["verdict", "outcome", "fields", "state", "was", "is", "before", "after"];
    for (key, value) in &event.data {
        if value.is_null() || hidden.contains(&key.as_str()) {
            continue;
        }
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        parts.push(format!("{key}: {value}"));
    }
    parts
}
