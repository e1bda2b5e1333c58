//! What a task declares and is allowed, for the checks of its change.

use super::guarding::Guarding;
use super::listed::{from_root, strings};
use super::subject::Subject;
use crate::config::Config;
use crate::domain::{Field, Status, Text};
use crate::guardrails::{Contract, Frozen, Grants, Requires};
use crate::queue::Queue;
use std::sync::Arc;

/// Returns the checks for the change of the task that `subject` is about.
pub(super) fn guarding(config: &Config, queues: &[Queue], subject: &Subject<'_>) -> Guarding {
    let rules = Arc::new(config.guardrails.clone());
    let Some((queue, at)) = subject.task else {
        return Guarding { rules, requires: Requires::None, ..Guarding::default() };
    };
    let (task, root) = (&queue.tasks()[at], subject.project_root);
    let is_set = |field| queue.raw(at, field) == Some("true");
    let texts = |list: &[Text]| -> Vec<String> { list.iter().map(Text::to_string).collect() };
    let owned = [subject.files(), texts(task.scope())].concat();
    // Paths where its change did not merge belong to the task, too.
    let besides = [subject.tests(), texts(task.conflict_paths())].concat().into_iter();
    let contracts = queue.value(at, Field::Contracts);
    let grants = Grants {
        owns: from_root(owned.into_iter(), root),
        besides: from_root(besides, root),
        creates: from_root(task.files_to_create().iter().map(ToString::to_string), root),
        may_change_tests: is_set(Field::MayChangeTests),
        may_remove_tests: is_set(Field::MayRemoveTests),
        contracts: strings(contracts.as_ref()),
        by_person: queue.raw(at, Field::DiscoveredBy).is_none(),
        frozen: rules.frozen.iter().filter_map(|one| frozen(one, queues)).collect(),
    };
    Guarding { grants, requires: config.requires(task), rules }
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
