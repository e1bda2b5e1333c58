//! Which change of a task is meant: that of an attempt that is kept, or what landed.

use crate::domain::{Field, Status};
use crate::queue::Queue;
use crate::workspace::{AttemptRef, GitError, KeptWork, Oid, Repository, TaskName};

/// A change, as two commits.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeOf {
    /// The commit that it is based on.
    pub base: Oid,
    /// The commit with the change.
    pub commit: Oid,
    /// The attempt, where it is known.
    pub attempt: Option<u32>,
    /// Whether this is what landed.
    pub landed: bool,
}

/// What was found of a task.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Found {
    /// The change that is meant.
    Change(ChangeOf),
    /// Not that one; these attempts are kept.
    Kept(Vec<u32>),
}

/// The change of the task that is called `name`: of the attempt `number`, else what landed of a complete task, else of the
/// newest attempt that is kept.
///
/// # Errors
/// When git cannot be asked.
pub fn change_of(
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

/// What landed of a complete task, if that commit is still there.
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
