//! The order in which ready tasks are claimed.
//!
//! The first criterion is the effective priority: the best of the task's own priority and those of
//! all tasks that wait for it, directly or not. Then comes the longest remaining path to the end,
//! in time; then the number of tasks that name it as a dependency; then list order: queues as
//! loaded, tasks as written.
//!
//! The order is total, and it does not change while the queues do not. Every claim ends, because a
//! task is complete, blocked or parked after a finite number of attempts. So in a finite queue the
//! tasks before a ready one are used up, the tasks that hold its paths or its agent end, and no
//! ready task waits forever. Only continually adding more urgent tasks can delay it indefinitely.

use super::readiness::Readiness;
use crate::domain::Status;
use crate::plan::estimate::{Estimates, duration_text};
use crate::plan::graph::{Graph, NONE, Node, QueueTasks};
use std::cmp::{Ordering, Reverse};

/// The rank of every task, computed in one pass from the end of the graph.
#[derive(Clone, Debug)]
pub struct Order {
    /// The effective priority; `i64::MAX` means none.
    priority: Vec<i64>,
    /// The task from which the effective priority comes.
    lender: Vec<u32>,
    /// Seconds from the start of the task to the end of the longest path from it.
    path: Vec<u64>,
    dependants: Vec<u32>,
}

/// A task with the reason for its rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank {
    /// The task.
    pub node: Node,
    /// Why the task has this rank, in words.
    pub reason: String,
}

impl Order {
    /// Ranks all tasks. Finished and parked tasks pass on no priority of their own. A parked task
    /// still passes on the priorities of the tasks that wait for it.
    pub fn new(graph: &Graph, queues: &[QueueTasks], estimates: &Estimates) -> Self {
        let size = graph.size();
        let mut order = Self {
            priority: vec![i64::MAX; size],
            lender: vec![NONE; size],
            path: vec![0; size],
            dependants: vec![0; size],
        };
        let tasks: Vec<_> = queues.iter().flat_map(|queue| queue.tasks).collect();
        for &node in graph.order().iter().rev() {
            let at = node as usize;
            let task = tasks.get(at);
            if task
                .is_some_and(|task| task.status == Status::Complete && !graph.is_epic(Node(node)))
            {
                continue;
            }
            for &next in graph.succs(node) {
                if !graph.share_cycle(node, next) {
                    order.inherit(at, next as usize);
                }
            }
            let Some(task) = task.filter(|task| task.status != Status::Parked) else { continue };
            let own = task.priority.unwrap_or(i64::MAX);
            if own <= order.priority[at] {
                (order.priority[at], order.lender[at]) = (own, node);
            }
            order.path[at] += estimates.seconds(Node(node));
            let waiting = |next: &Node| tasks[next.0 as usize].status != Status::Complete;
            order.dependants[at] = graph.dependants(Node(node)).filter(waiting).count() as u32;
        }
        order
    }

    fn inherit(&mut self, at: usize, next: usize) {
        if self.priority[next] < self.priority[at] {
            (self.priority[at], self.lender[at]) = (self.priority[next], self.lender[next]);
        }
        self.path[at] = self.path[at].max(self.path[next]);
    }

    /// Returns which of two tasks is claimed first.
    pub fn compare(&self, a: Node, b: Node) -> Ordering {
        let key = |node: Node| {
            let at = node.0 as usize;
            (self.priority[at], Reverse(self.path[at]), Reverse(self.dependants[at]), node)
        };
        key(a).cmp(&key(b))
    }

    /// Sorts tasks in the order in which they are claimed.
    pub fn sort(&self, nodes: &mut [Node]) {
        nodes.sort_unstable_by(|&a, &b| self.compare(a, b));
    }

    /// Returns the effective priority of a task.
    pub fn priority(&self, node: Node) -> Option<i64> {
        Some(self.priority[node.0 as usize]).filter(|&priority| priority != i64::MAX)
    }

    /// Returns why a task has its rank, in words.
    pub fn reason(&self, graph: &Graph, node: Node) -> String {
        let at = node.0 as usize;
        let lender = Node(self.lender[at]);
        let priority = match self.priority(node) {
            None => "no priority".to_owned(),
            Some(priority) if lender == node => format!("priority {priority}"),
            Some(priority) => {
                format!(
                    "priority {priority} (from {}, which waits for it)",
                    graph.reference(lender)
                )
            }
        };
        let path = duration_text(self.path[at]);
        let behind = match self.dependants[at] {
            0 => "nothing depends on it".to_owned(),
            1 => "1 task depends on it".to_owned(),
            many => format!("{many} tasks depend on it"),
        };
        format!("{priority}, {path} on the longest path from it, {behind}")
    }
}

/// Returns the ready tasks for which `in_scope` returns true, in the order in which they are
/// claimed.
pub fn ranking(readiness: &Readiness, order: &Order, in_scope: impl Fn(Node) -> bool) -> Vec<Node> {
    let mut ready: Vec<Node> = readiness.ready().filter(|&node| in_scope(node)).collect();
    order.sort(&mut ready);
    ready
}

/// Returns at most `most` tasks of the ranking, with reasons.
pub fn ranks(
    readiness: &Readiness,
    order: &Order,
    most: usize,
    in_scope: impl Fn(Node) -> bool,
) -> Vec<Rank> {
    let first = ranking(readiness, order, in_scope).into_iter().take(most);
    first.map(|node| Rank { node, reason: order.reason(readiness.graph(), node) }).collect()
}

/// Returns the first task to claim.
pub fn best(readiness: &Readiness, order: &Order, in_scope: impl Fn(Node) -> bool) -> Option<Node> {
    let ready = readiness.ready().filter(|&node| in_scope(node));
    ready.min_by(|&a, &b| order.compare(a, b))
}

/// Claims up to `most` tasks at once in `readiness` and returns them in order. Leaves out tasks
/// whose paths or agents are taken by tasks before them.
pub fn select(
    readiness: &mut Readiness,
    order: &Order,
    most: usize,
    in_scope: impl Fn(Node) -> bool,
) -> Vec<Node> {
    let mut chosen = Vec::new();
    for node in ranking(readiness, order, in_scope) {
        if chosen.len() == most {
            break;
        }
        if readiness.is_free(node) {
            readiness.claim(node);
            chosen.push(node);
        }
    }
    chosen
}
