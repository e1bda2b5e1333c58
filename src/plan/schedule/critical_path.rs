//! Finds the critical path, which decides when everything is done, and the slack of every task.

use super::workload::Workload;
use crate::plan::graph::Node;

/// The longest chain of a workload.
#[derive(Clone, Debug, Default)]
pub struct CriticalPath {
    /// The tasks of the chain, in order.
    pub tasks: Vec<Node>,
    /// The duration of the chain in seconds.
    pub seconds: u64,
    /// The slack of each open task in seconds, in list order.
    pub slack: Vec<u64>,
}

/// Finds the critical path. Among equally long ones, the first in list order is returned.
pub fn critical_path(work: &Workload) -> CriticalPath {
    let size = work.graph().size();
    let mut start = vec![0u64; size];
    let mut tail = vec![0u64; size];
    for node in work.order() {
        let end = start[node as usize] + work.time(node);
        for next in work.after(node) {
            start[next as usize] = start[next as usize].max(end);
        }
    }
    for node in work.order().rev() {
        let longest = work.after(node).map(|next| tail[next as usize]).max();
        tail[node as usize] = longest.unwrap_or(0) + work.time(node);
    }
    let ends = work.order().map(|node| start[node as usize] + tail[node as usize]);
    let seconds = ends.max().unwrap_or(0);
    let slack = |node: u32| seconds - start[node as usize] - tail[node as usize];
    let mut path = Vec::new();
    let critical = |node: &u32| slack(*node) == 0;
    let mut at = first_critical(work, &start, &critical);
    while let Some(node) = at {
        if work.counts(node) {
            path.push(Node(node));
        }
        let end = start[node as usize] + work.time(node);
        at = work.after(node).filter(|next| critical(next) && start[*next as usize] == end).min();
    }
    let mut late = Vec::with_capacity(work.open().count());
    late.extend(work.open().map(|node| slack(node.0)));
    CriticalPath { tasks: path, seconds, slack: late }
}

/// Returns the first task without slack that starts at once and waits for no other such task.
fn first_critical(work: &Workload, start: &[u64], critical: &impl Fn(&u32) -> bool) -> Option<u32> {
    let at_once = |node: &u32| start[*node as usize] == 0 && critical(node);
    let mut later = vec![false; work.graph().size()];
    for node in work.order().filter(|&node| at_once(&node)) {
        // The search for the beginning continues past a task that takes no time.
        if work.time(node) == 0 && work.counts(node) || later[node as usize] {
            work.after(node).for_each(|next| later[next as usize] = true);
        }
    }
    work.open().map(|node| node.0).find(|node| at_once(node) && !later[*node as usize])
}
