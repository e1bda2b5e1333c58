//! What people decided about changes that wait for their approval.
//!
//! This is read under the lock, after edits were judged: before that, an agent may have written the
//! file, and nothing must land because of it.

use crate::claims::fencing;
use crate::domain::{Change, ClaimToken, QueueIx, Waits};
use crate::project::QueueSet;
use crate::store::{Draft, Place};

/// A change of this loop in review.
#[derive(Clone, Debug)]
pub(crate) struct InReview {
    /// The queue of its task.
    pub(crate) queue: QueueIx,
    /// The id of its task.
    pub(crate) id: String,
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
    let Some(task) = draft.queues()[review.queue].index_of(&review.id) else {
        return Some(Reviewed { token, change: None });
    };
    let task = draft.task(Place { queue: review.queue, task });
    if fencing::lost(&**set.claims(), set.real(review.queue), task, &token).is_some() {
        return Some(Reviewed { token, change: None });
    }
    let change = task.change().filter(|change| change.waits != Waits::Review)?;
    Some(Reviewed { token, change: Some(change.clone()) })
}
