//! The lock of a person's index while files are written for it.
//!
//! Git creates `index.lock` without naming its owner: a lock that a killed git left stops a
//! person's work for ever, and removing any other one would damage it. Therefore this program holds
//! the lock, and git writes another index beside it. The lock is a link that no git creates, and
//! that exists with its text atomically. The holder of the landing lock knows that no other process
//! of this program is alive.

use crate::platform::open;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

/// The target of our lock links, which does not exist.
const TEXT: &str = "workloop-is-landing";
/// The index that git writes, and its lock.
const NEXT: [&str; 2] = ["workloop-index", "workloop-index.lock"];

/// The lock. Dropping it leaves the index as it was.
#[derive(Debug)]
pub(super) struct IndexLock {
    git_dir: PathBuf,
}

impl IndexLock {
    /// Takes the lock of the work tree whose git directory is `git_dir`; `None` while another
    /// process has it. First ends a lock that a killed landing left.
    ///
    /// # Errors
    /// Any I/O error.
    pub(super) fn take(git_dir: &Path) -> io::Result<Option<Self>> {
        let lock = git_dir.join("index.lock");
        if fs::read_link(&lock).is_ok_and(|text| text == Path::new(TEXT)) {
            Self { git_dir: git_dir.to_owned() }.end_killed()?;
        }
        match symlink(TEXT, &lock) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => return Ok(None),
            made => made?,
        }
        let held = Self { git_dir: git_dir.to_owned() };
        held.remove_next()?;
        copy(&git_dir.join("index"), &held.next())?;
        Ok(Some(held))
    }

    /// Returns the index that git is to write.
    pub(super) fn next(&self) -> PathBuf {
        self.git_dir.join(NEXT[0])
    }

    /// Replaces the index by what git wrote.
    ///
    /// # Errors
    /// Any I/O error; the index is unchanged then.
    pub(super) fn put(self) -> io::Result<()> {
        fs::rename(self.next(), self.git_dir.join("index"))
    }

    /// Ends the lock of a killed landing. No process could write the index since, so an index that
    /// git finished is put in its place.
    fn end_killed(self) -> io::Result<()> {
        let inode =
            |name: &str| fs::symlink_metadata(self.git_dir.join(name)).map(|meta| meta.ino());
        let is_whole = fs::symlink_metadata(self.git_dir.join(NEXT[1])).is_err();
        match (inode(NEXT[0]), inode("index")) {
            (Ok(next), now) if is_whole && now.as_ref().ok() != Some(&next) => self.put(),
            _ => Ok(()),
        }
    }

    fn remove_next(&self) -> io::Result<()> {
        for name in NEXT {
            open::if_there(fs::remove_file(self.git_dir.join(name)))?;
        }
        Ok(())
    }
}

impl Drop for IndexLock {
    fn drop(&mut self) {
        // The next landing finds and ends what remains.
        drop(self.remove_next());
        drop(fs::remove_file(self.git_dir.join("index.lock")));
    }
}

/// Links or copies the index, with its time: git uses the time to determine which files it has to
/// read again.
fn copy(index: &Path, next: &Path) -> io::Result<()> {
    match fs::hard_link(index, next) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(_) => {
            let mut old = open::reading(index, open::Links::Refuse)?;
            let mut new = open::new(next)?;
            io::copy(&mut old, &mut new)?;
            new.set_modified(old.metadata()?.modified()?)
        }
        Ok(()) => Ok(()),
    }
}
