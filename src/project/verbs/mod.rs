//! What people's verbs do to the queues: a front end says what is meant, and shows what came of it.
//!
//! Each is one change, journalled as a person's, to all that is meant or to nothing.

mod add;
mod answer;
mod edit;
mod fields;
mod merge;
mod progress;
mod transition;

pub use add::add;
pub use answer::answer;
pub use edit::{Dropped, Edit, edit};
pub use fields::Said;
pub use merge::merge;
pub use progress::progress;
pub use transition::{make, transition};

use crate::queue::Queue;
use crate::store::Place;

/// The most tasks of one transition of a verb that is meant for all: each is in memory with its
/// event, and a file may have very many.
pub const BATCH: usize = 5000;

/// All tasks of the served queues.
pub fn places(queues: &[Queue], served: usize) -> impl Iterator<Item = Place> {
    queues[..served].iter().enumerate().flat_map(|(queue, content)| {
        (0..content.tasks().len()).map(move |task| Place { queue, task })
    })
}
