//! Waves: the levels of the open tasks. No task of a wave waits for another of it.

use super::graph::{Graph, Node, QueueTasks};
use super::pick::Order;
use super::scopes::{Area, areas, overlap_tags};
use super::workload::Workload;

/// Sorts the open tasks into waves; inside a wave they stand in list order.
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

/// Splits every wave so that no two tasks of one part own the same paths: in the order of claims,
/// each task into the first part in which nothing is in its way.
pub fn respect_scopes(
    graph: &Graph,
    queues: &[QueueTasks],
    order: &Order,
    waves: Vec<Vec<Node>>,
) -> Vec<Vec<Vec<Node>>> {
    waves.into_iter().map(|wave| split(graph, queues, order, wave)).collect()
}

fn split(
    graph: &Graph,
    queues: &[QueueTasks],
    order: &Order,
    mut wave: Vec<Node>,
) -> Vec<Vec<Node>> {
    order.sort(&mut wave);
    let owned: Vec<Vec<Area>> = wave
        .iter()
        .map(|&node| {
            let (queue, index) = graph.location(node);
            areas(queues[queue].root, &queues[queue].tasks[index])
        })
        .collect();
    let placed = overlap_tags(&owned);
    let mut parts: Vec<Vec<Node>> = Vec::new();
    for (node, part) in wave.into_iter().zip(placed) {
        if parts.len() <= part {
            parts.resize(part + 1, Vec::new());
        }
        parts[part].push(node);
    }
    parts.iter_mut().for_each(|part| part.sort_unstable());
    parts
}
