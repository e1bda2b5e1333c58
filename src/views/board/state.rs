//! `state.md` beside the queues: what runs, how the last attempt ended, what is left to try, and
//! what comes next.

use super::card::Board;
use crate::domain::{Field, QueueIx, Status, Turn};
use crate::plan::{Node, Order, best};
use crate::views::markdown::inline;
use crate::views::timing::parsed;
use std::fmt::Write;

/// The heading of a queue's part, before its name.
const HEAD: &str = "## ";

/// Renders the part of one queue. `attempts` is the budget of tasks without their own, and `order`
/// ranks what comes next.
pub(crate) fn part(board: &Board<'_>, queue: QueueIx, attempts: u32, order: &Order) -> String {
    let readiness = board.sources.readiness;
    let text = &board.sources.queues[queue];
    let mut shown = format!("{HEAD}{}\n\n", inline(&board.sources.shown[queue]));
    let counts = text.counts();
    let _ = writeln!(
        shown,
        "- Tasks: {}; {} complete, {} in progress, {} pending, {} blocked, {} parked",
        counts.total,
        counts.complete,
        counts.in_progress,
        counts.pending,
        counts.blocked,
        counts.parked
    );
    let line = |node: Node, turn: Turn| {
        let title = inline(&board.sources.title(node));
        let id = inline(&readiness.graph().reference(node));
        format!("{id} {title}: {turn}")
    };
    let turn = |node: Node| Turn::of(readiness.task(node), attempts);
    for (index, task) in text.tasks().iter().enumerate() {
        if task.status == Status::InProgress {
            let node = readiness.graph().node(queue, index);
            let verdict = task.verdict.filter(|_| task.attempts > 1);
            let before =
                verdict.map_or_else(String::new, |v| format!(", the last one {}", v.word()));
            let _ = writeln!(shown, "- Task: {}{before}", line(node, turn(node)));
        }
    }
    if let Some(node) = last(board, queue) {
        let verdict = readiness.task(node).verdict.map_or("-", |verdict| verdict.word());
        let error = board.sources.error(node).filter(|_| verdict != "PASS");
        let error = error.map_or_else(String::new, |error| format!(": {}", inline(&error)));
        let _ = writeln!(shown, "- Last verdict: {verdict} of {}{error}", line(node, turn(node)));
    }
    let in_queue = |node: Node| readiness.graph().location(node).0 == queue;
    let next = best(readiness, order, in_queue);
    let next = next.map_or_else(
        || "nothing is ready".to_owned(),
        |node| line(node, Turn::next(readiness.task(node), attempts)),
    );
    let _ = writeln!(shown, "- Next: {next}");
    shown
}

/// Returns the task whose attempt ended last, by the time at which it was completed or began. Parked
/// tasks are out of the work.
fn last(board: &Board<'_>, queue: QueueIx) -> Option<Node> {
    let text = &board.sources.queues[queue];
    let ended = |index: usize| {
        let task = &text.tasks()[index];
        let is_over = !matches!(task.status, Status::InProgress | Status::Parked);
        task.verdict.filter(|_| is_over)?;
        let at = |field| parsed(&text.text(index, field)?);
        at(Field::CompletedAt).or_else(|| at(Field::LastAttempt)).map(|at| (at, index))
    };
    let (_, index) = (0..text.tasks().len()).filter_map(ended).max()?;
    Some(board.sources.readiness.graph().node(queue, index))
}

/// Returns the whole file: the parts of this program's queues, and from `old` those of other queues
/// that still `exist`.
pub(crate) fn merged(
    parts: &[(String, String)],
    old: &str,
    exists: &dyn Fn(&str) -> bool,
) -> String {
    let split = |text: &str| -> Vec<String> {
        let before = format!("\n{HEAD}");
        let parts = text.split(before.as_str()).skip(1);
        parts.map(|part| format!("{HEAD}{}\n", part.trim_end())).collect()
    };
    let mut all: Vec<(String, String)> = split(old)
        .into_iter()
        .map(|part| (part.lines().next().unwrap_or_default().to_owned(), part))
        .filter(|(head, _)| {
            let is_new = parts.iter().any(|(name, _)| format!("{HEAD}{}", inline(name)) == *head);
            !is_new && exists(&head.trim_start_matches(HEAD).replace('\\', ""))
        })
        .collect();
    all.extend(parts.iter().map(|(name, part)| (format!("{HEAD}{}", inline(name)), part.clone())));
    all.sort();
    let all: Vec<String> = all.into_iter().map(|(_, part)| part).collect();
    format!("# State\n\n{}", all.join("\n"))
}
