//! Claims in a table. A hold lasts as long as the handle or the supervisor that has it.

use super::place::{Shared, locked};
use super::tables::Claims;
use crate::domain::Event;
use crate::platform::lock::FileLock;
use crate::store::journal::is_of_owner;
use crate::store::{ClaimKeeper, Held, Hold, StoreError, TaskKey};
use std::io;
use std::path::Path;
use std::sync::{Arc, Mutex};

/// A claim that is held.
#[derive(Debug)]
struct MemoryHold {
    key: TaskKey,
    holder: Arc<()>,
    claims: Arc<Shared>,
}

impl Held for MemoryHold {
    fn is_valid(&self) -> io::Result<bool> {
        let claims = locked(&self.claims.claims);
        let entry = claims.get(&self.key);
        Ok(entry.is_some_and(|entry| entry.holder.ptr_eq(&Arc::downgrade(&self.holder))))
    }

    fn lock(&self) -> Option<&FileLock> {
        None
    }
}

/// The claims of a place.
#[derive(Debug)]
pub(super) struct ClaimTable(pub(super) Arc<Shared>);

impl ClaimTable {
    fn table(&self) -> &Mutex<Claims> {
        &self.0.claims
    }
}

impl ClaimKeeper for ClaimTable {
    fn take(&self, _: &Path, key: &TaskKey) -> Result<Option<Hold>, StoreError> {
        let mut claims = locked(self.table());
        let entry = claims.entry(key.clone()).or_default();
        if entry.holder.strong_count() > 0 {
            return Ok(None);
        }
        let holder = Arc::new(());
        entry.holder = Arc::downgrade(&holder);
        let claims = Arc::clone(&self.0);
        Ok(Some(Box::new(MemoryHold { key: key.clone(), holder, claims })))
    }

    fn record(&self, _: &Path, key: &TaskKey) -> Option<Vec<u8>> {
        locked(self.table()).get(key)?.record.clone()
    }

    fn last_owner(&self, queue: &Path, task: &str) -> Option<Event> {
        let last =
            |events: &[Event]| events.iter().rev().find(|event| is_of_owner(event, task)).cloned();
        self.0.with(queue, |document| last(&document.events)).ok()?
    }
}
