//! Warnings about tasks that were just added or changed but can never run.

use crate::plan::{FindingsInput, Graph, Severity, each_finding};
use crate::project::{Among, Project};
use crate::store::Place;
use std::collections::BTreeSet;

/// The maximum number of warnings. A list of a thousand wrong ids does not need a thousand
/// warnings.
const MOST: usize = 20;

/// Returns why the tasks to which `ids` refer can never run with the current queues: unknown
/// dependencies, or cycles. Nothing is refused, because the missing tasks may be added next. Only
/// the first warnings are returned, with the number of further ones.
pub(crate) fn doubts(project: &Project, ids: &[String]) -> Vec<String> {
    let set = project.set();
    let places = ids.iter().filter_map(|id| project.resolve(id, Among::Served).ok());
    let places: Vec<Place> = places.collect();
    let waits = |Place { queue, task }: &Place| {
        project.queues()[*queue].tasks()[*task].waits_for().next().is_some()
    };
    // A queue may be large, and most tasks name no other tasks.
    if !places.iter().any(waits) {
        return Vec::new();
    }
    let tasks = set.tasks(project.queues());
    let graph = Graph::build(&tasks);
    let nodes: BTreeSet<_> = places.iter().map(|at| graph.node(at.queue, at.task)).collect();
    let mut doubts = Vec::new();
    let mut more = 0;
    let mut note = |doubt: &dyn Fn() -> String| {
        if doubts.len() < MOST {
            doubts.push(doubt());
        } else {
            more += 1;
        }
    };
    let input = FindingsInput { graph: &graph, queues: &tasks, description: &|_| None };
    each_finding(&input, &mut |found| {
        let is_meant = nodes.contains(&found.node) && found.code != CYCLE;
        if is_meant && found.severity == Severity::Error {
            let id = graph.reference(found.node);
            note(&|| format!("{id} can never run: {}", found.made().message));
        }
    });
    let cycles: BTreeSet<_> = nodes.iter().filter_map(|node| graph.cycle_of(*node)).collect();
    for cycle in &cycles {
        note(&|| format!("{} can never run", graph.cycle_text(cycle)));
    }
    if more > 0 {
        let check = set.typed.verb("check");
        doubts.push(format!("and {more} more of this kind; `{check}` lists them all"));
    }
    doubts
}

/// The code of a finding that is reported through [`Graph::cycle_of`] instead, for any of its
/// tasks.
const CYCLE: &str = "cycle";
