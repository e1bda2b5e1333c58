//! The project's repository as it was found, and how it is asked: each call of git names the git
//! directory, the index and the objects that it is about.
//!
//! What files are made of (line ends, filters) is read once, before any agent runs; a configuration
//! that an agent writes later decides nothing.

mod calls;
mod checkouts;
mod collection;
mod commits;
mod found;
mod git_dir;
mod memory;
mod names;
mod ref_writer;
mod refusal;

pub use calls::GitError;

pub use checkouts::Checkout;
pub(super) use commits::RefMove;
pub use commits::Stamp;
pub use found::Repository;
pub(super) use memory::Memory;
pub(super) use names::shortened;
pub use names::{Oid, ref_part};
pub use refusal::Refusal;

#[cfg(test)]
pub(super) mod scratch;
