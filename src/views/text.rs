//! `status` for people: a line of counts for each queue, then its open tasks.

use super::flags;
use super::fold::folded;
use super::known::LiveView;
use super::needed::{self, Needed};
use super::progress::Progress;
use super::style::{self, Look, count, fitted, padded};
use super::timing::running;
use super::view::{QueueView, StatusView, TaskView};
use crate::domain::{ReasonCode, Waits};
use crate::plan::{State, duration_text};
use crate::platform::cells;
use std::fmt::Write;
use std::time::Duration;

/// The widest column of ids.
const ID: usize = 32;
/// The widest title if lines may have any length.
const TITLE: usize = 60;

/// Silence of this many seconds is mentioned.
const SILENT: u64 = 60;

/// The cells of a row besides id, title and detail: the state, and the gaps between the columns.
const BESIDE: usize = 19;

/// Renders the queues, one below the other.
pub fn status(view: &StatusView, look: Look) -> String {
    let all = format!("{} --json", view.typed.verb("status"));
    let needed = needed::list(&view.needs_you, (view.needs_more, &all), view.now, look);
    let mut text = needed.text.clone();
    text.push_str(&flags::text(&view.red_flags, view.more_red_flags, &view.typed, look));
    let queues: Vec<String> = view.queues.iter().map(|queue| one(queue, &needed, look)).collect();
    text.push_str(&queues.join("\n"));
    for pause in view.pauses.iter().filter(|pause| !pause.sentence.is_empty()) {
        let said = pause.kind == ReasonCode::Budget;
        let reason = if said { "" } else { pause.reason.as_str() };
        let line = paused(&pause.sentence, reason);
        let _ = writeln!(text, "paused: {}", super::escape::line(&line));
    }
    for spent in &view.spent {
        let _ = writeln!(text, "{}", spent.line());
    }
    folded(&text, look)
}

/// Formats a pause with the message of the tool, without the part that the sentence repeats.
pub fn paused(sentence: &str, reason: &str) -> String {
    let what = sentence.split("; ").next().unwrap_or_default();
    let rest = reason.strip_prefix(what).unwrap_or(reason).trim_start_matches([':', ' ']);
    // `agent A: usage limit reached (five_hour): …`
    let scope = rest.strip_prefix('(').and_then(|rest| rest.split_once(')'));
    match scope {
        Some((scope, more)) => format!("{sentence} ({scope}{more})"),
        None if rest.is_empty() => sentence.to_owned(),
        None => format!("{sentence} ({rest})"),
    }
}

fn one(queue: &QueueView, needed: &Needed<'_>, look: Look) -> String {
    let mut text = head(queue, look);
    let row = |task: &TaskView| {
        let is_told = needed.tells(&queue.path, &task.id);
        [fitted(&task.id, ID), fitted(&task.title, 200), detail_of(task, is_told)]
    };
    let rows: Vec<[String; 3]> = queue.tasks.iter().map(row).collect();
    let ids = rows.iter().map(|[id, ..]| cells::width(id)).max().unwrap_or(0);
    let titles = rows.iter().map(|[_, title, _]| cells::width(title)).max().unwrap_or(0);
    let titles = match look.width {
        // A third of the remaining width is for the reason why the task waits.
        Some(width) => titles.min((width.saturating_sub(ids + BESIDE) * 2 / 3).max(10)),
        None => titles.min(TITLE),
    };
    let detail = look.width.map_or(usize::MAX, |width| width.saturating_sub(ids + titles + BESIDE));
    for (task, [id, title, more]) in queue.tasks.iter().zip(&rows) {
        let state = look.paint(task.style(), padded(task.shown_word(), 11));
        let title = padded(&fitted(title, titles), titles);
        let line = format!("  {state}  {}  {title}  {}", padded(id, ids), fitted(more, detail));
        let _ = writeln!(text, "{}", line.trim_end());
    }
    if queue.hidden > 0 {
        let hidden = count(queue.hidden, "more open task", "more open tasks");
        let _ = writeln!(text, "  ({hidden}; --table shows all)");
    }
    text
}

/// Renders path, project and counts.
fn head(queue: &QueueView, look: Look) -> String {
    let path = look.head(super::escape::line(&queue.path));
    let project = queue.project.as_deref().filter(|project| !project.is_empty());
    let project = project
        .map_or_else(String::new, |project| format!(" (project {})", super::escape::line(project)));
    // If a task is partly done, the counts show it already.
    let percent = queue.percent.filter(|percent| *percent > 0 && queue.partial.is_none());
    let done = percent.map_or_else(String::new, |percent| format!(" ({percent}%)"));
    format!("{path}{project}: {}{done}\n", counts(queue))
}

/// Formats `12 tasks: 3 complete, 1 in progress, 4 ready, 4 waiting`.
pub fn counts<T>(queue: &QueueView<T>) -> String {
    let summary = &queue.counts;
    let parts = [
        (summary.complete, "complete"),
        (summary.in_progress, "in progress"),
        (queue.ready, "ready"),
        (queue.waiting, "waiting"),
        (summary.blocked, "blocked"),
        (summary.parked, "parked"),
    ];
    let parts: Vec<String> = parts
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let total = count(summary.total, "task", "tasks");
    let percent =
        queue.partial.map_or_else(String::new, |percent| format!(" ({percent}% of the work)"));
    let parts = parts.join(", ");
    if parts.is_empty() { total } else { format!("{total}: {parts}{percent}") }
}

/// The detail of a task, which tells how far it is and what comes next.
fn said(progress: &Progress) -> String {
    let percent = progress.percent.map(|percent| format!("{percent}%"));
    let next = progress.next.as_ref().map(|next| format!("next: {next}"));
    let eta = progress.eta.as_ref().map(|eta| format!("ETA {eta}"));
    let parts: Vec<String> = [percent, next, eta].into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!("{}; ", parts.join(", ")) }
}

/// Returns the detail of a task in its state, in a few words.
pub fn detail(task: &TaskView) -> String {
    detail_of(task, false)
}

/// Returns the same detail, without the reason if that is already shown elsewhere.
fn detail_of(task: &TaskView, is_told: bool) -> String {
    let is_told = is_told && matches!(task.state, State::Blocked | State::Waiting);
    let said = if is_told { String::new() } else { of_state(task) };
    match task.deadline.as_ref().filter(|_| task.late && task.state != State::Complete) {
        Some(due) if said.is_empty() => format!("LATE, was due {due}"),
        Some(due) => format!("LATE, was due {due}; {said}"),
        None => said,
    }
}

fn of_state(task: &TaskView) -> String {
    if let Some(change) = &task.change {
        // No worker has to be alive during a review.
        let is_missed = task.is_worker_gone && change.waits != Waits::Review;
        let gone = if is_missed { "; its worker is gone" } else { "" };
        return format!("{}{gone}", change.reason());
    }
    match task.state {
        State::InProgress => {
            let said = task.progress.as_deref().map_or_else(String::new, said);
            match (&task.live, &task.worker) {
                (Some(live), _) => format!("{said}{}", at_work(task.attempts, live)),
                (None, Some(worker)) => format!("{said}attempt {} by {worker}", task.attempts),
                (None, None) => format!("{said}by a person"),
            }
        }
        State::Blocked => match task.error.as_deref().and_then(ReasonCode::asked) {
            // The word of the state shows it already.
            Some((ReasonCode::Question, text)) => text.to_owned(),
            Some(_) | None => task.error.clone().unwrap_or_default(),
        },
        State::Waiting => {
            let whats: Vec<&str> = task.waiting_for.iter().map(|w| w.what.as_str()).collect();
            whats.join("; ")
        }
        State::Ready if task.worker.is_some() => "its worker is gone".to_owned(),
        State::Ready => match (task.attempts, &task.error) {
            (0, _) | (_, None) => String::new(),
            (attempts, Some(error)) => {
                format!("after {}: {error}", style::count(attempts as usize, "attempt", "attempts"))
            }
        },
        State::Complete => match &task.completed_by {
            Some(by) => format!("by {by}"),
            None if task.warnings.is_empty() => String::new(),
            None => format!("with {}", style::count(task.warnings.len(), "warning", "warnings")),
        },
        State::Parked => String::new(),
    }
}

/// Formats `attempt 2, verifying, 12:30, silent 3 min: last line`.
pub fn at_work(attempt: u32, live: &LiveView) -> String {
    let mut text = format!("attempt {attempt}, {}", live.phase.word());
    if let Some(seconds) = live.running_s {
        text.push_str(&format!(", {}", running(Duration::from_secs(seconds))));
    }
    if let Some(silent) = live.silent_s.filter(|silent| *silent >= SILENT) {
        text.push_str(&format!(", silent for {}", duration_text(silent)));
    }
    if let Some(line) = &live.last_output {
        text.push_str(&format!(": {line}"));
    }
    text
}

#[cfg(test)]
mod tests {
    use super::paused;

    #[test]
    fn a_pause_says_nothing_twice() {
        let sentence = "agent a: usage limit reached; next try at 07:40";
        for (reason, expected) in [
            ("agent a: usage limit reached (five_hour): Wait", " (five_hour: Wait)"),
            ("agent a: usage limit reached: Wait", " (Wait)"),
            ("agent a: usage limit reached", ""),
            ("exit status 1", " (exit status 1)"),
        ] {
            assert_eq!(paused(sentence, reason), format!("{sentence}{expected}"));
        }
    }
}
