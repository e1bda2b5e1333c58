//! Ends claims.

use super::dead_claims::{DeadClaims, Living, VerbError};
use super::transition::make;
use crate::domain::{Status, Transition};
use crate::project::{Among, Project};
use crate::store::StoreError;

/// Ends the claims of the given tasks. The claim of a worker that is alive, or may be, is ended
/// only with `force`. Returns the ids.
///
/// # Errors
/// Returns [`VerbError::AtWork`] without `force`. Otherwise as for [`Project::each`].
pub(crate) fn release(
    project: &mut Project,
    ids: &[String],
    force: bool,
) -> Result<Vec<String>, VerbError> {
    let places: Result<Vec<_>, _> =
        ids.iter().map(|id| project.resolve(id, Among::Served)).collect();
    let places = places?;
    // Kept until the change is written, so that no worker takes the tasks over in the meantime.
    let dead = match force {
        true => DeadClaims::none(project),
        false => DeadClaims::find(project, &places, Living::Refused)?,
    };
    let done = project.each(ids, |draft, place| {
        let task = draft.task(place);
        if !force && task.status == Status::InProgress && !dead.hold(place, task) {
            let text = format!("the claim of task {} has just changed; look again", task.id);
            return Err(StoreError::Rejected(text));
        }
        make(draft, place, &Transition::Release)
    })?;
    Ok(done)
}
