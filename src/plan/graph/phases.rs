//! Phase barriers, and the gate tasks between phases.
//!
//! `phases[].gate` is short for a task of type `gate` in that phase whose id is [`gate_id`]. The
//! engine adds the [`missing_gates`] to the queue before it runs. From then on, a gate is a task
//! like any other. It waits for all other tasks of its phase without naming them. A phase with a
//! gate has a barrier, which stays closed until the task of its gate exists.

use super::collector::Collector;
use super::csr::Csr;
use super::node::{Barriers, Broken, BrokenKind, Helper, Node, QueueTasks};
use crate::domain::{Field, Phase, QueueIx, Task, Text, Texts};
use crate::plan::fast::FastMap;
use std::collections::HashSet;

/// A gate that a queue declares but does not contain yet.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MissingGate {
    /// The id of the task to add.
    pub id: String,
    /// The phase of the gate.
    pub phase: Text,
    /// The profiles that the gate verifies.
    pub verify: Texts,
}

/// Returns the id of the gate of a phase.
pub fn gate_id(phase: &str) -> String {
    format!("gate-{phase}")
}

/// Returns the gates that `phases` declares and that are not yet among the tasks.
pub fn missing_gates(tasks: &[Task], phases: &[Phase]) -> Vec<MissingGate> {
    let wanted: Vec<&Phase> = phases.iter().filter(|phase| !phase.gate.is_empty()).collect();
    if wanted.is_empty() {
        return Vec::new();
    }
    let present: HashSet<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
    wanted
        .into_iter()
        .map(|phase| (gate_id(&phase.phase), phase))
        .filter(|(id, _)| !present.contains(id.as_str()))
        .map(|(id, phase)| MissingGate {
            id,
            phase: phase.phase.clone(),
            verify: phase.gate.clone(),
        })
        .collect()
}

/// Adds the barriers of all queues. Returns those in force.
pub(super) fn add(
    collector: &mut Collector,
    queues: &[QueueTasks],
    starts: &[u32],
    barriers: Barriers,
) -> Vec<(QueueIx, Text)> {
    let mut in_force = Vec::new();
    for (number, queue) in QueueIx::each(queues) {
        let derived;
        let mut phases = queue.phases;
        if phases.is_empty() && barriers == Barriers::All {
            derived = phases_of(queue.tasks);
            phases = &derived;
        }
        let closed =
            |phase: &Phase| barriers == Barriers::All || phase.barrier || !phase.gate.is_empty();
        // A barrier after the last phase delays no task.
        let last = phases.len().saturating_sub(1);
        let gated = phases.iter().any(|phase| !phase.gate.is_empty());
        if gated || phases.iter().take(last).any(closed) {
            let members = members(queue.tasks, phases, starts[number]);
            let chain =
                Chain { collector, queue: number, tasks: queue.tasks, start: starts[number] };
            in_force.extend(chain.add(phases, &members, closed));
        }
    }
    in_force
}

/// Makes the tasks of a phase wait for all tasks of the phases on which it depends. Returns
/// references to unknown phases, which make the tasks wait as well.
pub(super) fn add_dependencies(
    collector: &mut Collector,
    queues: &[QueueTasks],
    starts: &[u32],
) -> Vec<Broken> {
    let mut broken = Vec::new();
    for (number, queue) in QueueIx::each(queues) {
        let phases = queue.phases;
        if phases.iter().all(|phase| phase.depends_on.is_empty()) {
            continue;
        }
        let members = members(queue.tasks, phases, starts[number]);
        let ends: Vec<u32> =
            phases.iter().map(|phase| end(collector, number, queue, phase)).collect();
        for (at, phase) in phases.iter().enumerate() {
            let own = members.row(at as u32);
            collector.pairs.extend(own.iter().map(|&node| (node, ends[at])));
            for name in &phase.depends_on {
                let Some(first) = called(phases, name) else {
                    broken.extend(own.iter().map(|&node| unknown(node, name)));
                    continue;
                };
                own.iter().for_each(|&node| collector.hold_back(node, ends[first]));
                collector.pairs.push((ends[first], ends[at]));
            }
        }
    }
    broken
}

/// Returns the node that is done when a phase is done.
fn end(collector: &mut Collector, number: QueueIx, queue: &QueueTasks, phase: &Phase) -> u32 {
    let id = gate_id(&phase.phase);
    let gate_missing =
        !phase.gate.is_empty() && queue.tasks.iter().all(|task| task.id.as_str() != id);
    let (queue, phase) = (number, phase.phase.clone());
    collector.add_helper(Helper::Barrier { queue, phase, gate_missing })
}

/// Returns the index of the phase with this number or name.
fn called(phases: &[Phase], name: &Text) -> Option<usize> {
    let by_number = phases.iter().position(|phase| phase.phase == *name);
    by_number.or_else(|| phases.iter().position(|phase| phase.name == *name))
}

fn unknown(node: u32, name: &Text) -> Broken {
    let (node, text) = (Node(node), name.clone());
    Broken { node, field: Field::Phase, text, why: BrokenKind::Unknown }
}

/// Returns the phases in the order of their numbers, or in order of appearance if they have no
/// numbers.
fn phases_of(tasks: &[Task]) -> Vec<Phase> {
    let mut seen = HashSet::new();
    let named = tasks.iter().filter_map(Task::phase);
    let mut names: Vec<&str> = named.filter(|name| seen.insert(*name)).collect();
    let number = |name: &str| name.parse::<f64>().ok().filter(|number| number.is_finite());
    if names.iter().all(|name| number(name).is_some()) {
        names.sort_by(|a, b| number(a).unwrap_or(0.0).total_cmp(&number(b).unwrap_or(0.0)));
    }
    names.into_iter().map(|name| Phase { phase: name.into(), ..Phase::default() }).collect()
}

/// Returns the tasks of each phase.
fn members(tasks: &[Task], phases: &[Phase], start: u32) -> Csr {
    let mut places: FastMap<&str, u32> = FastMap::default();
    for (phase, at) in phases.iter().zip(0..) {
        places.entry(&phase.phase).or_insert(at);
    }
    let place = |task: &Task| task.phase().and_then(|name| places.get(name)).copied();
    let pairs = tasks.iter().zip(start..).filter_map(|(task, node)| Some((place(task)?, node)));
    Csr::from_pairs(phases.len(), &pairs.collect::<Vec<_>>())
}

/// The barriers of one queue, one after the other.
struct Chain<'a> {
    collector: &'a mut Collector,
    queue: QueueIx,
    tasks: &'a [Task],
    start: u32,
}

impl Chain<'_> {
    fn add(
        self,
        phases: &[Phase],
        members: &Csr,
        closed: impl Fn(&Phase) -> bool,
    ) -> Vec<(QueueIx, Text)> {
        let mut in_force = Vec::new();
        let mut before = None;
        for (at, phase) in phases.iter().enumerate() {
            let members = members.row(at as u32);
            for &node in members {
                if let Some(barrier) = before {
                    self.collector.hold_back(node, barrier);
                }
            }
            let gate = self.gate(phase, members);
            let shut = at + 1 < phases.len() && closed(phase);
            let gate_missing = !phase.gate.is_empty() && gate.is_none();
            let barrier = shut.then(|| {
                in_force.push((self.queue, phase.phase.clone()));
                self.collector.add_helper(Helper::Barrier {
                    queue: self.queue,
                    phase: phase.phase.clone(),
                    gate_missing,
                })
            });
            let body = gate.map(|_| self.collector.add_helper(Helper::Body));
            for &node in members {
                match (gate, body) {
                    (Some(gate), Some(body)) if node != gate => {
                        self.collector.pairs.push((node, body));
                    }
                    _ => self.collector.pairs.extend(barrier.map(|barrier| (node, barrier))),
                }
            }
            if let (Some(gate), Some(body)) = (gate, body) {
                self.collector.pairs.push((body, gate));
            }
            if let (Some(before), Some(barrier)) = (before, barrier) {
                self.collector.pairs.push((before, barrier));
            }
            before = barrier.or(before);
        }
        in_force
    }

    fn gate(&self, phase: &Phase, members: &[u32]) -> Option<u32> {
        if phase.gate.is_empty() {
            return None;
        }
        let id = gate_id(&phase.phase);
        members.iter().copied().find(|&node| {
            let task = &self.tasks[(node - self.start) as usize];
            task.is_gate() && task.id.as_str() == id
        })
    }
}
