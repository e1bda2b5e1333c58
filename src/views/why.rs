//! `why ID`: the state of a task and its reason, what it holds up, and its attempts.

use super::attempts::AttemptView;
use super::escape;
use super::flaky::FlakyView;
use super::fold::folded;
use super::need::QuestionView;
use super::style::{Look, count, listed};
use super::text::at_work;
use super::timing::{clock, parsed};
use super::told_attempts::{conflicts, told_attempts};
use super::view::{Sources, TaskView};
use crate::domain::{Need, ReasonCode, Typed, Waits};
use crate::plan::{Node, State, Waiting, WaitingKind};
use chrono::{DateTime, Utc};
use serde_json::{Value, json};
use std::fmt::Write;

/// The most names that a sentence lists.
const NAMED: usize = 10;
/// The most lines of evidence that are shown; JSON has all of them.
const EVIDENCE: usize = 20;

/// Everything about one task.
#[derive(Clone, Debug, PartialEq)]
pub struct WhyView {
    /// The path of its queue.
    pub queue: String,
    /// The task itself.
    pub task: TaskView,
    /// Open tasks that cannot start before it is complete.
    pub holds_up: Vec<String>,
    /// Its attempts, oldest first.
    pub attempts: Vec<AttemptView>,
    /// Its tests that passed only on a retry, over all attempts.
    pub flaky: Vec<FlakyView>,
    /// Why it ranks where it does, if it is ready.
    pub rank: Option<String>,
    /// The time of the view.
    pub now: DateTime<Utc>,
    /// How suggested commands name the queues.
    pub typed: Typed,
}

impl Sources<'_> {
    /// Returns everything about one task.
    pub fn why(&self, node: Node, attempts: Vec<AttemptView>, rank: Option<String>) -> WhyView {
        let task = self.task(node);
        let open = |other: &Node| self.readiness.state(*other) != State::Complete;
        let held = match task.state {
            State::Complete => Vec::new(),
            State::Ready | State::Waiting | State::InProgress | State::Blocked | State::Parked => {
                self.readiness.held_up_by(node)
            }
        };
        let graph = self.readiness.graph();
        let holds_up = held.into_iter().filter(open).map(|other| graph.reference(other));
        WhyView {
            queue: self.queue_of(node).to_owned(),
            holds_up: holds_up.collect(),
            task,
            attempts,
            flaky: Vec::new(),
            rank,
            now: self.readiness.conditions.now,
            typed: self.readiness.conditions.typed.clone(),
        }
    }
}

impl WhyView {
    /// Returns the shape of `why --json`.
    pub fn json(&self) -> Value {
        let task = &self.task;
        let mut value = json!({
            "schema_version": 1,
            "id": task.id,
            "queue": self.queue,
            "title": task.title,
            "status": task.status,
            "state": task.word,
            "priority": task.priority,
            "worker": task.worker,
            "error": task.error,
            "open_question": task.open_question,
            "completed_by": task.completed_by,
            "completed_at": task.completed_at,
            "completion_note": task.completion_note,
            "change": task.change,
            "landed_commit": task.landed_commit,
            "conflicts": conflicts(&self.attempts),
            "rank": self.rank,
            "started_at": task.started_at,
            "ended_at": task.ended_at,
            "duration_s": task.duration_s,
            "live": task.live,
            "waiting_for": task.waiting_for,
            "holds_up": self.holds_up,
            "started": task.attempts,
            "attempts": self.attempts,
        });
        // Absent if unknown.
        if let Some(cost) = task.cost_usd {
            value["cost_usd"] = json!(cost);
        }
        if let Some(agent) = &task.escalated_to {
            value["escalated_to"] = json!(agent);
        }
        if !self.flaky.is_empty() {
            value["flaky"] = json!(self.flaky);
        }
        if let Some(tokens) = task.tokens {
            value["tokens"] = json!(tokens);
        }
        value
    }
}

/// Renders the view in sentences.
pub fn text(view: &WhyView, look: Look) -> String {
    let task = &view.task;
    let mut text = String::new();
    let id = look.head(escape::line(&task.id));
    let _ = writeln!(text, "{id}  {}", escape::line(&task.title));
    let _ = writeln!(text, "{}", state(view, look));
    if let Some(live) = task.live.as_ref().filter(|_| task.change.is_none()) {
        let _ = writeln!(text, "Now: {}.", escape::line(&at_work(task.attempts, live)));
    }
    if let Some(agent) = &task.escalated_to {
        let _ =
            writeln!(text, "Escalated: its attempts are given to agent {}.", escape::line(agent));
    }
    question(view, &mut text);
    if task.word == "review" {
        let (approve, back) =
            (view.typed.about("approve", &task.id), view.typed.with("answer", &task.id, "TEXT"));
        let line = format!("  {approve}, or {back} sends it back");
        let _ = writeln!(text, "{}", escape::line(&line));
    }
    match task.waiting_for.as_slice() {
        [] => {}
        waits => {
            for waiting in waits {
                let _ = writeln!(text, "  - {}", sentence(waiting));
            }
        }
    }
    if let Some(reason) = &view.rank {
        let _ = writeln!(text, "Its rank: {}.", escape::line(reason));
    }
    let _ = writeln!(text, "{}", holds_up(view));
    for flaky in view.flaky.iter().take(NAMED) {
        let _ = writeln!(text, "Flaky: {}.", escape::line(&flaky.line()));
    }
    told_attempts(&view.attempts, task.attempts, view.now, look, &mut text);
    folded(&text, look)
}

/// Renders the full question or finding of its agent, if one line is not enough.
fn question(view: &WhyView, text: &mut String) {
    let task = &view.task;
    let Some(asked) = task.open_question.as_ref().map(QuestionView::question) else { return };
    let mut line = |line: &str| {
        let _ = writeln!(text, "  {}", escape::line(line));
    };
    if let Some(to) = &asked.to {
        line(&format!("asked of task {to}:"));
    }
    if asked.text.trim().lines().count() > 1 || asked.to.is_some() {
        asked.text.trim().lines().for_each(&mut line);
    }
    let shown = asked.evidence.iter().flat_map(|shown| shown.texts());
    for found in shown.flat_map(|found| found.trim().lines()).take(EVIDENCE) {
        line(&format!("evidence: {found}"));
    }
    line(&Need::of_blocked(Some(asked.code)).command(&task.id, &view.typed));
}

/// Renders its state, in one sentence.
fn state(view: &WhyView, look: Look) -> String {
    let task = &view.task;
    let state = look.paint(task.style(), task.shown_word().replace('_', " "));
    let queue = escape::line(&view.queue);
    if let Some(change) = &task.change {
        let worker = task.worker.as_deref().map(escape::line).unwrap_or_default();
        let has = match task.is_worker_gone {
            true => {
                let land = view.typed.verb("land now");
                format!("is gone: {land} lands it, as does the next run")
            }
            false => "lands it".to_owned(),
        };
        let more = escape::line(&change.sentence()).into_owned();
        if change.waits == Waits::Review {
            return format!("It is in {state} in {queue}: {more}.");
        }
        return format!("It is {state} in {queue}: {more}. Worker {worker} {has}.");
    }
    let more = match task.state {
        State::Ready if task.worker.is_some() => {
            ": its worker is gone, so that it will be picked up again".to_owned()
        }
        State::Ready => ": nothing is in its way".to_owned(),
        State::Waiting => match task.waiting_for.iter().map(|waiting| waiting.count).sum::<usize>()
        {
            0 | 1 => ":".to_owned(),
            many => format!(" for {many} things:"),
        },
        State::InProgress => match (&task.worker, &task.since) {
            (Some(worker), Some(since)) => {
                let attempt = task.attempts;
                format!(
                    ": worker {} has it for attempt {attempt} since {since}",
                    escape::line(worker),
                    since = escape::line(since)
                )
            }
            _ => ": a person does it".to_owned(),
        },
        State::Blocked => return blocked(task, &state, &queue),
        State::Complete if task.landed_commit.is_some() => {
            let commit = task.landed_commit.as_deref().unwrap_or_default();
            format!(": it landed as {}", escape::line(commit))
        }
        State::Complete => completed(task, view.now),
        State::Parked => match &task.error {
            Some(error) => format!(", not to be run: {}", escape::line(error)),
            None => ", not to be run".to_owned(),
        },
    };
    let end = if more.ends_with(':') || more.ends_with('.') { "" } else { "." };
    format!("It is {state} in {queue}{more}{end}")
}

/// Returns the sentence about a task that waits for a person. A question is not a failure.
fn blocked(task: &TaskView, state: &str, queue: &str) -> String {
    let error = task.error.as_deref().unwrap_or_default();
    let (is, why) = match ReasonCode::asked(error).filter(|_| task.asks()) {
        Some((ReasonCode::Review, text)) => ("It is in review", text),
        Some((ReasonCode::Question, text)) => ("It asks a question", text),
        // The word says what is asked.
        Some(_) => ("It asks a question", error),
        None => {
            let why = if error.is_empty() { String::new() } else { format!(": {error}") };
            return format!("It is {state} in {queue} and needs a person{}.", escape::line(&why));
        }
    };
    let end = if why.ends_with(['.', '?', '!']) { "" } else { "." };
    format!("{is} in {queue}: {}{end}", escape::line(why))
}

/// Describes which person completed the task, when, and with which note.
fn completed(task: &TaskView, now: DateTime<Utc>) -> String {
    let Some(by) = &task.completed_by else { return String::new() };
    let at = task.completed_at.as_deref().and_then(parsed);
    let at = at.map_or_else(String::new, |at| format!(" at {}", clock(at, now)));
    let note = task.completion_note.as_ref().map_or_else(String::new, |note| format!(": {note}"));
    format!(": {} completed it{at}{}", escape::line(by), escape::line(&note))
}

/// Describes one reason why the task waits, as a sentence.
fn sentence(waiting: &Waiting) -> String {
    let what = escape::line(&waiting.what);
    match waiting.kind {
        WaitingKind::Dependency => format!("it depends on {what}"),
        WaitingKind::Approval => format!("a person must approve it: {what}"),
        WaitingKind::Scope => format!("another task has its files: {what}"),
        WaitingKind::Phase => format!("a phase comes first: {what}"),
        WaitingKind::NotBefore => format!("it must not start before {what}"),
        WaitingKind::Cycle => format!("it waits for itself in a cycle: {what}"),
        WaitingKind::Unknown => format!("it depends on a task that does not exist: {what}"),
        WaitingKind::Ambiguous => format!("it depends on an id in several queues: {what}"),
        WaitingKind::Children => format!("it completes with its children: {what}"),
        WaitingKind::AgentLimit => format!("its agent is busy: {what}"),
        WaitingKind::ForeignClaim => format!("it is claimed elsewhere: {what}"),
        WaitingKind::Pause => format!("it is paused: {what}"),
        WaitingKind::Invalid => format!("it cannot be run as it is: {what}"),
        WaitingKind::Manual | WaitingKind::Budget => what.into_owned(),
    }
}

fn holds_up(view: &WhyView) -> String {
    let names = &view.holds_up;
    if names.is_empty() {
        return "It holds up nothing.".to_owned();
    }
    let many = count(names.len(), "task", "tasks");
    format!("It holds up {many}: {}.", listed(names, NAMED))
}
