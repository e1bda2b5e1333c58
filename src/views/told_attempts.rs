//! The attempts of a task as `why` shows them, each with its findings.

use super::attempts::{AttemptView, HookView, StepView};
use super::escape;
use super::style::{Look, asking, color, count, listed, took};
use super::timing::{clock, parsed};
use crate::domain::{AgentRun, Preset, ReasonCode};
use anstyle::{AnsiColor, Style};
use chrono::{DateTime, Utc};
use std::fmt::Write;

/// The most items, tests and the like that are named in a list.
const NAMED: usize = 8;

/// Renders all attempts, oldest first, of a task that was `started` this often.
pub(super) fn told_attempts(
    attempts: &[AttemptView],
    started: u32,
    now: DateTime<Utc>,
    look: Look,
    text: &mut String,
) {
    if attempts.is_empty() {
        let sentence = match started {
            0 => "There has been no attempt yet.".to_owned(),
            1 => "There was 1 attempt, but its folder is gone.".to_owned(),
            many => format!("There were {many} attempts, but none has a folder any more."),
        };
        let _ = writeln!(text, "{sentence}");
        return;
    }
    let _ = writeln!(text, "Attempts so far: {started}.");
    match conflicts(attempts) {
        0 => {}
        many => {
            let times = count(many, "time", "times");
            let _ = writeln!(text, "Its change did not merge with what landed {times}.");
        }
    }
    for attempt in attempts {
        ended(attempt, now, look, text);
        found(attempt, look, text);
    }
}

/// Returns how often a change did not merge.
pub(super) fn conflicts(attempts: &[AttemptView]) -> usize {
    attempts.iter().filter(|one| one.code() == Some(ReasonCode::Conflict)).count()
}

/// Renders how it ended, when, and what the agent used.
fn ended(attempt: &AttemptView, now: DateTime<Utc>, look: Look, text: &mut String) {
    let verdict = attempt.verdict.map_or("-", |verdict| verdict.word());
    let style = match verdict {
        "PASS" => color(AnsiColor::Green),
        "BLOCKED" if attempt.code().is_some_and(ReasonCode::is_question) => asking(),
        "FAIL" | "BLOCKED" => color(AnsiColor::Red),
        _ => Style::new(),
    };
    let told = told(attempt.outcome.as_deref(), attempt.reason.as_deref());
    let number = attempt.attempt;
    let verdict = look.paint(style, verdict);
    let times = times(attempt, now);
    let _ = writeln!(text, "  {number}  {verdict}  {times}{}", escape::line(&told));
    text.push_str(&steps(attempt));
    // The hook that decided is in the reason.
    for line in attempt.hooks.iter().filter(|hook| hook.code.is_none()).filter_map(HookView::failed)
    {
        let _ = writeln!(text, "     {}", escape::line(&line));
    }
    for known in &attempt.known_errors {
        let known = known.sentence();
        let _ = writeln!(text, "     known: {}", escape::line(&known));
    }
    if let Some(line) = attempt.agent.as_ref().and_then(used) {
        let _ = writeln!(text, "     {}", escape::line(&line));
    }
}

/// Renders its findings, and the path of its output.
fn found(attempt: &AttemptView, look: Look, text: &mut String) {
    if !attempt.files_ambiguous.is_empty() {
        let files = attempt.files_ambiguous.join(", ");
        let _ =
            writeln!(text, "     changed, possibly by other attempts: {}", escape::line(&files));
    }
    if let Some(items) = &attempt.items {
        let _ = writeln!(text, "     items: {}", items.summary());
        for (word, names) in items.lists() {
            let _ = writeln!(text, "       {word}: {}", listed(names, NAMED));
        }
    }
    for one in &attempt.measures {
        let measured = format!("{}: {}", one.step, one.measured);
        let _ = writeln!(text, "     {}", escape::line(&measured));
    }
    for warning in &attempt.warnings {
        let style = color(AnsiColor::Yellow);
        let word = look.paint(style, "warning");
        let _ = writeln!(text, "     {word}: {}", escape::line(warning));
    }
    for finding in &attempt.findings.findings {
        let level = finding.level.word();
        let _ = writeln!(text, "     {level}: {}", escape::line(&finding.to_string()));
    }
    for permitted in &attempt.findings.changed_with_permission {
        let path = escape::line(&permitted.path);
        let by = escape::line(&permitted.by);
        let _ = writeln!(text, "     changed with permission: {path} ({by})");
    }
    if let Some(log) = &attempt.log {
        let _ = writeln!(text, "     {}", escape::line(log));
    }
}

/// Renders the commands of an attempt with their durations as a line; empty for a single command.
fn steps(attempt: &AttemptView) -> String {
    let step = |step: &StepView| format!("{} {}", step.name, seconds(step.seconds));
    let steps: Vec<String> = attempt.steps.iter().map(step).collect();
    if steps.len() < 2 {
        String::new()
    } else {
        format!("     {}\n", escape::line(&steps.join(", ")))
    }
}

/// Renders when an attempt began, and how long it took.
fn times(attempt: &AttemptView, now: DateTime<Utc>) -> String {
    let began = attempt.started_at.as_deref().and_then(parsed);
    let took = attempt.duration_s.map(seconds);
    match began.zip(took) {
        Some((began, took)) => format!("{}, {took}  ", clock(began, now)),
        None => String::new(),
    }
}

fn seconds(seconds: f64) -> String {
    took((seconds * 1000.0).round() as i64)
}

/// Renders what the agent used, if it has a preset.
fn used(run: &AgentRun) -> Option<String> {
    let is_unknown = run.cost_usd.is_none() && run.tokens.is_none();
    if run.preset == Preset::Command && is_unknown {
        return None;
    }
    let cost = run.cost_usd.map_or_else(|| "unknown".to_owned(), |cost| format!("{cost:.2} USD"));
    let tokens = run.tokens.map_or_else(|| "unknown".to_owned(), |tokens| tokens.total.to_string());
    let model = run.model.as_deref().map_or_else(String::new, |model| format!(" {model}"));
    Some(format!("{}{model}: cost {cost}, tokens {tokens}", run.preset))
}

/// Renders how the agent ended, and the reason of the verdict if that differs.
fn told(outcome: Option<&str>, reason: Option<&str>) -> String {
    let outcome = outcome.unwrap_or("no result yet");
    match reason {
        // Such as "agent: exit status 3".
        Some(reason) if reason.contains(outcome) || reason.starts_with("hook ") => {
            reason.to_owned()
        }
        Some(reason) => format!("agent: {outcome}; {reason}"),
        None => format!("agent: {outcome}"),
    }
}
