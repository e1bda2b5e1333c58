//! Which loops are alive: each holds the lock of a file of its own in `workers/`.
//!
//! For people (`stop` says how many loops it reaches) and for telling old requests from new
//! ones; claims do not rest on it.

use super::state::StateDir;
use crate::platform::lock::{FileLock, LockError};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime};

/// A running loop's entry; it ends with the process, however that ends.
#[derive(Debug)]
pub struct Registration {
    state: StateDir,
    path: PathBuf,
    since: SystemTime,
    _lock: FileLock,
}

impl Registration {
    /// Enters the loop `name` (8 hex digits) with `about`, one line of JSON.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn enter(state: &StateDir, name: &str, about: &str) -> io::Result<Self> {
        let path = state.workers().join(format!("{name}.json"));
        let lock = state.with(&state.workers(), || lock(&path))?;
        let mut file = lock.file();
        file.write_all(about.as_bytes())?;
        // The file system's own clock, the one that request files are dated by.
        let since = file.metadata()?.modified()?;
        Ok(Self { state: state.clone(), path, since, _lock: lock })
    }

    /// When it entered, by the clock of the file system.
    pub fn since(&self) -> SystemTime {
        self.since
    }

    /// Whether another loop is entered in the same folder.
    pub fn has_company(&self) -> bool {
        live(&self.state).len() > 1
    }
}

/// Somebody who looks at the entries may hold the lock of a new one for an instant.
fn lock(path: &Path) -> io::Result<FileLock> {
    for _ in 0..100 {
        if let Some(lock) = FileLock::try_acquire(path).map_err(LockError::into_io)? {
            return Ok(lock);
        }
        thread::sleep(Duration::from_millis(1));
    }
    Err(io::Error::other("another loop has the same name"))
}

impl Drop for Registration {
    fn drop(&mut self) {
        // A left-over file is swept by the next look.
        drop(fs::remove_file(&self.path));
    }
}

/// What the living loops of a folder wrote about themselves; entries of dead ones are removed.
pub fn live(state: &StateDir) -> Vec<String> {
    let Ok(entries) = fs::read_dir(state.workers()) else { return Vec::new() };
    let mut alive = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        match FileLock::try_acquire(&path) {
            Ok(None) => alive.push(fs::read_to_string(&path).unwrap_or_default()),
            Ok(Some(_)) => drop(fs::remove_file(&path)),
            Err(_) => {}
        }
    }
    alive
}

/// Whether any loop is alive, without removing anything: for verbs that write nothing.
pub fn any_live(state: &StateDir) -> bool {
    let Ok(entries) = fs::read_dir(state.workers()) else { return false };
    entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .any(|path| path.exists() && matches!(FileLock::try_acquire(&path), Ok(None)))
}
