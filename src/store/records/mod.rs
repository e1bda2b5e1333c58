//! Small records in the state folder and the journal's folder. Each kind has a file of its own
//! here.

pub mod at_work;
pub mod attempts;
mod backoffs;
mod bases;
pub mod cursors;
mod judges;
mod ledgers;
pub mod registry;
pub(super) mod requests;
mod trees;
pub(crate) mod undecided;
pub mod work;
pub mod workers;

pub use backoffs::Backoffs;
pub use bases::Bases;
pub use judges::JudgeFiles;
pub use ledgers::Ledgers;
pub use trees::{RedStep, TreeReport, Trees};
