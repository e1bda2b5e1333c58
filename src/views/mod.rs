//! Views: what people and scripts see of queues, attempts and the journal.
//!
//! A view is plain data, made once from queues and their readiness; text, tables and JSON are
//! rendered from it. Views open attempt folders and journals for reading, and otherwise open, lock
//! and change nothing. All text for a terminal goes through [`escape`], and values that look like
//! secrets through [`mask`].

pub(crate) mod attempts;
pub(crate) mod blockers;
pub(crate) mod board;
mod change;
pub mod check;
pub(crate) mod dates;
pub(crate) mod deadline;
pub(crate) mod diff;
pub(crate) mod doctor;
pub(crate) mod edits;
pub mod event;
pub(crate) mod explain;
pub(crate) mod flag;
pub(crate) mod flags;
pub(crate) mod flaky;
pub(crate) mod fold;
pub mod graph;
pub mod json;
pub(crate) mod known;
pub(crate) mod landing;
pub(crate) mod last_lines;
mod lists;
pub(crate) mod markdown;
pub mod mask;
pub(crate) mod need;
pub(crate) mod needed;
mod needs;
pub mod next;
pub mod output;
pub(crate) mod plan;
pub(crate) mod progress;
pub(crate) mod report;
#[cfg(test)]
mod sample;
pub(crate) mod shape;
pub(crate) mod since;
pub(crate) mod spent;
pub(crate) mod stuck;
pub mod style;
pub(crate) mod summary;
pub mod table;
pub mod text;
pub(crate) mod timing;
mod told;
mod told_attempts;
pub mod view;
mod warnings;
pub mod why;
pub(crate) mod windows;
pub(crate) mod workspaces;

pub use crate::platform::escape;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod widths;
