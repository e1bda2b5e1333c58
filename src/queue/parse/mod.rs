//! Splits the text of a file: finds its tasks and their fields, and reads each task.

pub(super) mod dialect;
pub(super) mod field_span;
pub(super) mod forms;
pub(super) mod home;
pub(super) mod ids;
pub(super) mod keys;
mod list;
mod lists;
pub(super) mod outline;
pub(super) mod position;
pub(super) mod reader;
pub(super) mod refused;
pub(super) mod spans;
pub(super) mod steps;
pub(super) mod words;
