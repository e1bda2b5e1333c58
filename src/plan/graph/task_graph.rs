//! All loaded queues as one graph: who waits for whom.
//!
//! A graph depends only on the structure of the queues (ids, dependencies, parents, phases), so
//! it is kept as long as that does not change; what depends on states is computed from it in one
//! pass. Numbering: every task is a [`Node`], queue after queue, in list order. Behind them come
//! helper nodes without a duration:
//!
//! - one in front of an epic that waits for something: what holds an epic back holds its
//!   children back too (what an epic waits for among its own descendants is left out of this);
//! - one behind each phase with a barrier: every task of the phase leads into it, and every task
//!   of a later phase waits for the nearest one before it. So barriers cost one edge a task.
//!
//! Edges inside a cycle are kept but never count as satisfied.

use super::cycles;
use super::edges::{self, Edges};
use super::node::{Barriers, Broken, Helper, NONE, Node, QueueTasks, owner};
use super::resolve::Names;
use crate::domain::{Task, Text};
use ecow::eco_format;

/// The ids of a queue, one behind the other: half of what each of them takes by itself.
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
    /// First node of each queue, and the total at the end.
    starts: Vec<u32>,
    /// The ids of each queue.
    ids: Vec<IdList>,
    /// Whether another task has the same id; empty where there is one queue.
    shared: Vec<bool>,
    broken: Vec<Broken>,
    edges: Edges,
    order: Vec<u32>,
    /// The cycle of each node as an index into `cycles`, else `NONE`; empty without cycles.
    cycle_of: Vec<u32>,
    cycles: Vec<Vec<u32>>,
    barriers: Vec<(usize, Text)>,
}

impl Graph {
    /// Builds the graph with the barriers that the files declare.
    pub fn build(queues: &[QueueTasks]) -> Self {
        Self::build_with(queues, Barriers::Declared)
    }

    /// Builds the graph with these barriers.
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
            cycle_of: found.cycle_of,
            cycles: found.cycles,
            barriers,
        }
    }

    /// How many tasks there are.
    pub fn len(&self) -> usize {
        self.starts.last().map_or(0, |end| *end as usize)
    }

    /// Whether there is no task at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// All tasks in list order.
    pub fn nodes(&self) -> impl Iterator<Item = Node> + use<> {
        (0..self.len() as u32).map(Node)
    }

    /// The node of a task by queue and place in its list.
    pub fn node(&self, queue: usize, index: usize) -> Node {
        Node(self.starts[queue] + index as u32)
    }

    /// Queue and place in its list of a node.
    pub fn location(&self, node: Node) -> (usize, usize) {
        let queue = owner(&self.starts, node.0);
        (queue, (node.0 - self.starts[queue]) as usize)
    }

    /// The nodes of a queue.
    pub fn queue_nodes(&self, queue: usize) -> impl Iterator<Item = Node> + use<> {
        self.queue_range(queue).map(Node)
    }

    pub(super) fn queue_range(&self, queue: usize) -> std::ops::Range<u32> {
        self.starts[queue]..self.starts[queue + 1]
    }

    /// The id of a task.
    pub fn id(&self, node: Node) -> &str {
        let (queue, index) = self.location(node);
        self.ids[queue].get(index)
    }

    /// The id as people write it: plain where it is unique among the loaded queues, else
    /// `queue:ID`.
    pub fn reference(&self, node: Node) -> String {
        self.name(node).to_string()
    }

    /// The same as a short text, for lists of all tasks.
    pub fn name(&self, node: Node) -> Text {
        let id = self.id(node);
        if self.is_shared(node) {
            eco_format!("{}:{id}", self.names[self.location(node).0])
        } else {
            Text::from(id)
        }
    }

    /// Whether another loaded queue has a task of the same id.
    pub fn is_shared(&self, node: Node) -> bool {
        self.shared.get(node.0 as usize).copied().unwrap_or(false)
    }

    /// The name of a queue.
    pub fn queue_name(&self, queue: usize) -> &str {
        &self.names[queue]
    }

    /// What `node` names as its dependencies, in file order, as far as that is known.
    pub fn dependencies(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        self.edges.named.row(node.0).iter().copied().map(Node)
    }

    /// Whether `then` waits for `first` only because `first` names it in its `blocks`.
    pub fn is_by_blocks(&self, first: u32, then: u32) -> bool {
        self.edges.by_blocks.contains(&(first, then))
    }

    /// The tasks that name `node` as a dependency.
    pub fn dependants(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        self.edges.naming.row(node.0).iter().copied().map(Node)
    }

    /// Whether the task has children: it is not run, it completes with them.
    pub fn is_epic(&self, node: Node) -> bool {
        !self.edges.children.row(node.0).is_empty()
    }

    /// The children of an epic, in list order.
    pub fn children(&self, node: Node) -> impl Iterator<Item = Node> + '_ {
        self.edges.children.row(node.0).iter().copied().map(Node)
    }

    /// References that lead nowhere or to too many tasks, in list order.
    pub fn broken(&self) -> &[Broken] {
        &self.broken
    }

    /// Those of one task.
    pub fn broken_of(&self, node: Node) -> &[Broken] {
        let from = self.broken.partition_point(|broken| broken.node < node);
        let to = self.broken.partition_point(|broken| broken.node <= node);
        &self.broken[from..to]
    }

    /// One cycle of every component of tasks that wait for each other: each waits for the next, the
    /// last for the first.
    pub fn cycles(&self) -> impl Iterator<Item = Vec<Node>> + '_ {
        self.cycles.iter().map(|path| self.tasks_of(path))
    }

    /// The cycle of which a task is part, or the one in its strongly connected component.
    pub fn cycle_of(&self, node: Node) -> Option<Vec<Node>> {
        let cycle = self.component(node.0);
        (cycle != NONE).then(|| self.tasks_of(&self.cycles[cycle as usize]))
    }

    /// A cycle as text: `A -> B -> A`, each waiting for the next; long ones are shortened.
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

    /// The barriers in force, as (queue, phase), in file order.
    pub fn barriers(&self) -> &[(usize, Text)] {
        &self.barriers
    }

    fn tasks_of(&self, path: &[u32]) -> Vec<Node> {
        path.iter().filter(|&&node| !self.is_helper(node)).map(|&node| Node(node)).collect()
    }

    /// All nodes, helpers too, each after everything it waits for (cycles apart).
    pub(crate) fn order(&self) -> &[u32] {
        &self.order
    }

    /// Number of nodes with the helpers.
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
        self.cycle_of.get(node as usize).copied().unwrap_or(NONE)
    }

    /// Whether both are in the same strongly connected component: then no edge between them is ever satisfied.
    pub(crate) fn share_cycle(&self, a: u32, b: u32) -> bool {
        let cycle = self.component(a);
        cycle != NONE && cycle == self.component(b)
    }

    /// For every task whether a broken reference holds it back.
    pub(crate) fn held_by_broken(&self) -> Vec<bool> {
        let mut held = vec![false; self.size()];
        for broken in self.broken.iter().filter(|broken| broken.holds()) {
            held[broken.node.0 as usize] = true;
        }
        held
    }
}
