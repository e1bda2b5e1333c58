//! Decides what is claimed next. Pure: the state as read under the lock goes in, a plan comes out.
//!
//! A plan may name a task that another process has locked, or for which processes run. The caller
//! then adds it to [`Refused`] and asks again, until everything in the plan is available.

use super::resting::{Resting, Trials};
use super::slot_ix::SlotIx;
use super::trees::Profile;
use crate::domain::{Liveness, QueueIx, Status};
use crate::engine::attempt::{AgentKey, ProfileKey, Untouched};
use crate::plan::{self, Conditions, Graph, Holder, Node, Readiness};
use crate::platform::fault::{self, Fault};
use crate::project::{QueueSet, Scope, Structure};
use crate::queue::Queue;
use crate::store::Place;
use std::collections::HashSet;
use std::path::{Path, PathBuf};

/// The state as read under the lock, after results were written.
pub(super) struct Seen<'a> {
    pub(super) set: &'a QueueSet,
    pub(super) queues: &'a [Queue],
    pub(super) structure: &'a Structure,
    /// Conditions outside the queues.
    pub(super) conditions: &'a Conditions,
    /// The tasks that this loop may work on.
    pub(super) scope: &'a Scope,
    /// The agents that rest, and those that are tried.
    pub(super) resting: &'a Resting,
    /// What is known about the trees that attempts start from.
    pub(super) untouched: &'a Untouched,
    /// The projects whose tree is being judged: nothing in them is claimed.
    pub(super) judged: &'a [PathBuf],
}

/// The slots, and what they may claim.
#[derive(Debug)]
pub(super) struct Room<'a> {
    /// Idle slots.
    pub(super) free: &'a [SlotIx],
    /// Slots whose attempt failed, with its task. The task may be tried again at once, under the
    /// same claim.
    pub(super) again: Vec<(SlotIx, Place)>,
    /// How many attempts may begin.
    pub(super) most: usize,
    /// Served queues that are paused.
    pub(super) paused: &'a HashSet<QueueIx>,
}

/// What is not available now.
#[derive(Debug, Default)]
pub(super) struct Refused {
    /// Tasks whose claim another process holds, or for which processes run.
    pub(super) tasks: HashSet<Place>,
    /// Profiles for which the tree cannot be judged.
    pub(super) trees: HashSet<ProfileKey>,
}

/// What to do after the results are written.
#[derive(Debug, Default)]
pub(super) struct Plan {
    /// Epics whose state follows their children.
    pub(super) settle: Vec<(Place, Status, Option<String>)>,
    /// The task that each slot is to claim.
    pub(super) claims: Vec<(SlotIx, Place)>,
    /// The agents that one of the claims tries.
    pub(super) tried: HashSet<AgentKey>,
    /// The profile for which a slot judges the tree first.
    pub(super) judge: Option<(SlotIx, Profile)>,
    /// Whether a task could be claimed, even if its tree has to be judged first.
    pub(super) has_work: bool,
    /// How many ready tasks are not claimed now.
    pub(super) left: usize,
    /// Warnings about tasks that run at once on the same files, if that is only warned about.
    pub(super) warnings: Vec<String>,
}

impl Plan {
    /// Returns whether it judges the tree of the project at `root`: nothing else begins there.
    fn judges(&self, root: &Path) -> bool {
        let judge = self.judge.as_ref().filter(|_| !fault::is(Fault::JudgedBeside));
        judge.is_some_and(|(_, profile)| profile.key.root == root)
    }
}

/// Decides what to settle, what to judge and what to claim; `ready` is the present state of each
/// task.
pub(super) fn decide(
    seen: &Seen<'_>,
    mut ready: Readiness<'_>,
    room: &Room<'_>,
    refused: &Refused,
) -> Plan {
    let graph = &seen.structure.graph;
    let mut plan = Plan { settle: settled(seen, &ready, room.paused), ..Plan::default() };
    let mut trials = seen.resting.trials();
    for &(slot, at) in &room.again {
        let node = graph.node(at.queue, at.task);
        let agent = trials.agent(seen.set, seen.structure, node);
        let free = ready.is_free(node) && trials.admits(agent.as_ref());
        if plan.claims.len() < room.most && free {
            trials.claim(agent);
            ready.claim(node);
            plan.claims.push((slot, at));
        }
    }
    // A slot whose attempt failed is free for another task only if its own must not be tried again.
    let busy: HashSet<SlotIx> = plan.claims.iter().map(|(slot, _)| *slot).collect();
    let mut idle = room.free.iter().copied().filter(|slot| !busy.contains(slot));
    let ranked = ranked(seen, &ready, &trials);
    let first = ranked.iter().filter(|node| ready.is_free(**node)).take(room.free.len());
    let first: Vec<Place> = first.map(|node| at(graph, *node)).collect();
    plan.has_work = !first.is_empty();
    let mut next = idle.next();
    if let Some(slot) = next.filter(|_| plan.claims.len() < room.most)
        && let Some(profile) = wanted(seen, &first, &plan, refused)
    {
        plan.judge = Some((slot, profile));
        next = idle.next();
    }
    let before = plan.claims.len();
    let many = ranked.len();
    for node in ranked {
        let Some(slot) = next.filter(|_| plan.claims.len() < room.most) else { break };
        let at = at(graph, node);
        let root = seen.set.root(at.queue);
        if seen.judged.iter().any(|judged| judged == root) || plan.judges(root) {
            continue;
        }
        let agent = trials.agent(seen.set, seen.structure, node);
        let free = ready.is_free(node) && trials.admits(agent.as_ref());
        if free && !refused.tasks.contains(&at) {
            plan.warnings.extend(overlap(&ready, seen.conditions, node));
            trials.claim(agent);
            ready.claim(node);
            plan.claims.push((slot, at));
            next = idle.next();
        }
    }
    plan.left = many.saturating_sub(plan.claims.len() - before);
    plan.tried = trials.used();
    plan
}

/// Returns the ready tasks of this loop, the next one first.
fn ranked(seen: &Seen<'_>, ready: &Readiness<'_>, trials: &Trials<'_>) -> Vec<Node> {
    let tasks = seen.set.tasks(seen.queues);
    let order = seen.structure.order(&tasks);
    let in_scope = |node: Node| {
        seen.set.serves(at(&seen.structure.graph, node).queue)
            && seen.scope.includes(ready.task(node))
    };
    let mut ranked = plan::ranking(ready, &order, in_scope);
    trials.put_failed_last(&mut ranked, seen.set, seen.structure);
    ranked
}

/// Returns the epics of the served queues whose state follows their children.
fn settled(
    seen: &Seen<'_>,
    ready: &Readiness<'_>,
    paused: &HashSet<QueueIx>,
) -> Vec<(Place, Status, Option<String>)> {
    let may = |place: &Place| seen.set.serves(place.queue) && !paused.contains(&place.queue);
    let settled = ready.unsettled().into_iter();
    settled
        .map(|(node, status, why)| (at(ready.graph(), node), status, why))
        .filter(|(place, ..)| may(place))
        .collect()
}

/// Returns the first profile of the tasks that come `next` for which the tree must be judged, and
/// may be now.
fn wanted(seen: &Seen<'_>, next: &[Place], plan: &Plan, refused: &Refused) -> Option<Profile> {
    if !seen.set.config.limits.untouched.value {
        return None;
    }
    for &Place { queue, task } in next {
        let task = &seen.queues[queue].tasks()[task];
        // A gate is itself such a verification, and a task that was begun has left work in the
        // tree.
        if task.is_gate() || task.attempts > 0 {
            continue;
        }
        let root = seen.set.root(queue);
        for steps in seen.set.config.profiles_of(task) {
            let key = ProfileKey::new(root, &steps);
            let wants = seen.untouched.wants(&key) && !refused.trees.contains(&key);
            if wants && !is_worked_on(seen, root, plan) {
                let name = steps.first().map(|step| step.profile.clone()).unwrap_or_default();
                return Some(Profile { queue, key, name, steps });
            }
        }
    }
    None
}

/// Returns whether an attempt runs in the project at `root`, or is to be tried again there.
fn is_worked_on(seen: &Seen<'_>, root: &Path, plan: &Plan) -> bool {
    if fault::is(Fault::JudgedBeside) {
        return false;
    }
    let graph = &seen.structure.graph;
    let runs = |(queue, tasks): (QueueIx, &Queue)| {
        let is_dead = |at: usize| {
            let claim = seen.conditions.claims.get(&graph.node(queue, at));
            claim.is_some_and(Liveness::is_dead)
        };
        seen.set.root(queue) == root
            && tasks.tasks().iter().enumerate().any(|(at, task)| {
                task.status == Status::InProgress && task.claim().is_some() && !is_dead(at)
            })
    };
    QueueIx::each(seen.queues).any(runs)
        || seen.conditions.outside.iter().any(|other| other.root == root)
        || plan.claims.iter().any(|(_, place)| seen.set.root(place.queue) == root)
}

/// Returns the place of a node.
fn at(graph: &Graph, node: Node) -> Place {
    let (queue, task) = graph.location(node);
    Place { queue, task }
}

/// Returns a warning if a claimed task runs at once with another one on the same files and that is
/// only warned about.
fn overlap(ready: &Readiness<'_>, conditions: &Conditions, node: Node) -> Option<String> {
    let (holder, path) = ready.scope_holder(node)?;
    let graph = ready.graph();
    let own = graph.reference(node);
    let other = match holder {
        Holder::Task(holder) => graph.reference(holder),
        Holder::Outside(at) => conditions.outside[at].name.clone(),
    };
    Some(format!("{own} and {other} run at the same time on {path}"))
}

#[cfg(test)]
mod tests;
