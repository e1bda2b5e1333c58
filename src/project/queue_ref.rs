//! What identifies a queue.

use crate::config::{ProjectRoot, SelectedQueue};
use crate::store::TaskKey;
use std::path::{Display, Path, PathBuf};

/// A queue as the store opened it. Everything that names the queue asks here.
#[derive(Clone, Debug)]
pub struct QueueRef {
    key: PathBuf,
    shown: PathBuf,
    name: String,
    root: ProjectRoot,
}

impl QueueRef {
    /// Creates the identity of a queue that the store knows by `key`, its real path.
    pub(super) fn new(selected: SelectedQueue, key: PathBuf, root: ProjectRoot) -> Self {
        let SelectedQueue { shown, name, .. } = selected;
        Self { key, shown, name, root }
    }

    /// Returns the real path of its file. The state folder, claims and tags depend on it.
    pub fn key(&self) -> &Path {
        &self.key
    }

    /// Returns its path for messages.
    pub fn shown(&self) -> Display<'_> {
        self.shown.display()
    }

    /// Returns its name in references.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Returns its file stem, by which requests name it.
    pub fn stem(&self) -> &str {
        self.key.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default()
    }

    /// Returns the working directory of its agents.
    pub fn root(&self) -> &ProjectRoot {
        &self.root
    }

    /// Returns the key of its task `id`.
    pub fn task(&self, id: &str) -> TaskKey {
        TaskKey::new(&self.key, id)
    }
}
