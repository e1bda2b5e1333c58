//! Finds agents and verification profiles that queues name but the configuration does not define.

use crate::cli::read::Snapshot;
use crate::config::{ChoiceError, Config, Runner};
use crate::domain::{Field, Phase, QueueIx, Status, Task, TaskId};
use crate::plan::gate_id;
use crate::platform::hash::seeded;
use crate::queue::{PhaseKey, Position, Queue};
use crate::views::check::{FindingView, Findings};
use std::collections::HashSet;

/// A name that is not configured.
struct Unknown {
    code: &'static str,
    message: String,
    position: Position,
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
        for found in of_gates(config, queue) {
            let excerpt = queue.excerpt(found.position);
            let finding = FindingView::placeless(found.code, shown, found.message);
            findings.add(finding.at(found.position, excerpt));
        }
        // Hashes, because each task may name a different agent.
        let mut said = HashSet::new();
        for (index, task) in queue.tasks().iter().enumerate() {
            if task.status == Status::Complete {
                continue;
            }
            let both = [of_agent(config, (queue, index)), of_profiles(config, (queue, index))];
            for found in both.into_iter().flatten() {
                if said.insert(seeded(found.message.as_bytes())) {
                    let id = graph.reference(graph.node(number, index));
                    let finding = FindingView::placeless(found.code, shown, found.message);
                    findings.add(finding.about(queue, found.position, id));
                }
            }
        }
    }
}

fn of_agent(config: &Config, (queue, index): (&Queue, usize)) -> Option<Unknown> {
    let (code, message) = match config.agent_for(&queue.tasks()[index]) {
        Ok(Runner::Agent(choice)) => ("agent-default", choice.warning?),
        Err(error @ ChoiceError::UnknownAgent { .. }) => ("unknown-agent", error.to_string()),
        Ok(Runner::Person | Runner::Gate) | Err(_) => return None,
    };
    Some(Unknown { code, message, position: queue.locate(index, Some(Field::Agent), None) })
}

fn of_profiles(config: &Config, (queue, index): (&Queue, usize)) -> Option<Unknown> {
    let task = &queue.tasks()[index];
    let error = config.profiles_for(task, queue.phase_profiles()).err()?;
    let ChoiceError::UnknownProfile { name, phase, .. } = &error else { return None };
    let in_phase = |phase: &String| queue.locate_in_phase(phase, PhaseKey::Verify, name);
    let position = phase.as_ref().and_then(in_phase);
    let position = position.unwrap_or_else(|| queue.locate(index, Some(Field::Verify), Some(name)));
    Some(Unknown { code: "unknown-profile", message: error.to_string(), position })
}

/// Returns the unknown profiles of gates that `phases` asks for and that are not tasks yet.
fn of_gates(config: &Config, queue: &Queue) -> Vec<Unknown> {
    let one = |phase: &Phase| {
        let id = gate_id(&phase.phase);
        if phase.gate.is_empty() || queue.index_of(&id).is_some() {
            return None;
        }
        let mut gate = Task::new(TaskId::new(&id)?);
        gate.set_list(Field::Verify, phase.gate.iter().cloned());
        let error = config.profiles_for(&gate, queue.phase_profiles()).err()?;
        let ChoiceError::UnknownProfile { name, .. } = &error else { return None };
        let position = queue.locate_in_phase(&phase.phase, PhaseKey::Gate, name)?;
        let message = format!("the gate of phase {}: {error}", phase.phase);
        Some(Unknown { code: "unknown-profile", message, position })
    };
    queue.phases().iter().filter_map(one).collect()
}
