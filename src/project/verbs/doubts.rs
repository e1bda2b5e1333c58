//! What a person is told about tasks that were just added or changed, and that can never run.

use crate::plan::{FindingsInput, Graph, Severity, each_finding};
use crate::project::Project;
use std::collections::BTreeSet;

/// Why the tasks `ids` of the served queues can never run as the queues are: dependencies that no
/// loaded queue has, or circles. They may be what is added next, so nothing is refused.
pub fn doubts(project: &Project, ids: &[String]) -> Vec<String> {
    let set = project.set();
    let places = project.served().iter().enumerate().flat_map(|(queue, tasks)| {
        ids.iter().filter_map(move |id| Some((queue, tasks.index_of(id)?)))
    });
    let places: Vec<(usize, usize)> = places.collect();
    let waits = |(queue, task): &(usize, usize)| {
        project.queues()[*queue].tasks()[*task].waits_for().next().is_some()
    };
    // A queue may be large, and most tasks name no others.
    if !places.iter().any(waits) {
        return Vec::new();
    }
    let tasks = set.tasks(project.queues());
    let graph = Graph::build(&tasks);
    let nodes: BTreeSet<_> = places.iter().map(|(queue, task)| graph.node(*queue, *task)).collect();
    let mut doubts = Vec::new();
    let input = FindingsInput { graph: &graph, queues: &tasks, description: &|_| None };
    each_finding(&input, &mut |found| {
        let found = found.made();
        let meant = found.node.filter(|node| nodes.contains(node) && found.code != CYCLE);
        if let Some(node) = meant.filter(|_| found.severity == Severity::Error) {
            doubts.push(format!("{} can never run: {}", graph.reference(node), found.message));
        }
    });
    let cycles: BTreeSet<_> = nodes.iter().filter_map(|node| graph.cycle_of(*node)).collect();
    let text = |cycle: &Vec<_>| format!("{} can never run", graph.cycle_text(cycle));
    doubts.extend(cycles.iter().map(text));
    doubts
}

/// The code of a finding that is told by [`Graph::cycle_of`], for whichever of its tasks is meant.
const CYCLE: &str = "cycle";
