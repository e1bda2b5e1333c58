//! Waves: the levels of the open tasks. No task of a wave waits for another one in it.

use super::workload::Workload;
use crate::plan::graph::Node;
use crate::plan::now::Order;
use crate::plan::paths::{Owned, Taken};

/// Groups the open tasks into waves. Within a wave they are in list order.
pub fn waves(work: &Workload) -> Vec<Vec<Node>> {
    let mut level = vec![0u32; work.graph().size()];
    let mut highest = 0;
    for node in work.order() {
        if work.counts(node) {
            level[node as usize] += 1;
            highest = highest.max(level[node as usize]);
        }
        for next in work.after(node) {
            level[next as usize] = level[next as usize].max(level[node as usize]);
        }
    }
    let mut waves = vec![Vec::new(); highest as usize];
    for node in work.open() {
        waves[level[node.0 as usize] as usize - 1].push(node);
    }
    waves
}

/// Splits every wave so that no two tasks of one part own the same paths. The tasks are placed in
/// the order in which they are claimed, each into the first part without a conflict.
pub fn respect_scopes(owned: &Owned, order: &Order, waves: Vec<Vec<Node>>) -> Vec<Vec<Vec<Node>>> {
    waves.into_iter().map(|wave| split(owned, order, wave)).collect()
}

fn split(owned: &Owned, order: &Order, mut wave: Vec<Node>) -> Vec<Vec<Node>> {
    order.sort(&mut wave);
    let mut taken = Taken::new(owned);
    let mut parts: Vec<Vec<Node>> = Vec::new();
    // The parts that conflict with the current task.
    let mut closed: Vec<bool> = Vec::new();
    for node in wave {
        closed.fill(false);
        let mut open = parts.len();
        let mut holders = taken.holders(node.0);
        while open > 0
            && let Some(part) = holders.next()
        {
            open -= usize::from(!std::mem::replace(&mut closed[part as usize], true));
        }
        drop(holders);
        let part = closed.iter().position(|closed| !closed).unwrap_or(parts.len());
        if part == parts.len() {
            parts.push(Vec::new());
            closed.push(false);
        }
        taken.add(node.0, part as u32);
        parts[part].push(node);
    }
    parts.iter_mut().for_each(|part| part.sort_unstable());
    parts
}
