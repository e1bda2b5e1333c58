//! The queue file as a lossless document.
//!
//! A [`Queue`] is the text of a file, split into slices, with the typed data of every task.
//! Guarantees: any file in one of the known dialects is accepted as it is; writing an unchanged
//! queue produces the same bytes; a change touches only the bytes of the values that changed; a
//! file that is not a queue is refused with line and column. Nothing here uses a file, a clock or a
//! lock.
//!
//! `json` handles JSON as text, `parse` splits a file, the document is built from the result,
//! `check` finds what is wrong with a document, and `edit` changes it. Each module depends only on
//! those before it.

mod check;
mod checklist;
mod counts;
mod document;
mod edit;
mod json;
mod mentions;
mod parse;
mod phases;
mod place;
mod reread;
mod structure;
mod text;

pub use check::checks::Found;
pub use check::finding::{CODES, Finding, Severity};
pub use check::schema;
pub use checklist::{STEPS_DONE, Step};
pub use counts::Counts;
pub use document::{QUEUE_VERSION, Queue, new_queue_text};
pub use edit::error::EditError;
pub use edit::fingerprint::{Duplicate, fingerprint};
pub use edit::numbers::as_written;
pub use json::canonical::canonical;
pub use json::doubled::doubled_key;
pub use parse::position::{Position, excerpt};
pub use parse::refused::{MAX_BYTES, Refused};
pub use phases::{PhaseEntry, PhaseKey, PhasesBack};

#[cfg(test)]
mod tests;
