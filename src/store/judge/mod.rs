//! Judges what other programs wrote into a queue, in the same way for every store.
//!
//! A store supplies the [`Evidence`]: the journal, the last good text, and what runs beside. What
//! is taken and what is put back is decided here (`docs/design/edits.md`).

mod beside;
mod edits;
mod evidence;
mod lost_tasks;
mod passed;
mod reconcile;
mod recorded;

pub(in crate::store) use beside::others_ran;
pub(in crate::store) use evidence::{Evidence, Origin, origin};
pub(in crate::store) use reconcile::{Judge, Made};
pub use recorded::Recorded;
pub(in crate::store) use recorded::decided;
