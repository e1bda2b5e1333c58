//! The state of a guarded file at one moment, to detect a change.

use crate::platform::open::{self, Links};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::fs;
use std::io::{self, Read};
use std::os::unix::fs::MetadataExt;
use std::path::Path;
use xxhash_rust::xxh3::xxh3_128;

/// Longer files are compared by length, times and inode.
const FILE_LIMIT: u64 = 16 << 20;
/// The most that is read of all guarded files of an attempt together; further files are compared by
/// length, times and inode, too.
const TOTAL_LIMIT: u64 = 64 << 20;

/// The part of a file that is guarded.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Part {
    /// All of it.
    Whole,
    /// The `scripts` of a `package.json`: honest work adds and removes dependencies.
    Scripts,
}

/// The state of a file at one moment.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Fingerprint {
    /// The target, if it is a symlink.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    link: Option<String>,
    content: Content,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Content {
    Absent,
    /// A folder, a FIFO, a device: nothing that a step reads as a script.
    NoFile,
    /// The upper and the lower half.
    Hash(u64, u64),
    Stamp {
        inode: u64,
        length: u64,
        changed: (i64, i64),
    },
}

/// How many bytes may still be read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Room(u64);

impl Default for Room {
    fn default() -> Self {
        Self(TOTAL_LIMIT)
    }
}

impl Fingerprint {
    /// Fingerprints `path`; `room` limits what one attempt reads.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read, even at a second try: file descriptors may be
    /// scarce for a moment.
    pub(super) fn of(path: &Path, part: Part, room: &mut Room) -> io::Result<Self> {
        let (fingerprint, read) = Self::look(path, part, Some(room.0))?;
        room.0 = room.0.saturating_sub(read);
        Ok(fingerprint)
    }

    /// Returns whether `path` is still the same, compared in the same way. A file that may no
    /// longer be read is not.
    ///
    /// # Errors
    /// Returns an error if the system is out of resources: then the agent did nothing to the file.
    pub(super) fn holds(&self, path: &Path, part: Part) -> io::Result<bool> {
        let by_stamp = matches!(self.content, Content::Stamp { .. });
        let limit = (!by_stamp).then_some(FILE_LIMIT);
        match Self::look(path, part, limit) {
            Err(error) if open::is_shortage(&error) => Err(error),
            looked => Ok(looked.is_ok_and(|(now, _)| now == *self)),
        }
    }

    /// Returns the fingerprint of a file that does not exist.
    pub(super) fn absent() -> Self {
        Self { link: None, content: Content::Absent }
    }

    /// Returns whether there was no file.
    pub(super) fn is_absent(&self) -> bool {
        self.content == Content::Absent
    }

    fn look(path: &Path, part: Part, limit: Option<u64>) -> io::Result<(Self, u64)> {
        let look = || {
            let link = fs::read_link(path).ok().map(|link| link.to_string_lossy().into_owned());
            content(path, part, limit).map(|(content, read)| (Self { link, content }, read))
        };
        look().or_else(|_: io::Error| look())
    }
}

/// Returns the content at `path`, and how much of it was read: nothing if it is longer than
/// `limit`.
fn content(path: &Path, part: Part, limit: Option<u64>) -> io::Result<(Content, u64)> {
    // A person's script may be a symlink to one that several projects share.
    let file = match open::reading(path, Links::Follow) {
        Ok(file) => file,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok((Content::Absent, 0)),
        Err(error) if open::not_a_file(&error).is_some() => return Ok((Content::NoFile, 0)),
        Err(error) => return Err(error),
    };
    let meta = file.metadata()?;
    if limit.is_none_or(|limit| meta.len() > limit.min(FILE_LIMIT)) {
        let (inode, length) = (meta.ino(), meta.len());
        let changed = (meta.ctime(), meta.ctime_nsec());
        return Ok((Content::Stamp { inode, length, changed }, 0));
    }
    let mut bytes = Vec::new();
    file.take(FILE_LIMIT).read_to_end(&mut bytes)?;
    let read = bytes.len() as u64;
    let bytes = match part {
        Part::Whole => bytes,
        Part::Scripts => scripts(&bytes).map_or(bytes, |scripts| scripts.to_string().into_bytes()),
    };
    let (upper, lower) = halves(xxh3_128(&bytes));
    Ok((Content::Hash(upper, lower), read))
}

#[expect(clippy::cast_possible_truncation, reason = "each half is what is wanted")]
fn halves(hash: u128) -> (u64, u64) {
    ((hash >> 64) as u64, hash as u64)
}

/// Returns the text of a file of at most `limit` bytes.
pub(super) fn text(path: &Path, limit: u64) -> Option<String> {
    open::read_text(path, Links::Follow, limit).ok()
}

/// Returns the first bytes of a file.
pub(super) fn head(path: &Path, length: u64) -> Option<Vec<u8>> {
    let mut bytes = Vec::new();
    open::reading(path, Links::Follow).ok()?.take(length).read_to_end(&mut bytes).ok()?;
    Some(bytes)
}

/// Returns the `scripts` of a `package.json`.
pub(super) fn scripts(bytes: &[u8]) -> Option<Value> {
    let package: Value = serde_json::from_slice(bytes).ok()?;
    Some(package.as_object()?.get("scripts").cloned().unwrap_or_default())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests {
    use super::*;
    use std::os::unix::fs::symlink;

    /// Returns whether `change` of a file with `text` is noticed.
    fn noticed(text: &str, part: Part, change: impl Fn(&Path)) -> bool {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, text).unwrap();
        let before = Fingerprint::of(&path, part, &mut Room::default()).unwrap();
        assert!(before.holds(&path, part).unwrap());
        change(&path);
        !before.holds(&path, part).unwrap()
    }

    #[test]
    fn every_change_of_a_file_is_noticed() {
        assert!(noticed("a", Part::Whole, |path| fs::write(path, "b").unwrap()));
        assert!(noticed("a", Part::Whole, |path| fs::remove_file(path).unwrap()));
        assert!(noticed("a", Part::Whole, |path| {
            fs::rename(path, path.with_extension("old")).unwrap();
            symlink("file.old", path).unwrap();
        }));
        assert!(noticed("a", Part::Whole, |path| {
            fs::remove_file(path).unwrap();
            duct::cmd!("mkfifo", path).run().unwrap();
        }));
        assert!(!noticed("a", Part::Whole, |path| fs::write(path, "a").unwrap()));
    }

    #[test]
    fn of_a_package_only_the_scripts_count() {
        let package = r#"{"scripts": {"test": "a"}, "dependencies": {"x": "1"}}"#;
        let with = |from: &'static str, to: &'static str| {
            move |path: &Path| fs::write(path, package.replace(from, to)).unwrap()
        };
        assert!(!noticed(package, Part::Scripts, with("\"1\"", "\"2\"")));
        assert!(noticed(package, Part::Scripts, with("\"a\"", "\"b\"")));
        assert!(noticed(package, Part::Scripts, with("scripts", "script")));
        assert!(noticed(package, Part::Scripts, with("{\"test\"", "\"test\"")));
    }

    #[test]
    fn what_is_too_much_to_read_is_compared_by_its_stamp() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "long").unwrap();
        let before = Fingerprint::of(&path, Part::Whole, &mut Room(3)).unwrap();
        assert!(matches!(before.content, Content::Stamp { length: 4, .. }));
        assert!(before.holds(&path, Part::Whole).unwrap());
        fs::write(&path, "longer").unwrap();
        assert!(!before.holds(&path, Part::Whole).unwrap());
    }
}
