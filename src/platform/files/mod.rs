//! Files that other processes can replace, lock or truncate: how they are opened, read
//! consistently, replaced atomically, locked and watched.

pub(crate) mod atomic_file;
pub(crate) mod checks;
pub(crate) mod descriptors;
pub(crate) mod dir;
pub(crate) mod fs_kind;
pub mod lock;
mod lock_table;
pub mod open;
#[cfg(test)]
pub(crate) mod quick_dir;
pub(crate) mod read_file;
pub(crate) mod trouble;
pub(crate) mod utf8;
pub(crate) mod watch;
