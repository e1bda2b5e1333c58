//! The loops that are alive: each holds the lock of its own file in `workers/`.
//!
//! They are used for people (`stop` reports how many loops it reaches) and to distinguish old
//! requests from new ones. Claims do not depend on them.

use crate::platform::dir::identity;
use crate::platform::lock::{FileLock, LockError};
use crate::platform::open::{self, Links};
use crate::platform::trouble;
use crate::store::state::StateDir;
use serde::{Deserialize, Serialize};
use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// The paused queues of a loop for which nothing runs, by file stem.
pub type Paused = BTreeMap<String, Stillness>;

/// What a loop reports about a paused queue for which nothing runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Stillness {
    /// The date of the request.
    pub asked: SystemTime,
    /// Whether what its attempts wrote to the file was judged; `false` while the file cannot be
    /// read.
    pub judged: bool,
}

impl Stillness {
    /// Returns whether a pause was `asked` for, and all loops of the queue `said` that nothing runs
    /// for it since, and that what its attempts wrote was judged. Returns `false` if there is no
    /// loop: nothing was judged then.
    pub(in crate::store) fn of_all(
        asked: Option<SystemTime>,
        mut said: impl Iterator<Item = Option<Self>>,
    ) -> bool {
        let is_still =
            |said: Option<Self>| said.is_some_and(|it| Some(it.asked) >= asked && it.judged);
        asked.is_some() && said.next().is_some_and(is_still) && said.all(is_still)
    }
}

/// What a loop records about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct About {
    /// Its process id.
    pub pid: u32,
    /// The start time of its process.
    pub start: u64,
    /// The file stems of the queues that it serves in this folder.
    pub queues: Vec<String>,
    /// How many slots it has.
    pub jobs: usize,
    /// The paused queues that are at rest, with the date of the request in nanoseconds.
    #[serde(default, skip_serializing_if = "BTreeMap::is_empty")]
    pub paused: BTreeMap<String, u64>,
    /// The paused queues whose files could not be read when nothing ran any more.
    #[serde(default, skip_serializing_if = "BTreeSet::is_empty")]
    pub unread: BTreeSet<String>,
}

impl About {
    /// Returns whether it serves the queue with this file stem, or may serve it: an incomplete
    /// entry lists no queues yet.
    pub fn serves(&self, stem: &str) -> bool {
        self.queues.is_empty() || self.queues.iter().any(|queue| queue == stem)
    }

    /// Returns what it reports about the queue.
    pub(crate) fn said(&self, stem: &str) -> Option<Stillness> {
        Some(Stillness { asked: self.still(stem)?, judged: !self.unread.contains(stem) })
    }

    /// Returns the date of the pause for which nothing runs for the queue.
    pub fn still(&self, stem: &str) -> Option<SystemTime> {
        let paused = self.paused.get(stem)?;
        Some(SystemTime::UNIX_EPOCH + Duration::from_nanos(*paused))
    }
}

/// The maximum number of bytes read from an entry, which lists the queues of its loop.
const ENTRY: u64 = 16 << 20;

/// The entry of a running loop; it ends with the process, whatever ends it.
#[derive(Debug)]
pub struct Registration {
    state: StateDir,
    path: PathBuf,
    since: SystemTime,
    about: About,
    lock: FileLock,
}

impl Registration {
    /// Enters the loop `name` (8 hex digits).
    ///
    /// # Errors
    /// Any I/O error.
    pub fn enter(state: &StateDir, name: &str, about: About) -> io::Result<Self> {
        let path = state.workers().join(format!("{name}.json"));
        let lock = state.with(&state.workers(), || lock(&path))?;
        write(&lock, &about)?;
        // The clock of the file system, which also dates request files.
        let since = lock.file().metadata()?.modified()?;
        Ok(Self { state: state.clone(), path, since, about, lock })
    }

    /// When it was entered, by the clock of the file system.
    pub fn since(&self) -> SystemTime {
        self.since
    }

    /// The state folder in which it is entered.
    pub fn state(&self) -> &StateDir {
        &self.state
    }

    /// Returns whether another loop is entered in the same folder.
    pub fn has_company(&self) -> bool {
        live(&self.state).len() > 1
    }

    /// Enters the loop again if its entry was deleted.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn keep(&mut self) -> io::Result<()> {
        let there = fs::symlink_metadata(&self.path).ok();
        if there.as_ref().map(identity) != Some(self.lock.identity()?) {
            self.lock = self.state.with(&self.state.workers(), || lock(&self.path))?;
            write(&self.lock, &self.about)?;
        }
        Ok(())
    }

    /// Records which paused queues are at rest; writes nothing if they are recorded already.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn say_paused(&mut self, paused: Paused) -> io::Result<()> {
        let unread = paused.iter().filter(|(_, still)| !still.judged).map(|(stem, _)| stem.clone());
        let unread = unread.collect();
        let paused = paused.into_iter().map(|(stem, still)| (stem, nanos(still.asked))).collect();
        if paused != self.about.paused || unread != self.about.unread {
            let about = About { paused, unread, ..self.about.clone() };
            write(&self.lock, &about)?;
            self.about = about;
        }
        Ok(())
    }
}

fn nanos(time: SystemTime) -> u64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_nanos()).unwrap_or(u64::MAX)
}

/// Rewrites an entry. A reader may see half of it at the same moment, and then reads again.
fn write(lock: &FileLock, about: &About) -> io::Result<()> {
    let mut line = serde_json::to_vec(about)?;
    line.push(b'\n');
    lock.file().set_len(0)?;
    lock.file().write_all_at(&line, 0)
}

/// A process that inspects the entries may hold the lock of a new one for an instant.
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
        // A file that is left over is removed by the next call of [`live`].
        if !trouble::is_dying() {
            drop(fs::remove_file(&self.path));
        }
    }
}

/// Returns the entries of the live loops of a folder and removes the entries of dead ones.
pub fn live(state: &StateDir) -> Vec<About> {
    let Ok(entries) = fs::read_dir(state.workers()) else { return Vec::new() };
    let mut alive = Vec::new();
    for path in entries.filter_map(|entry| Some(entry.ok()?.path())) {
        match FileLock::try_acquire(&path) {
            Ok(None) => alive.push(read(&path)),
            Ok(Some(_)) => drop(fs::remove_file(&path)),
            Err(_) => {}
        }
    }
    alive
}

fn read(path: &Path) -> About {
    let text = open::read(path, Links::Refuse, ENTRY).unwrap_or_default();
    serde_json::from_slice(&text).unwrap_or_default()
}

/// Does the same without removing anything, for verbs that write nothing.
pub fn look(state: &StateDir) -> Vec<About> {
    let Ok(entries) = fs::read_dir(state.workers()) else { return Vec::new() };
    let paths = entries.filter_map(|entry| Some(entry.ok()?.path()));
    let alive = paths.filter(|path| FileLock::is_held(path));
    alive.map(|path| read(&path)).collect()
}
