//! The tasks of a verb that is meant for all.

use crate::queue::Queue;
use crate::store::Place;

/// The most tasks of one transition of a verb that is meant for all: each is in memory with its
/// event, and a file may have very many.
pub(super) const BATCH: usize = 5000;

/// All tasks of the served queues.
pub(super) fn places(queues: &[Queue], served: usize) -> impl Iterator<Item = Place> {
    queues[..served].iter().enumerate().flat_map(|(queue, content)| {
        (0..content.tasks().len()).map(move |task| Place { queue, task })
    })
}
