//! A transition that a person makes.

use crate::domain::Transition;
use crate::project::Project;
use crate::store::{Actor, Draft, Place, StoreError};
use serde_json::Map;

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

/// Makes it of one task, with nothing more to note.
///
/// # Errors
/// [`StoreError`] when the state of the task does not allow it.
pub fn make(
    draft: &mut Draft<'_>,
    place: Place,
    transition: &Transition,
) -> Result<(), StoreError> {
    draft.transition(place, transition, &Actor::Person, Map::new())
}
