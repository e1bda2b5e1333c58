//! What people decided about changes that wait for their approval.
//!
//! This is read under the lock, after edits were judged: before that, an agent may have written the
//! file, and nothing must land because of it.

use crate::claims::fencing;
use crate::domain::{Change, ClaimToken, Waits};
use crate::project::QueueSet;
use crate::store::{Draft, TaskRef};

/// A change of this loop in review.
#[derive(Clone, Debug)]
pub(crate) struct InReview {
    pub(crate) task: TaskRef,
    /// The claim of its task.
    pub(crate) token: ClaimToken,
}

/// The decision about a change in review.
#[derive(Clone, Debug)]
pub(crate) struct Reviewed {
    /// The claim of its task.
    pub(crate) token: ClaimToken,
    /// What the change waits for now; `None` if it must not land.
    pub(crate) change: Option<Change>,
}

/// Returns what was decided about `review`, if anything was.
pub(super) fn decided(draft: &Draft<'_>, set: &QueueSet, review: &InReview) -> Option<Reviewed> {
    let token = review.token.clone();
    let Some(place) = review.task.place(draft.queues()) else {
        return Some(Reviewed { token, change: None });
    };
    let task = draft.task(place);
    if fencing::lost(&**set.claims(), set.real(place.queue), task, &token).is_some() {
        return Some(Reviewed { token, change: None });
    }
    let change = task.change().filter(|change| change.waits != Waits::Review)?;
    Some(Reviewed { token, change: Some(change.clone()) })
}
