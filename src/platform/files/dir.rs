//! An open directory, to which locks, temp files and renames are relative.

use super::open::{self, Links};
use crate::platform::fault::{self, Fault};
use std::ffi::OsStr;
use std::fs::{File, Metadata};
use std::io;
use std::os::fd::{AsFd, BorrowedFd};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags};
use rustix::io::retry_on_intr;

/// Device and inode of what a path named when it was opened.
pub(crate) type Identity = (u64, u64);

/// A directory that stays open, so that a rename of its path does not lead to another one.
#[derive(Debug)]
pub struct Dir {
    file: File,
    path: PathBuf,
    identity: Identity,
}

impl Dir {
    /// Opens the directory at `path`.
    #[expect(clippy::disallowed_methods, reason = "DIRECTORY refuses everything else, at once")]
    pub fn open(path: &Path) -> io::Result<Self> {
        let flags = OFlags::RDONLY | OFlags::DIRECTORY | OFlags::CLOEXEC;
        let file = File::from(retry_on_intr(|| rustix::fs::open(path, flags, Mode::empty()))?);
        let identity = identity(&file.metadata()?);
        Ok(Self { file, path: path.to_owned(), identity })
    }

    /// The path by which it was opened.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Device and inode of the open directory.
    pub fn identity(&self) -> Identity {
        self.identity
    }

    /// Returns whether the path still names this directory.
    ///
    /// # Errors
    /// When the path cannot be read; a missing directory is no error.
    pub fn is_current(&self) -> io::Result<bool> {
        let now = open::if_there(std::fs::metadata(&self.path))?;
        Ok(now.is_some_and(|meta| identity(&meta) == self.identity))
    }

    /// Opens the regular file `name` in the directory for reading; a symlink is refused.
    ///
    /// # Errors
    /// As [`open::reading`].
    pub fn open_file(&self, name: &OsStr) -> io::Result<File> {
        open::regular(&self.file, Path::new(name), OFlags::RDONLY, Links::Refuse)
    }

    /// Makes renames and new names in the directory durable; never retried automatically.
    pub fn sync(&self) -> io::Result<()> {
        if fault::is(Fault::NoDirSync) { Ok(()) } else { sync_once(&self.file) }
    }

    pub(super) fn file(&self) -> &File {
        &self.file
    }
}

impl AsFd for Dir {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.file.as_fd()
    }
}

/// Device and inode of `meta`.
pub(crate) fn identity(meta: &Metadata) -> Identity {
    (meta.dev(), meta.ino())
}

/// Calls fsync exactly once: after a failure the kernel may forget the dirty pages, and a second
/// call would report success for data that never reached the disk.
pub(super) fn sync_once(file: &File) -> io::Result<()> {
    #[cfg(target_os = "macos")]
    return file.sync_all(); // F_FULLFSYNC: a plain fsync stops at the drive's cache there
    #[cfg(not(target_os = "macos"))]
    match rustix::fs::fsync(file) {
        Err(error) if !fault::is(Fault::SyncErrorsIgnored) => Err(error.into()),
        _ => Ok(()),
    }
}
