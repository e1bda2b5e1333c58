//! What people decided about changes that wait for their yes.
//!
//! It is read under the lock, after edits were judged: what is in the file before that may be an
//! agent's, and nothing may land because of it.

use crate::claims::fencing;
use crate::domain::{Change, ClaimToken, Waits};
use crate::project::QueueSet;
use crate::store::{Draft, Place};

/// A change of this loop in review.
#[derive(Clone, Debug)]
pub(crate) struct InReview {
    /// The queue of its task.
    pub(crate) queue: usize,
    /// Its task.
    pub(crate) id: String,
    /// The claim of its task.
    pub(crate) token: ClaimToken,
}

/// What was decided about one.
#[derive(Clone, Debug)]
pub(crate) struct Reviewed {
    /// The claim of its task.
    pub(crate) token: ClaimToken,
    /// What it waits for now; `None` where it is not to land.
    pub(crate) change: Option<Change>,
}

/// What was decided about `review`, if anything was.
pub(super) fn decided(draft: &Draft<'_>, set: &QueueSet, review: &InReview) -> Option<Reviewed> {
    let token = review.token.clone();
    let Some(task) = draft.queues()[review.queue].index_of(&review.id) else {
        return Some(Reviewed { token, change: None });
    };
    let task = draft.task(Place { queue: review.queue, task });
    if fencing::lost(set.real(review.queue), task, &token).is_some() {
        return Some(Reviewed { token, change: None });
    }
    let change = task.change().filter(|change| change.waits != Waits::Review)?;
    Some(Reviewed { token, change: Some(change.clone()) })
}
