//! What a graph is made from and made of: queues, nodes, helper nodes, broken references.

use crate::domain::{Field, Phase, Task, Text};
use std::path::Path;

/// The number that is no node.
pub(crate) const NONE: u32 = u32::MAX;

/// A task of one of the loaded queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(pub u32);

/// What the planner sees of a queue.
#[derive(Clone, Copy, Debug)]
pub struct QueueTasks<'a> {
    /// Its name in the configuration, else its file stem.
    pub name: &'a str,
    /// Its file.
    pub path: &'a Path,
    /// The root of its project: relative paths of tasks are seen from there.
    pub root: &'a Path,
    /// Its tasks in file order.
    pub tasks: &'a [Task],
    /// Its phases in file order.
    pub phases: &'a [Phase],
}

impl QueueTasks<'_> {
    /// Whether `queue:ID` with this queue part means this queue.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.path.file_stem().is_some_and(|stem| stem == name)
    }
}

/// Which phase barriers hold.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Barriers {
    /// Those that the files declare.
    #[default]
    Declared,
    /// One after every phase, to see what that would cost.
    All,
}

/// A reference that leads nowhere, or to too many tasks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The task that has it.
    pub node: Node,
    /// The field in which it is.
    pub field: Field,
    /// As it is written.
    pub text: Text,
    /// What is wrong with it.
    pub why: BrokenKind,
}

/// What is wrong with a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokenKind {
    /// No loaded queue has such a task.
    Unknown,
    /// Several have.
    Ambiguous(Box<[Node]>),
    /// It is the task itself.
    Itself,
    /// It is where there may be words for people, and is not even near to an id.
    Words,
}

impl Broken {
    /// Whether the task must wait for it. A parent that nobody knows holds nothing back, and
    /// neither does what the task itself would hold back.
    pub fn holds(&self) -> bool {
        !matches!(self.field, Field::Parent | Field::Blocks) && self.why != BrokenKind::Words
    }
}

/// What a helper node stands for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Helper {
    /// All that an epic waits for.
    Start(u32),
    /// The end of a phase of a queue.
    Barrier { queue: u32, phase: Text, gate_missing: bool },
    /// All of a phase but its gate.
    Body,
}

/// The queue of a node, from the first nodes of the queues and the total at the end.
pub(super) fn owner(starts: &[u32], node: u32) -> usize {
    // Most often there is one, and every look at a task comes by here.
    if starts.len() == 2 { 0 } else { starts.partition_point(|&start| start <= node) - 1 }
}
