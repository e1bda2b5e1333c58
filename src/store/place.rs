//! The position of a task, and a reference that stays valid when the queue is read again.

use crate::domain::{QueueIx, TaskId};
use crate::queue::Queue;

/// The position of a task in the loaded queues.
///
/// It is valid only until the queues are read again, so at most for one update or one view. Use a
/// [`TaskRef`] to identify a task for longer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Place {
    /// The queue in the store.
    pub queue: QueueIx,
    /// The index of the task in the queue.
    pub task: usize,
}

/// Identifies a task by its queue and id, which stay valid when the queue is read again.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct TaskRef {
    /// The queue in the store.
    pub queue: QueueIx,
    /// The id of the task.
    pub id: TaskId,
}

impl TaskRef {
    /// Returns the reference to the task at `place`.
    pub fn at(queues: &[Queue], place: Place) -> Self {
        let Place { queue, task } = place;
        Self { queue, id: queues[queue].tasks()[task].id.clone() }
    }

    /// Returns the current position of the task; `None` if it is no longer in its queue.
    pub fn place(&self, queues: &[Queue]) -> Option<Place> {
        let task = queues[self.queue].index_of(self.id.as_str())?;
        Some(Place { queue: self.queue, task })
    }
}
