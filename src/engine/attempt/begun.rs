//! The work that a verification without an agent is about. Items are compared with those from
//! before that work began.
//!
//! A gate is about all tasks that it waits for, directly or indirectly: items that failed before
//! the first of them began are not their fault. A verification of a task (`verify ID`,
//! `done --verify`) is about that task.

use super::landers::Landers;
use super::listed::strings;
use crate::domain::{Field, Task};
use crate::plan::{Graph, Node};
use crate::project::QueueSet;
use crate::queue::Queue;
use crate::store::{Place, StateDir, TaskKey};
use serde_json::Value;
use std::collections::{BTreeMap, HashSet};

/// The work that a verification is about.
#[derive(Clone, Debug, Default)]
pub(crate) struct Begun {
    /// The task whose first attempt began first, with the state folder of its queue.
    pub(crate) first: Option<(StateDir, TaskKey)>,
    /// The commits that landed, the first ones first; several may have the same time.
    pub(crate) landed: Vec<Vec<String>>,
    /// For a gate, the tasks of the project, whose landings are compared with what they may change.
    pub(crate) landers: Option<Landers>,
    /// The paths that its tasks declare as their own.
    pub(crate) declares: Vec<String>,
    /// Whether a task that a person added may change tests.
    pub(crate) may_change_tests: bool,
    /// Whether such a task may remove tests.
    pub(crate) may_remove_tests: bool,
}

impl Begun {
    /// Returns the work that a verification of the task at `place` is about.
    pub(super) fn of(set: &QueueSet, queues: &[Queue], graph: &Graph, place: Place) -> Self {
        let root = set.root(place.queue);
        let own = about(queues, graph, place).into_iter().filter(|at| set.root(at.queue) == root);
        let (mut begun, mut started) = (Self::default(), None);
        let mut landed: BTreeMap<Option<String>, Vec<String>> = BTreeMap::new();
        if queues[place.queue].tasks()[place.task].is_gate() {
            begun.landers = Some(Landers::of(set, queues, root));
        }
        for at in own {
            let queue = &queues[at.queue];
            begun.allow(queue, at.task);
            let text = |field| queue.text(at.task, field);
            let task = &queue.tasks()[at.task];
            let start = text(Field::StartedAt).filter(|_| task.attempts > 0);
            if start.is_some() && (started.is_none() || start < started) {
                let key = set.queue(at.queue).task(task.id.as_str());
                begun.first = Some((set.state(at.queue), key));
                started = start;
            }
            if let Some(commit) = text(Field::LandedCommit) {
                landed.entry(text(Field::CompletedAt)).or_default().push(commit);
            }
        }
        // A task without a time is not complete: it decides only if no other task landed.
        let without = landed.remove(&None);
        begun.landed = landed.into_values().chain(without).collect();
        begun
    }

    fn allow(&mut self, queue: &Queue, at: usize) {
        let task = &queue.tasks()[at];
        let by_person = queue.raw(at, Field::DiscoveredBy).is_none();
        self.declares.extend(task.files().iter().chain(task.scope()).map(ToString::to_string));
        if by_person {
            self.declares.extend(strings(queue.value(at, Field::Tests).as_ref()));
        }
        let may = |field| by_person && queue.value(at, field) == Some(Value::Bool(true));
        self.may_change_tests |= may(Field::MayChangeTests);
        self.may_remove_tests |= may(Field::MayRemoveTests);
    }
}

/// Returns the task at `place` and, if it is a gate, everything that it waits for.
fn about(queues: &[Queue], graph: &Graph, place: Place) -> Vec<Place> {
    let task = |place: Place| -> &Task { &queues[place.queue].tasks()[place.task] };
    if !task(place).is_gate() {
        return vec![place];
    }
    let gate = graph.node(place.queue, place.task);
    let (mut seen, mut found) = (HashSet::from([gate]), vec![place]);
    let mut next: Vec<Node> = graph.dependencies(gate).collect();
    if let Some(phase) = task(place).phase() {
        let tasks = queues[place.queue].tasks().iter().enumerate();
        let of_phase = tasks.filter(|(_, other)| other.phase() == Some(phase));
        next.extend(of_phase.map(|(at, _)| graph.node(place.queue, at)));
    }
    while let Some(node) = next.pop() {
        if seen.insert(node) {
            let (queue, task) = graph.location(node);
            found.push(Place { queue, task });
            next.extend(graph.dependencies(node));
            next.extend(graph.children(node));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::QueueIx;
    use crate::plan::QueueTasks;
    use serde_json::json;
    use std::path::Path;

    #[test]
    fn a_gate_is_about_all_that_it_waits_for() {
        let tasks = json!({"tasks": [
            {"id": "A", "title": "a"},
            {"id": "B", "title": "b", "dependencies": ["A"]},
            {"id": "C", "title": "c", "phase": 1},
            {"id": "D", "title": "d"},
            {"id": "G", "title": "g", "type": "gate", "phase": 1, "dependencies": ["B"]},
        ]});
        let text = tasks.to_string().into_bytes();
        let queue = Queue::parse(Path::new("q.json"), text).unwrap();
        let (path, root) = (Path::new("/p/q.json"), Path::new("/p"));
        let (tasks, phases) = (queue.tasks(), queue.phases());
        let graph = Graph::build(&[QueueTasks { name: "q", path, root, tasks, phases }]);
        let names = |task| {
            let found =
                about(std::slice::from_ref(&queue), &graph, Place { queue: QueueIx::FIRST, task });
            let mut ids: Vec<&str> = found.iter().map(|at| tasks[at.task].id.as_str()).collect();
            ids.sort_unstable();
            ids
        };
        assert_eq!(names(4), ["A", "B", "C", "G"]);
        assert_eq!(names(1), ["B"]);
        let mut begun = Begun::default();
        for (at, more) in [(0, "may_remove_tests"), (1, "may_change_tests")] {
            let task = json!({"id": "X", "title": "x", more: true, "files": [format!("{at}")]});
            let text = json!({"tasks": [task]}).to_string().into_bytes();
            begun.allow(&Queue::parse(Path::new("q.json"), text).unwrap(), 0);
        }
        assert!(begun.may_remove_tests && begun.may_change_tests);
        assert_eq!(begun.declares, ["0", "1"]);
    }
}
