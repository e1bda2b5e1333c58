//! The queue file as a lossless document.
//!
//! A [`Queue`] is the text of a file, taken apart into slices, with a typed reading of every
//! task beside it. Promises: any file in one of the known dialects is accepted as it stands;
//! writing an unchanged queue gives the same bytes; a change touches the bytes of the values
//! that changed and no others; what is no queue is refused with line and column. Nothing here
//! reads or writes a file, a clock or a lock.

mod change;
mod checks;
mod dialect;
mod document;
mod draft;
mod edit_error;
mod field_span;
mod finding;
mod fingerprint;
mod forms;
mod ids;
mod json;
mod keys;
mod model;
mod new_id;
mod numbers;
mod outline;
mod place;
mod reader;
mod refused;
mod reread;
pub mod schema;
mod spans;
mod structure;
mod summary;
mod text;
mod words;

pub use checks::Found;
pub use document::{Counts, QUEUE_VERSION, Queue, new_queue_text};
pub use edit_error::EditError;
pub use finding::{CODES, Finding, Position, Severity, excerpt};
pub use fingerprint::{Duplicate, fingerprint};
pub use json::canonical::canonical;
pub use numbers::as_written;
pub use refused::{MAX_BYTES, Refused};

#[cfg(test)]
mod tests;
