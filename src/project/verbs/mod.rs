//! What people's verbs do to the queues: a front end says what is meant, and shows what came of it.
//!
//! Each is one change, journalled as a person's, to all that is meant or to nothing.

mod add;
mod answer;
mod edit;
mod fields;
mod merge;
mod progress;

pub use add::add;
pub use answer::answer;
pub use edit::{Dropped, Edit, edit};
pub use fields::Said;
pub use merge::merge;
pub use progress::progress;

use super::loaded::Project;
use crate::domain::Transition;
use crate::queue::Queue;
use crate::store::{Actor, Draft, Place, StoreError};
use serde_json::Map;

/// The most tasks of one transition of a verb that is meant for all: each is in memory with its
/// event, and a file may have very many.
pub const BATCH: usize = 5000;

/// All tasks of the served queues.
pub fn places(queues: &[Queue], served: usize) -> impl Iterator<Item = Place> {
    queues[..served].iter().enumerate().flat_map(|(queue, content)| {
        (0..content.tasks().len()).map(move |task| Place { queue, task })
    })
}

/// Makes the same transition of every task that is meant. Gives their ids.
///
/// # Errors
/// As [`Project::each`].
pub fn transition(
    project: &mut Project,
    ids: &[String],
    transition: &Transition,
) -> Result<Vec<String>, StoreError> {
    project.each(ids, |draft, place| make(draft, place, transition))
}

/// A transition that a person makes, with nothing more to note.
pub fn make(
    draft: &mut Draft<'_>,
    place: Place,
    transition: &Transition,
) -> Result<(), StoreError> {
    draft.transition(place, transition, &Actor::Person, Map::new())
}
