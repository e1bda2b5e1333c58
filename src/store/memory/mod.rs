//! Queues in memory, for tests: everything that a store promises, without files.
//!
//! A [`Memory`] is the place; each handle of it behaves like another process. The queues are real
//! documents, changed through the same drafts and judged by the same rules as files. A write has
//! the same two steps, the journal and then the text, and can fail or die between them. The program
//! itself has no use for it, so only tests are built with it.

mod claims;
mod control;
mod evidence;
mod log;
mod place;
mod seen;
mod store;
mod tables;

use super::backend::{Backend, Opened};
use super::control::Control;
use super::error::StoreError;
use super::log::Log;
use super::state::TaskKey;
use crate::domain::Event;
use crate::platform::clock::Clock;
use claims::ClaimTable;
use control::ControlTable;
use log::MemoryLog;
use place::{Shared, locked};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use store::MemoryStore;
use tables::Table;

/// A place for queues. Its clones are the same place.
#[derive(Clone, Debug, Default)]
pub(crate) struct Memory(Arc<Shared>);

impl Memory {
    /// Writes the text of a queue, as an editor does.
    pub(crate) fn put(&self, key: &Path, text: impl Into<Vec<u8>>) {
        self.0.documents().put(key, text.into());
    }

    /// Returns the text of a queue; an empty one if there is no such queue.
    pub(crate) fn text(&self, key: &Path) -> Vec<u8> {
        self.0.with(key, |document| document.text.clone()).unwrap_or_default()
    }

    /// Returns the journal of a queue.
    pub(crate) fn events(&self, key: &Path) -> Vec<Event> {
        self.0.with(key, |document| document.events.clone()).unwrap_or_default()
    }

    /// Returns the place as a process with this clock opens it.
    pub(crate) fn at(&self, clock: Arc<dyn Clock>) -> Entrance {
        Entrance { memory: self.clone(), clock }
    }

    /// Writes what a supervisor is that holds the claim of a task.
    pub(crate) fn record(&self, key: &TaskKey, record: Vec<u8>) {
        locked(&self.0.claims).entry(key.clone()).or_default().record = Some(record);
    }

    /// Forgets claims and loops, as if the state folder were deleted.
    pub(crate) fn forget(&self) {
        locked(&self.0.claims).clear();
        *locked(&self.0.control) = Table::default();
    }
}

/// A place in memory, as one process opens it.
pub(crate) struct Entrance {
    memory: Memory,
    clock: Arc<dyn Clock>,
}

impl Backend for Entrance {
    fn control(&self) -> Arc<dyn Control> {
        Arc::new(ControlTable(Arc::clone(&self.memory.0)))
    }

    fn log(&self, queue: &Path) -> Log {
        Arc::new(MemoryLog { key: queue.to_owned(), shared: Arc::clone(&self.memory.0) })
    }

    fn open(self: Box<Self>, addresses: &[PathBuf]) -> Result<Opened, StoreError> {
        let control = self.control();
        let shared = self.memory.0;
        let store = Box::new(MemoryStore::open(Arc::clone(&shared), addresses, self.clock)?);
        Ok(Opened { store, claims: Arc::new(ClaimTable(shared)), control })
    }
}
