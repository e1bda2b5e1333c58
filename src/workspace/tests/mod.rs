//! Tests of what the modules of this room read and write without a repository, and of the history
//! of a target.

mod history;
mod lines;
mod patches;
mod texts;
