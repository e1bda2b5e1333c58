//! The lock of a person's index while files are written for it.
//!
//! Git makes `index.lock` for itself and says nowhere whose it is: one that a killed git left stops a
//! person's work for ever, and taking away any other would harm it. So the lock is ours, and git
//! writes another index beside it: a link that no git makes, and that is there at once with its text.
//! Whoever has the landing lock knows that nobody else of ours is alive.

use crate::platform::open;
use std::fs;
use std::io;
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::{Path, PathBuf};

/// What our locks lead to; nothing is there.
const TEXT: &str = "workloop-is-landing";
/// The index that git writes, and what it is locked by.
const NEXT: [&str; 2] = ["workloop-index", "workloop-index.lock"];

/// The lock, let go of when this is dropped: the index is as it was then.
#[derive(Debug)]
pub(super) struct IndexLock {
    git_dir: PathBuf,
}

impl IndexLock {
    /// Takes the lock of the work tree whose git directory is `git_dir`; `None` while somebody else has
    /// it. One that a landing left that was killed is ended first.
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

    /// The index that git is to write.
    pub(super) fn next(&self) -> PathBuf {
        self.git_dir.join(NEXT[0])
    }

    /// Makes what git wrote the index.
    ///
    /// # Errors
    /// Any I/O error; the index is as it was then.
    pub(super) fn put(self) -> io::Result<()> {
        fs::rename(self.next(), self.git_dir.join("index"))
    }

    /// Ends what a landing left: nobody could write the index since, so that one which git finished is
    /// put in its place.
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
        // What stays is found and ended by the next landing.
        drop(self.remove_next());
        drop(fs::remove_file(self.git_dir.join("index.lock")));
    }
}

/// The same file under another name, or its content with its time: by that git tells which files it
/// has to look at once more.
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
