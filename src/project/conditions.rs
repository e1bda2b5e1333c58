//! What decides besides the queues, put together in one place for the loop and for every verb.

use super::questions::questions;
use super::queues::QueueSet;
use super::requests;
use super::structure::Structure;
use crate::domain::Liveness;
use crate::plan::{AgentPause, Conditions, NeighbourTask};
use crate::queue::Queue;
use crate::store::Place;
use chrono::{DateTime, Utc};
use std::collections::HashSet;

/// What was seen of the world around the queues. A loop sees more than a reader: which claims are
/// its own, and which agents it may try.
#[derive(Debug)]
pub struct Seen {
    /// The time.
    pub now: DateTime<Utc>,
    /// The queues that are paused.
    pub paused: HashSet<usize>,
    /// Agents that rest.
    pub agent_pauses: Vec<AgentPause>,
    /// Who has tasks that are in progress. One of which nothing is said has a living worker.
    pub claims: Vec<(Place, Liveness)>,
    /// What runs in the project beside the loaded queues.
    pub outside: Vec<NeighbourTask>,
}

impl Seen {
    /// The conditions under which the tasks of `queues` are ready or wait.
    pub fn conditions(self, set: &QueueSet, queues: &[Queue], structure: &Structure) -> Conditions {
        let mut conditions = Conditions::at(self.now, structure.agents.clone());
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

/// The queues that somebody paused.
pub fn paused(set: &QueueSet, queues: usize) -> HashSet<usize> {
    let is_paused = |queue: &usize| {
        let state = set.state(*queue);
        let names = [Some(set.stem(*queue)), None];
        names.iter().any(|name| requests::date(&state.request(requests::PAUSE, *name)).is_some())
    };
    (0..queues).filter(is_paused).collect()
}
