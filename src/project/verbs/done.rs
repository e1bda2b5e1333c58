//! Completes tasks on behalf of a person.

use super::dead_claims::{DeadClaims, Living, VerbError};
use super::transition::Details;
use crate::domain::{Transition, Verdict};
use crate::project::{Among, Project};
use crate::store::{Actor, Place, StoreError};
use serde_json::json;

/// What a person states about completed work.
#[derive(Clone, Debug)]
pub(crate) struct Done {
    /// The name of the person.
    pub by: String,
    /// An optional note.
    pub note: Option<String>,
    /// PASS if verification passed, otherwise SKIPPED.
    pub verdict: Verdict,
}

/// Returns the places of the given tasks and their dead claims, which the verb ends.
///
/// # Errors
/// Returns [`VerbError::AtWork`] if a worker is working on one of them. Otherwise as for
/// [`resolve`](fn@crate::project::resolve).
pub(crate) fn before_done(
    project: &Project,
    ids: &[String],
) -> Result<(Vec<Place>, DeadClaims), VerbError> {
    let places: Result<Vec<_>, _> =
        ids.iter().map(|id| project.resolve(id, Among::Served)).collect();
    let places = places?;
    let dead = DeadClaims::find(project, &places, Living::Refused)?;
    Ok((places, dead))
}

/// Completes the given tasks; `details` is the further data of each event. Returns their ids.
///
/// # Errors
/// As for [`Project::each`].
pub(crate) fn done(
    project: &mut Project,
    ids: &[String],
    done: &Done,
    dead: &DeadClaims,
    details: Details<'_>,
) -> Result<Vec<String>, StoreError> {
    let Done { by, note, verdict } = done;
    let transition = Transition::Done { by: by.clone(), note: note.clone(), verdict: *verdict };
    project.each(ids, |draft, place| {
        dead.end(draft, place)?;
        let mut data = details(place.queue, draft.task(place).id.as_str());
        data.insert("by".to_owned(), json!(by));
        data.extend(note.as_ref().map(|note| ("note".to_owned(), json!(note))));
        draft.transition(place, &transition, &Actor::Person, data)
    })
}
