//! Tests of the planner.

mod borders;
mod forecast;
mod graph;
mod messages;
mod now;
mod order;
mod pictures;
mod plans;
mod properties;
mod readiness;
mod shared;
mod spelled;

use super::*;
use crate::domain::{Detail, Field, Phase, Status, Task, TaskId, Text};
use chrono::{DateTime, TimeZone, Utc};
use std::path::{Path, PathBuf};

/// A queue for tests.
pub(super) struct Sample {
    pub(super) name: String,
    pub(super) path: PathBuf,
    pub(super) tasks: Vec<Task>,
    pub(super) phases: Vec<Phase>,
}

pub(super) fn task(id: &str, dependencies: &[&str]) -> Task {
    let mut task = Task::new(TaskId::new(id).expect("an id"));
    task.set_list(Field::Dependencies, dependencies.iter().copied());
    task
}

pub(super) fn with(mut task: Task, change: impl FnOnce(&mut Task)) -> Task {
    change(&mut task);
    task
}

pub(super) fn is(status: Status) -> impl FnOnce(&mut Task) {
    move |task| task.status = status
}

/// Returns a task that owns one file.
pub(super) fn owning(id: &str, file: &str, status: Status) -> Task {
    with(task(id, &[]), |task| {
        task.set_list(Field::Files, [file]);
        task.status = status;
    })
}

impl Sample {
    pub(super) fn new(name: &str, tasks: Vec<Task>) -> Self {
        let path = PathBuf::from(format!("/project/queues/{name}.json"));
        Self { name: name.to_owned(), path, tasks, phases: Vec::new() }
    }

    /// Sets the phases: for each its name and whether a barrier follows.
    pub(super) fn phases(mut self, barriers: &[(&str, bool)]) -> Self {
        let phase = |&(name, barrier): &(&str, bool)| Phase {
            phase: name.into(),
            barrier,
            ..Phase::default()
        };
        self.phases = barriers.iter().map(phase).collect();
        self
    }

    pub(super) fn view(&self) -> QueueTasks<'_> {
        QueueTasks {
            name: &self.name,
            path: &self.path,
            root: Path::new("/project"),
            tasks: &self.tasks,
            phases: &self.phases,
        }
    }

    /// Passes to `see` what a plan of this queue alone is made from.
    pub(super) fn planned<T>(&self, scopes: bool, see: impl FnOnce(&PlanInput<'_, '_>) -> T) -> T {
        let queues = [self.view()];
        let graph = Graph::build(&queues);
        let estimates = Estimates::new(&graph, &queues, &EstimateRules::default());
        see(&PlanInput {
            graph: &graph,
            queues: &queues,
            estimates: &estimates,
            agents: None,
            respect_scopes: scopes,
        })
    }
}

pub(super) fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 19, 12, 0, 0).single().expect("a time")
}

/// Returns the node of a unique id.
pub(super) fn find(graph: &Graph, id: &str) -> Node {
    graph.nodes().find(|&node| graph.id(node) == id).expect("a task of this id")
}

pub(super) fn names(graph: &Graph, nodes: impl IntoIterator<Item = Node>) -> Vec<String> {
    nodes.into_iter().map(|node| graph.reference(node)).collect()
}

/// Calls `look` with the readiness of some queues.
pub(super) fn look<T>(
    samples: &[Sample],
    change: impl FnOnce(&mut Conditions, &Graph),
    look: impl FnOnce(&Readiness) -> T,
) -> T {
    let queues: Vec<QueueTasks> = samples.iter().map(Sample::view).collect();
    let graph = Graph::build(&queues);
    let mut conditions = Conditions::at(noon(), Agents::plain(&queues));
    change(&mut conditions, &graph);
    look(&super::readiness(&graph, &queues, &conditions))
}

pub(super) fn waiting(samples: &[Sample], id: &str) -> Vec<(WaitingKind, String)> {
    look(
        samples,
        |_, _| {},
        |readiness| {
            let list = readiness.waiting(find(readiness.graph(), id), Naming::WithReason);
            list.into_iter().map(|waiting| (waiting.kind, waiting.what)).collect()
        },
    )
}
