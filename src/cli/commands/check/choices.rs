//! Finds agents and verification profiles that queues name but the configuration does not define.

use crate::cli::read::Snapshot;
use crate::config::{ChoiceError, Config, Runner};
use crate::domain::{Field, QueueIx, Status, Task, TaskId};
use crate::plan::gate_id;
use crate::platform::hash::seeded;
use crate::queue::{PhaseEntry, PhaseKey, Queue};
use crate::views::check::{FindingView, Findings};
use std::collections::{HashMap, HashSet};

/// A name that is not configured.
struct Unknown {
    code: &'static str,
    message: String,
    /// The name, and the phase in which it is, if it is not in the task.
    place: (String, Option<String>),
}

/// Reports agents and profiles that tasks and phases name but the configuration does not define,
/// each name once per queue. Without a configuration there is nothing to look a name up in.
pub(super) fn of_choices(snapshot: &Snapshot<'_>, findings: &mut Findings) {
    let config = &snapshot.set.config;
    if config.path.is_none() {
        return;
    }
    let sources = snapshot.sources();
    let graph = &snapshot.structure.graph;
    for (number, queue) in QueueIx::each(&snapshot.queues[..snapshot.set.served()]) {
        let shown = &sources.shown[number];
        // Hashes, because each task may name a different agent.
        let mut said = HashSet::new();
        let mut in_phases: HashMap<String, Vec<(Unknown, String)>> = HashMap::new();
        for (index, task) in queue.tasks().iter().enumerate() {
            if task.status == Status::Complete {
                continue;
            }
            let agent = of_agent(config, task).map(|found| (found, Field::Agent));
            let profile = of_profiles(config, task, queue).map(|found| (found, Field::Verify));
            for (found, field) in [agent, profile].into_iter().flatten() {
                if !said.insert(seeded(found.message.as_bytes())) {
                    continue;
                }
                let id = graph.reference(graph.node(number, index));
                if let Some(phase) = &found.place.1 {
                    in_phases.entry(phase.clone()).or_default().push((found, id));
                    continue;
                }
                let position = queue.locate(index, Some(field), Some(&found.place.0));
                let finding = FindingView::placeless(found.code, shown, found.message);
                findings.add(finding.about(queue, position, id));
            }
        }
        queue.each_phase(&mut |entry| {
            if let Some(found) = of_gate(config, queue, entry) {
                let position = entry.locate(PhaseKey::Gate, &found.place.0);
                let finding = FindingView::placeless(found.code, shown, found.message);
                findings.add(finding.at(position, queue.excerpt(position)));
            }
            // The first entry of a phase that names profiles counts.
            let is_one = !entry.phase.verify.is_empty();
            let of_phase = is_one.then(|| in_phases.remove(entry.phase.phase.as_str())).flatten();
            for (found, id) in of_phase.into_iter().flatten() {
                let position = entry.locate(PhaseKey::Verify, &found.place.0);
                let finding = FindingView::placeless(found.code, shown, found.message);
                findings.add(finding.about(queue, position, id));
            }
        });
    }
}

fn of_agent(config: &Config, task: &Task) -> Option<Unknown> {
    let name = task.agent().unwrap_or_default().to_owned();
    let (code, message) = match config.agent_for(task) {
        Ok(Runner::Agent(choice)) => ("agent-default", choice.warning?),
        Err(error @ ChoiceError::UnknownAgent { .. }) => ("unknown-agent", error.to_string()),
        Ok(Runner::Person | Runner::Gate) | Err(_) => return None,
    };
    Some(Unknown { code, message, place: (name, None) })
}

fn of_profiles(config: &Config, task: &Task, queue: &Queue) -> Option<Unknown> {
    unknown(config.profiles_for(task, queue.phase_profiles()).err()?)
}

/// Returns the unknown profile of a gate that a phase asks for and that is not a task yet.
fn of_gate(config: &Config, queue: &Queue, entry: &PhaseEntry<'_>) -> Option<Unknown> {
    let phase = &entry.phase;
    let id = gate_id(&phase.phase);
    if phase.gate.is_empty() || queue.index_of(&id).is_some() {
        return None;
    }
    let mut gate = Task::new(TaskId::new(&id)?);
    gate.set_list(Field::Verify, phase.gate.iter().cloned());
    let found = of_profiles(config, &gate, queue)?;
    let message = format!("the gate of phase {}: {}", phase.phase, found.message);
    Some(Unknown { message, ..found })
}

fn unknown(error: ChoiceError) -> Option<Unknown> {
    let message = error.to_string();
    let ChoiceError::UnknownProfile { name, phase, .. } = error else { return None };
    Some(Unknown { code: "unknown-profile", message, place: (name, phase) })
}
