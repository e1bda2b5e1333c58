//! A person approves the start of a task or its work.

use super::transition::make;
use crate::domain::Transition;
use crate::project::{Project, is_in_review};
use crate::store::{Actor, StoreError};
use serde_json::{Map, json};

/// The effect of an approval.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Approved {
    /// The task may start.
    MayStart,
    /// Its change may land.
    MayLand,
    /// The work counts: the task is complete.
    Complete,
}

/// Approves the given tasks on behalf of `by`. Returns their ids, each with the effect.
///
/// # Errors
/// As for [`Project::each`]. A task that does not wait for an approval is refused.
pub(crate) fn approve(
    project: &mut Project,
    ids: &[String],
    by: &str,
) -> Result<Vec<(String, Approved)>, StoreError> {
    let mut came_to = Vec::new();
    let done = project.each(ids, |draft, place| {
        let queue = &draft.queues()[place.queue];
        if !is_in_review(queue, place.task) {
            came_to.push(Approved::MayStart);
            return make(draft, place, &Transition::Approve { by: by.to_owned() });
        }
        let completes = draft.task(place).change().is_none();
        came_to.push(if completes { Approved::Complete } else { Approved::MayLand });
        let accept = Transition::Accept { by: by.to_owned(), completes };
        let data = Map::from_iter([("by".to_owned(), json!(by))]);
        draft.transition(place, &accept, &Actor::Person, data)
    })?;
    // The changes are repeated from the start if the file changed in the meantime. The last ones
    // count.
    let first = came_to.len().saturating_sub(done.len());
    Ok(done.into_iter().zip(came_to.split_off(first)).collect())
}
