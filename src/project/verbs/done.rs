//! A person completed tasks.

use super::dead_claims::{DeadClaims, Living, VerbError};
use crate::domain::{Transition, Verdict};
use crate::project::{Among, Project};
use crate::store::{Actor, Place, StoreError};
use serde_json::{Map, json};

/// What a person says about work that is done.
#[derive(Clone, Debug)]
pub struct Done {
    /// Who did it.
    pub by: String,
    /// What they say about it.
    pub note: Option<String>,
    /// PASS if a verification said so, else SKIPPED.
    pub verdict: Verdict,
}

/// The places of the tasks that are meant, and their dead claims, which end with the verb.
///
/// # Errors
/// [`VerbError::AtWork`] when somebody works on one of them, and as
/// [`resolve`](crate::project::resolve).
pub fn before_done(
    project: &Project,
    ids: &[String],
) -> Result<(Vec<Place>, DeadClaims), VerbError> {
    let places: Result<Vec<_>, _> =
        ids.iter().map(|id| project.resolve(id, Among::Served)).collect();
    let places = places?;
    let dead = DeadClaims::find(project, &places, Living::Refused)?;
    Ok((places, dead))
}

/// Completes the tasks that are meant. Gives their ids.
///
/// # Errors
/// As [`Project::each`].
pub fn done(
    project: &mut Project,
    ids: &[String],
    done: &Done,
    dead: &DeadClaims,
) -> Result<Vec<String>, StoreError> {
    let Done { by, note, verdict } = done;
    let transition = Transition::Done { by: by.clone(), note: note.clone(), verdict: *verdict };
    project.each(ids, |draft, place| {
        dead.end(draft, place)?;
        let mut data = Map::new();
        data.insert("by".to_owned(), json!(by));
        data.extend(note.as_ref().map(|note| ("note".to_owned(), json!(note))));
        draft.transition(place, &transition, &Actor::Person, data)
    })
}
