//! The place where the queue of a simulation is kept: files, or memory.

use crate::platform::fault::{self, Fault};
use crate::store::memory::Memory;
use crate::store::{Backups, Hold, TaskKey};
use std::fs;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::time::Duration;

/// The kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Files,
    Memory,
}

/// The place.
#[derive(Clone, Debug)]
pub(super) enum Ground {
    Files(Option<Backups>),
    Memory(Memory),
}

impl Ground {
    /// Returns the text of the queue.
    pub(super) fn text(&self, queue: &Path) -> Vec<u8> {
        match self {
            Self::Files(_) => fs::read(queue).unwrap_or_default(),
            Self::Memory(memory) => memory.text(queue),
        }
    }

    /// Replaces the text of the queue, as an editor does.
    pub(super) fn put(&self, queue: &Path, text: &[u8]) {
        let beside = queue.with_file_name("edited");
        match self {
            Self::Files(_) => {
                fs::write(&beside, text).expect("written");
                // A file that was just saved gets two seconds to become valid.
                let file = fs::File::options().write(true).open(&beside).expect("there");
                file.set_modified(std::time::UNIX_EPOCH + Duration::from_secs(1_000_000_000))
                    .expect("dated");
                fs::rename(&beside, queue).expect("renamed");
            }
            Self::Memory(memory) => memory.put(queue, text),
        }
    }

    /// Writes what a supervisor is that holds a claim.
    pub(super) fn record(&self, hold: &Hold, key: &TaskKey, line: &[u8]) {
        match (self, hold.lock()) {
            (Self::Memory(memory), _) => memory.record(key, line.to_owned()),
            (Self::Files(_), None) => unreachable!("claims of files are locked files"),
            (Self::Files(_), Some(lock)) => {
                drop(lock.file().set_len(0));
                drop(lock.file().write_all_at(line, 0));
                if fault::is(Fault::ClaimUnlocked) {
                    let _ = rustix::fs::flock(lock.file(), rustix::fs::FlockOperation::Unlock);
                }
            }
        }
    }

    /// Forgets claims and loops, as an agent does that deletes what git ignores.
    pub(super) fn forget(&self, queue: &Path) {
        let state = queue.with_file_name(".workloop");
        drop(fs::remove_dir_all(state));
        if let Self::Memory(memory) = self {
            memory.forget();
        }
    }

    /// Returns the lines of the journal.
    pub(super) fn journal(&self, queue: &Path) -> Vec<String> {
        match self {
            Self::Files(_) => {
                let path = queue.with_file_name(".workloop").join("events.jsonl");
                let text = fs::read_to_string(path).unwrap_or_default();
                text.lines().map(str::to_owned).collect()
            }
            Self::Memory(memory) => {
                let line = |event| serde_json::to_string(&event).unwrap_or_default();
                memory.events(queue).into_iter().map(line).collect()
            }
        }
    }
}
