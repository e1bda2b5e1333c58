//! Transitions that people make.

use crate::domain::Transition;
use crate::project::Project;
use crate::store::{Actor, Draft, Place, StoreError};
use serde_json::Map;

/// Makes the same transition of every given task. Returns their ids.
///
/// # Errors
/// As for [`Project::each`].
pub(crate) fn transition(
    project: &mut Project,
    ids: &[String],
    transition: &Transition,
) -> Result<Vec<String>, StoreError> {
    project.each(ids, |draft, place| make(draft, place, transition))
}

/// Makes a transition of one task, without further data in the journal.
///
/// # Errors
/// Returns [`StoreError`] if the state of the task does not allow it.
pub(crate) fn make(
    draft: &mut Draft<'_>,
    place: Place,
    transition: &Transition,
) -> Result<(), StoreError> {
    draft.transition(place, transition, &Actor::Person, Map::new())
}
