//! The progress of each notification channel in the journal: `notify/<channel>.json` beside the
//! journal.
//!
//! A loop that delivers holds the lock of the channel, so that each event is delivered by one loop.
//! It writes the cursor after each delivery, so that the next loop delivers what a killed one did
//! not. If the folder vanishes, delivery starts with the events that come afterwards.

use crate::domain::Event;
use crate::platform::atomic_file;
use crate::platform::dir::Dir;
use crate::platform::fault::{self, Fault};
use crate::platform::hash::hex16;
use crate::platform::ids::Ids;
use crate::platform::lock::{FileLock, LockError};
use crate::platform::open::{self, Links};
use crate::store::state::StateDir;
use crate::store::state::tail::last_lines;
use serde::{Deserialize, Serialize};
use std::ffi::OsString;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::PathBuf;

/// The maximum number of bytes read from a cursor.
const MOST: u64 = 64 << 10;
/// How much of the end of the journal is read to find its last line, in bytes.
const LAST: u64 = 256 << 10;

/// The position of one event in a journal. After a journal was lost, numbers start again, but times
/// are newer.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The number of the event.
    pub seq: u64,
    /// The time of the event as written in the journal.
    pub at: String,
}

impl Place {
    /// Returns the position of `event`.
    pub fn of(event: &Event) -> Self {
        Self { seq: event.seq, at: event.at.clone() }
    }

    /// Returns whether `event` comes after this position.
    pub fn is_before(&self, event: &Event) -> bool {
        event.seq > self.seq || event.at > self.at
    }
}

/// The delivery progress of a channel.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Cursor {
    /// The last event that needs no further delivery.
    #[serde(flatten)]
    pub told: Place,
    /// The last event of a started message that contains several events: a retry sends the same
    /// events under the same name.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<Place>,
    /// Attempts that were reported as silent.
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
    /// The cursor of the channel named `channel`; the name may contain any characters.
    pub fn new(state: &StateDir, channel: &str) -> Self {
        Self { state: state.clone(), name: hex16(&[channel.as_bytes()]) }
    }

    /// Returns a name for the message with the events `from` to `to`; it is the same in every
    /// process.
    pub fn delivery(&self, from: &str, to: &str) -> String {
        let state = self.state.root().as_os_str().as_encoded_bytes();
        let part = |salt: &[u8]| {
            let parts = [state, b"\0", self.name.as_bytes(), b"\0", from.as_bytes(), b"\0"];
            hex16(&[&parts.concat(), to.as_bytes(), salt])
        };
        part(b"\0a") + &part(b"\0b")
    }

    /// Takes the lock that allows delivery; `None` while another loop holds it.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn lock(&self) -> io::Result<Option<FileLock>> {
        let dir = self.dir();
        let path = dir.join(format!("{}.lock", self.name));
        let lock = || FileLock::try_acquire(&path).map_err(LockError::into_io);
        self.state.with(&dir, lock)
    }

    /// Reads the cursor; `None` if there is none.
    pub fn read(&self) -> Option<Cursor> {
        if fault::is(Fault::CursorForgotten) {
            return None;
        }
        let path = self.dir().join(self.file());
        let text = open::read(&path, Links::Refuse, MOST).ok()?;
        serde_json::from_slice(&text).ok()
    }

    /// Writes the cursor.
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

    /// Returns the current end of the journal.
    pub fn end(&self) -> Place {
        let lines = last_lines(&self.state.journal(), LAST);
        let last = lines.filter_map(|line| serde_json::from_slice::<Event>(&line).ok()).last();
        last.as_ref().map(Place::of).unwrap_or_default()
    }

    fn file(&self) -> OsString {
        OsString::from(format!("{}.json", self.name))
    }

    /// In the git directory if there is one, because agents do not clean it.
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
