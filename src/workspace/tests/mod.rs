//! of a target.

mod lines;
mod patches;
