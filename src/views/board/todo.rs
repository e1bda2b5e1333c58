//! `board --style todo`: a check list for each phase.

use super::card::Board;
use crate::domain::{Phase, QueueIx};
use crate::plan::{Node, State};
use crate::views::markdown::inline;
use std::fmt::Write;

/// Tasks of one phase, by the phase's number or name; the ones without a phase come last.
struct Group<'a> {
    phase: Option<&'a str>,
    name: &'a str,
    nodes: Vec<Node>,
}

pub(super) fn render(board: &Board<'_>) -> String {
    let mut text = String::from("# Todo\n");
    for &queue in board.order {
        if board.order.len() > 1 {
            let _ = writeln!(text, "\n## {}", inline(&board.sources.shown[queue]));
        }
        one(board, queue, &mut text);
    }
    text
}

fn one(board: &Board<'_>, queue: QueueIx, text: &mut String) {
    let readiness = board.sources.readiness;
    let nodes: Vec<Node> = readiness.graph().queue_nodes(queue).collect();
    let groups = grouped(board, queue, &nodes);
    let inline = |text: &str| inline(&board.sources.mask.text(text));
    for group in &groups {
        let head = match (group.phase, group.name) {
            (None, _) if groups.len() == 1 => "Tasks".to_owned(),
            (None, _) => "Tasks without a phase".to_owned(),
            (Some(phase), "") => format!("Phase {}", inline(phase)),
            (Some(phase), name) => format!("Phase {}: {}", inline(phase), inline(name)),
        };
        let _ = writeln!(text, "\n### {head}\n");
        group.nodes.iter().for_each(|&node| line(board, node, text));
    }
    let done = nodes.iter().filter(|node| readiness.state(**node) == State::Complete).count();
    let percent = percent(done, nodes.len());
    let _ = writeln!(text, "\n**Progress**: {done}/{} tasks complete ({percent}%)", nodes.len());
    let mut phases = groups.iter().filter(|group| group.phase.is_some()).peekable();
    if phases.peek().is_none() {
        return;
    }
    let is_open = |node: &Node| !matches!(readiness.state(*node), State::Complete | State::Parked);
    let current = phases.find(|group| group.nodes.iter().any(is_open));
    let current = match current.map(|group| (group.phase.unwrap_or_default(), group.name)) {
        Some((phase, "")) => format!("Phase {}", inline(phase)),
        Some((phase, name)) => format!("Phase {} ({})", inline(phase), inline(name)),
        None => "none, all are complete".to_owned(),
    };
    let _ = writeln!(text, "**Current Phase**: {current}");
}

/// Returns whole percent, rounded; 100 only if all are done.
fn percent(done: usize, all: usize) -> usize {
    let rounded = (done * 200 + all).checked_div(all * 2).unwrap_or(0);
    if done < all { rounded.min(99) } else { rounded }
}

fn line(board: &Board<'_>, node: Node, text: &mut String) {
    let task = board.sources.readiness.state(node);
    let done = if task == State::Complete { "x" } else { " " };
    let note = match task {
        State::InProgress => " (in progress)",
        State::Blocked => " (blocked)",
        State::Parked => " (parked)",
        State::Ready | State::Waiting | State::Complete => "",
    };
    let id = inline(&board.sources.readiness.graph().reference(node));
    let title = inline(&board.sources.title(node));
    let _ = writeln!(text, "- [{done}] Task {id}: {title}{note}");
}

/// Returns the tasks by phase: phases of the file's list first, then others in order of appearance.
fn grouped<'a>(board: &Board<'a>, queue: QueueIx, nodes: &[Node]) -> Vec<Group<'a>> {
    let phases: &[Phase] = board.sources.queues[queue].phases();
    let listed = phases.iter().map(|phase| Group {
        phase: Some(&*phase.phase),
        name: &phase.name,
        nodes: Vec::new(),
    });
    let mut groups: Vec<Group<'a>> = listed.collect();
    let known = groups.len();
    let mut others = Group { phase: None, name: "", nodes: Vec::new() };
    for &node in nodes {
        let Some(phase) = board.sources.readiness.task(node).phase() else {
            others.nodes.push(node);
            continue;
        };
        let is_of = |group: &&mut Group<'_>| group.phase == Some(phase) || group.name == phase;
        match groups.iter_mut().find(is_of) {
            Some(group) => group.nodes.push(node),
            None => groups.push(Group { phase: Some(phase), name: "", nodes: vec![node] }),
        }
    }
    // Numbers that no list orders are sorted by value.
    let number = |group: &Group<'_>| group.phase.and_then(|phase| phase.parse::<f64>().ok());
    if groups[known..].iter().all(|group| number(group).is_some()) {
        groups[known..]
            .sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
    }
    if !others.nodes.is_empty() || groups.is_empty() {
        groups.push(others);
    }
    groups
}
