//! The machine below us: clock, randomness, locks, durable files, processes, signals, events.
//!
//! Nothing of ours stands above it in these files, and everything that is not portable or needs
//! `unsafe` stays here. Weaker guarantees outside Linux are said where they are weaker.

pub mod atomic_file;
pub mod cells;
pub mod checks;
pub mod claim_tag;
pub mod clock;
pub mod command;
pub mod dir;
pub mod editor;
pub mod environment;
pub mod escape;
pub mod events;
pub mod fault;
pub mod fs_kind;
pub mod handover;
pub mod hash;
pub mod host;
pub mod ids;
pub mod limit_mark;
pub mod lock;
mod lock_table;
pub mod login;
pub mod open;
pub mod process;
pub mod read_file;
pub mod scan;
pub mod signal;
pub mod spawn;
pub mod terminal;
pub mod utf8;
pub mod watch;
