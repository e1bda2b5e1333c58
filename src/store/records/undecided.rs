//! Finished tasks that were set back with their queue and whose work may not be there. They are not
//! started again until somebody has decided about them.
//!
//! There is one small file per queue beside its last good text, read and written under the lock. If
//! it vanishes, the queue file decides, and the tasks are done again.

use crate::platform::atomic_file;
use crate::platform::dir::Dir;
use crate::platform::ids::Ids;
use crate::platform::open;
use crate::platform::read_file::{self, ReadError};
use crate::store::state::StateDir;
use crate::store::state::backup::SET_BACK;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;

/// The maximum number of bytes read from the file.
const BYTES: u64 = 64 << 20;

/// The state that each task had when it was complete, by id.
pub(crate) type Undecided = BTreeMap<String, Map<String, Value>>;

/// Reads the undecided tasks of the queue file `name`; none if something else is at that path.
///
/// # Errors
/// When the system lacks the resources to read them: nothing may start before they are known.
pub(crate) fn load(state: &StateDir, name: &OsStr) -> io::Result<Undecided> {
    let folder = state.home().join(SET_BACK);
    let read = Dir::open(&folder).map_err(ReadError::from);
    match read.and_then(|dir| read_file::read(&dir, name, BYTES)) {
        Ok(read) => Ok(serde_json::from_slice(read.content.as_bytes()).unwrap_or_default()),
        Err(ReadError::Io(error)) if open::is_shortage(&error) => Err(error),
        Err(_) => Ok(Undecided::new()),
    }
}

/// Writes the undecided tasks; removes the file if there are none.
///
/// # Errors
/// Any I/O error.
pub(crate) fn keep(
    state: &StateDir,
    name: &OsStr,
    tasks: &Undecided,
    ids: &dyn Ids,
) -> io::Result<()> {
    for folder in state.homes().iter().map(|home| home.join(SET_BACK)) {
        keep_in(&folder, name, tasks, ids)?;
    }
    Ok(())
}

fn keep_in(folder: &Path, name: &OsStr, tasks: &Undecided, ids: &dyn Ids) -> io::Result<()> {
    if tasks.is_empty() {
        return match fs::remove_file(folder.join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        };
    }
    if !folder.is_dir() {
        DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
    }
    let text = serde_json::to_vec(tasks)?;
    atomic_file::replace_unsynced(&Dir::open(folder)?, name, [text.as_slice()], ids)
}
