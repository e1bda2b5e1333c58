//! Verification: the only thing that makes a task complete.
//!
//! Steps run in order, each with its own limit; the verdict is PASS when all of them exit 0. How
//! a command is run (under which supervisor, with which output) is the caller's business.

mod judge;
mod log;
mod step;

pub use judge::{Finding, judge};
pub use log::block as log_block;
pub use step::VerifyStep;
