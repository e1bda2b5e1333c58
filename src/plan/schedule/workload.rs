//! The work of a plan: what can still run, what cannot, and how long each task takes.
//!
//! A plan assumes that approvals are given and start times are reached. Tasks that were not
//! selected, epics and helper nodes take no time and belong to no wave, but their dependencies
//! still count.

use crate::domain::{Status, Task};
use crate::plan::estimate::Estimates;
use crate::plan::graph::{Graph, Node, QueueTasks};

/// The role of a node in a plan.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Part {
    /// It is complete.
    Gone,
    /// It cannot run.
    Stuck,
    /// It takes no time.
    Passing,
    /// It can still run.
    Open,
    /// It is running, so its dependencies no longer matter.
    Running,
}

/// The work of a plan; see the module documentation.
pub struct Workload<'a> {
    graph: &'a Graph,
    parts: Vec<Part>,
    seconds: Vec<u32>,
    stuck: Vec<Node>,
}

impl<'a> Workload<'a> {
    /// Classifies the tasks. Only those for which `selected` returns true are part of the plan.
    pub fn new(
        graph: &'a Graph,
        queues: &[QueueTasks],
        estimates: &Estimates,
        selected: impl Fn(Node) -> bool,
    ) -> Self {
        let tasks: Vec<&Task> = queues.iter().flat_map(|queue| queue.tasks).collect();
        let broken = graph.held_by_broken();
        let mut work = Self {
            graph,
            parts: vec![Part::Passing; graph.size()],
            seconds: vec![0; graph.size()],
            stuck: Vec::new(),
        };
        for &node in graph.order() {
            let behind_stuck = graph.preds(node).iter().any(|&first| {
                work.parts[first as usize] == Part::Stuck || graph.share_cycle(first, node)
            });
            let part = match tasks.get(node as usize) {
                None if behind_stuck => Part::Stuck,
                None => Part::Passing,
                Some(task) if graph.is_epic(Node(node)) => {
                    work.epic(node, task.status == Status::Parked || broken[node as usize])
                }
                Some(task) => {
                    let held = behind_stuck || broken[node as usize] || task.has_problems();
                    part_of(task, held, selected(Node(node)))
                }
            };
            work.parts[node as usize] = part;
            if matches!(part, Part::Open | Part::Running) {
                work.seconds[node as usize] = estimates.short_seconds(Node(node));
            }
        }
        let pending = |node: &Node| {
            tasks[node.0 as usize].status == Status::Pending
                && work.parts[node.0 as usize] == Part::Stuck
                && !graph.is_epic(*node)
                && selected(*node)
        };
        work.stuck = graph.nodes().filter(pending).collect();
        work
    }

    fn epic(&self, node: u32, held: bool) -> Part {
        let children = self.graph.children_of(node);
        let is = |child: &u32, part| self.parts[*child as usize] == part;
        if !held && children.iter().all(|child| is(child, Part::Gone)) {
            return Part::Gone;
        }
        let cyclic = self.graph.in_cycle(node);
        if held || cyclic || children.iter().any(|child| is(child, Part::Stuck)) {
            return Part::Stuck;
        }
        Part::Passing
    }

    /// Returns the graph.
    pub fn graph(&self) -> &'a Graph {
        self.graph
    }

    /// Returns the tasks that can still run, in list order.
    pub fn open(&self) -> impl Iterator<Item = Node> + '_ {
        self.graph.nodes().filter(|&node| self.counts(node.0))
    }

    /// Returns the pending tasks that cannot run, in list order.
    pub fn stuck(&self) -> &[Node] {
        &self.stuck
    }

    /// Returns the total seconds of all tasks that can still run.
    pub fn total_seconds(&self) -> u64 {
        self.seconds.iter().map(|&seconds| u64::from(seconds)).sum()
    }

    /// Returns the seconds of a task; 0 if it is not part of the plan.
    pub fn seconds(&self, node: Node) -> u64 {
        self.time(node.0)
    }

    pub(super) fn time(&self, node: u32) -> u64 {
        u64::from(self.seconds[node as usize])
    }

    /// Returns whether a node is part of the plan or passes on its dependencies.
    pub(super) fn is_active(&self, node: u32) -> bool {
        matches!(self.parts[node as usize], Part::Passing | Part::Open | Part::Running)
    }

    /// Returns whether a node is a task of the plan.
    pub(super) fn counts(&self, node: u32) -> bool {
        matches!(self.parts[node as usize], Part::Open | Part::Running)
    }

    pub(super) fn is_running(&self, node: u32) -> bool {
        self.parts[node as usize] == Part::Running
    }

    /// Returns the active nodes, each after everything it waits for.
    pub(super) fn order(&self) -> impl DoubleEndedIterator<Item = u32> + '_ {
        self.graph.order().iter().copied().filter(|&node| self.is_active(node))
    }

    /// Returns the active nodes that wait for `node`.
    pub(super) fn after(&self, node: u32) -> impl Iterator<Item = u32> + '_ {
        let next = self.graph.succs(node).iter().copied();
        next.filter(|&next| self.is_active(next) && !self.is_running(next))
    }
}

fn part_of(task: &Task, held: bool, selected: bool) -> Part {
    match task.status {
        Status::Complete => Part::Gone,
        Status::InProgress if selected => Part::Running,
        Status::InProgress => Part::Passing,
        Status::Pending if held => Part::Stuck,
        Status::Pending if selected => Part::Open,
        Status::Pending => Part::Passing,
        Status::Blocked | Status::Parked | Status::Unknown => Part::Stuck,
    }
}
