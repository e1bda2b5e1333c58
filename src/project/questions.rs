//! Which blocked tasks wait for an answer.

use crate::domain::{Field, ReasonCode, Status, Task, Verdict};
use crate::plan::{Graph, Node};
use crate::queue::Queue;
use std::collections::HashSet;

/// The blocked tasks of `queues` that wait for a person's word. The queue alone says it, since
/// attempt folders and journal may be gone, or somebody else's.
pub(super) fn questions(graph: &Graph, queues: &[Queue]) -> HashSet<Node> {
    let asks = |queue: &Queue, index: usize, task: &Task| {
        task.status == Status::Blocked
            && task.verdict == Some(Verdict::Blocked)
            && queue.text(index, Field::Error).is_some_and(|e| ReasonCode::asked(&e).is_some())
    };
    let mut found = HashSet::new();
    for (number, queue) in queues.iter().enumerate() {
        let tasks = queue.tasks().iter().enumerate();
        let asking = tasks.filter(|(index, task)| asks(queue, *index, task));
        found.extend(asking.map(|(index, _)| graph.node(number, index)));
    }
    found
}
