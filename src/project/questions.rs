//! Finds the blocked tasks that wait for a person's answer or review.

use crate::domain::{Field, QueueIx, ReasonCode, Status, Verdict};
use crate::plan::{Graph, Node};
use crate::queue::Queue;
use std::collections::HashSet;

/// Blocked tasks that did not fail.
#[derive(Debug, Default)]
pub(super) struct Questions {
    /// Tasks that wait for an answer.
    pub(super) asked: HashSet<Node>,
    /// Tasks whose work passed and waits for a person's review.
    pub(super) in_review: HashSet<Node>,
}

/// Returns the blocked tasks of `queues` that wait for a person's answer or review. Only the queues
/// are used, because attempt folders and the journal may be missing or belong to someone else.
pub(super) fn questions(graph: &Graph, queues: &[Queue]) -> Questions {
    let mut found = Questions::default();
    for (number, queue) in QueueIx::each(queues) {
        let tasks = queue.tasks().iter().enumerate();
        for (index, task) in tasks.filter(|(_, task)| task.status == Status::Blocked) {
            let node = graph.node(number, index);
            if task.is_in_review() && code(queue, index) == Some(ReasonCode::Review) {
                found.in_review.insert(node);
            } else if task.verdict == Some(Verdict::Blocked) && code(queue, index).is_some() {
                found.asked.insert(node);
            }
        }
    }
    found
}

/// Returns whether the work of a task passed and waits for a person's review.
pub(crate) fn is_in_review(queue: &Queue, index: usize) -> bool {
    let task = &queue.tasks()[index];
    task.is_in_review()
        && (task.change().is_some() || code(queue, index) == Some(ReasonCode::Review))
}

/// Returns what the `error` of a task asks a person for.
fn code(queue: &Queue, index: usize) -> Option<ReasonCode> {
    let error = queue.text(index, Field::Error)?;
    ReasonCode::asked(&error).map(|(code, _)| code)
}
