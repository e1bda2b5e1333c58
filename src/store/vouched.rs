//! What the folder of claim locks was like when a loop last left it in order.
//!
//! Whoever claims a task whose lock file is missing has to know that it was not deleted under a
//! worker that lives, which only a look at all processes tells. With many loops on a queue that
//! look would be made for nearly every claim, because each of them changes the folder. So a loop
//! that has looked, and made new locks since under the lock of the queue, writes down how it left
//! the folder: the next one that finds it so need not look. The words are worth nothing once
//! anybody else made or deleted a file there, or the folder itself.

use super::state::{StateDir, hex16};
use crate::platform::fault::{self, Fault};
use crate::platform::open::{self, Links};
use std::fs;
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The most that is read of what was written down, in bytes.
const LINE: u64 = 1 << 10;

/// A look at a folder: which one it is, when a name in it last came or went, and how many are
/// there, once they were counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Folder {
    device: u64,
    inode: u64,
    changed: (i64, i64),
    entries: usize,
}

impl Folder {
    /// Looks at `dir` without counting what is in it.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn look(dir: &Path) -> io::Result<Self> {
        let meta = fs::metadata(dir)?;
        let changed = (meta.mtime(), meta.mtime_nsec());
        Ok(Self { device: meta.dev(), inode: meta.ino(), changed, entries: 0 })
    }

    /// The same look, with what is in `dir` counted.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn counted(mut self, dir: &Path) -> io::Result<Self> {
        self.entries = 0;
        for entry in fs::read_dir(dir)? {
            entry?;
            self.entries += 1;
        }
        Ok(self)
    }

    /// Whether nothing came or went between this look and `other`, as far as times tell.
    pub fn is_as(&self, other: &Self) -> bool {
        Self { entries: 0, ..*self } == Self { entries: 0, ..*other } || is_blind()
    }

    /// Whether `now` is the same folder with one name more. Times alone would not show a deletion
    /// in the moment in which the new name was made.
    pub fn grew_by_one(&self, now: &Self) -> bool {
        (self.device, self.inode) == (now.device, now.inode) && self.entries + 1 == now.entries
            || is_blind()
    }
}

fn is_blind() -> bool {
    fault::is(Fault::VouchedBlindly)
}

/// Where it is written down. Read and written under the lock of the queue.
#[derive(Debug)]
pub struct Vouched {
    path: PathBuf,
    looker: String,
}

impl Vouched {
    /// That of the folder of locks in `state`, among those who see the same processes as `looker`:
    /// another user, or a container that shares the folder, sees others.
    pub fn of(state: &StateDir, looker: &str) -> Self {
        // In the folder itself: nobody watches that.
        let path = state.claims().join("vouched");
        Self { path, looker: hex16(&[looker.as_bytes()]) }
    }

    /// What was written last; `None` when there is nothing, or something else.
    pub fn read(&self) -> Option<Folder> {
        let text = open::read_text(&self.path, Links::Refuse, LINE).ok()?;
        let mut words = text.strip_suffix('\n')?.split_ascii_whitespace();
        words.next().filter(|looker| *looker == self.looker)?;
        let device = words.next()?.parse().ok()?;
        let inode = words.next()?.parse().ok()?;
        let changed = (words.next()?.parse().ok()?, words.next()?.parse().ok()?);
        let entries = words.next()?.parse().ok()?;
        words.next().is_none().then_some(Folder { device, inode, changed, entries })
    }

    /// Writes down `folder`. A failure is none: the next loop looks for itself.
    pub fn write(&self, folder: &Folder) {
        let Folder { device, inode, changed: (seconds, nanos), entries } = folder;
        // Always the same length, so that a new line covers the old one.
        let looker = &self.looker;
        let line =
            format!("{looker} {device:20} {inode:20} {seconds:20} {nanos:10} {entries:20}\n");
        let file = open::existing_or_new(&self.path);
        drop(file.and_then(|(mut file, _)| file.write_all(line.as_bytes())));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;

    #[test]
    fn what_is_written_is_read_and_nothing_else() {
        let temp = tempfile::tempdir().unwrap();
        let state = StateDir::beside(&temp.path().join("q.json"));
        state.ensure(&state.claims()).unwrap();
        let vouched = Vouched::of(&state, "host 1000");
        assert_eq!(vouched.read(), None);
        let dir = state.claims();
        let empty = Folder::look(&dir).unwrap().counted(&dir).unwrap();
        vouched.write(&empty);
        assert_eq!(vouched.read(), Some(empty));
        let empty = Folder::look(&dir).unwrap().counted(&dir).unwrap();
        drop(File::create(dir.join("a.lock")).unwrap());
        let one = Folder::look(&dir).unwrap().counted(&dir).unwrap();
        assert!(empty.grew_by_one(&one) && !one.grew_by_one(&one));
        vouched.write(&one);
        assert_eq!(vouched.read(), Some(one));
        // Who sees other processes does not believe it, and is not believed.
        let other = Vouched::of(&state, "container 1000");
        assert_eq!(other.read(), None);
        other.write(&one);
        assert_eq!((other.read(), vouched.read()), (Some(one), None));
        File::create(&vouched.path).unwrap().write_all(b"1 2 3 4").unwrap();
        assert_eq!(vouched.read(), None);
    }

    #[test]
    fn a_deletion_in_the_moment_of_a_creation_is_counted() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path();
        drop(File::create(dir.join("a.lock")).unwrap());
        let before = Folder::look(dir).unwrap().counted(dir).unwrap();
        fs::remove_file(dir.join("a.lock")).unwrap();
        drop(File::create(dir.join("b.lock")).unwrap());
        let after = Folder::look(dir).unwrap().counted(dir).unwrap();
        assert!(!before.grew_by_one(&after));
        assert!(after.is_as(&Folder::look(dir).unwrap()));
    }
}
