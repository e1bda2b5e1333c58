//! Errors of landing a change.

use super::super::repo::{GitError, Oid};
use super::entry::EntryError;
use super::step::Step;
use crate::platform::lock::LockError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// How often a change is merged again onto a target that others move.
pub(super) const TRIES: u32 = 20;

/// Why a landing failed; the target is at its old or its new position.
#[derive(Debug, Error)]
pub enum LandError {
    /// The landing lock is not available.
    #[error(transparent)]
    Lock(#[from] LockError),
    /// Git refused.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The entry cannot be read or written.
    #[error(transparent)]
    Entry(#[from] EntryError),
    /// The system refused.
    #[error("make {}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The commit has another tree than the one that was judged.
    #[error("the commit {commit} does not have the tree {judged} that was judged")]
    OtherTree {
        /// The commit.
        commit: Oid,
        /// The tree.
        judged: Oid,
    },
    /// Objects of the commit are missing: a person's `git gc --prune=now` removed them.
    #[error("objects of the commit {commit} are gone, so it does not land")]
    Incomplete { commit: Oid },
    /// Others keep moving the target.
    #[error("{target} moved {TRIES} times while a change was to land on it")]
    Restless {
        /// The branch.
        target: String,
    },
    /// A proof ended it here.
    #[error("stopped after {0:?}")]
    Stopped(Step),
}
