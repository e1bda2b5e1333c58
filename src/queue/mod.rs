//! The queue file as a lossless document.
//!
//! A [`Queue`] is the text of a file, taken apart into slices, with a typed reading of every
//! task beside it. Promises: any file in one of the known dialects is accepted as it stands;
//! writing an unchanged queue gives the same bytes; a change touches the bytes of the values
//! that changed and no others; what is no queue is refused with line and column. Nothing here
//! reads or writes a file, a clock or a lock.

mod canonical;
mod change;
mod checks;
mod dialect;
mod document;
mod draft;
mod edit_error;
mod field_span;
mod finding;
mod fingerprint;
mod ids;
mod keys;
mod kind;
mod model;
mod new_id;
mod numbers;
mod object;
mod outline;
mod place;
mod plain;
mod reader;
mod refused;
mod reread;
mod scan;
pub mod schema;
mod spans;
mod structure;
mod style;
mod summary;
mod text;
mod values;
mod words;

pub use canonical::canonical;
pub use checks::Found;
pub use document::{Counts, QUEUE_VERSION, Queue, new_queue_text};
pub use edit_error::EditError;
pub use finding::{CODES, Finding, Position, Severity, excerpt};
pub use fingerprint::{Duplicate, fingerprint};
pub use numbers::as_written;
pub use refused::{MAX_BYTES, Refused};

#[cfg(test)]
mod tests;
