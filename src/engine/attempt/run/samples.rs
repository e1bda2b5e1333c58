//! A project with a history of two commits, to see what a change touches.

use super::super::apart::Apart;
use crate::engine::attempt::tests::case::Case;
use crate::workspace::{Delta, Oid, PutTo, Repository};

/// A repository with a base, in which attempts have private trees.
pub(super) struct Project {
    pub(super) case: Case,
    pub(super) apart: Apart,
    pub(super) base: Oid,
}

impl Project {
    /// Creates a repository whose base has these files.
    pub(super) fn new(files: &[(&str, &str)]) -> Self {
        let case = files.iter().fold(Case::new(), |case, (path, text)| case.file(path, text));
        let case = case.private();
        let apart = case.prepared().apart.unwrap();
        let base = commit(&case);
        Self { case, apart, base }
    }

    /// Makes the change that `script` makes to the base. Returns its commit.
    pub(super) fn change(&self, script: &str) -> Oid {
        self.case.sh(&format!("git checkout -q --detach {}; {script}", self.base.as_str()));
        commit(&self.case)
    }

    /// Returns the changed paths of a change.
    pub(super) fn deltas(&self, change: &Oid) -> Vec<Delta> {
        self.repository().deltas(&self.base, change, false).unwrap()
    }

    pub(super) fn repository(&self) -> &Repository {
        self.apart.repository()
    }
}

/// Commits everything.
fn commit(case: &Case) -> Oid {
    let script = "git add -A; git commit -q --allow-empty -m change; git rev-parse HEAD";
    Oid::parse(&case.sh(script)).unwrap()
}

/// Shows what a path is restored to: `-` if it did not exist, or the beginning of its content.
pub(super) fn shown(put: &PutTo) -> String {
    match put {
        PutTo::Base(delta) => {
            let what = if delta.old.is_some() { "base" } else { "-" };
            format!("{}: {what}", delta.path.display())
        }
        PutTo::Content(path, mode, bytes) => {
            format!("{}: {mode} {}", path.display(), String::from_utf8_lossy(bytes))
        }
    }
}
