//! A person says yes: to the start of a task, or to its work.

use super::transition::make;
use crate::domain::Transition;
use crate::project::{Project, is_in_review};
use crate::store::{Actor, StoreError};
use serde_json::{Map, json};

/// What a yes came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Approved {
    /// The task may start.
    MayStart,
    /// Its change may land.
    MayLand,
    /// Its work counts: it is complete.
    Complete,
}

/// Approves the tasks that are meant, in the name of `by`. Gives their ids, each with what that means.
///
/// # Errors
/// As [`Project::each`]; a task that waits for no yes is refused.
pub fn approve(
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
    // Made again from the start where the file changed meanwhile: the last ones count.
    let first = came_to.len().saturating_sub(done.len());
    Ok(done.into_iter().zip(came_to.split_off(first)).collect())
}
