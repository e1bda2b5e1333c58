//! The locks of claims, and what the processes of this machine say about them.
//!
//! A claim lock is taken under the lock of the queue and handed to the attempt's supervisor,
//! which alone holds it from then on. The state folder may vanish at any time, and a lock file
//! that was made anew proves nothing: whenever the folder of locks is new or was changed by
//! somebody who does not vouch for it ([`Vouched`]), all processes are looked at before anything
//! is claimed.

use crate::platform::fault::{self, Fault};
use crate::platform::host::Host;
use crate::platform::limit_mark::Limits;
use crate::platform::lock::{FileLock, LockError};
use crate::platform::scan::{self, Mark};
use crate::project::QueueSet;
use crate::store::vouched::{Folder, Vouched};
use crate::store::{StateDir, StoreError, TaskKey};
use std::collections::{HashMap, HashSet};
use std::io;
use std::path::PathBuf;

/// What running processes carry of the claims in the folders of the served queues.
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
    /// The folders of the served queues, by the name that they have in marks.
    folders: HashMap<String, StateDir>,
    held: HashMap<TaskKey, FileLock>,
    seen: HashMap<PathBuf, Folder>,
    /// What is carried although its lock file is missing. Where there is a file its lock tells, or
    /// it is found free and all processes are looked at.
    strays: Carried,
    /// Whose processes this one sees: those of its host, as its user.
    looker: String,
    /// Marks of the attempts that this process runs.
    pub(super) own: HashSet<String>,
}

impl Claims {
    /// For the served queues of `set`, on `host`.
    pub(super) fn of(set: &QueueSet, host: &Host) -> Self {
        let name = |queue| TaskKey::new(set.real(queue), "").folder16;
        let folders = (0..set.served()).map(|queue| (name(queue), set.state(queue))).collect();
        let looker = format!("{} {}", host.id, rustix::process::geteuid().as_raw());
        Self { folders, looker, ..Self::default() }
    }

    /// Makes the folder of locks, and looks at all processes if the folder is neither as it was nor
    /// as somebody vouches for.
    pub(super) fn look(&mut self, state: &StateDir) -> Result<(), StoreError> {
        let dir = state.claims();
        let now = state.with(&dir, || Folder::look(&dir)).map_err(StoreError::io("make", &dir))?;
        let as_now = |seen: &Folder| seen.is_as(&now);
        let known = self.seen.get(&dir).copied().filter(as_now);
        let known = known.or_else(|| Vouched::of(state, &self.looker).read().filter(as_now));
        // What was found astray may have ended since.
        let counted = match known.filter(|_| self.strays.is_empty()) {
            Some(known) => known,
            None => {
                // Agents delete the folder at any time, also between two looks.
                let counted = state
                    .with(&dir, || Folder::look(&dir)?.counted(&dir))
                    .map_err(StoreError::io("look into", &dir))?;
                self.scan()?;
                counted
            }
        };
        self.seen.insert(dir, counted);
        Ok(())
    }

    /// Takes the lock of a task without waiting; `false` when another worker has it, or a
    /// process still runs for it.
    pub(super) fn take(&mut self, state: &StateDir, key: &TaskKey) -> Result<bool, StoreError> {
        if self.held.contains_key(key) {
            return Ok(true);
        }
        let mark = key.mark();
        if self.strays.has(&mark) && !self.own.contains(&mark) {
            return Ok(false);
        }
        let dir = state.claims();
        let before = self.seen.get(&dir).copied();
        let same = before.is_some_and(|seen| Folder::look(&dir).is_ok_and(|now| seen.is_as(&now)));
        if !self.try_lock(state, key)? {
            return Ok(false);
        }
        // A free lock that was there before may be that of a supervisor that was killed, whose
        // agent lives on; one in a folder that somebody changed meanwhile proves nothing either.
        let first = self.held.get(key).is_some_and(FileLock::created);
        let now = Folder::look(&dir).and_then(|now| now.counted(&dir)).ok();
        let grown = now.zip(before).is_some_and(|(now, before)| before.grew_by_one(&now));
        let mut carried = false;
        if !(same && first && grown) {
            carried = self.scan()?.has(&mark);
        }
        match now {
            Some(now) => self.seen.insert(dir, now),
            None => self.seen.remove(&dir),
        };
        if carried && !self.own.contains(&mark) {
            self.let_go(key);
            return Ok(false);
        }
        Ok(true)
    }

    /// Vouches for the folders of locks towards other loops, at the end of a change.
    pub(super) fn vouch(&self) {
        if !self.strays.is_empty() {
            return;
        }
        for state in self.folders.values() {
            if let Some(seen) = self.seen.get(&state.claims()) {
                Vouched::of(state, &self.looker).write(seen);
            }
        }
    }

    /// Looks at all processes: gives what they carry, and keeps what of it has no lock file.
    fn scan(&mut self) -> Result<Carried, StoreError> {
        let all = self.carried().map_err(StoreError::io("look at the processes in", "/proc"))?;
        let astray = all.marks.iter().filter(|mark| !self.has_lock(mark));
        self.strays = Carried { marks: astray.cloned().collect(), limits: all.limits.clone() };
        Ok(all)
    }

    fn has_lock(&self, mark: &str) -> bool {
        mark.split_once('.').is_some_and(|(folder, id)| {
            let state = self.folders.get(folder);
            state.is_some_and(|state| std::fs::symlink_metadata(state.lock_of(id)).is_ok())
        })
    }

    /// All claims in those folders that running processes carry.
    fn carried(&self) -> io::Result<Carried> {
        let mut carried = Carried::default();
        if fault::is(Fault::NoProcessScan) || fault::is(Fault::TakeOverByTime) {
            return Ok(carried);
        }
        let ours = |mark: &&str| {
            mark.split_once('.').is_some_and(|(folder, _)| self.folders.contains_key(folder))
        };
        for process in scan::processes()?.iter().filter(|process| !process.dead) {
            match scan::mark_of(process.pid) {
                Mark::Carried(value) => {
                    carried.marks.extend(value.split(',').filter(ours).map(str::to_owned));
                }
                Mark::Absent | Mark::Unreadable => {
                    let lowered = Limits::of(process.pid).filter(|limits| limits.are_lowered());
                    carried.limits.extend(lowered);
                }
            }
        }
        Ok(carried)
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

    /// The lock of a task, if this process holds it.
    pub(super) fn lock_of(&self, key: &TaskKey) -> Option<&FileLock> {
        self.held.get(key)
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
