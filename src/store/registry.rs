//! Which queues work on a project: one entry for each in the state folder of its root.
//!
//! Loops over queues that nobody listed together still must not touch the same files at the same
//! time. Each enters its queues before it claims anything, and claims are made under the lock of
//! the root, so whoever holds that lock finds the queues of all who claimed before. Entries stay:
//! a queue without running tasks holds nothing, and one that is gone is passed over.

use super::state::{STATE_DIR, StateDir};
use crate::platform::hash::hex16;
use crate::platform::open::{self, Links};
use crate::platform::read_file::{Stamp, TICK};
use std::ffi::OsStr;
use std::fs;
use std::io::{self, Write};
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};
use std::time::Instant;

/// The most that is read of an entry, in bytes: it is a path.
const ENTRY: u64 = 64 << 10;

/// The entries of a registry as they were last listed.
#[derive(Debug, Default)]
pub struct Listing {
    /// The state of the folder, since when we know it, and whether it proves the list.
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
        // The name says which queue it is, the length that the entry is whole. Looking opens nothing,
        // which would wake everybody who watches the folder.
        let whole = |meta: fs::Metadata| meta.is_file() && meta.len() == bytes.len() as u64;
        if fs::symlink_metadata(&path).is_ok_and(whole) {
            return Ok(());
        }
        // A reader who sees the first half finds no such queue; the claim that it would have to
        // see comes after the second. What another loop wrote meanwhile is the same.
        self.state.with(&self.dir(), || {
            let (mut file, _) = open::in_place_of_others(&path, open::existing_or_new)?;
            file.write_all(bytes)?;
            file.set_len(bytes.len() as u64)
        })
    }

    /// As [`Registry::queues`], reading nothing when the folder is surely as it was.
    ///
    /// # Errors
    /// As [`Registry::queues`].
    pub fn list<'l>(&self, last: &'l mut Listing) -> io::Result<&'l [PathBuf]> {
        let now = open::if_there(fs::metadata(self.dir()))?.map(|meta| Stamp::of(&meta));
        let known = last.folder.filter(|(stamp, ..)| Some(*stamp) == now);
        if !known.is_some_and(|(.., proven)| proven) {
            let since = known.map_or_else(Instant::now, |(_, since, _)| since);
            last.queues = self.queues()?;
            // An entry that is half written changes later, and the folder does not.
            let whole = last.queues.len() == fs::read_dir(self.dir()).map_or(0, Iterator::count);
            last.folder = now.map(|stamp| (stamp, since, whole && since.elapsed() >= TICK));
        }
        Ok(&last.queues)
    }

    /// The real paths of all queues that are entered, in a fixed order. An entry that is no file of
    /// ours is passed over.
    ///
    /// # Errors
    /// When the system lacks what it takes to read them: a queue that is left out would not be
    /// kept off.
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
        // No name comes or goes, so that the folder stays as it is.
        let mut half = File::options().write(true).open(registry.dir().join("half")).unwrap();
        half.write_all(b"/b/q.json").unwrap();
        assert_eq!(registry.list(&mut listing).unwrap().len(), 2);
        registry.enter(Path::new("/c/q.json")).unwrap();
        assert_eq!(registry.list(&mut listing).unwrap().len(), 3);
    }
}
