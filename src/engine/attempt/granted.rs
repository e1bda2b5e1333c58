//! What a task declares and is allowed, for the checks of its change.

use super::guarding::Guarding;
use super::subject::Subject;
use super::task_grants::grants;
use crate::config::Config;
use crate::domain::Status;
use crate::guardrails::{Contract, Frozen, Grants, Requires};
use crate::queue::Queue;
use std::sync::Arc;

/// Returns the checks for the change of the task that `subject` is about.
pub(super) fn guarding(config: &Config, queues: &[Queue], subject: &Subject<'_>) -> Guarding {
    let rules = Arc::new(config.guardrails.clone());
    let Some((queue, at)) = subject.task else {
        return Guarding { rules, requires: Requires::None, ..Guarding::default() };
    };
    let frozen = rules.frozen.iter().filter_map(|one| frozen(one, queues)).collect();
    let grants = Grants { frozen, ..grants(queue, at, subject.project_root) };
    let requires = config.requires(&queue.tasks()[at], queue.phase_profiles());
    Guarding { grants, requires, rules }
}

/// Returns what the rule freezes now: its task is complete, or no loaded queue has that task.
fn frozen(rule: &Frozen, queues: &[Queue]) -> Option<Contract> {
    if let Some(after) = &rule.after {
        let all = || queues.iter().flat_map(|queue| queue.tasks());
        let mut open = all().filter(|task| task.id.as_str() == after);
        if open.any(|task| task.status != Status::Complete) {
            return None;
        }
    }
    let names = rule.name.iter().chain(&rule.after).cloned().collect();
    Some(Contract { names, paths: rule.paths.clone() })
}

#[cfg(test)]
mod tests;
