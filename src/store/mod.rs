//! Storage of queues, and the only way to change one.
//!
//! [`QueueStore::update`] is the single writer: lock, reload, change, check, write. A change is
//! made on a [`Draft`], which turns transitions into text and journal lines together, so that
//! neither can be forgotten. [`mod@file`] stores queues in files.

pub mod at_work;
pub mod attempts;
mod backoffs;
mod backup;
mod bases;
pub mod cursors;
mod draft;
mod error;
mod event_kind;
pub mod file;
mod home;
pub mod journal;
pub mod last_good;
mod ledgers;
pub mod lines;
pub mod registry;
mod repository;
pub mod requests;
pub mod state;
mod tail;
mod trees;
mod undecided;
pub mod work;
pub mod workers;
mod writes;

pub use backoffs::Backoffs;
pub use backup::Backups;
pub use bases::Bases;
pub use draft::{Actor, Draft, Place, new_event, queue_name};
pub use error::StoreError;
pub use ledgers::Ledgers;
pub use state::{STATE_DIR, StateDir, TaskKey, place_of};
pub use trees::{RedStep, TreeReport, Trees};

use crate::domain::Event;
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
        queue: usize,
        events: Vec<Event>,
    ) -> Result<Vec<Event>, StoreError>;
}
