//! The order in which ready tasks are claimed.
//!
//! First the effective priority: the best among the task's own and those of all that wait for
//! it, directly or not. Then the longest remaining path to the end, in time. Then the number of
//! tasks that name it as a dependency. Then list order: queues as loaded, tasks as written.
//!
//! The order is total and fixed while the queues are, and every claim ends: a task is complete,
//! blocked or parked after a finite number of attempts. So in a finite queue the tasks in front
//! of a ready one are used up, and what holds its paths or its agent ends, and no ready task
//! waits for ever. Only somebody who keeps adding more urgent tasks can hold one back.

use super::readiness::Readiness;
use crate::domain::Status;
use crate::plan::estimate::{Estimates, duration_text};
use crate::plan::graph::{Graph, NONE, Node, QueueTasks};
use std::cmp::{Ordering, Reverse};

/// The rank of every task, computed in one pass from the end of the graph.
#[derive(Clone, Debug)]
pub struct Order {
    /// Effective priority; `i64::MAX` is none.
    priority: Vec<i64>,
    /// The task that lends its priority.
    lender: Vec<u32>,
    /// Seconds from the start of the task to the end of the longest path behind it.
    path: Vec<u64>,
    dependants: Vec<u32>,
}

/// A task with the reason of its rank.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rank {
    /// The task.
    pub node: Node,
    /// Why it is at this place, in words.
    pub reason: String,
}

impl Order {
    /// Ranks all tasks. Finished and parked ones lend nothing; a parked one still hands on what
    /// waits behind it.
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

    /// Which of two tasks goes first.
    pub fn compare(&self, a: Node, b: Node) -> Ordering {
        let key = |node: Node| {
            let at = node.0 as usize;
            (self.priority[at], Reverse(self.path[at]), Reverse(self.dependants[at]), node)
        };
        key(a).cmp(&key(b))
    }

    /// Sorts tasks, the first to be claimed in front.
    pub fn sort(&self, nodes: &mut [Node]) {
        nodes.sort_unstable_by(|&a, &b| self.compare(a, b));
    }

    /// The effective priority of a task.
    pub fn priority(&self, node: Node) -> Option<i64> {
        Some(self.priority[node.0 as usize]).filter(|&priority| priority != i64::MAX)
    }

    /// Why a task has its rank, in words.
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

/// The ready tasks of which `in_scope` says yes, in the order in which they are claimed.
pub fn ranking(readiness: &Readiness, order: &Order, in_scope: impl Fn(Node) -> bool) -> Vec<Node> {
    let mut ready: Vec<Node> = readiness.ready().filter(|&node| in_scope(node)).collect();
    order.sort(&mut ready);
    ready
}

/// The same with reasons, at most `most` of them.
pub fn ranks(
    readiness: &Readiness,
    order: &Order,
    most: usize,
    in_scope: impl Fn(Node) -> bool,
) -> Vec<Rank> {
    let first = ranking(readiness, order, in_scope).into_iter().take(most);
    first.map(|node| Rank { node, reason: order.reason(readiness.graph(), node) }).collect()
}

/// The first task to claim.
pub fn best(readiness: &Readiness, order: &Order, in_scope: impl Fn(Node) -> bool) -> Option<Node> {
    let ready = readiness.ready().filter(|&node| in_scope(node));
    ready.min_by(|&a, &b| order.compare(a, b))
}

/// Up to `most` tasks to claim in one moment: in order, leaving out those whose paths or agents
/// the ones before them take. They are claimed in `readiness`.
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
