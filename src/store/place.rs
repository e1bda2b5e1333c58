//! Where a task is: its position, and the name that outlives it.

use crate::domain::{QueueIx, TaskId};
use crate::queue::Queue;

/// The position of a task in the loaded queues.
///
/// It is valid until the queues are read again, so at most for one update or one look at them. Keep
/// a [`TaskRef`] for longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The queue in the store.
    pub queue: QueueIx,
    /// Index of the task in the queue.
    pub task: usize,
}

/// A task by its queue and id, which stay valid when the queue is read again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskRef {
    /// The queue in the store.
    pub queue: QueueIx,
    /// The id of the task.
    pub id: TaskId,
}

impl TaskRef {
    /// Returns the name of the task at `place`.
    pub fn at(queues: &[Queue], place: Place) -> Self {
        let Place { queue, task } = place;
        Self { queue, id: queues[queue].tasks()[task].id.clone() }
    }

    /// Returns where the task is now; `None` if it is no longer in its queue.
    pub fn place(&self, queues: &[Queue]) -> Option<Place> {
        let task = queues[self.queue].index_of(self.id.as_str())?;
        Some(Place { queue: self.queue, task })
    }
}
