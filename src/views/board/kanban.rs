//! `board --style kanban`: all queues together, a list for each state.

use super::card::{Board, Card};
use crate::domain::QueueIx;
use crate::plan::{Node, State};
use crate::views::markdown::{inline, row};
use crate::views::progress::Share;
use crate::views::style::count;
use std::fmt::Write;

/// The lists in their order: those that need a person first.
pub(super) const LISTS: [(State, &str); 6] = [
    (State::Blocked, "Blocked"),
    (State::InProgress, "In progress"),
    (State::Ready, "Ready"),
    (State::Waiting, "Waiting"),
    (State::Complete, "Complete"),
    (State::Parked, "Parked"),
];

pub(super) fn render(board: &Board<'_>) -> String {
    let mut text = String::from("# Board\n\n");
    counts(board, &mut text);
    let mut lists: [Vec<(QueueIx, Node)>; LISTS.len()] = Default::default();
    for (queue, node) in all(board) {
        let state = board.sources.readiness.state(node);
        if let Some(list) = LISTS.iter().position(|(of, _)| *of == state) {
            lists[list].push((queue, node));
        }
    }
    for ((state, name), nodes) in LISTS.iter().zip(&lists) {
        let _ = writeln!(text, "\n## {name} ({})", nodes.len());
        if !nodes.is_empty() {
            text.push('\n');
        }
        for &(queue, node) in nodes {
            let card = board.card(node);
            let done = if *state == State::Complete { "x" } else { " " };
            let (id, title) = (inline(&card.task.id), inline(&card.task.title));
            let _ = write!(text, "- [{done}] **{id}** {title}");
            if board.order.len() > 1 {
                let _ = write!(text, " ({})", inline(&board.sources.shown[queue]));
            }
            let more = details(&card);
            if !more.is_empty() {
                let _ = write!(text, " — {}", inline(&more.join("; ")));
            }
            text.push('\n');
        }
    }
    text
}

fn all<'b>(board: &'b Board<'_>) -> impl Iterator<Item = (QueueIx, Node)> + 'b {
    let graph = board.sources.readiness.graph();
    let of = move |&queue: &QueueIx| graph.queue_nodes(queue).map(move |node| (queue, node));
    board.order.iter().flat_map(of)
}

/// Renders a row for each queue, and one for all of them.
fn counts(board: &Board<'_>, text: &mut String) {
    let states = LISTS.map(|(_, name)| name);
    text.push_str(&row(["Queue", "Tasks", "Done"].into_iter().chain(states)));
    text.push_str(&row(["---"].into_iter().chain(["---:"; LISTS.len() + 2])));
    let mut total = (Share::default(), [0_usize; LISTS.len()]);
    let line = |name: &str, (share, counts): &(Share, [usize; LISTS.len()])| {
        let tasks: usize = counts.iter().sum();
        let percent =
            share.percent().map_or_else(|| "-".to_owned(), |percent| format!("{percent}%"));
        let numbers = counts.iter().map(ToString::to_string);
        row([inline(name), tasks.to_string(), percent].into_iter().chain(numbers))
    };
    for &queue in board.order {
        let mut own = (Share::default(), [0; LISTS.len()]);
        for node in board.sources.readiness.graph().queue_nodes(queue) {
            let state = board.sources.readiness.state(node);
            let Some(list) = LISTS.iter().position(|(of, _)| *of == state) else { continue };
            for (share, counts) in [&mut own, &mut total] {
                counts[list] += 1;
                board.sources.weigh(node, share);
            }
        }
        text.push_str(&line(&board.sources.shown[queue], &own));
    }
    if board.order.len() > 1 {
        text.push_str(&line("all", &total));
    }
}

/// Returns what is shown of a task beside its title.
fn details(card: &Card) -> Vec<String> {
    let task = &card.task;
    let mut parts = Vec::new();
    if let Some(deadline) = &card.deadline {
        let word = if deadline.is_late { "LATE, was due" } else { "due" };
        parts.push(format!("{word} {}", deadline.text));
    }
    match task.state {
        State::InProgress => {
            let told = card.told();
            parts.extend(told.and_then(|told| told.percent).map(|percent| format!("{percent}%")));
            parts.extend(card.next().map(|next| format!("next: {next}")));
            parts.extend(card.eta.as_ref().map(|eta| format!("ETA {eta}")));
            let who = task.worker.as_deref().unwrap_or("a person");
            parts.push(format!("attempt {} by {who}", task.attempts));
        }
        State::Blocked | State::Waiting => {
            if !card.depends.1.is_empty() && task.state == State::Waiting {
                parts.push(format!("waits for {}", card.depends.1.join(", ")));
            }
            parts.extend(card.blockers());
        }
        State::Ready if task.attempts > 0 => {
            let error = task.error.as_deref().unwrap_or("to be tried again");
            let attempts = count(task.attempts as usize, "attempt", "attempts");
            parts.push(format!("after {attempts}: {error}"));
        }
        State::Complete => {
            parts.extend(task.completed_by.as_ref().map(|by| format!("by {by}")));
        }
        State::Ready | State::Parked => {}
    }
    parts
}
