//! Finds what is wrong or odd in a queue, by the schema and beyond what a schema can express.

pub(super) mod checks;
pub(super) mod finding;
mod flags;
mod keys;
pub mod schema;
