//! A claim ends.

use super::dead_claims::{DeadClaims, Living, VerbError};
use super::transition::make;
use crate::domain::{Status, Transition};
use crate::project::{Among, Project};
use crate::store::StoreError;

/// Ends the claims of the tasks that are meant; of a worker that lives, or may live, only by
/// `force`. Gives their ids.
///
/// # Errors
/// [`VerbError::AtWork`] without `force`, and as [`Project::each`].
pub fn release(
    project: &mut Project,
    ids: &[String],
    force: bool,
) -> Result<Vec<String>, VerbError> {
    let places: Result<Vec<_>, _> =
        ids.iter().map(|id| project.resolve(id, Among::Served)).collect();
    let places = places?;
    // Held until the claims are written away, so that nobody takes the tasks over meanwhile.
    let dead = match force {
        true => DeadClaims::default(),
        false => DeadClaims::find(project, &places, Living::Refused)?,
    };
    let done = project.each(ids, |draft, place| {
        let task = draft.task(place);
        if !force && task.status == Status::InProgress && !dead.hold(place, task) {
            let text = format!("the claim of task {} changed just now; look again", task.id);
            return Err(StoreError::Rejected(text));
        }
        make(draft, place, &Transition::Release)
    })?;
    Ok(done)
}
