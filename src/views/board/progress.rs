//! `board --style progress`: the progress document, a section and a report for each task.

use super::card::{Board, Card};
use crate::plan::{Node, State};
use crate::views::escape;
use crate::views::markdown::{fence, inline};
use std::fmt::Write;

/// Shown for an empty value.
const NOTHING: &str = "-";

pub(super) fn render(board: &Board<'_>) -> String {
    let mut text = String::from("# Progress\n");
    let mut reports = String::new();
    for &queue in board.order {
        if board.order.len() > 1 {
            let _ = writeln!(text, "\n# Progress of {}", inline(&board.sources.shown[queue]));
        }
        let mut share = super::super::progress::Share::default();
        let nodes = || board.sources.readiness.graph().queue_nodes(queue);
        nodes().for_each(|node| board.sources.weigh(node, &mut share));
        if let Some(percent) = share.percent() {
            let _ = writeln!(text, "\nOverall: {percent}% complete");
        }
        for node in nodes() {
            let card = board.card(node);
            section(board, node, &card, &mut text);
            report(board, node, &card, &mut reports);
        }
    }
    if !reports.is_empty() {
        let fence = fence(&reports);
        let _ = write!(text, "\n# Reports\n\n{fence}text\n{}{fence}\n", reports.trim_start());
    }
    text
}

/// Returns the document's word for a state.
fn word(state: State) -> &'static str {
    match state {
        State::InProgress => "IN_PROGRESS",
        State::Complete => "COMPLETE",
        State::Blocked => "BLOCKED",
        State::Ready | State::Waiting | State::Parked => "WAITING",
    }
}

fn section(board: &Board<'_>, node: Node, card: &Card, text: &mut String) {
    let task = &card.task;
    let _ = writeln!(text, "\n## {}: {}\n", inline(&task.id), inline(&task.title));
    let note = match task.state {
        State::Ready => " (ready)",
        State::Parked => " (parked)",
        State::InProgress | State::Complete | State::Blocked | State::Waiting => "",
    };
    let _ = writeln!(text, "- Status: {}{note}", word(task.state));
    if card.percent() > 0 || task.state == State::InProgress {
        let _ = writeln!(text, "- Progress: {}% complete", card.percent());
    }
    let mut line = |label: &str, what: &str| {
        let _ = writeln!(text, "- {label}: {}", inline(what));
    };
    if let Some(next) = card.next() {
        line("Current Task", &next);
    }
    let waits_for = &card.depends.1;
    if !waits_for.is_empty() && task.state != State::Complete {
        line("Dependencies", &format!("Waiting for {}", waits_for.join(", ")));
    }
    let blockers = card.blockers();
    match (blockers.is_empty(), task.state) {
        (false, _) => line("Blockers", &blockers.join("; ")),
        (true, State::InProgress) => line("Blockers", "None"),
        (true, _) => {}
    }
    if let Some(eta) = &card.eta {
        line("ETA", eta);
    }
    if task.state == State::Complete {
        for (label, list) in
            [("Notified", board.notified(node)), ("Artifacts", board.artifacts(node))]
        {
            if !list.is_empty() {
                line(label, &list.join(", "));
            }
        }
    }
    // It is not in the document format that others read, so it comes last.
    let late = card.deadline.as_ref().filter(|deadline| deadline.is_late);
    if let Some(deadline) = late {
        line("Late", &format!("was due {}", deadline.text));
    }
    for step in card.told().map_or(&[][..], |told| &told.steps) {
        let done = if step.done { "x" } else { " " };
        let _ = writeln!(text, "  - [{done}] {}", inline(&step.title));
    }
}

/// Renders the report of a task. It is in a fence, so only control characters are escaped.
fn report(board: &Board<'_>, node: Node, card: &Card, text: &mut String) {
    let task = &card.task;
    let line = |what: &str| escape::line(what).trim().to_owned();
    let _ = writeln!(text, "\n[{}: {}]", line(&task.id), line(&task.title));
    let _ = writeln!(text, "Status: {}", word(task.state));
    let _ = writeln!(text, "Progress: {}% complete", card.percent());
    let (all, open) = &card.depends;
    let dependencies = match (all, open.is_empty() || task.state == State::Complete) {
        (0, _) => "NONE".to_owned(),
        (_, true) => "SATISFIED".to_owned(),
        (_, false) => format!("WAITING_FOR {}", line(&open.join(", "))),
    };
    let _ = writeln!(text, "Dependencies: {dependencies}");
    let blockers = card.blockers();
    let or_none = |what: String| if what.is_empty() { "NONE".to_owned() } else { line(&what) };
    let _ = writeln!(text, "Blocking Issues: {}", or_none(blockers.join("; ")));
    let _ = writeln!(text, "Next Steps: {}", or_none(card.next().unwrap_or_default()));
    let eta = card.eta.as_deref().unwrap_or(NOTHING);
    let _ = writeln!(text, "ETA: {}", line(eta));
    let note = card.told().and_then(|told| told.note.clone());
    let note = note.or_else(|| board.summary(node)).unwrap_or_default();
    let note = Some(line(&note)).filter(|note| !note.is_empty());
    let _ = writeln!(text, "\n---\n{}\n---", note.as_deref().unwrap_or(NOTHING));
}
