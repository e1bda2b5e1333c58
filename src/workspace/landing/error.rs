//! Why a change did not land.

use super::super::repo::{GitError, Oid};
use super::entry::EntryError;
use super::step::Step;
use crate::platform::lock::LockError;
use std::io;
use std::path::PathBuf;
use thiserror::Error;

/// How often a target that others move is merged onto again.
pub(super) const TRIES: u32 = 20;

/// Why a landing was not made; the target is where it was or where it should be.
#[derive(Debug, Error)]
pub enum LandError {
    /// The landing lock cannot be had.
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
    /// Objects of the commit are gone: a person's `git gc --prune=now` took them.
    #[error("objects of the commit {commit} are gone, so it does not land")]
    Incomplete {
        /// The commit.
        commit: Oid,
    },
    /// Others move the target all the time.
    #[error("{target} moved {TRIES} times while a change was to land on it")]
    Restless {
        /// The branch.
        target: String,
    },
    /// A proof ended it here.
    #[error("stopped after {0:?}")]
    Stopped(Step),
}
