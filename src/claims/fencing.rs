//! Fencing: whether a claim is still valid when the file says otherwise.
//!
//! The claim in the file is the fencing token, but files are edited and set back. The journal
//! distinguishes a claim that a verb or another worker ended from a claim that vanished from the
//! file, or was replaced there by an older one (`git checkout`), while no other worker took the
//! task.

use crate::domain::{ClaimToken, EventKind, Task};
use crate::store::StateDir;
use crate::store::journal::Journal;
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

/// Returns why the claim of `token` is lost for `task` of the queue at the real path `queue`;
/// `None` while it is valid.
pub(crate) fn lost(queue: &Path, task: &Task, token: &ClaimToken) -> Option<String> {
    if task.claim().is_some_and(|claim| claim.is(token)) {
        return None;
    }
    match (last(queue, task.id.as_str(), token), task.claim()) {
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
pub(crate) fn is_ended(queue: &Path, task: &str, token: &ClaimToken) -> bool {
    last(queue, task, token) == Last::Ended
}

fn last(queue: &Path, task: &str, token: &ClaimToken) -> Last {
    let name = queue.file_name().unwrap_or_default().to_string_lossy();
    let journal = Journal::new(StateDir::beside(queue));
    let Some(event) = journal.last_ownership(&name, task) else {
        return Last::Unknown;
    };
    let ours = event.event == EventKind::Claimed
        && event.attempt == Some(token.attempt)
        && event.worker.as_deref() == Some(token.worker.as_str());
    if ours { Last::Ours } else { Last::Ended }
}
