//! The last good text of each queue: a copy of the last write, or of an accepted edit.
//!
//! An edit of the queue file is judged against it, and a person can use it when a queue is broken
//! or gone. It is written after each write of the queue and is not synced. A copy that is out of
//! date, because its writer was killed or the power failed, is detected by its hash and completed
//! from the journal. A copy whose hash is not in the journal is not used.

use crate::domain::{Event, Field, Status, Write};
use crate::platform::atomic_file;
use crate::platform::dir::Dir;
use crate::platform::ids::Ids;
use crate::platform::read_file;
use crate::queue::{MAX_BYTES, Queue};
use crate::store::journal::Journal;
use crate::store::state::StateDir;
use crate::store::state::backup::LAST_GOOD;
use serde_json::{Map, Value};
use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Returns the path of the copy of the queue file `name`.
pub(crate) fn path(state: &StateDir, name: &OsStr) -> PathBuf {
    folder(state).join(name)
}

fn folder(state: &StateDir) -> PathBuf {
    state.home().join(LAST_GOOD)
}

/// Stores `queue` as the last good text.
///
/// # Errors
/// Any I/O error. The copy is then an earlier one or missing.
pub(crate) fn keep(state: &StateDir, queue: &Queue, ids: &dyn Ids) -> io::Result<()> {
    let name = queue.path().file_name().unwrap_or_default();
    for folder in state.homes().iter().map(|home| home.join(LAST_GOOD)) {
        let told = |error: io::Error| {
            io::Error::new(error.kind(), format!("{}: {error}", folder.display()))
        };
        if !folder.is_dir() {
            DirBuilder::new().recursive(true).mode(0o700).create(&folder).map_err(told)?;
        }
        let dir = Dir::open(&folder).map_err(told)?;
        atomic_file::replace_unsynced(&dir, name, queue.pieces(), ids).map_err(told)?;
    }
    Ok(())
}

/// Returns whether there is a copy.
pub(crate) fn exists(state: &StateDir, queue: &Path) -> bool {
    let name = queue.file_name().unwrap_or_default();
    fs::symlink_metadata(path(state, name)).is_ok_and(|meta| meta.is_file())
}

/// Returns the queue as it was last recorded, or as it was before that if the last write `is_void`.
/// Returns `None` without a copy that fits the journal.
pub(crate) fn recorded(
    state: &StateDir,
    queue: &Path,
    journal: &Journal,
    is_void: bool,
) -> Option<Queue> {
    let name = queue.file_name()?;
    let dir = Dir::open(&folder(state)).ok()?;
    let read = read_file::read(&dir, name, MAX_BYTES as u64).ok()?;
    let copy = Queue::parse(queue, read.content).ok()?;
    let since = journal.since(&name.to_string_lossy(), &copy.text_hash(), is_void)?;
    Some(completed(copy, &since))
}

/// Returns a copy with the changes that were recorded `since` it was made.
pub(in crate::store) fn completed(mut copy: Queue, since: &[Event]) -> Queue {
    for event in since {
        replay(&mut copy, event);
    }
    copy
}

/// Applies the change that `event` records. A change that cannot be applied is left out: the copy
/// then keeps its earlier state.
fn replay(copy: &mut Queue, event: &Event) {
    let fields = event.data.get("state").or_else(|| event.data.get("fields"));
    let Some(fields) = fields.and_then(Value::as_object) else { return };
    let Some(index) = event.task.as_deref().and_then(|id| copy.index_of(id)) else { return };
    let status = fields.get(Field::Status.key()).and_then(Value::as_str).map(Status::from_word);
    let mut changes: Vec<(Field, Write)> = Vec::new();
    if let Some(status) = status {
        changes.push((Field::Status, Write::Status(status)));
        if status != Status::InProgress {
            changes.push((Field::Claim, Write::Remove));
        }
    }
    changes.extend(written(fields));
    drop(copy.apply(index, &changes));
    // What a person wrote to a file that has states but no `status` key.
    let flags = Field::Status.spellings().iter().filter(|key| **key != Field::Status.key());
    for key in flags {
        if let Some(value) = fields.get(*key) {
            drop(copy.set_key(index, key, Some(value).filter(|value| !value.is_null())));
        }
    }
}

fn written(fields: &Map<String, Value>) -> impl Iterator<Item = (Field, Write)> + '_ {
    let known = fields.iter().filter_map(|(key, value)| Some((Field::from_key(key)?, value)));
    known.filter(|(field, _)| *field != Field::Status).map(|(field, value)| {
        let write = if value.is_null() { Write::Clear } else { Write::Set(value.clone()) };
        (field, write)
    })
}
