//! What is claimed next, decided under the lock, and what decides besides the queues.

use super::backoff::{AgentKey, Due};
use super::dispatch::{Dispatcher, Look, Work};
use super::neighbours::others_claims;
use super::tree_kind::{Moment, Wanted};
use crate::claims::ClaimReader;
use crate::domain::{Liveness, Status};
use crate::plan::{self, Conditions, Graph, Holder, Node, Readiness};
use crate::project::{Seen, Structure};
use crate::queue::Queue;
use crate::store::{Draft, Place, StoreError, TaskKey};
use std::collections::HashSet;
use std::sync::Arc;

/// What is to be done after the results are written.
#[derive(Default)]
pub(super) struct Choice {
    /// Epics whose state follows their children.
    pub(super) settled: Vec<(Place, Status, Option<String>)>,
    /// What each slot is to claim.
    pub(super) claims: Vec<(usize, Place)>,
    /// Agents that one of them tries.
    pub(super) tried: HashSet<AgentKey>,
    /// The profile for which the tree is judged first.
    pub(super) wanted: Option<Wanted>,
    /// Tasks that run at once on the same files, where that is only warned about, and what keeps
    /// the tree from being judged.
    pub(super) warnings: Vec<String>,
}

impl Dispatcher {
    /// Which epics to settle, and which tasks to claim in which slots.
    ///
    /// The processes are looked at once, after all locks were taken; tasks for which some run are
    /// left out, and others are chosen.
    pub(super) fn choose(
        &mut self,
        draft: &Draft<'_>,
        work: &Work<'_>,
        most: usize,
        again: Vec<(usize, Place)>,
    ) -> Result<Choice, StoreError> {
        let set = Arc::clone(&self.set);
        let mut carried = HashSet::new();
        loop {
            let choice = self.pick(draft, work, most, (&again, &carried))?;
            let places = choice.claims.iter().map(|(_, place)| *place);
            let tasks = places.map(|place| (set.real(place.queue), draft.task(place)));
            let refused = self.keeper.refused(&tasks.collect::<Vec<_>>())?;
            if refused.is_empty() {
                return Ok(choice);
            }
            carried.extend(refused.into_iter().map(|at| choice.claims[at].1));
        }
    }

    /// The same before anybody looked at processes, without the tasks that are `carried`.
    fn pick(
        &mut self,
        draft: &Draft<'_>,
        work: &Work<'_>,
        most: usize,
        (again, carried): (&[(usize, Place)], &HashSet<Place>),
    ) -> Result<Choice, StoreError> {
        let set = Arc::clone(&self.set);
        let structure = self.planner.structure(&set, draft.queues());
        let tasks = set.tasks(draft.queues());
        let graph = &structure.graph;
        // Whose a running task is makes no difference to what can be claimed.
        let (now, untold) = (draft.now(), HashSet::new());
        let look = Look { now, paused: &work.paused, untold: &untold, due: Due::Ours };
        let conditions = self.conditions(&structure, draft.queues(), &look)?;
        let mut readiness = plan::readiness(graph, &tasks, &conditions);
        let place = |node: Node| at(graph, node);
        let mut choice = Choice { settled: self.settled(&readiness, work), ..Choice::default() };
        let mut trials = self.resting.trials();
        for &(slot, at) in again {
            let node = graph.node(at.queue, at.task);
            let agent = trials.agent(&set, &structure, node);
            let free = readiness.is_free(node) && trials.admits(agent.as_ref());
            if choice.claims.len() < most && free {
                trials.claim(agent);
                readiness.claim(node);
                choice.claims.push((slot, at));
            }
        }
        // Slots whose task failed are free for another one only if it may not go on at once.
        let busy: HashSet<usize> = choice.claims.iter().map(|(slot, _)| *slot).collect();
        let mut idle = work.free.iter().filter(|slot| !busy.contains(slot));
        let order = structure.order(&tasks);
        let in_scope = |node: Node| {
            place(node).queue < set.served() && self.scope.includes(readiness.task(node))
        };
        let mut ranked = plan::ranking(&readiness, &order, in_scope);
        trials.put_failed_last(&mut ranked, &set, &structure);
        let mut next = idle.next();
        let first = ranked.iter().filter(|node| readiness.is_free(**node)).take(work.free.len());
        let first: Vec<Place> = first.map(|node| place(*node)).collect();
        let slot = next.copied().filter(|_| choice.claims.len() < most);
        let moment =
            Moment { next: &first, slot, queues: draft.queues(), graph, conditions: &conditions };
        if self.judge_first(&moment, &mut choice)? {
            next = idle.next();
        }
        for node in ranked {
            let Some(slot) = next.filter(|_| choice.claims.len() < most) else { break };
            let at = place(node);
            if self.judged.iter().any(|root| root == set.root(at.queue)) {
                continue;
            }
            let key = TaskKey::new(set.real(at.queue), graph.id(node));
            let agent = trials.agent(&set, &structure, node);
            let free = readiness.is_free(node) && !carried.contains(&at);
            let free = free && trials.admits(agent.as_ref());
            if free && self.keeper.lock(set.real(at.queue), &key)? {
                choice.warnings.extend(overlap(&readiness, &conditions, node));
                trials.claim(agent);
                readiness.claim(node);
                choice.claims.push((*slot, at));
                next = idle.next();
            }
        }
        choice.tried = trials.used();
        Ok(choice)
    }

    /// Epics of the served queues whose state follows their children.
    fn settled(
        &self,
        readiness: &Readiness<'_>,
        work: &Work<'_>,
    ) -> Vec<(Place, Status, Option<String>)> {
        let settled = readiness.unsettled().into_iter();
        let served = self.set.served();
        let may = |place: &Place| place.queue < served && !work.paused.contains(&place.queue);
        settled
            .map(|(node, status, why)| (at(readiness.graph(), node), status, why))
            .filter(|(place, ..)| may(place))
            .collect()
    }

    /// What decides besides the queues.
    pub(super) fn conditions(
        &mut self,
        structure: &Structure,
        queues: &[Queue],
        look: &Look<'_>,
    ) -> Result<Conditions, StoreError> {
        let reader = ClaimReader::new(self.keeper.host());
        let others = others_claims(&self.set, queues, self.set.served(), &reader);
        let untold = look.untold.iter().map(|at| (*at, Liveness::Foreign));
        let seen = Seen {
            now: look.now,
            paused: look.paused.clone(),
            agent_pauses: self.resting.look(&self.set, look.now, look.due),
            claims: others.into_iter().chain(untold).collect(),
            outside: self.neighbours.running(&self.set, queues, &reader)?,
        };
        Ok(seen.conditions(&self.set, queues, structure))
    }
}

/// The place of a node.
fn at(graph: &Graph, node: Node) -> Place {
    let (queue, task) = graph.location(node);
    Place { queue, task }
}

/// Says that a task which is claimed runs at once with another one on the same files, where that is
/// only warned about.
fn overlap(readiness: &Readiness<'_>, conditions: &Conditions, node: Node) -> Option<String> {
    let (holder, path) = readiness.scope_holder(node)?;
    let graph = readiness.graph();
    let own = graph.reference(node);
    let other = match holder {
        Holder::Task(holder) => graph.reference(holder),
        Holder::Outside(at) => conditions.outside[at].name.clone(),
    };
    Some(format!("{own} and {other} run at once on {path}"))
}
