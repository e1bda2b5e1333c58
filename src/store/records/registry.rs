//! The queues that work on a project: one entry for each in the state folder of the project root.
//!
//! Loops over different queues of one project must not touch the same files at the same time, even
//! if nobody listed the queues together. Each loop enters its queues before it claims anything, and
//! claims are made under the lock of the root. The holder of that lock therefore finds the queues
//! of every loop that claimed before. Entries stay: a queue without running tasks blocks nothing,
//! and a queue that no longer exists is skipped.

use crate::platform::hash::hex16;
use crate::platform::open::{self, Links};
use crate::platform::read_file::{Stamp, TICK};
use crate::store::state::{STATE_DIR, StateDir};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The maximum number of bytes read from an entry, which contains a path.
const ENTRY: u64 = 64 << 10;

/// The entries of a registry as of the last listing.
#[derive(Debug, Default)]
pub struct Listing {
    /// The stamp of the folder, when it was first seen, and whether it proves that the list is
    /// current.
    folder: Option<(Stamp, Instant, bool)>,
    queues: Vec<PathBuf>,
}

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

    /// The path of the folder that contains the entries.
    pub fn dir(&self) -> PathBuf {
        self.state.root().join("queues")
    }

    /// Enters a queue by its real path, unless it is entered already.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn enter(&self, queue: &Path) -> io::Result<()> {
        let bytes = queue.as_os_str().as_bytes();
        let path = self.dir().join(hex16(&[bytes]));
        // The name identifies the queue, and the length proves that the entry is complete. `lstat`
        // opens nothing, so processes that watch the folder are not woken.
        let whole = |meta: fs::Metadata| meta.is_file() && meta.len() == bytes.len() as u64;
        if fs::symlink_metadata(&path).is_ok_and(whole) {
            return Ok(());
        }
        // A reader that sees half of the entry finds no such queue. It does not need to: this loop
        // claims only after the entry is complete. Another loop writes the same bytes.
        self.state.with(&self.dir(), || {
            let (mut file, _) = open::in_place_of_others(&path, open::existing_or_new)?;
            file.write_all(bytes)?;
            file.set_len(bytes.len() as u64)
        })
    }

    /// Does the same as [`Registry::queues`], but reads nothing if the folder is certainly
    /// unchanged.
    ///
    /// # Errors
    /// As [`Registry::queues`].
    pub fn list<'l>(&self, last: &'l mut Listing) -> io::Result<&'l [PathBuf]> {
        let now = open::if_there(fs::metadata(self.dir()))?.map(|meta| Stamp::of(&meta));
        let known = last.folder.filter(|(stamp, ..)| Some(*stamp) == now);
        if !known.is_some_and(|(.., proven)| proven) {
            let since = known.map_or_else(Instant::now, |(_, since, _)| since);
            last.queues = self.queues()?;
            // Completing a half-written entry does not change the folder.
            let whole = last.queues.len() == fs::read_dir(self.dir()).map_or(0, Iterator::count);
            last.folder = now.map(|stamp| (stamp, since, whole && since.elapsed() >= TICK));
        }
        Ok(&last.queues)
    }

    /// Returns the real paths of all queues that are entered, in a fixed order. An entry that is
    /// not a regular file of this program is skipped.
    ///
    /// # Errors
    /// When the system lacks the resources to read them: tasks of a queue that is left out could
    /// run at the same time.
    pub fn queues(&self) -> io::Result<Vec<PathBuf>> {
        let Some(entries) = open::if_there(fs::read_dir(self.dir()))? else {
            return Ok(Vec::new());
        };
        let mut queues = Vec::new();
        for entry in entries {
            match open::read(&entry?.path(), Links::Refuse, ENTRY) {
                Ok(bytes) => queues.push(PathBuf::from(OsStr::from_bytes(&bytes))),
                Err(error) if open::is_shortage(&error) => return Err(error),
                Err(_) => {}
            }
        }
        queues.retain(|queue| queue.is_absolute());
        queues.sort_unstable();
        Ok(queues)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn a_queue_is_entered_once_and_found_by_all() {
        let root = tempfile::tempdir().unwrap();
        let registry = Registry::of(root.path());
        assert!(registry.queues().unwrap().is_empty());
        for queue in ["/b/q.json", "/a/q.json", "/b/q.json"] {
            registry.enter(Path::new(queue)).unwrap();
        }
        let found = Registry::of(root.path()).queues().unwrap();
        assert_eq!(found, [PathBuf::from("/a/q.json"), PathBuf::from("/b/q.json")]);
        assert!(root.path().join(".workloop/.gitignore").exists());
    }

    #[test]
    fn a_list_is_made_anew_when_an_entry_comes_or_was_not_whole() {
        let root = tempfile::tempdir().unwrap();
        let (registry, mut listing) = (Registry::of(root.path()), Listing::default());
        assert!(registry.list(&mut listing).unwrap().is_empty());
        registry.enter(Path::new("/a/q.json")).unwrap();
        drop(File::create(registry.dir().join("half")).unwrap());
        let begin = Instant::now();
        while begin.elapsed() < 3 * TICK {
            assert_eq!(registry.list(&mut listing).unwrap(), [PathBuf::from("/a/q.json")]);
        }
        // No name is added or removed, so the stamp of the folder stays the same.
        let mut half = File::options().write(true).open(registry.dir().join("half")).unwrap();
        half.write_all(b"/b/q.json").unwrap();
        assert_eq!(registry.list(&mut listing).unwrap().len(), 2);
        registry.enter(Path::new("/c/q.json")).unwrap();
        assert_eq!(registry.list(&mut listing).unwrap().len(), 3);
    }
}
