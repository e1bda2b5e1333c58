//! `next`: the ready tasks in the order of claims, with the reason of each rank.

use super::fold::folded;
use super::json::Made;
use super::style::{Look, fitted, of_state, padded};
use super::view::Sources;
use crate::plan::{self, Node, Order, State};
use crate::platform::cells;
use serde::Serialize;
use std::io::{self, Write};

/// The tasks that come next; they are created while they are written, each from its rank and node.
#[derive(Serialize)]
pub struct NextView<'a> {
    /// Version of this shape.
    pub schema_version: u32,
    /// The first of them, or all.
    pub tasks: Made<'a, (usize, Node), NextTask>,
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
    /// Its rank, from 1.
    pub rank: usize,
    /// Why it has this rank.
    pub reason: String,
}

impl<'a> Sources<'a> {
    /// Returns the first `most` ready tasks that are `selected`.
    pub fn next(
        self,
        order: &'a Order,
        most: usize,
        selected: &dyn Fn(Node) -> bool,
    ) -> NextView<'a> {
        let ranked = plan::ranking(self.readiness, order, selected);
        let ready = ranked.len();
        let graph = self.readiness.graph();
        let make = move |&(place, node): &(usize, Node)| NextTask {
            id: graph.reference(node),
            queue: self.queue_of(node).to_owned(),
            title: self.title(node),
            rank: place + 1,
            reason: order.reason(graph, node),
        };
        let keys = ranked.into_iter().take(most).enumerate().collect();
        NextView { schema_version: 1, tasks: Made { keys, make: Box::new(make) }, ready }
    }
}

/// Writes two lines for each task.
///
/// # Errors
/// If `out` cannot be written.
pub fn text(view: &NextView<'_>, look: Look, out: &mut dyn Write) -> io::Result<()> {
    let ranks = view.tasks.keys.len().to_string().len();
    let width = |task: NextTask| cells::width(&fitted(&task.id, 40));
    let ids = view.tasks.iter().map(width).max().unwrap_or(0);
    let title = look.width.map_or(120, |width| width.saturating_sub(ranks + ids + 4).max(10));
    for task in view.tasks.iter() {
        let id = look.paint(of_state(State::Ready), padded(&fitted(&task.id, 40), ids));
        writeln!(out, "{:>ranks$}  {id}  {}", task.rank, fitted(&task.title, title))?;
        let indent = " ".repeat(ranks + 2);
        let reason = look.paint(anstyle::Style::new().dimmed(), fitted(&task.reason, 400));
        writeln!(out, "{}", folded(&format!("{indent}{reason}"), look))?;
    }
    let more = view.ready - view.tasks.keys.len();
    if more > 0 {
        writeln!(out, "({more} more; --all shows them)")?;
    }
    Ok(())
}
