//! Finds the id that a person probably meant.

use super::node::Node;
use super::task_graph::Graph;
use crate::domain::distance_below;
use std::sync::atomic::{AtomicU64, Ordering};

/// The maximum length of ids that are compared.
const LONGEST: usize = 64;

/// The maximum number of comparisons for all suggestions together. A large queue full of unknown
/// ids must not take a minute only for suggestions.
const COMPARED: u64 = 2_000_000;

/// Makes suggestions until the maximum number of comparisons is reached.
pub(crate) struct Hints(AtomicU64);

impl Default for Hints {
    fn default() -> Self {
        Self(AtomicU64::new(COMPARED))
    }
}

impl Hints {
    /// Returns the nearest id, unless the maximum number of comparisons is reached.
    pub(crate) fn nearest(&self, graph: &Graph, asking: Node, text: &str) -> Option<Node> {
        let ids = graph.len() as u64;
        let take = |left: u64| left.checked_sub(ids);
        self.0.fetch_update(Ordering::Relaxed, Ordering::Relaxed, take).ok()?;
        nearest(graph, asking, text)
    }
}

/// Returns the id with the fewest letters different from `text`. Prefers the own queue, then list
/// order.
fn nearest(graph: &Graph, asking: Node, text: &str) -> Option<Node> {
    let text = text.rsplit(['#', ':']).next().unwrap_or(text);
    let length = text.chars().count();
    if length == 0 || length > LONGEST {
        return None;
    }
    let own = graph.queue_range(graph.location(asking).0);
    let mut best = (length / 3).clamp(1, 3) + 1;
    let mut found = None;
    let others = (0..graph.len() as u32).filter(|node| !own.contains(node));
    for node in own.clone().chain(others).map(Node) {
        if node == asking {
            continue;
        }
        if let Some(distance) = distance_below(text, graph.id(node), best) {
            (best, found) = (distance, Some(node));
            if distance == 0 {
                break;
            }
        }
    }
    found
}
