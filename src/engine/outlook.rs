//! How the work stands, as far as can be told without the lock: whether the loop may leave, and what
//! it waits for.

use super::backoff::Due;
use super::dispatch::{Dispatcher, Look};
use super::options::WhenEmpty;
use super::run_loop::RunLoop;
use crate::plan::{self, Prospect, State};
use crate::store::{QueueStore, StoreError};
use std::collections::HashSet;
use std::sync::Arc;

/// After so many looks the supervisor of a dead loop is not waited for any more: ending an attempt
/// takes a grace of some seconds, and a loop without work looks once a second.
const ENDING: u32 = 60;

impl RunLoop<'_> {
    /// Whether no live worker's task could make anything ready for this loop.
    pub(super) fn may_leave(&self) -> bool {
        if self.options.when_empty == WhenEmpty::Wait || !self.paused.is_empty() {
            return false;
        }
        let outlook = &self.outlook;
        // What a supervisor of ours still held may turn out to be nobody's, and what that of a dead
        // loop holds is nobody's soon. One that was stopped is not waited for.
        let ending = (1..=ENDING).contains(&self.ending);
        let unsure = outlook.running > 0 && (self.reaper.is_busy() || ending);
        outlook.ready == 0
            && outlook.flowing == 0
            && !unsure
            && !self.dispatcher.others_work_towards_us
    }

    /// What the loop waits for while nothing runs in it.
    pub(super) fn waiting_for(&self) -> String {
        if let Some(pause) = self.dispatcher.resting.held.first() {
            return pause.sentence();
        }
        if !self.dispatcher.judged.is_empty() {
            return "another loop verifies the untouched tree".to_owned();
        }
        let outlook = &self.outlook;
        let of = |kind| outlook.roots.iter().filter(|root| root.prospect == kind).count();
        if outlook.flowing + outlook.running > 0 {
            "waiting for tasks of other workers".to_owned()
        } else if of(Prospect::Person) + of(Prospect::Question) > 0 {
            "waiting for a person".to_owned()
        } else if of(Prospect::Elsewhere) > 0 {
            "waiting for another queue".to_owned()
        } else {
            "waiting for new work".to_owned()
        }
    }
}

impl Dispatcher {
    /// How the work stands, as far as can be told without the lock.
    ///
    /// # Errors
    /// When it cannot be told now.
    pub(super) fn outlook(
        &mut self,
        store: &crate::store::file::FileStore,
        paused: &HashSet<usize>,
        untold: &HashSet<crate::store::Place>,
    ) -> Result<plan::Outlook, StoreError> {
        let queues = store.queues();
        let set = Arc::clone(&self.set);
        let structure = self.planner.structure(&set, queues);
        let tasks = set.tasks(queues);
        let look = Look { now: self.clock.now(), paused, untold, due: Due::Free };
        let conditions = self.conditions(&structure, queues, &look)?;
        let readiness = plan::readiness(&structure.graph, &tasks, &conditions);
        self.unsettled = readiness
            .unsettled()
            .iter()
            .any(|(n, ..)| structure.graph.location(*n).0 < set.served());
        let in_scope = |node| {
            structure.graph.location(node).0 < set.served()
                && self.scope.includes(readiness.task(node))
        };
        let outlook = readiness.outlook(in_scope);
        // A ready task of somebody else's is done soon if its queue is being worked on.
        let busy = |queue: usize| {
            let all = structure.graph.queue_nodes(queue);
            all.into_iter().any(|node| readiness.state(node) == State::InProgress)
        };
        self.others_work_towards_us = outlook.roots.iter().any(|root| {
            root.prospect == Prospect::Elsewhere
                && readiness.state(root.task) == State::Ready
                && busy(structure.graph.location(root.task).0)
        });
        Ok(outlook)
    }
}
