//! What attempts of this run did to what judges. Their tasks are blocked for it, but the files lie there, and whatever
//! is judged by them next would be judged by what an agent wrote.

use super::fingerprint::{Fingerprint, Part, Room};
use super::guard::Guard;
use crate::store::TaskKey;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A file as an attempt left it.
#[derive(Debug)]
struct Left {
    path: PathBuf,
    fingerprint: Fingerprint,
    task: TaskKey,
    id: String,
}

/// Shared by the slots of a run.
#[derive(Debug, Default)]
pub(crate) struct TamperedFiles(Mutex<Vec<Left>>);

impl TamperedFiles {
    fn all(&self) -> MutexGuard<'_, Vec<Left>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Notes the file at `path` as an attempt at `task`, which people call `id`, left it.
    pub(crate) fn note(&self, path: &Path, task: &TaskKey, id: &str) {
        // What cannot be looked at cannot be recognised either.
        let looked = Fingerprint::of(path, Part::Whole, &mut Room::default());
        let (path, task, id) = (path.to_owned(), task.clone(), id.to_owned());
        self.all().extend(looked.ok().map(|fingerprint| Left { path, fingerprint, task, id }));
    }

    /// A file of `guard` that is still as another task's attempt left it, and that task's id. Whoever tries the
    /// same task again was told by a person to take it as it is.
    pub(crate) fn judging(&self, guard: &Guard, task: &TaskKey) -> Option<(PathBuf, String)> {
        let mut all = self.all();
        all.retain(|left| left.task != *task);
        // One that was put back, or changed again, is not what the agent wrote.
        all.retain(|left| left.fingerprint.holds(&left.path, Part::Whole).unwrap_or(true));
        let left = all.iter().find(|left| guard.looks_at(&left.path))?;
        Some((left.path.clone(), left.id.clone()))
    }
}
