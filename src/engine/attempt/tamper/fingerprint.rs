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

    #[test]
    fn what_all_files_of_an_attempt_may_need_is_shared() {
        let dir = tempfile::tempdir().unwrap();
        let at = |name: &str, text: &str| {
            fs::write(dir.path().join(name), text).unwrap();
            dir.path().join(name)
        };
        let (three, two, empty) = (at("three", "123"), at("two", "12"), at("empty", ""));
        let mut room = Room(5);
        let is_stamp = |path: &Path, room: &mut Room| {
            let found = Fingerprint::of(path, Part::Whole, room).unwrap();
            assert!(found.holds(path, Part::Whole).unwrap(), "{}", path.display());
            matches!(found.content, Content::Stamp { .. })
        };
        assert!(!is_stamp(&three, &mut room) && room.0 == 2);
        // What is exactly as long as the room is read.
        assert!(!is_stamp(&two, &mut room) && room.0 == 0);
        assert!(is_stamp(&three, &mut room) && is_stamp(&two, &mut room));
        assert!(!is_stamp(&empty, &mut room), "an empty file needs no room");
        assert_eq!(Room::default().0, 64 << 20);
    }

    #[test]
    fn a_huge_file_is_compared_by_its_stamp_however_much_room_there_is() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "").unwrap();
        let set =
            |length: u64| fs::OpenOptions::new().write(true).open(&path).unwrap().set_len(length);
        set(FILE_LIMIT + 1).unwrap();
        let mut room = Room::default();
        let before = Fingerprint::of(&path, Part::Whole, &mut room).unwrap();
        let length = FILE_LIMIT + 1;
        assert!(matches!(before.content, Content::Stamp { length: of, .. } if of == length));
        assert_eq!(room.0, TOTAL_LIMIT, "nothing was read");
        assert!(before.holds(&path, Part::Whole).unwrap());
        set(FILE_LIMIT + 2).unwrap();
        assert!(!before.holds(&path, Part::Whole).unwrap());
    }

    #[test]
    fn what_is_no_file_is_told_from_what_is_absent() {
        let dir = tempfile::tempdir().unwrap();
        let of = |name: &str| {
            Fingerprint::of(&dir.path().join(name), Part::Whole, &mut Room::default()).unwrap()
        };
        fs::create_dir(dir.path().join("folder")).unwrap();
        symlink("nowhere", dir.path().join("dangling")).unwrap();
        assert_eq!(of("absent"), Fingerprint::absent());
        assert!(of("absent").is_absent() && !of("folder").is_absent());
        assert_eq!(of("folder"), Fingerprint { link: None, content: Content::NoFile });
        // A link that leads nowhere is a link: what it leads to may come to be.
        let dangling = of("dangling");
        assert_eq!(dangling.link.as_deref(), Some("nowhere"));
        assert!(dangling.is_absent() && dangling != Fingerprint::absent());
        let holds = |name: &str| dangling.holds(&dir.path().join(name), Part::Whole).unwrap();
        assert!(holds("dangling"));
        fs::write(dir.path().join("nowhere"), "").unwrap();
        assert!(!holds("dangling"));
    }

    #[test]
    fn a_fingerprint_is_stored_and_read_without_a_change() {
        let hash = Fingerprint { link: None, content: Content::Hash(1, u64::MAX) };
        let linked = Fingerprint { link: Some("a b".to_owned()), content: Content::NoFile };
        let content = Content::Stamp { inode: 7, length: 8, changed: (-1, 999) };
        let stamp = Fingerprint { link: None, content };
        for (given, text) in [
            (Fingerprint::absent(), r#"{"content":"absent"}"#),
            (hash, r#"{"content":{"hash":[1,18446744073709551615]}}"#),
            (linked, r#"{"link":"a b","content":"no_file"}"#),
            (stamp, r#"{"content":{"stamp":{"inode":7,"length":8,"changed":[-1,999]}}}"#),
        ] {
            assert_eq!(serde_json::to_string(&given).unwrap(), text);
            assert_eq!(serde_json::from_str::<Fingerprint>(text).unwrap(), given, "{text}");
        }
        assert_eq!(
            serde_json::to_string(&[Part::Whole, Part::Scripts]).unwrap(),
            r#"["whole","scripts"]"#
        );
    }

    #[test]
    fn only_the_beginning_of_a_file_is_read_to_know_its_kind() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("file");
        fs::write(&path, "12345678").unwrap();
        assert_eq!(head(&path, 3).as_deref(), Some(&b"123"[..]));
        assert_eq!(head(&path, 9).as_deref(), Some(&b"12345678"[..]));
        assert_eq!(text(&path, 8).as_deref(), Some("12345678"));
        assert_eq!(text(&path, 7), None);
        fs::write(&path, b"\xff").unwrap();
        assert_eq!(text(&path, 7), None, "no text");
        assert_eq!((head(dir.path(), 3), text(&dir.path().join("gone"), 3)), (None, None));
        for (package, expected) in [
            (r#"{"scripts": {"a": "b"}}"#, Some(serde_json::json!({"a": "b"}))),
            ("{}", Some(Value::Null)),
            ("[]", None),
            ("{", None),
        ] {
            assert_eq!(scripts(package.as_bytes()), expected, "{package}");
        }
    }
}
