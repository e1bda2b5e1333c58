//! The locks of claims, and what the processes of this machine say about them.
//!
//! A claim lock is taken under the lock of the queue and handed to the attempt's supervisor,
//! which alone holds it from then on. The state folder may vanish at any time, and a lock file
//! that was made anew proves nothing: whenever the folder of locks is new or was changed by
//! somebody else, all processes are looked at before anything is claimed.

use crate::platform::fault::{self, Fault};
use crate::platform::limit_mark::Limits;
use crate::platform::lock::{FileLock, LockError};
use crate::platform::scan::{self, Mark};
use crate::store::{StateDir, StoreError, TaskKey};
use std::collections::{HashMap, HashSet};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::PathBuf;

/// What a look at the folder of claim locks shows: device, inode and time of its last change.
type Seen = (u64, u64, i64, i64);

/// What running processes carry.
#[derive(Debug, Default)]
struct Carried {
    /// The marks in their environments.
    marks: HashSet<String>,
    /// The limits of those that have none there, where they are not as the system gives them.
    limits: Vec<Limits>,
}

impl Carried {
    fn is_empty(&self) -> bool {
        self.marks.is_empty() && self.limits.is_empty()
    }

    fn has(&self, mark: &str) -> bool {
        self.marks.contains(mark) || self.limits.iter().any(|limits| limits.name(mark))
    }
}

/// The claim locks that this process holds, and the claims that other processes carry.
#[derive(Debug, Default)]
pub(super) struct Claims {
    held: HashMap<TaskKey, FileLock>,
    seen: HashMap<PathBuf, Seen>,
    carried: Carried,
    /// Marks of the attempts that this process runs.
    pub(super) own: HashSet<String>,
}

impl Claims {
    /// Makes the folder of locks, and looks at all processes if the folder is not as it was.
    pub(super) fn look(&mut self, state: &StateDir) -> Result<(), StoreError> {
        let dir = state.claims();
        let now = state.with(&dir, || seen(&dir)).map_err(StoreError::io("make", &dir))?;
        // A claim that was found carried may have ended since.
        if self.seen.get(&dir) != Some(&now) || !self.carried.is_empty() {
            self.carried =
                carried().map_err(StoreError::io("look at the processes in", "/proc"))?;
            self.seen.insert(dir, now);
        }
        Ok(())
    }

    /// Takes the lock of a task without waiting; `false` when another worker has it, or a
    /// process still runs for it.
    pub(super) fn take(&mut self, state: &StateDir, key: &TaskKey) -> Result<bool, StoreError> {
        if self.held.contains_key(key) {
            return Ok(true);
        }
        let mark = key.mark();
        if self.carried.has(&mark) && !self.own.contains(&mark) {
            return Ok(false);
        }
        let dir = state.claims();
        let same = seen(&dir).ok().as_ref() == self.seen.get(&dir);
        if !self.try_lock(state, key)? {
            return Ok(false);
        }
        // A free lock that was there before may be that of a supervisor that was killed, whose
        // agent lives on; one in a folder that somebody changed meanwhile proves nothing either.
        let first = self.held.get(key).is_some_and(FileLock::created);
        if !(same && first) {
            self.carried =
                carried().map_err(StoreError::io("look at the processes in", "/proc"))?;
        }
        if let Ok(now) = seen(&dir) {
            self.seen.insert(dir, now);
        }
        if self.carried.has(&mark) && !self.own.contains(&mark) {
            self.let_go(key);
            return Ok(false);
        }
        Ok(true)
    }

    /// Takes the lock of a task whatever the processes say: they are looked at one by one then.
    pub(super) fn try_lock(&mut self, state: &StateDir, key: &TaskKey) -> Result<bool, StoreError> {
        if self.held.contains_key(key) {
            return Ok(true);
        }
        let path = state.claim_lock(key);
        let lock = state
            .with(&state.claims(), || FileLock::try_acquire(&path).map_err(LockError::into_io))
            .map_err(StoreError::io("lock", &path))?;
        Ok(lock.is_some_and(|lock| self.held.insert(key.clone(), lock).is_none()))
    }

    /// Gives the lock of a task to its supervisor.
    pub(super) fn hand_over(&mut self, key: &TaskKey) -> Option<FileLock> {
        self.held.remove(key)
    }

    /// Lets go of a lock that is not needed.
    pub(super) fn let_go(&mut self, key: &TaskKey) {
        self.held.remove(key);
    }

    /// Lets go of everything that was taken and not handed over.
    pub(super) fn let_go_of_all(&mut self) {
        self.held.clear();
    }
}

fn seen(dir: &std::path::Path) -> io::Result<Seen> {
    let meta = fs::metadata(dir)?;
    Ok((meta.dev(), meta.ino(), meta.mtime(), meta.mtime_nsec()))
}

/// All claims that running processes carry.
fn carried() -> io::Result<Carried> {
    let mut carried = Carried::default();
    if fault::is(Fault::NoProcessScan) || fault::is(Fault::TakeOverByTime) {
        return Ok(carried);
    }
    for process in scan::processes()?.iter().filter(|process| !process.dead) {
        match scan::mark_of(process.pid) {
            Mark::Carried(value) => carried.marks.extend(value.split(',').map(str::to_owned)),
            Mark::Absent | Mark::Unreadable => {
                let lowered = Limits::of(process.pid).filter(|limits| limits.are_lowered());
                carried.limits.extend(lowered);
            }
        }
    }
    Ok(carried)
}
