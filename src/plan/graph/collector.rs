//! Collects the edges of the graph.

use super::csr::Csr;
use super::node::{Helper, NONE};

/// All pairs of nodes so far of which one waits for the other.
pub(super) struct Collector {
    /// Pairs of (first, then).
    pub(super) pairs: Vec<(u32, u32)>,
    pub(super) helpers: Vec<Helper>,
    tasks: usize,
    /// The helper node before each epic. Empty if there are no epics.
    start_of: Vec<u32>,
}

impl Collector {
    /// Creates an empty collector for a graph of `tasks` tasks, with capacity for `room` pairs.
    pub(super) fn new(tasks: usize, room: usize) -> Self {
        let (pairs, helpers) = (Vec::with_capacity(room), Vec::new());
        Self { pairs, helpers, tasks, start_of: Vec::new() }
    }

    /// Adds a helper and returns its node.
    pub(super) fn add_helper(&mut self, helper: Helper) -> u32 {
        self.helpers.push(helper);
        (self.tasks + self.helpers.len() - 1) as u32
    }

    /// Makes `node` wait for `first`. If `node` is an epic, its children wait as well.
    pub(super) fn hold_back(&mut self, node: u32, first: u32) {
        let start = self.start_of.get(node as usize).copied().unwrap_or(NONE);
        self.pairs.push((first, if start == NONE { node } else { start }));
    }

    /// Makes every epic wait for its children. The start of an epic comes before the epic and its
    /// children.
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
