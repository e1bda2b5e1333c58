//! The edges of the graph while they are collected.

use super::csr::Csr;
use super::node::{Helper, NONE};

/// All pairs of nodes of which one waits for the other, so far.
pub(super) struct Collector {
    /// (first, then).
    pub(super) pairs: Vec<(u32, u32)>,
    pub(super) helpers: Vec<Helper>,
    tasks: usize,
    /// The helper in front of an epic; empty where there are no epics.
    start_of: Vec<u32>,
}

impl Collector {
    /// Nothing yet of a graph of `tasks`, with room for so many pairs.
    pub(super) fn new(tasks: usize, room: usize) -> Self {
        let (pairs, helpers) = (Vec::with_capacity(room), Vec::new());
        Self { pairs, helpers, tasks, start_of: Vec::new() }
    }

    /// The node of a new helper.
    pub(super) fn add_helper(&mut self, helper: Helper) -> u32 {
        self.helpers.push(helper);
        (self.tasks + self.helpers.len() - 1) as u32
    }

    /// Lets `node` wait for `first`; an epic hands that on to its children.
    pub(super) fn hold_back(&mut self, node: u32, first: u32) {
        let start = self.start_of.get(node as usize).copied().unwrap_or(NONE);
        self.pairs.push((first, if start == NONE { node } else { start }));
    }

    /// Lets every epic wait for its children; its start comes before itself and them.
    pub(super) fn add_epics(&mut self, children: &Csr) {
        let epics: Vec<u32> =
            (0..children.rows() as u32).filter(|&node| !children.row(node).is_empty()).collect();
        self.start_of = vec![NONE; if epics.is_empty() { 0 } else { self.tasks }];
        for &epic in &epics {
            let start = self.add_helper(Helper::Start(epic));
            self.start_of[epic as usize] = start;
        }
        for &epic in &epics {
            let start = self.start_of[epic as usize];
            self.pairs.push((start, epic));
            for &child in children.row(epic) {
                self.pairs.push((child, epic));
                self.hold_back(child, start);
            }
        }
    }
}
