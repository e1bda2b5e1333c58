//! Decides what is claimed next. Pure: the state as read under the lock goes in, a plan comes out.
//!
//! A plan may name a task that another process has locked, or for which processes run. The caller
//! then adds it to [`Refused`] and asks again, until everything in the plan is available.

use super::resting::{Resting, Trials};
use super::slot_ix::SlotIx;
use super::spendable::{Spendable, TooDear};
use super::trees::Profile;
use crate::domain::{Liveness, QueueIx, Status};
use crate::engine::attempt::{AgentKey, ProfileKey, Untouched, agent_now, usage_kind};
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
    /// What they may use.
    pub(super) spendable: &'a Spendable,
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
    /// The first task that is not claimed because of a limit of money, tokens or time.
    pub(super) too_dear: Option<TooDear>,
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
    let mut limits = Limits::new(seen, room);
    for &(slot, at) in &room.again {
        let node = graph.node(at.queue, at.task);
        if plan.claims.len() < room.most && ready.is_free(node) && limits.admit(node, at) {
            ready.claim(node);
            plan.claims.push((slot, at));
        }
    }
    // A slot whose attempt failed is free for another task only if its own must not be tried again.
    let busy: HashSet<SlotIx> = plan.claims.iter().map(|(slot, _)| *slot).collect();
    let mut idle = room.free.iter().copied().filter(|slot| !busy.contains(slot));
    let ranked = ranked(seen, &ready, &limits.trials);
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
        let free = ready.is_free(node) && !refused.tasks.contains(&at);
        if free && limits.admit(node, at) {
            plan.warnings.extend(overlap(&ready, seen.conditions, node));
            ready.claim(node);
            plan.claims.push((slot, at));
            next = idle.next();
        }
    }
    plan.left = many.saturating_sub(plan.claims.len() - before);
    plan.too_dear = limits.too_dear;
    plan.tried = limits.trials.used();
    plan
}

/// What limits the claims besides readiness and slots: agents that are tried with one attempt, and
/// what attempts may use.
struct Limits<'a> {
    seen: &'a Seen<'a>,
    trials: Trials<'a>,
    spendable: Spendable,
    too_dear: Option<TooDear>,
}

impl<'a> Limits<'a> {
    fn new(seen: &'a Seen<'a>, room: &Room<'_>) -> Self {
        let (trials, spendable) = (seen.resting.trials(), room.spendable.clone());
        Self { seen, trials, spendable, too_dear: None }
    }

    /// Takes one attempt at the task out of what the limits allow. Returns `false` if they do not
    /// allow it.
    fn admit(&mut self, node: Node, at: Place) -> bool {
        let Seen { set, structure, .. } = *self.seen;
        let agent = self.trials.agent(set, structure, node);
        if !self.trials.admits(agent.as_ref()) {
            return false;
        }
        if let Some(dear) = self.spend(at) {
            self.too_dear.get_or_insert(dear);
            return false;
        }
        self.trials.claim(agent);
        true
    }

    /// Takes what an attempt at the task is expected to use; returns it if less is left.
    fn spend(&mut self, at: Place) -> Option<TooDear> {
        if !self.spendable.is_limited() {
            return None;
        }
        let task = &self.seen.queues[at.queue].tasks()[at.task];
        let (set, root) = (self.seen.set, self.seen.set.root(at.queue));
        // A gate uses nothing. A task whose agent is unknown is refused later.
        let agent = agent_now(&set.config, self.seen.resting.held(), root, task).ok()??;
        let kind = usage_kind(agent.tool.preset, &agent.name, task.kind().unwrap_or_default());
        let fits = self.spendable.take(root, &kind);
        (!fits).then(|| TooDear { root: root.to_owned(), kind })
    }
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
        let phases = seen.queues[queue].phase_profiles();
        let task = &seen.queues[queue].tasks()[task];
        // A gate is itself such a verification, and a task that was begun has left work in the
        // tree.
        if task.is_gate() || task.attempts > 0 {
            continue;
        }
        let root = seen.set.root(queue);
        for steps in seen.set.config.profiles_of(task, phases) {
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
                // What waits to land was made in another tree, and nobody works on it.
                let lands = task.change().is_some();
                task.status == Status::InProgress
                    && task.claim().is_some()
                    && !is_dead(at)
                    && !lands
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
