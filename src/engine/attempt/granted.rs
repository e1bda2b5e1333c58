//! What a task declares and is allowed, for the checks of its change.

use super::guarding::Guarding;
use super::listed::{from_root, strings};
use super::subject::Subject;
use crate::config::Config;
use crate::domain::{Field, Status, Text};
use crate::guardrails::{Contract, Frozen, Grants, Requires};
use crate::queue::Queue;
use std::path::Path;
use std::sync::Arc;

/// Returns the checks for the change of the task that `subject` is about.
pub(super) fn guarding(config: &Config, queues: &[Queue], subject: &Subject<'_>) -> Guarding {
    let rules = Arc::new(config.guardrails.clone());
    let Some((queue, at)) = subject.task else {
        return Guarding { rules, requires: Requires::None, ..Guarding::default() };
    };
    let frozen = rules.frozen.iter().filter_map(|one| frozen(one, queues)).collect();
    let grants = Grants { frozen, ..grants(queue, at, subject.project_root) };
    Guarding { grants, requires: config.requires(&queue.tasks()[at]), rules }
}

/// Returns what the task at `at` declares and is allowed, with paths from `root`. No contract is
/// frozen.
pub(super) fn grants(queue: &Queue, at: usize, root: &Path) -> Grants {
    let task = &queue.tasks()[at];
    let is_set = |field| queue.raw(at, field) == Some("true");
    let texts = |list: &[Text]| -> Vec<String> { list.iter().map(Text::to_string).collect() };
    let list = |field| strings(queue.value(at, field).as_ref());
    // Paths where its change did not merge belong to the task, too.
    let besides = [list(Field::Tests), texts(task.conflict_paths())].concat();
    Grants {
        owns: from_root([texts(task.files()), texts(task.scope())].concat().into_iter(), root),
        besides: from_root(besides.into_iter(), root),
        creates: from_root(texts(task.files_to_create()).into_iter(), root),
        may_change_tests: is_set(Field::MayChangeTests),
        may_remove_tests: is_set(Field::MayRemoveTests),
        contracts: list(Field::Contracts),
        by_person: queue.raw(at, Field::DiscoveredBy).is_none(),
        frozen: Vec::new(),
    }
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
