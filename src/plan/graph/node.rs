//! The input and the elements of a graph: queues, nodes, helper nodes, broken references.

use crate::domain::{Field, Phase, QueueIx, Task, Text};
use std::path::Path;

/// The number that represents no node.
pub(crate) const NONE: u32 = u32::MAX;

/// A task of one of the loaded queues.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Node(pub u32);

/// The data of a queue that the planner uses.
#[derive(Clone, Copy, Debug)]
pub struct QueueTasks<'a> {
    /// The name of the queue in the configuration, or else its file stem.
    pub name: &'a str,
    /// The path of its file.
    pub path: &'a Path,
    /// The root of its project, to which paths of tasks are relative.
    pub root: &'a Path,
    /// The tasks in file order.
    pub tasks: &'a [Task],
    /// The phases in file order.
    pub phases: &'a [Phase],
}

impl QueueTasks<'_> {
    /// Returns whether `name` in a reference `name:ID` refers to this queue.
    pub(super) fn is_called(&self, name: &str) -> bool {
        self.name == name || self.path.file_stem().is_some_and(|stem| stem == name)
    }
}

/// Which phase barriers are in force.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Barriers {
    /// The barriers that the files declare.
    #[default]
    Declared,
    /// A barrier after every phase, to show what that would cost.
    All,
}

/// A reference that refers to no task or to several.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The task that contains the reference.
    pub node: Node,
    /// The field that contains it.
    pub field: Field,
    /// The reference as it is written.
    pub text: Text,
    /// What is wrong with it.
    pub why: BrokenKind,
}

/// What is wrong with a reference.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum BrokenKind {
    /// No loaded queue has such a task.
    Unknown,
    /// Several loaded queues have such a task.
    Ambiguous(Box<[Node]>),
    /// It refers to its own task.
    Itself,
    /// It is in a field that may contain free text, and it is not similar to any id.
    Words,
}

impl Broken {
    /// Returns whether the reference makes its task wait. An unknown parent does not, and neither
    /// does an unknown task in `blocks`.
    pub fn holds(&self) -> bool {
        !matches!(self.field, Field::Parent | Field::Blocks) && self.why != BrokenKind::Words
    }
}

/// What a helper node represents.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Helper {
    /// Everything that an epic waits for.
    Start(u32),
    /// The end of a phase of a queue.
    Barrier { queue: QueueIx, phase: Text, gate_missing: bool },
    /// All tasks of a phase except its gate.
    Body,
}

/// Returns the queue of a node. `starts` has the first node of each queue, and the total at the
/// end.
pub(super) fn owner(starts: &[u32], node: u32) -> QueueIx {
    // Usually there is only one queue, and this is called for every access to a task.
    let at = if starts.len() == 2 { 0 } else { starts.partition_point(|&start| start <= node) - 1 };
    QueueIx::new(at)
}
