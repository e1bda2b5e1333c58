//! The places of the tasks of a verb that applies to all tasks.

use crate::domain::QueueIx;
use crate::queue::Queue;
use crate::store::Place;

/// The maximum number of tasks in one transition of such a verb. Each of them is in memory with its
/// event, and a file may have very many.
pub(super) const BATCH: usize = 5000;

/// Returns the places of all tasks of the served queues.
pub(super) fn places(queues: &[Queue], served: usize) -> impl Iterator<Item = Place> {
    QueueIx::each(&queues[..served]).flat_map(|(queue, content)| {
        (0..content.tasks().len()).map(move |task| Place { queue, task })
    })
}
