//! Fencing: whether a claim is still valid when the file says otherwise.
//!
//! The claim in the file is the fencing token, but files are edited and set back. The journal
//! distinguishes a claim that a verb or another worker ended from a claim that vanished from the
//! file, or was replaced there by an older one (`git checkout`), while no other worker took the
//! task.

use crate::domain::{ClaimToken, EventKind, Task};
use crate::store::ClaimKeeper;
use std::path::Path;

/// What the journal records about the last owner of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Last {
    /// Nothing: there is no journal, or it does not go back far enough.
    Unknown,
    /// The claim in question.
    Ours,
    /// Another worker took it, or a verb ended the claim.
    Ended,
}

/// Returns why the claim of `token` is lost for `task` of the queue with the key `queue`; `None`
/// while it is valid.
pub(crate) fn lost(
    claims: &dyn ClaimKeeper,
    queue: &Path,
    task: &Task,
    token: &ClaimToken,
) -> Option<String> {
    if task.claim().is_some_and(|claim| claim.is(token)) {
        return None;
    }
    match (last(claims, queue, task.id.as_str(), token), task.claim()) {
        // Every take-over and every verb writes a journal line. The file must have been edited, and
        // that edit is put back.
        (Last::Ours, _) => None,
        (_, Some(claim)) => Some(format!("worker {} has it", claim.worker)),
        (Last::Ended, None) => Some("a person ended its claim".to_owned()),
        // Without a journal, a claim that is missing although the state is unchanged was removed by
        // an edit.
        (Last::Unknown, None) => (!task.accepts(token)).then(|| format!("it is {}", task.status)),
    }
}

/// Returns whether a person or another worker ended the claim of `token`, whatever the file
/// contains.
pub(crate) fn is_ended(
    claims: &dyn ClaimKeeper,
    queue: &Path,
    task: &str,
    token: &ClaimToken,
) -> bool {
    last(claims, queue, task, token) == Last::Ended
}

fn last(claims: &dyn ClaimKeeper, queue: &Path, task: &str, token: &ClaimToken) -> Last {
    let Some(event) = claims.last_owner(queue, task) else { return Last::Unknown };
    let ours = event.event == EventKind::Claimed
        && event.attempt == Some(token.attempt)
        && event.worker.as_deref() == Some(token.worker.as_str());
    if ours { Last::Ours } else { Last::Ended }
}
