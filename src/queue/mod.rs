//! The queue file as a lossless document.
//!
//! A [`Queue`] is the text of a file, taken apart into slices, with a typed reading of every
//! task beside it. Promises: any file in one of the known dialects is accepted as it is;
//! writing an unchanged queue gives the same bytes; a change touches the bytes of the values
//! that changed and no others; what is no queue is refused with line and column. Nothing here
//! reads or writes a file, a clock or a lock.
//!
//! `json` knows JSON as text, `parse` takes a file apart, the document is made of what it finds,
//! `check` says what is wrong with a document, and `edit` changes it. Each knows those before it.

mod check;
mod checklist;
mod counts;
mod document;
mod edit;
mod json;
mod mentions;
mod parse;
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
pub use parse::position::{Position, excerpt};
pub use parse::refused::{MAX_BYTES, Refused};

#[cfg(test)]
mod tests;
