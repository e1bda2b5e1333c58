//! Requests to running loops, for `stop`, `pause` and `resume`.
//!
//! The queue itself is not read, so loops can be stopped even if their queue is broken.

mod ask;
mod quiet;
mod target;

pub(crate) use ask::ask;
pub(crate) use quiet::{until_gone, until_still};
pub(crate) use target::{Target, check, note, opened, targets};

#[cfg(test)]
mod tests;
