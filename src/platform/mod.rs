//! The machine below us: clock, randomness, locks, durable files, processes, signals, events.
//!
//! These files import nothing of ours, and everything that is not portable or needs
//! `unsafe` stays here. Weaker guarantees outside Linux are said where they are weaker.

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
pub mod terminal;

pub(crate) use files::trouble;
pub use files::{
    atomic_file, checks, descriptors, dir, fs_kind, lock, open, read_file, utf8, watch,
};
pub use process::{claim_tag, command, handover, limit_tag, limits, programs, scan, signal, spawn};
