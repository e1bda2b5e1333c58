//! Merges a change onto a target that moved: with git's three-way merge, without a work tree and
//! without configured drivers.

use super::git::At;
use super::repo::{GitError, Oid, Repository};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The result of a merge.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Merge {
    /// A tree with both sides.
    Clean(Oid),
    /// Both sides changed the same lines: the tree has conflict markers there.
    Conflict {
        /// The merged tree with markers.
        tree: Oid,
        /// The paths with conflicts.
        paths: Vec<PathBuf>,
    },
}

/// Merges what `change` did since `base` onto `target`; `at` is a git directory of our own.
///
/// # Errors
/// If git fails.
pub(super) fn merge_at(
    repository: &Repository,
    at: &At,
    base: &Oid,
    target: &Oid,
    change: &Oid,
) -> Result<Merge, GitError> {
    let from = format!("--merge-base={base}");
    let args = ["merge-tree", "--write-tree", "-z", "--name-only", "--no-messages", &from];
    let args: Vec<&str> = args.into_iter().chain([target.as_str(), change.as_str()]).collect();
    let answer = repository.tool().ask(at, &args, Vec::new())?;
    if !matches!(answer.code, 0 | 1) {
        return Err(answer.failed());
    }
    let mut parts = answer.stdout.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    let tree = parts.next().and_then(Oid::of).ok_or_else(|| answer.strange())?;
    if answer.code == 0 {
        return Ok(Merge::Clean(tree));
    }
    let paths = parts.map(|path| PathBuf::from(OsStr::from_bytes(path))).collect();
    Ok(Merge::Conflict { tree, paths })
}
