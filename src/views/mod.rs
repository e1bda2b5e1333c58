//! Views: what people and scripts see of queues, attempts and the journal.
//!
//! A view is plain data, made once from queues and their readiness; text, tables and JSON are
//! rendered from it. Views open attempt folders and journals for reading, and otherwise open, lock
//! and change nothing. All text for a terminal goes through [`escape`], and values that look like
//! secrets through [`mask`].

pub mod attempts;
pub mod blockers;
pub mod board;
mod change;
pub mod check;
pub mod dates;
pub mod deadline;
pub mod diff;
pub mod doctor;
pub mod edits;
pub mod event;
pub mod explain;
pub mod flag;
pub mod flags;
pub mod flaky;
pub mod fold;
pub mod graph;
pub mod json;
pub mod known;
pub mod landing;
pub mod last_lines;
mod lists;
pub mod markdown;
pub mod mask;
pub mod need;
pub mod needed;
mod needs;
pub mod next;
pub mod output;
pub mod plan;
pub mod progress;
pub mod report;
#[cfg(test)]
mod sample;
pub mod shape;
pub mod since;
pub mod spent;
pub mod stuck;
pub mod style;
pub mod summary;
pub mod table;
pub mod text;
pub mod timing;
mod told;
mod told_attempts;
pub mod view;
mod warnings;
pub mod why;
pub mod windows;
pub mod workspaces;

pub use crate::platform::escape;

#[cfg(test)]
mod tests;
#[cfg(test)]
mod widths;
