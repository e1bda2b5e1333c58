//! Storage of queues, and the only way to change one.
//!
//! [`QueueStore::update`] is the single writer: lock, reload, change, check, write. A change is
//! made on a [`Draft`], which turns transitions into text and journal lines together, so that
//! neither can be forgotten. A loop knows a store by the traits in `backend` and [`control`] alone;
//! [`mod@file`] stores queues in files.

mod backend;
pub mod control;
mod draft;
mod error;
mod event_kind;
pub mod file;
pub mod journal;
mod judge;
pub mod log;
#[cfg(test)]
pub(crate) mod memory;
mod place;
mod records;
mod round;
pub mod state;
#[cfg(test)]
pub(crate) mod tests;

pub use backend::{Backend, ClaimKeeper, Held, Hold, OnChange, Opened, Patience, QueueStore};
pub use draft::{Actor, Draft, new_event, queue_name};
pub use error::StoreError;
pub use journal::Moment;
use journal::last_good;
pub use journal::lines;
pub use judge::Recorded;
pub use place::{Place, TaskRef};
pub use records::{
    Backoffs, Bases, JudgeFiles, Ledgers, RedStep, TreeReport, Trees, at_work, attempts, cursors,
    registry, work, workers,
};
pub use state::{Backups, STATE_DIR, StateDir, TaskKey, place_of};
