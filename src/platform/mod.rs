//! The machine below: clock, randomness, locks, durable files, processes, signals, events.
//!
//! These files import no other part of this crate. Everything that is not portable or needs
//! `unsafe` is here. Weaker guarantees outside Linux are documented where they apply.

pub mod awake;
pub mod cells;
pub mod clock;
pub mod editor;
pub mod environment;
pub mod escape;
pub mod events;
pub mod fault;
mod files;
pub mod hash;
pub mod host;
pub mod ids;
pub mod login;
pub mod process;
pub(crate) mod snippet;
pub mod terminal;

pub(crate) use files::trouble;
pub use files::{
    atomic_file, checks, descriptors, dir, fs_kind, lock, open, read_file, utf8, watch,
};
pub use process::{claim_tag, command, handover, limit_tag, limits, programs, scan, signal, spawn};
