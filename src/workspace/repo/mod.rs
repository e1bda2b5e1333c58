//! The project's repository as it was found, and calls about it: each call of git names its git
//! directory, index and objects.
//!
//! Settings that determine the content of files (line ends, filters) are read once, before any
//! agent runs; a configuration that an agent writes later has no effect.

mod base;
mod calls;
mod checkouts;
mod collection;
mod commits;
mod found;
mod git_dir;
mod lost_refs;
mod memory;
mod modules;
mod names;
mod ref_writer;
mod refusal;

pub(crate) use calls::GitError;

pub(crate) use checkouts::Checkout;
pub(super) use commits::RefMove;
pub use commits::Stamp;
pub use found::Repository;
pub(super) use git_dir::git_dir_of;
pub(super) use memory::Memory;
pub(crate) use modules::ModuleError;
pub(super) use modules::{Module, Modules};
pub use names::Oid;
pub(crate) use names::ref_part;
pub(super) use names::shortened;
pub(crate) use refusal::Refusal;

#[cfg(test)]
pub(super) mod scratch;
