//! The state of the work, as far as it is known without the lock.

use crate::domain::QueueIx;
use crate::plan::{self, Resolution, State};
use crate::project::{QueueSet, Scope, Structure};
use crate::queue::Queue;

/// The state of the work.
#[derive(Clone, Debug, Default)]
pub(crate) struct Forecast {
    /// The states of the tasks in scope.
    pub(crate) backlog: plan::Backlog,
    /// Whether the state of an epic must be written.
    pub(crate) unsettled: bool,
    /// Whether another loop works on something that tasks of ours wait for.
    pub(crate) others_work_towards_us: bool,
}

impl Forecast {
    /// Forecasts `queues` under these conditions.
    pub(super) fn of(
        set: &QueueSet,
        queues: &[Queue],
        structure: &Structure,
        scope: &Scope,
        conditions: &plan::Conditions,
    ) -> Self {
        let tasks = set.tasks(queues);
        let graph = &structure.graph;
        let readiness = plan::readiness(graph, &tasks, conditions);
        let is_served = |node| set.serves(graph.location(node).0);
        let unsettled = readiness.unsettled().iter().any(|(node, ..)| is_served(*node));
        let in_scope = |node| is_served(node) && scope.includes(readiness.task(node));
        let backlog = readiness.backlog(in_scope);
        // A ready task of another loop will be done soon if its queue is being worked on.
        let busy = |queue: QueueIx| {
            let all = graph.queue_nodes(queue);
            all.into_iter().any(|node| readiness.state(node) == State::InProgress)
        };
        let others_work_towards_us = backlog.roots.iter().any(|root| {
            root.resolution == Resolution::Elsewhere
                && readiness.state(root.task) == State::Ready
                && busy(graph.location(root.task).0)
        });
        Self { backlog, unsettled, others_work_towards_us }
    }
}
