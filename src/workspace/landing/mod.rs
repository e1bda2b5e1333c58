//! Moves a verified change to the target: one at a time over all loops of a repository.
//!
//! The holder of the landing lock lands for all loops, and writes only git and the entry of the
//! change; the queues belong to the loops. What lands is exactly what was judged, on one parent.
//! The target is at its old or its new position, never between.

mod checkout;
mod entry;
mod error;
mod history;
mod index_lock;
mod land;
mod late;
mod message;
mod recover;
mod reverts;
mod step;

pub use entry::{Entries, Entry, State, Whose, Work};
pub(crate) use entry::{EntryError, name_of};
pub(crate) use error::LandError;
pub(crate) use history::Author;
pub use land::{Landed, Landing};
pub use message::{Message, Verdict};
pub(crate) use reverts::Reverted;

#[cfg(test)]
mod tests;
