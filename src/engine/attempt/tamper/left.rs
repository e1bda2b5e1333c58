//! Judging files that attempts of this run changed.
//!
//! The tasks of these attempts are blocked, but the files stay in the project. Without this list, a
//! file that an agent wrote would judge the next task.

use super::fingerprint::{Fingerprint, Part, Room};
use super::guard::Guard;
use crate::store::TaskKey;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A judging file as an attempt left it.
#[derive(Debug)]
struct Left {
    path: PathBuf,
    fingerprint: Fingerprint,
    task: TaskKey,
    id: String,
}

/// The changed judging files. All slots of a run share one list.
#[derive(Debug, Default)]
pub(crate) struct TamperedFiles(Mutex<Vec<Left>>);

impl TamperedFiles {
    fn all(&self) -> MutexGuard<'_, Vec<Left>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Records the file at `path` as an attempt at `task` left it. `id` names the task in messages.
    pub(crate) fn note(&self, path: &Path, task: &TaskKey, id: &str) {
        // A file that cannot be read now could not be recognised later.
        let looked = Fingerprint::of(path, Part::Whole, &mut Room::default());
        let (path, task, id) = (path.to_owned(), task.clone(), id.to_owned());
        self.all().extend(looked.ok().map(|fingerprint| Left { path, fingerprint, task, id }));
    }

    /// Returns a file of `guard` that is still as an attempt at another task left it, and the id of
    /// that task. Entries of `task` itself are removed: it runs again only after a person accepted
    /// the file with `retry`.
    pub(crate) fn judging(&self, guard: &Guard, task: &TaskKey) -> Option<(PathBuf, String)> {
        let mut all = self.all();
        all.retain(|left| left.task != *task);
        // A file that was put back, or changed again, is no longer what the agent wrote.
        all.retain(|left| left.fingerprint.holds(&left.path, Part::Whole).unwrap_or(true));
        let left = all.iter().find(|left| guard.looks_at(&left.path))?;
        Some((left.path.clone(), left.id.clone()))
    }
}
