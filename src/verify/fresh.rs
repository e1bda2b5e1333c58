//! Files that a step is to write: believed only if this run of the step wrote them.
//!
//! A file that lies there from before, that a tree brought along, or that somebody put there with an old
//! time, says nothing about the work.

use crate::platform::fault::{self, Fault};
use crate::platform::open::{self, Links};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The most that such a file may have, in bytes.
const MOST: u64 = 64 << 20;

/// What tells two states of a file apart: device, inode, size, and the times of content and inode.
type Stamp = (u64, u64, u64, (i64, i64), (i64, i64));

/// A file that a step is to write, as it was before.
#[derive(Clone, Debug)]
pub struct Expected {
    path: PathBuf,
    before: Option<Stamp>,
    since: SystemTime,
}

impl Expected {
    /// Looks at the file at `path` before its step begins, at `since` by the clock of the file system.
    pub fn look(path: &Path, since: SystemTime) -> Self {
        let before = fs::symlink_metadata(path).ok().map(|meta| stamp(&meta));
        Self { path: path.to_owned(), before, since }
    }

    /// What the step wrote there.
    ///
    /// # Errors
    /// Why it does not count, in words.
    pub fn read(&self) -> Result<Vec<u8>, String> {
        let meta = match fs::symlink_metadata(&self.path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                return Err("the step did not write it".to_owned());
            }
            Err(error) => return Err(error.to_string()),
        };
        if !meta.is_file() {
            return Err("it is no regular file".to_owned());
        }
        let is_older = meta.modified().is_ok_and(|time| time < self.since);
        let is_stale = self.before == Some(stamp(&meta)) || is_older;
        if is_stale && !fault::is(Fault::StaleBelieved) {
            return Err("it is older than this run of the step".to_owned());
        }
        open::read(&self.path, Links::Refuse, MOST).map_err(|error| error.to_string())
    }
}

fn stamp(meta: &fs::Metadata) -> Stamp {
    let written = (meta.mtime(), meta.mtime_nsec());
    (meta.dev(), meta.ino(), meta.size(), written, (meta.ctime(), meta.ctime_nsec()))
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn only_what_the_step_wrote_counts() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("report");
        let since = SystemTime::UNIX_EPOCH;
        let expected = Expected::look(&path, since);
        assert_eq!(expected.read().unwrap_err(), "the step did not write it");
        fs::write(&path, "a").unwrap();
        assert_eq!(expected.read().unwrap(), b"a");
        let stale = Expected::look(&path, since);
        assert_eq!(stale.read().unwrap_err(), "it is older than this run of the step");
        fs::write(&path, "bb").unwrap();
        assert_eq!(stale.read().unwrap(), b"bb");
        // Put there in this run, with the time of an earlier one.
        let later = fs::metadata(&path).unwrap().modified().unwrap() + Duration::from_secs(1);
        let moved = Expected { since: later, before: None, path: path.clone() };
        assert_eq!(moved.read().unwrap_err(), "it is older than this run of the step");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert_eq!(expected.read().unwrap_err(), "it is no regular file");
    }
}
