//! What a task declares and is allowed, as its fields say.

use super::listed::{from_root, strings};
use crate::domain::{Field, Text};
use crate::guardrails::Grants;
use crate::queue::Queue;
use std::path::Path;

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
