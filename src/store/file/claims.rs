//! Claims as locked files in the state folder. A supervisor inherits the lock, and writes into the
//! file what it is.

use crate::domain::Event;
use crate::platform::dir::identity;
use crate::platform::lock::{FileLock, LockError};
use crate::platform::open::{self, Links};
use crate::store::journal::Journal;
use crate::store::{ClaimKeeper, Held, Hold, StateDir, StoreError, TaskKey};
use std::fs;
use std::io;
use std::path::Path;

/// The most bytes that are read from a claim file.
const RECORD: u64 = 64 << 10;

/// The claim files beside queues.
#[derive(Debug)]
pub struct ClaimFiles;

impl ClaimKeeper for ClaimFiles {
    fn take(&self, queue: &Path, key: &TaskKey) -> Result<Option<Hold>, StoreError> {
        let state = StateDir::beside(queue);
        let path = state.claim_lock(key);
        let lock = state
            .with(&state.claims(), || FileLock::try_acquire(&path).map_err(LockError::into_io))
            .map_err(StoreError::io("lock", &path))?;
        Ok(lock.map(|lock| -> Hold { Box::new(lock) }))
    }

    fn record(&self, queue: &Path, key: &TaskKey) -> Option<Vec<u8>> {
        open::read(&StateDir::beside(queue).claim_lock(key), Links::Refuse, RECORD).ok()
    }

    fn last_owner(&self, queue: &Path, task: &str) -> Option<Event> {
        let name = queue.file_name().unwrap_or_default().to_string_lossy();
        Journal::new(StateDir::beside(queue)).last_ownership(&name, task)
    }
}

impl Held for FileLock {
    fn is_valid(&self) -> io::Result<bool> {
        let there = open::if_there(fs::symlink_metadata(self.path()))?;
        Ok(there.as_ref().map(identity) == Some(self.identity()?))
    }

    fn lock(&self) -> Option<&FileLock> {
        Some(self)
    }
}
