//! Builds the conditions outside of the queues, in one place for the loop and for every verb.

use super::questions::questions;
use super::queues::QueueSet;
use super::structure::Structure;
use crate::domain::{Liveness, QueueIx};
use crate::plan::{AgentPause, Conditions, NeighbourTask};
use crate::queue::Queue;
use crate::store::Place;
use crate::store::control::Request;
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// What was observed outside of the queues. A loop observes more than a reader: which claims are
/// its own, and which agents it may try.
#[derive(Debug)]
pub(crate) struct Seen {
    /// The current time.
    pub now: DateTime<Utc>,
    /// The queues that are paused.
    pub paused: HashSet<QueueIx>,
    /// The agents that are paused.
    pub agent_pauses: Vec<AgentPause>,
    /// The liveness of the claims of tasks in progress. A task without an entry has a live worker.
    pub claims: Vec<(Place, Liveness)>,
    /// The tasks that run in the project but not in the loaded queues.
    pub outside: Vec<NeighbourTask>,
}

impl Seen {
    /// Returns the conditions that determine which tasks of `queues` are ready.
    pub(crate) fn conditions(
        self,
        set: &QueueSet,
        queues: &[Queue],
        structure: &Structure,
    ) -> Conditions {
        let mut conditions = Conditions::at(self.now, structure.agents.clone());
        conditions.typed.clone_from(&set.typed);
        conditions.paused = self.paused;
        conditions.scopes = set.config.limits.scopes.value.into();
        conditions.attempts = set.config.limits.attempts.value;
        conditions.agent_pauses = self.agent_pauses;
        let found = questions(&structure.graph, queues);
        (conditions.questions, conditions.reviews) = (found.asked, found.in_review);
        let node =
            |(at, claim): (Place, Liveness)| (structure.graph.node(at.queue, at.task), claim);
        conditions.claims = self.claims.into_iter().map(node).collect();
        conditions.outside = self.outside;
        conditions
    }
}

/// Returns the queues that are paused.
pub(crate) fn paused(set: &QueueSet, queues: usize) -> HashSet<QueueIx> {
    let is_paused =
        |queue: &QueueIx| set.control().asked(set.real(*queue), Request::Pause).is_some();
    QueueIx::first(queues).filter(is_paused).collect()
}
