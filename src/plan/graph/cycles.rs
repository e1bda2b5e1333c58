//! Finds the strongly connected components of more than one node, and an order in which every node
//! comes after the nodes it waits for.
//!
//! Uses Tarjan's algorithm with an explicit stack, so that a chain of 100,000 tasks does not
//! overflow the call stack.

use super::edges::Edges;
use super::node::NONE;
use std::collections::VecDeque;

/// The result of the search.
pub(super) struct Found {
    /// The topological order. The nodes of a strongly connected component are adjacent, in any
    /// order.
    pub(super) order: Vec<u32>,
    /// The component of each node, or `NONE`. Empty if there are no components.
    pub(super) cycle_of: Vec<u32>,
    /// One cycle of each component, in which each node waits for the next.
    pub(super) cycles: Vec<Vec<u32>>,
}

struct Search<'a> {
    edges: &'a Edges,
    number: Vec<u32>,
    low: Vec<u32>,
    on_stack: Vec<bool>,
    stack: Vec<u32>,
    /// Each node with the number of its successors that were visited.
    calls: Vec<(u32, u32)>,
    counter: u32,
    /// The nodes in reverse topological order.
    emitted: Vec<u32>,
    components: Vec<Vec<u32>>,
}

/// Searches the whole graph.
pub(super) fn find(edges: &Edges) -> Found {
    let size = edges.succs.rows();
    if edges.succs.is_empty() {
        let order = (0..size as u32).collect();
        return Found { order, cycle_of: Vec::new(), cycles: Vec::new() };
    }
    let mut search = Search {
        edges,
        number: vec![NONE; size],
        low: vec![0; size],
        on_stack: vec![false; size],
        stack: Vec::new(),
        calls: Vec::new(),
        counter: 0,
        emitted: Vec::with_capacity(size),
        components: Vec::new(),
    };
    // Starts from the end, so that the reversed order follows list order where possible.
    for node in (0..size as u32).rev() {
        if search.number[node as usize] == NONE {
            search.walk(node);
        }
    }
    let Search { mut emitted, mut components, .. } = search;
    emitted.reverse();
    if components.is_empty() {
        return Found { order: emitted, cycle_of: Vec::new(), cycles: Vec::new() };
    }
    let mut cycle_of = vec![NONE; size];
    // Components are numbered in list order, independent of the order of the search.
    components.iter_mut().for_each(|component| component.sort_unstable());
    components.sort_unstable_by_key(|component| component[0]);
    for (number, component) in components.iter().enumerate() {
        component.iter().for_each(|&node| cycle_of[node as usize] = number as u32);
    }
    let mut next = vec![NONE; size];
    let cycles = components
        .iter()
        .map(|component| path(edges, &cycle_of, component[0], &mut next))
        .collect();
    Found { order: emitted, cycle_of, cycles }
}

impl Search<'_> {
    fn enter(&mut self, node: u32) {
        self.number[node as usize] = self.counter;
        self.low[node as usize] = self.counter;
        self.counter += 1;
        self.stack.push(node);
        self.on_stack[node as usize] = true;
        self.calls.push((node, 0));
    }

    fn walk(&mut self, root: u32) {
        self.enter(root);
        while let Some((node, looked)) = self.calls.last_mut() {
            let (node, at) = (*node, *looked as usize);
            *looked += 1;
            match self.edges.succs.row(node).get(at) {
                Some(&next) if self.number[next as usize] == NONE => self.enter(next),
                Some(&next) if self.on_stack[next as usize] => {
                    let low = self.number[next as usize].min(self.low[node as usize]);
                    self.low[node as usize] = low;
                }
                Some(_) => {}
                None => self.leave(node),
            }
        }
    }

    fn leave(&mut self, node: u32) {
        self.calls.pop();
        let low = self.low[node as usize];
        if let Some(&(above, _)) = self.calls.last() {
            self.low[above as usize] = self.low[above as usize].min(low);
        }
        if low != self.number[node as usize] {
            return;
        }
        let from = self.stack.iter().rposition(|&other| other == node).unwrap_or(0);
        for &member in &self.stack[from..] {
            self.on_stack[member as usize] = false;
        }
        self.emitted.extend_from_slice(&self.stack[from..]);
        if self.stack.len() - from > 1 {
            self.components.push(self.stack[from..].to_vec());
        }
        self.stack.truncate(from);
    }
}

/// Returns the shortest cycle through `first`, following what each node waits for.
fn path(edges: &Edges, cycle_of: &[u32], first: u32, came_from: &mut [u32]) -> Vec<u32> {
    let component = cycle_of[first as usize];
    let mut queue = VecDeque::from([first]);
    while let Some(node) = queue.pop_front() {
        for &wanted in edges.preds.row(node) {
            if wanted == first {
                let mut path = vec![node];
                while let Some(&last) = path.last()
                    && last != first
                {
                    path.push(came_from[last as usize]);
                }
                path.reverse();
                return path;
            }
            if cycle_of[wanted as usize] == component && came_from[wanted as usize] == NONE {
                came_from[wanted as usize] = node;
                queue.push_back(wanted);
            }
        }
    }
    vec![first]
}
