//! Files that a step is to write: accepted only if this run of the step wrote them.
//!
//! An older file, one that a tree contained, or one that was created with an old time, proves
//! nothing about the work. If a pattern names the files, those of this run count, and there must be
//! at least one.

use super::matching::{is_pattern, matching};
use crate::platform::fault::{self, Fault};
use crate::platform::open::{self, Links};
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The most that such files may have together, in bytes.
const MOST: u64 = 64 << 20;
/// The most files that are read for one pattern.
const FILES: usize = 5000;

/// The properties that distinguish two states of a file: device, inode, size, and the times of
/// content and inode.
type Stamp = (u64, u64, u64, (i64, i64), (i64, i64));

/// Files that a step is to write, with their state before it.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    folder: PathBuf,
    name: String,
    before: Result<BTreeMap<String, Stamp>, String>,
    since: SystemTime,
}

/// A file that a step wrote.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Written {
    /// Its path, relative to the folder of the step.
    pub name: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

impl Expected {
    /// Records the state of what `name`, a path or a pattern, matches in `folder`, before its step
    /// begins at `since` by the clock of the file system.
    pub(crate) fn look(folder: &Path, name: &str, since: SystemTime) -> Self {
        let (folder, name) = (folder.to_owned(), name.to_owned());
        let mut expected = Self { folder, name, before: Ok(BTreeMap::new()), since };
        let stamped = |name: String| {
            let meta = fs::symlink_metadata(expected.folder.join(&name)).ok()?;
            Some((name, stamp(&meta)))
        };
        let before = expected.names().map(|names| names.into_iter().filter_map(stamped).collect());
        expected.before = before;
        expected
    }

    /// Returns whether the name is a pattern.
    pub(crate) fn is_pattern(&self) -> bool {
        is_pattern(&self.name)
    }

    /// Returns the path itself, or the existing files that the pattern matches.
    fn names(&self) -> Result<Vec<String>, String> {
        if is_pattern(&self.name) {
            matching(&self.folder, &self.name)
        } else {
            Ok(vec![self.name.clone()])
        }
    }

    /// Returns what the step wrote: for a path one file, for a pattern at least one.
    ///
    /// # Errors
    /// Returns the reason why it does not count, in words.
    pub(crate) fn read(&self) -> Result<Vec<Written>, String> {
        let mut left = MOST;
        if !is_pattern(&self.name) {
            let bytes = self.one(&self.name, &mut left)?;
            return Ok(vec![Written { name: self.name.clone(), bytes }]);
        }
        self.before.as_ref().map_err(Clone::clone)?;
        let mut written = Vec::new();
        for name in self.names()? {
            match self.one(&name, &mut left) {
                Ok(bytes) => written.push(Written { name, bytes }),
                // A file of another run counts as missing.
                Err(why) if why == STALE || why == ABSENT => {}
                Err(why) => return Err(format!("{name}: {why}")),
            }
            if written.len() > FILES {
                return Err(format!("{} names more than {FILES} files", self.name));
            }
        }
        if written.is_empty() {
            return Err(format!("the step wrote nothing that matches {}", self.name));
        }
        Ok(written)
    }

    /// Returns what the step wrote into one file, which may have at most `left` bytes.
    fn one(&self, name: &str, left: &mut u64) -> Result<Vec<u8>, String> {
        let path = self.folder.join(name);
        let meta = match fs::symlink_metadata(&path) {
            Ok(meta) => meta,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(ABSENT.to_owned()),
            Err(error) => return Err(error.to_string()),
        };
        let before = self.before.as_ref().ok().and_then(|before| before.get(name));
        let is_same = before == Some(&stamp(&meta));
        // An entry that existed before and is not a file was not written by this step.
        let is_passed_over = is_same && self.is_pattern();
        if !meta.is_file() && !is_passed_over {
            return Err("it is not a regular file".to_owned());
        }
        let is_older = meta.modified().is_ok_and(|time| time < self.since);
        let is_stale = is_same || is_older;
        if is_stale && !fault::is(Fault::StaleBelieved) {
            return Err(STALE.to_owned());
        }
        let bytes = open::read(&path, Links::Refuse, *left).map_err(|error| error.to_string())?;
        *left = left.saturating_sub(bytes.len() as u64);
        Ok(bytes)
    }
}

const ABSENT: &str = "the step did not write it";
const STALE: &str = "it is older than this run of the step";

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
        let look = || Expected::look(dir.path(), "report", since);
        let text = |expected: &Expected| expected.read().map(|mut all| all.remove(0).bytes);
        let expected = look();
        assert_eq!(expected.read().unwrap_err(), "the step did not write it");
        fs::write(&path, "a").unwrap();
        assert_eq!(text(&expected).unwrap(), b"a");
        let stale = look();
        assert_eq!(stale.read().unwrap_err(), "it is older than this run of the step");
        fs::write(&path, "bb").unwrap();
        assert_eq!(text(&stale).unwrap(), b"bb");
        // Created in this run, with the time of an earlier one.
        let later = fs::metadata(&path).unwrap().modified().unwrap() + Duration::from_secs(1);
        let moved = Expected { since: later, ..expected.clone() };
        assert_eq!(moved.read().unwrap_err(), "it is older than this run of the step");
        fs::remove_file(&path).unwrap();
        std::os::unix::fs::symlink("elsewhere", &path).unwrap();
        assert_eq!(expected.read().unwrap_err(), "it is not a regular file");
    }

    #[test]
    fn of_a_pattern_the_files_of_this_run_count() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for name in ["old", "again"] {
            fs::create_dir_all(root.join("out").join(name)).unwrap();
            fs::write(root.join("out").join(name).join("r.xml"), "before").unwrap();
        }
        std::os::unix::fs::symlink("/dev/zero", root.join("out/r.xml")).unwrap();
        let expected = Expected::look(root, "out/**/r.xml", SystemTime::UNIX_EPOCH);
        let nothing = "the step wrote nothing that matches out/**/r.xml";
        assert_eq!(expected.read().unwrap_err(), nothing);
        fs::create_dir_all(root.join("out/new")).unwrap();
        fs::write(root.join("out/new/r.xml"), "now").unwrap();
        fs::write(root.join("out/again/r.xml"), "now, too").unwrap();
        let read = expected.read().unwrap();
        let names: Vec<_> = read.iter().map(|written| &*written.name).collect();
        assert_eq!(names, ["out/again/r.xml", "out/new/r.xml"]);
        assert_eq!(read[1].bytes, b"now");
        std::os::unix::fs::symlink("/dev/zero", root.join("out/new2")).unwrap();
        fs::rename(root.join("out/new2"), root.join("out/new/r.xml")).unwrap();
        assert_eq!(expected.read().unwrap_err(), "out/new/r.xml: it is not a regular file");
    }
}
