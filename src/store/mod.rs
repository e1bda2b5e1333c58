//! Storage of queues, and the only way to change one.
//!
//! [`QueueStore::update`] is the single writer: lock, reload, change, check, write. A change is
//! made on a [`Draft`], which turns transitions into text and journal lines together, so that
//! neither can be forgotten. [`mod@file`] stores queues in files.

mod draft;
mod error;
mod event_kind;
pub mod file;
pub mod journal;
mod place;
mod records;
pub mod state;

pub use draft::{Actor, Draft, new_event, queue_name};
pub use error::StoreError;
pub(crate) use journal::last_good;
pub use journal::lines;
pub use place::{Place, TaskRef};
pub(crate) use records::undecided;
pub use records::{
    Backoffs, Bases, Ledgers, RedStep, TreeReport, Trees, at_work, attempts, cursors, registry,
    requests, work, workers,
};
pub use state::{Backups, STATE_DIR, StateDir, TaskKey, place_of};

use crate::domain::{Event, QueueIx};
use crate::queue::Queue;

/// How long an update waits for the lock.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// As long as the store's options allow: for verbs and claims.
    Limited,
    /// Without a deadline: for the result of work that was done.
    Unlimited,
}

/// A set of queues that are read and changed together.
pub trait QueueStore {
    /// Returns the queues as of the last read or update, without reading again.
    fn queues(&self) -> &[Queue];

    /// Reads again what changed since the last read. Takes no lock and writes nothing.
    ///
    /// Returns whether anything changed.
    ///
    /// # Errors
    /// [`StoreError`] when a queue cannot be read or is refused. The last good state remains.
    fn read(&mut self) -> Result<bool, StoreError>;

    /// Makes one change under the lock and writes the queues that it changed.
    ///
    /// `change` may be called again if a file changed meanwhile, so it must not have side effects
    /// that cannot be repeated. If it fails, nothing is written.
    ///
    /// # Errors
    /// Any error of `change`, or [`StoreError`] when locking, reading or writing fails.
    fn update(
        &mut self,
        patience: Patience,
        change: &mut dyn FnMut(&mut Draft<'_>) -> Result<(), StoreError>,
    ) -> Result<Vec<Event>, StoreError>;

    /// Appends events that change no task, and returns them with their numbers.
    ///
    /// # Errors
    /// [`StoreError`] when the journal cannot be written.
    fn note(
        &mut self,
        patience: Patience,
        queue: QueueIx,
        events: Vec<Event>,
    ) -> Result<Vec<Event>, StoreError>;
}
