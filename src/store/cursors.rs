//! How far the journal was told to a channel: `notify/<channel>.json` beside the journal.
//!
//! Whoever tells holds the lock of the channel, so that each event is told by one loop, and writes
//! the cursor after each delivery: what a killed loop did not get to is told by the next one. When
//! the folder vanishes telling begins with the events that come then.

use super::state::StateDir;
use super::tail::read_last;
use crate::domain::Event;
use crate::platform::atomic_file;
use crate::platform::dir::Dir;
use crate::platform::fault::{self, Fault};
use crate::platform::hash::hex16;
use crate::platform::ids::Ids;
use crate::platform::lock::{FileLock, LockError};
use crate::platform::open::{self, Links};
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

/// More than a cursor has, in bytes.
const MOST: u64 = 64 << 10;
/// How much of the end of the journal is read to find its last line.
const LAST: u64 = 256 << 10;

/// The place of one event in a journal. Numbers begin anew with a journal that was lost, and its
/// times are newer then.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// Its number.
    pub seq: u64,
    /// Its time, as it is in the journal.
    pub at: String,
}

impl Place {
    /// Where `event` is.
    pub fn of(event: &Event) -> Self {
        Self { seq: event.seq, at: event.at.clone() }
    }

    /// Whether `event` comes after it.
    pub fn is_before(&self, event: &Event) -> bool {
        event.seq > self.seq || event.at > self.at
    }
}

/// How far a channel was told.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The last event that is done with.
    #[serde(flatten)]
    pub told: Place,
    /// The last event of the message that was begun, if it holds several: the same ones are sent
    /// again under the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Place>,
    /// Attempts that were told to be silent.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub silent: Vec<String>,
}

/// The cursor of one channel in one journal.
#[derive(Clone, Debug)]
pub struct CursorFile {
    state: StateDir,
    name: String,
}

impl CursorFile {
    /// That of the channel which is called `channel`, whatever is in its name.
    pub fn new(state: &StateDir, channel: &str) -> Self {
        Self { state: state.clone(), name: hex16(&[channel.as_bytes()]) }
    }

    /// A name for the message from one place to another that is the same in every process.
    pub fn delivery(&self, from: &str, to: &str) -> String {
        let state = self.state.root().as_os_str().as_encoded_bytes();
        let part = |salt: &[u8]| {
            let parts = [state, b"\0", self.name.as_bytes(), b"\0", from.as_bytes(), b"\0"];
            hex16(&[&parts.concat(), to.as_bytes(), salt])
        };
        part(b"\0a") + &part(b"\0b")
    }

    /// The right to tell; `None` while another loop has it.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn lock(&self) -> io::Result<Option<FileLock>> {
        let dir = self.dir();
        let path = dir.join(format!("{}.lock", self.name));
        let lock = || FileLock::try_acquire(&path).map_err(LockError::into_io);
        self.state.with(&dir, lock)
    }

    /// How far the channel was told; `None` where nothing is known.
    pub fn read(&self) -> Option<Cursor> {
        if fault::is(Fault::CursorForgotten) {
            return None;
        }
        let path = self.dir().join(self.file());
        let text = open::read(&path, Links::Refuse, MOST).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Keeps how far it was told.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn write(&self, cursor: &Cursor, ids: &dyn Ids) -> io::Result<()> {
        let text = serde_json::to_vec(cursor)?;
        let path = self.dir();
        self.state.with(&path, || {
            let dir = Dir::open(&path)?;
            atomic_file::replace_unsynced(&dir, &self.file(), [text.as_slice(), b"\n"], ids)
        })
    }

    /// Where the journal ends now.
    pub fn end(&self) -> Place {
        let last = read_last::<Event>(&self.state.journal(), LAST).last();
        last.as_ref().map(Place::of).unwrap_or_default()
    }

    fn file(&self) -> OsString {
        OsString::from(format!("{}.json", self.name))
    }

    /// In the git directory where there is one, which no agent tidies up.
    fn dir(&self) -> PathBuf {
        let own = || {
            let dir = self.state.repository()?.join("notify");
            let made = DirBuilder::new().recursive(true).mode(0o700).create(&dir);
            made.is_ok().then_some(dir)
        };
        own().unwrap_or_else(|| self.state.root().join("notify"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::EventKind;
    use crate::platform::ids::CountingIds;
    use crate::store::journal::Journal;
    use crate::store::new_event;
    use chrono::DateTime;

    #[test]
    fn a_cursor_is_kept_and_its_lock_is_had_once() {
        let dir = tempfile::tempdir().unwrap();
        let state = StateDir::beside(&dir.path().join("q.json"));
        let (one, other) = (CursorFile::new(&state, "a/../b"), CursorFile::new(&state, "c"));
        assert_eq!((one.read(), one.end()), (None, Place::default()));
        let held = one.lock().unwrap();
        assert!(held.is_some() && one.lock().unwrap().is_none() && other.lock().unwrap().is_some());
        let mut journal = Journal::new(state.clone());
        let at = DateTime::UNIX_EPOCH;
        let event = new_event(EventKind::Added, at, "q.json".to_owned(), serde_json::Map::new());
        journal.append(&mut [event.clone(), event]).unwrap();
        let cursor = Cursor { told: one.end(), silent: vec!["x".to_owned()], ..Cursor::default() };
        assert_eq!(cursor.told.seq, 2);
        one.write(&cursor, &CountingIds::default()).unwrap();
        assert_eq!((one.read(), other.read()), (Some(cursor), None));
    }

    #[test]
    fn a_message_has_the_same_name_in_every_process() {
        let state = StateDir::beside(std::path::Path::new("/q/q.json"));
        let name = |from, to| CursorFile::new(&state, "c").delivery(from, to);
        assert_eq!(name("1", "2"), name("1", "2"));
        assert!(name("1", "2") != name("1", "3") && name("1", "2").len() == 32);
    }
}
