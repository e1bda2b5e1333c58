//! Collects the edges of the graph from dependencies, parents and phases.

use super::collector::Collector;
use super::csr::Csr;
use super::node::{Barriers, Broken, BrokenKind, Helper, Node, QueueTasks};
use super::phases;
use super::resolve::{Found, Names};
use crate::domain::{Field, QueueIx, Task, Text};
use std::collections::HashSet;

/// The number of levels up a chain of parents that are searched for a descendant.
const NESTING: usize = 64;

/// All edges. See [`task_graph`](super::task_graph) for the helper nodes.
#[derive(Clone, Debug, Default)]
pub(super) struct Edges {
    /// The dependencies of a task as named, in file order.
    pub(super) named: Csr,
    /// The reverse of `named`.
    pub(super) naming: Csr,
    /// The children of an epic.
    pub(super) children: Csr,
    /// The nodes that must be complete before a node.
    pub(super) preds: Csr,
    /// The nodes that wait for a node.
    pub(super) succs: Csr,
    pub(super) helpers: Vec<Helper>,
    /// Pairs of (first, then) that only `blocks` of the first task declares.
    pub(super) by_blocks: HashSet<(u32, u32)>,
}

/// Reads all references of all queues.
pub(super) fn collect(
    queues: &[QueueTasks],
    starts: &[u32],
    names: &Names,
    barriers: Barriers,
) -> (Edges, Vec<Broken>, Vec<(QueueIx, Text)>) {
    let tasks = starts.last().copied().unwrap_or(0) as usize;
    let mut reader = Reader {
        names,
        broken: Vec::new(),
        named: Vec::new(),
        children: Vec::new(),
        blocks: Vec::new(),
    };
    for (number, queue) in QueueIx::each(queues) {
        for (index, task) in queue.tasks.iter().enumerate() {
            reader.read(number, starts[number] + index as u32, task);
        }
    }
    let by_blocks = reader.turn_blocks();
    let Reader { mut broken, named, mut children, .. } = reader;
    children.sort_unstable();
    children.dedup();
    let (children_of, parents_of) = Csr::both(tasks, &children);
    let mut collector = Collector::new(tasks, named.len() + children.len());
    collector.add_epics(&children_of);
    for &(node, first) in &named {
        if is_descendant(&parents_of, first, node) {
            collector.pairs.push((first, node));
        } else {
            collector.hold_back(node, first);
        }
    }
    let in_force = phases::add(&mut collector, queues, starts, barriers);
    broken.extend(phases::add_dependencies(&mut collector, queues, starts));
    // They usually are in order already, and there may be so many that sorting needs a lot of
    // memory.
    if !broken.is_sorted_by_key(|broken| broken.node) {
        broken.sort_by_key(|broken| broken.node);
    }
    let (named, naming) = Csr::both(tasks, &named);
    let (succs, preds) = Csr::both(tasks + collector.helpers.len(), &collector.pairs);
    let edges = Edges {
        named,
        naming,
        children: children_of,
        preds,
        succs,
        helpers: collector.helpers,
        by_blocks,
    };
    (edges, broken, in_force)
}

fn is_descendant(parents: &Csr, node: u32, epic: u32) -> bool {
    let mut at = node;
    for _ in 0..NESTING {
        match parents.row(at) {
            [] => return false,
            above if above.contains(&epic) => return true,
            above => at = above[0],
        }
    }
    false
}

struct Reader<'a> {
    names: &'a Names<'a>,
    broken: Vec<Broken>,
    named: Vec<(u32, u32)>,
    children: Vec<(u32, u32)>,
    /// Pairs of (first, then) from `blocks`.
    blocks: Vec<(u32, u32)>,
}

impl Reader<'_> {
    fn read(&mut self, queue: QueueIx, node: u32, task: &Task) {
        let from = self.named.len();
        self.waits((queue, node), task, from, &[Field::Dependencies]);
        if task.names_by_rare_fields() {
            self.waits((queue, node), task, from, &Field::WAITS_FOR[1..]);
            for text in self.meant(queue, Field::Blocks, task) {
                if let Some(then) = self.find(queue, node, Field::Blocks, text) {
                    self.blocks.push((node, then));
                }
            }
            self.words(queue, node, task);
        }
        for text in task.children() {
            if let Some(child) = self.find(queue, node, Field::ChildTasks, text) {
                self.children.push((node, child));
            }
        }
        if let Some(text) = task.parent()
            && let Some(parent) = self.find(queue, node, Field::Parent, text)
        {
            self.children.push((parent, node));
        }
    }

    /// Records the tasks that `fields` of a task name. The edges of the task begin at `from`.
    fn waits(&mut self, (queue, node): (QueueIx, u32), task: &Task, from: usize, fields: &[Field]) {
        for field in fields {
            for text in self.meant(queue, *field, task) {
                let Some(first) = self.find(queue, node, *field, text) else { continue };
                // Two spellings of one dependency are one edge. Lists are short enough for a linear
                // search.
                if !self.named[from..].contains(&(node, first)) || self.named.len() - from > 64 {
                    self.named.push((node, first));
                }
            }
        }
    }

    /// Returns the texts of a field that are meant as ids: all of them, unless the field may
    /// contain free text and none of them is an id or similar to one.
    fn meant<'t>(&self, queue: QueueIx, field: Field, task: &'t Task) -> &'t [Text] {
        let list = task.list(field);
        if !Field::MAY_NAME_TASKS.contains(&field) {
            return list;
        }
        let is_id = |text: &Text| {
            !matches!(self.names.find(queue, text), Found::Unknown)
                || self.names.is_slip(queue, text)
        };
        if list.iter().any(is_id) { list } else { &[] }
    }

    /// Records texts that are not ids in fields that may contain ids.
    fn words(&mut self, queue: QueueIx, node: u32, task: &Task) {
        for field in Field::MAY_NAME_TASKS {
            if task.list(field).is_empty() || !self.meant(queue, field, task).is_empty() {
                continue;
            }
            let words = task.list(field).iter().map(|text| Broken {
                node: Node(node),
                field,
                text: text.clone(),
                why: BrokenKind::Words,
            });
            self.broken.extend(words);
        }
    }

    /// Reverses `blocks` into dependencies of the tasks that it names. Returns the pairs that those
    /// tasks do not name themselves.
    fn turn_blocks(&mut self) -> HashSet<(u32, u32)> {
        if self.blocks.is_empty() {
            return HashSet::new();
        }
        let named: HashSet<(u32, u32)> = self.named.iter().copied().collect();
        let mut by_blocks = HashSet::new();
        for (first, then) in std::mem::take(&mut self.blocks) {
            if !named.contains(&(then, first)) && by_blocks.insert((first, then)) {
                self.named.push((then, first));
            }
        }
        by_blocks
    }

    fn find(&mut self, queue: QueueIx, node: u32, field: Field, text: &str) -> Option<u32> {
        let why = match self.names.find(queue, text) {
            Found::One(found) if found != node => return Some(found),
            Found::One(_) => BrokenKind::Itself,
            Found::Unknown => BrokenKind::Unknown,
            Found::Ambiguous(nodes) => BrokenKind::Ambiguous(nodes.into_iter().map(Node).collect()),
        };
        self.broken.push(Broken { node: Node(node), field, text: Text::from(text), why });
        None
    }
}
