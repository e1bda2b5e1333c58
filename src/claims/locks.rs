//! The claim locks that this process holds.
//!
//! A claim lock is taken under the lock of the queue, or to determine who has the task. It is
//! handed to the supervisor of the attempt, which then holds it even if the loop dies. The state
//! folder may vanish at any time, and a newly created lock file proves nothing. Each lock is
//! therefore stored with whether the processes were scanned since it was taken.

use crate::store::{ClaimKeeper, Hold, StoreError, TaskKey};
use std::collections::HashMap;
use std::path::Path;

#[derive(Debug)]
struct Held {
    hold: Hold,
    looked: bool,
}

/// Locks by task.
#[derive(Debug, Default)]
pub(super) struct Locks {
    held: HashMap<TaskKey, Held>,
}

impl Locks {
    /// Takes the lock of a task without waiting. Returns `false` if another process has it.
    pub(super) fn take(
        &mut self,
        claims: &dyn ClaimKeeper,
        queue: &Path,
        key: &TaskKey,
    ) -> Result<bool, StoreError> {
        if self.held.contains_key(key) {
            return Ok(true);
        }
        let Some(hold) = claims.take(queue, key)? else { return Ok(false) };
        self.held.insert(key.clone(), Held { hold, looked: false });
        Ok(true)
    }

    /// Returns whether the lock of a task is held and the processes were not scanned since.
    pub(super) fn is_unlooked(&self, key: &TaskKey) -> bool {
        self.held.get(key).is_some_and(|held| !held.looked)
    }

    /// Records that the processes were scanned and none of them belongs to the task.
    pub(super) fn looked(&mut self, key: &TaskKey) {
        if let Some(held) = self.held.get_mut(key) {
            held.looked = true;
        }
    }

    /// Returns the lock of a task, if this process holds it.
    pub(super) fn get(&self, key: &TaskKey) -> Option<&Hold> {
        self.held.get(key).map(|held| &held.hold)
    }

    /// Removes the lock of a task and returns it.
    pub(super) fn give(&mut self, key: &TaskKey) -> Option<Hold> {
        self.held.remove(key).map(|held| held.hold)
    }

    /// Releases all locks.
    pub(super) fn clear(&mut self) {
        self.held.clear();
    }
}
