//! Finds a change of a task: that of a kept attempt, or the one that landed.

use crate::domain::{Field, Status};
use crate::queue::Queue;
use crate::workspace::{AttemptRef, GitError, KeptWork, Oid, Repository, TaskName};

/// A change, as two commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct ChangeOf {
    /// The commit on which it is based.
    pub base: Oid,
    /// The commit with the change.
    pub commit: Oid,
    /// The number of the attempt, if it is known.
    pub attempt: Option<u32>,
    /// Whether the change is the one that landed.
    pub landed: bool,
}

/// The result of the search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Found {
    /// The change that was found.
    Change(ChangeOf),
    /// The requested change does not exist; these attempts are kept.
    Kept(Vec<u32>),
}

/// Returns the change of the task called `name`: that of the attempt `number`, or else the landed
/// change of a complete task, or else that of the newest kept attempt.
///
/// # Errors
/// Returns an error if git fails.
pub(crate) fn change_of(
    repository: &Repository,
    name: &TaskName,
    (queue, task): (&Queue, usize),
    number: Option<u32>,
) -> Result<Found, GitError> {
    if number.is_none()
        && let Some(landed) = landed(repository, queue, task)?
    {
        return Ok(Found::Change(landed));
    }
    let kept = repository.kept_of(name)?;
    let meant = match number {
        Some(number) => kept.iter().rfind(|one| one.attempt.number == number),
        None => kept.last(),
    };
    let Some(KeptWork { attempt: AttemptRef { commit, number, .. }, base }) = meant.cloned() else {
        return Ok(Found::Kept(kept.iter().map(|one| one.attempt.number).collect()));
    };
    Ok(Found::Change(ChangeOf { base, commit, attempt: Some(number), landed: false }))
}

/// Returns the landed change of a complete task, if the commit still exists.
fn landed(
    repository: &Repository,
    queue: &Queue,
    task: usize,
) -> Result<Option<ChangeOf>, GitError> {
    if queue.tasks()[task].status != Status::Complete {
        return Ok(None);
    }
    let commit = queue.text(task, Field::LandedCommit);
    let Some(commit) = commit.and_then(|text| Oid::parse(&text)) else { return Ok(None) };
    if !repository.has_commit(&commit)? {
        return Ok(None);
    }
    let base = repository.parent_of(&commit)?;
    Ok(Some(ChangeOf { base, commit, attempt: None, landed: true }))
}
