//! The machine below: clock, randomness, locks, durable files, processes, signals, events.
//!
//! These files import no other part of this crate. Everything that is not portable or needs
//! `unsafe` is here. Weaker guarantees outside Linux are documented where they apply.

pub(crate) mod awake;
pub(crate) mod both;
pub mod cells;
pub mod clock;
pub(crate) mod editor;
pub(crate) mod environment;
pub mod escape;
pub(crate) mod events;
pub(crate) mod fault;
mod files;
pub(crate) mod hash;
pub(crate) mod host;
pub mod ids;
pub(crate) mod login;
pub mod process;
pub(crate) mod snippet;
pub(crate) mod terminal;

#[cfg(test)]
pub(crate) use files::quick_dir::quick_dir;
pub(crate) use files::trouble;
pub(crate) use files::{atomic_file, checks, descriptors, dir, fs_kind, read_file, utf8, watch};
pub use files::{lock, open};
#[cfg(test)]
pub(crate) use process::test_shell;
pub use process::{claim_tag, handover, scan, signal, spawn};
pub(crate) use process::{command, limit_tag, limits, programs};
