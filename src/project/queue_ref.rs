//! The identity of a queue.

use crate::config::{ProjectRoot, SelectedQueue};
use crate::store::log::Log;
use crate::store::{StateDir, TaskKey};
use std::path::{Display, Path, PathBuf};

/// The identity of an open queue. All code that names the queue gets the name from here.
#[derive(Clone, Debug)]
pub struct QueueRef {
    key: PathBuf,
    shown: PathBuf,
    name: String,
    root: ProjectRoot,
    state: StateDir,
    log: Log,
}

impl QueueRef {
    /// Creates the identity of a queue. The store gives its `key`, the folder of its `state` and
    /// its `log`.
    pub(super) fn new(
        selected: SelectedQueue,
        root: ProjectRoot,
        (key, state, log): (PathBuf, StateDir, Log),
    ) -> Self {
        let SelectedQueue { shown, name, .. } = selected;
        Self { key, shown, name, root, state, log }
    }

    /// Returns the folder of this host for what its attempts leave.
    pub fn state(&self) -> &StateDir {
        &self.state
    }

    /// Returns its journal.
    pub fn log(&self) -> &Log {
        &self.log
    }

    /// Returns the key by which its store knows it, and from which claims and tags are derived.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// Returns its path as messages show it.
    pub fn shown(&self) -> Display<'_> {
        self.shown.display()
    }

    /// Returns its name in references.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its file stem, which identifies it in requests.
    pub fn stem(&self) -> &str {
        self.key.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }

    /// Returns the project root, in which its agents work.
    pub fn root(&self) -> &ProjectRoot {
        &self.root
    }

    /// Returns the key of its task `id`.
    pub fn task(&self, id: &str) -> TaskKey {
        TaskKey::new(&self.key, id)
    }
}
