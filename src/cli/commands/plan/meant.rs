//! The tasks that a plan covers.

use super::asked::Asked;
use crate::cli::failure::Failure;
use crate::domain::{Field, Task};
use crate::plan::{Graph, Node, QueueTasks};
use crate::project::{QueueSet, Scope};
use crate::queue::Queue;
use crate::views::style::listed;

/// The tasks that a plan covers, in their queues.
pub(super) struct Meant<'a> {
    pub(super) set: &'a QueueSet,
    pub(super) queues: &'a [Queue],
    pub(super) tasks: &'a [QueueTasks<'a>],
    pub(super) graph: &'a Graph,
    pub(super) scope: Scope,
}

impl Meant<'_> {
    /// Returns the task of a node.
    pub(super) fn task(&self, node: Node) -> &Task {
        let (queue, index) = self.graph.location(node);
        &self.tasks[queue].tasks[index]
    }

    /// Returns for each node whether its task is planned.
    pub(super) fn selected(&self, asked: &Asked) -> Result<Vec<bool>, Failure> {
        let Some(sprint) = &asked.sprint else {
            return Ok(self.graph.nodes().map(|node| self.includes(node)).collect());
        };
        let is_of = |node| self.includes(node) && self.sprint(node).as_ref() == Some(sprint);
        let selected: Vec<bool> = self.graph.nodes().map(is_of).collect();
        if selected.contains(&true) {
            return Ok(selected);
        }
        let mut there: Vec<String> =
            self.graph.nodes().filter_map(|node| self.sprint(node)).collect();
        there.sort_unstable();
        there.dedup();
        let there = match there.is_empty() {
            true => "no task has one".to_owned(),
            false => format!("there are: {}", listed(&there, 20)),
        };
        Err(Failure::usage(format_args!("no task has sprint {sprint}; {there}")))
    }

    /// Returns the sprint of a task.
    pub(super) fn sprint(&self, node: Node) -> Option<String> {
        let (queue, index) = self.graph.location(node);
        let queue = &self.queues[queue];
        queue.raw(index, Field::Sprint)?;
        queue.text(index, Field::Sprint).filter(|name| !name.trim().is_empty())
    }

    /// Returns whether a task is in a served queue and in scope.
    pub(super) fn includes(&self, node: Node) -> bool {
        self.set.serves(self.graph.location(node).0) && self.scope.includes(self.task(node))
    }
}
