//! Files that other processes can replace, lock or truncate: how they are opened, read
//! consistently, replaced atomically, locked and watched.

pub mod atomic_file;
pub mod checks;
pub mod descriptors;
pub mod dir;
pub mod fs_kind;
pub mod lock;
mod lock_table;
pub mod open;
pub mod read_file;
pub(crate) mod trouble;
pub mod utf8;
pub mod watch;
