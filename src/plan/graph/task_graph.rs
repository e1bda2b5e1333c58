//! All loaded queues as one graph of which task waits for which.
//!
//! A graph depends only on the structure of the queues (ids, dependencies, parents, phases), so it
//! is kept until that changes. Everything that depends on states is computed from it in one pass.
//! Numbering: every task is a [`Node`], queue by queue, in list order. The helper nodes, which have
//! no duration, come after the tasks:
//!
//! - One before an epic that waits for something. What an epic waits for also delays its children,
//!   except for dependencies of the epic on its own descendants.
//! - One after each phase with a barrier. Every task of the phase leads into it, and every task of
//!   a later phase waits for the nearest one before it. So barriers cost one edge per task.
//!
//! Edges inside a cycle are kept but never count as satisfied.

use super::cycles;
use super::edges::{self, Edges};
use super::node::{Barriers, Broken, Helper, NONE, Node, QueueTasks, owner};
use super::resolve::Names;
use crate::domain::{QueueIx, Task, Text};
use ecow::eco_format;

/// The ids of a queue, stored consecutively. This takes half the memory of separate strings.
#[derive(Clone, Debug, Default)]
struct IdList {
    text: String,
    ends: Vec<u32>,
}

impl IdList {
    fn of(tasks: &[Task]) -> Self {
        let size = tasks.iter().map(|task| task.id.as_str().len()).sum();
        let mut list =
            Self { text: String::with_capacity(size), ends: Vec::with_capacity(tasks.len()) };
        for task in tasks {
            list.text.push_str(task.id.as_str());
            list.ends.push(list.text.len() as u32);
        }
        list
    }

    fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(0, |before| self.ends[before]);
        &self.text[start as usize..self.ends[index] as usize]
    }
}

/// The graph of all loaded queues.
#[derive(Clone, Debug)]
pub struct Graph {
    names: Vec<String>,
    /// The first node of each queue, and the total at the end.
    starts: Vec<u32>,
    /// The ids of each queue.
    ids: Vec<IdList>,
    /// Whether another task has the same id. Empty if there is only one queue.
    shared: Vec<bool>,
    broken: Vec<Broken>,
    edges: Edges,
    order: Vec<u32>,
    cycles: Cycles,
    barriers: Vec<(QueueIx, Text)>,
}

/// The cycles of a graph.
#[derive(Clone, Debug)]
struct Cycles {
    all: Vec<Vec<u32>>,
    /// The cycle of each node as an index into `all`, or `NONE`. Empty if there are no cycles.
    of: Vec<u32>,
}

impl Graph {
    /// Builds the graph with the barriers that the files declare.
    pub fn build(queues: &[QueueTasks]) -> Self {
        Self::build_with(queues, Barriers::Declared)
    }

    /// Builds the graph with the given barriers.
    pub fn build_with(queues: &[QueueTasks], barriers: Barriers) -> Self {
        let mut starts = Vec::with_capacity(queues.len() + 1);
        let mut end = 0;
        for queue in queues {
            starts.push(end);
            end += queue.tasks.len() as u32;
        }
        starts.push(end);
        let ids = queues.iter().map(|queue| IdList::of(queue.tasks)).collect();
        let names = Names::new(queues, &starts);
        let (edges, broken, barriers) = edges::collect(queues, &starts, &names, barriers);
        let shared = names.shared();
        let found = cycles::find(&edges);
        Self {
            names: queues.iter().map(|queue| queue.name.to_owned()).collect(),
            shared,
            starts,
            ids,
            broken,
            edges,
            order: found.order,
            cycles: Cycles { all: found.cycles, of: found.cycle_of },
            barriers,
        }
    }

    /// Returns the number of tasks.
    pub fn len(&self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }

    /// Returns whether there are no tasks.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// Returns all tasks in list order.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        (0..self.len() as u32).map(Node)
    }

    /// Returns the node of a task, given its queue and its index in the list.
    pub fn node(&self, queue: QueueIx, index: usize) -> Node {
        Node(self.starts[queue] + index as u32)
    }

    /// Returns the queue of a node and its index in the list.
    pub fn location(&self, node: Node) -> (QueueIx, usize) {
        let queue = owner(&self.starts, node.0);
        (queue, (node.0 - self.starts[queue]) as usize)
    }

    /// Returns the nodes of a queue.
    pub fn queue_nodes(&self, queue: QueueIx) -> impl Iterator<Item = Node> + use<> {
        self.queue_range(queue).map(Node)
    }

    pub(super) fn queue_range(&self, queue: QueueIx) -> std::ops::Range<u32> {
        self.starts[queue]..self.starts[queue.index() + 1]
    }

    /// Returns the id of a task.
    pub fn id(&self, node: Node) -> &str {
        let (queue, index) = self.location(node);
        self.ids[queue].get(index)
    }

    /// Returns the id as people write it: the plain id if it is unique among the loaded queues,
    /// otherwise `queue:ID`.
    pub fn reference(&self, node: Node) -> String {
        self.name(node).to_string()
    }

    /// Returns the [`reference`](Self::reference) as a short text, for lists of all tasks.
    pub fn name(&self, node: Node) -> Text {
        let id = self.id(node);
        if self.is_shared(node) {
            eco_format!("{}:{id}", self.names[self.location(node).0])
        } else {
            Text::from(id)
        }
    }

    /// Returns whether another loaded queue has a task with the same id.
    pub fn is_shared(&self, node: Node) -> bool {
        self.shared.get(node.0 as usize).copied().unwrap_or(false)
    }

    /// Returns the name of a queue.
    pub fn queue_name(&self, queue: QueueIx) -> &str {
        &self.names[queue]
    }

    /// Returns the known tasks that `node` names as its dependencies, in file order.
    pub fn dependencies(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        self.edges.named.row(node.0).iter().copied().map(Node)
    }

    /// Returns whether `then` waits for `first` only because `first` names it in its `blocks`.
    pub fn is_by_blocks(&self, first: u32, then: u32) -> bool {
        self.edges.by_blocks.contains(&(first, then))
    }

    /// Returns the tasks that name `node` as a dependency.
    pub fn dependants(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        self.edges.naming.row(node.0).iter().copied().map(Node)
    }

    /// Returns whether the task has children. Then it is not run; it completes with its children.
    pub fn is_epic(&self, node: Node) -> bool {
        !self.edges.children.row(node.0).is_empty()
    }

    /// Returns the children of an epic, in list order.
    pub fn children(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        self.edges.children.row(node.0).iter().copied().map(Node)
    }

    /// Returns the references that refer to no task or to several, in list order.
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// Returns the broken references of one task.
    pub fn broken_of(&self, node: Node) -> &[Broken] {
        let from = self.broken.partition_point(|broken| broken.node < node);
        let to = self.broken.partition_point(|broken| broken.node <= node);
        &self.broken[from..to]
    }

    /// Returns one cycle of every component of tasks that wait for each other. Each task waits for
    /// the next, and the last one for the first.
    pub fn cycles(&self) -> impl Iterator<Item = Vec<Node>> + '_ {
        self.cycles.all.iter().map(|path| self.tasks_of(path))
    }

    /// Returns the cycle that contains a task, or the cycle found in its strongly connected
    /// component.
    pub fn cycle_of(&self, node: Node) -> Option<Vec<Node>> {
        let cycle = self.component(node.0);
        (cycle != NONE).then(|| self.tasks_of(&self.cycles.all[cycle as usize]))
    }

    /// Formats a cycle as `A -> B -> A`, where each task waits for the next. Long cycles are
    /// shortened.
    pub fn cycle_text(&self, cycle: &[Node]) -> String {
        const SHOWN: usize = 16;
        let mut words: Vec<String> =
            cycle.iter().take(SHOWN).map(|&node| self.reference(node)).collect();
        if cycle.len() > SHOWN {
            words.push(format!("({} more)", cycle.len() - SHOWN));
        }
        if let Some(&first) = cycle.first() {
            words.push(self.reference(first));
        }
        words.join(" -> ")
    }

    /// Returns the barriers in force, as (queue, phase), in file order.
    pub fn barriers(&self) -> &[(QueueIx, Text)] {
        &self.barriers
    }

    fn tasks_of(&self, path: &[u32]) -> Vec<Node> {
        path.iter().filter(|&&node| !self.is_helper(node)).map(|&node| Node(node)).collect()
    }

    /// Returns all nodes including helpers, each after everything it waits for (except in cycles).
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }

    /// Returns the number of nodes including helpers.
    pub(crate) fn size(&self) -> usize {
        self.order.len()
    }

    pub(crate) fn preds(&self, node: u32) -> &[u32] {
        self.edges.preds.row(node)
    }

    pub(crate) fn succs(&self, node: u32) -> &[u32] {
        self.edges.succs.row(node)
    }

    pub(crate) fn children_of(&self, node: u32) -> &[u32] {
        self.edges.children.row(node)
    }

    pub(crate) fn is_helper(&self, node: u32) -> bool {
        node as usize >= self.len()
    }

    pub(crate) fn helper(&self, node: u32) -> Option<&Helper> {
        self.edges.helpers.get((node as usize).checked_sub(self.len())?)
    }

    pub(crate) fn in_cycle(&self, node: u32) -> bool {
        self.component(node) != NONE
    }

    fn component(&self, node: u32) -> u32 {
        self.cycles.of.get(node as usize).copied().unwrap_or(NONE)
    }

    /// Returns whether both nodes are in the same strongly connected component. Then no edge
    /// between them is ever satisfied.
    pub(crate) fn share_cycle(&self, a: u32, b: u32) -> bool {
        let cycle = self.component(a);
        cycle != NONE && cycle == self.component(b)
    }

    /// Returns for every task whether a broken reference delays it.
    pub(crate) fn held_by_broken(&self) -> Vec<bool> {
        let mut held = vec![false; self.size()];
        for broken in self.broken.iter().filter(|broken| broken.holds()) {
            held[broken.node.0 as usize] = true;
        }
        held
    }
}
