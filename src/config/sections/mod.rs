//! The sections of a configuration that have a file of their own.

pub(super) mod environment;
