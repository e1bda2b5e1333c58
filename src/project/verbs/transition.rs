//! Transitions that people make.

use crate::domain::{QueueIx, Transition};
use crate::project::Project;
use crate::store::{Actor, Draft, Place, StoreError};
use serde_json::{Map, Value};

/// Returns further data of the event of a task, for the journal.
pub(crate) type Details<'a> = &'a dyn Fn(QueueIx, &str) -> Map<String, Value>;

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

/// Makes a transition of one task, with further data in the journal.
///
/// # Errors
/// Returns [`StoreError`] if the state of the task does not allow it.
pub(super) fn make_with(
    draft: &mut Draft<'_>,
    place: Place,
    transition: &Transition,
    details: Details<'_>,
) -> Result<(), StoreError> {
    let details = details(place.queue, draft.task(place).id.as_str());
    draft.transition(place, transition, &Actor::Person, details)
}
