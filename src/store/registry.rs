//! Which queues work on a project: one entry for each in the state folder of its root.
//!
//! Loops over queues that nobody listed together still must not touch the same files at the same
//! time. Each enters its queues before it claims anything, and claims are made under the lock of
//! the root, so whoever holds that lock finds the queues of all who claimed before. Entries stay:
//! a queue without running tasks holds nothing, and one that is gone is passed over.

use super::state::{STATE_DIR, StateDir, hex16};
use std::ffi::OsStr;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The queues of one project root.
#[derive(Clone, Debug)]
pub struct Registry {
    state: StateDir,
}

impl Registry {
    /// The registry of the project at `root`.
    pub fn of(root: &Path) -> Self {
        Self { state: StateDir::beside(&root.join(STATE_DIR)) }
    }

    /// The folder of the entries.
    pub fn dir(&self) -> PathBuf {
        self.state.root().join("queues")
    }

    /// Enters a queue by its real path, if it is not entered.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn enter(&self, queue: &Path) -> io::Result<()> {
        let bytes = queue.as_os_str().as_bytes();
        let path = self.dir().join(hex16(&[bytes]));
        if fs::read(&path).is_ok_and(|entered| entered == bytes) {
            return Ok(());
        }
        // A reader who sees the first half finds no such queue; the claim that it would have to
        // see comes after the second.
        self.state.with(&self.dir(), || File::create(&path)?.write_all(bytes))
    }

    /// The real paths of all queues that are entered, in a fixed order.
    pub fn queues(&self) -> Vec<PathBuf> {
        let Ok(entries) = fs::read_dir(self.dir()) else { return Vec::new() };
        let read = entries.filter_map(|entry| fs::read(entry.ok()?.path()).ok());
        let mut queues: Vec<PathBuf> =
            read.map(|bytes| PathBuf::from(OsStr::from_bytes(&bytes))).collect();
        queues.retain(|queue| queue.is_absolute());
        queues.sort_unstable();
        queues
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_queue_is_entered_once_and_found_by_all() {
        let root = tempfile::tempdir().unwrap();
        let registry = Registry::of(root.path());
        assert!(registry.queues().is_empty());
        for queue in ["/b/q.json", "/a/q.json", "/b/q.json"] {
            registry.enter(Path::new(queue)).unwrap();
        }
        let found = Registry::of(root.path()).queues();
        assert_eq!(found, [PathBuf::from("/a/q.json"), PathBuf::from("/b/q.json")]);
        assert!(root.path().join(".workloop/.gitignore").exists());
    }
}
