//! `next`: the ready tasks in the order of claims, with the reason of each rank.

use super::style::{Look, fitted, letters, of_state, padded};
use super::view::Sight;
use crate::plan::{self, Node, Order, State};
use serde::Serialize;
use std::fmt::Write;

/// The tasks that come next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextView {
    /// Version of this shape.
    pub schema_version: u32,
    /// The first of them, or all.
    pub tasks: Vec<NextTask>,
    /// How many are ready.
    pub ready: usize,
}

/// A task that comes next.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct NextTask {
    /// Its reference.
    pub id: String,
    /// The path of its queue.
    pub queue: String,
    /// Its title.
    pub title: String,
    /// Its place, from 1.
    pub rank: usize,
    /// Why it has this place.
    pub reason: String,
}

impl Sight<'_> {
    /// The first `most` ready tasks of which `selected` says yes.
    pub fn next(&self, order: &Order, most: usize, selected: &dyn Fn(Node) -> bool) -> NextView {
        let ranked = plan::ranking(self.readiness, order, selected);
        let graph = self.readiness.graph();
        let first = ranked.iter().take(most).enumerate();
        let tasks = first.map(|(place, &node)| NextTask {
            id: graph.reference(node),
            queue: self.queue_of(node).to_owned(),
            title: self.title(node),
            rank: place + 1,
            reason: order.reason(graph, node),
        });
        NextView { schema_version: 1, tasks: tasks.collect(), ready: ranked.len() }
    }
}

/// Two lines for each task.
pub fn text(view: &NextView, look: Look) -> String {
    let mut text = String::new();
    let ranks = view.tasks.len().to_string().len();
    let ids = view.tasks.iter().map(|task| letters(&fitted(&task.id, 40))).max().unwrap_or(0);
    let title = look.width.map_or(120, |width| width.saturating_sub(ranks + ids + 4).max(10));
    for task in &view.tasks {
        let id = look.paint(of_state(State::Ready), padded(&fitted(&task.id, 40), ids));
        let _ = writeln!(text, "{:>ranks$}  {id}  {}", task.rank, fitted(&task.title, title));
        let indent = " ".repeat(ranks + 2);
        let reason = look.paint(anstyle::Style::new().dimmed(), fitted(&task.reason, 400));
        let _ = writeln!(text, "{indent}{reason}");
    }
    let more = view.ready - view.tasks.len();
    if more > 0 {
        let _ = writeln!(text, "({more} more; --all shows them)");
    }
    text
}
