//! Who has a task: the one answer for the loop, its views and people's verbs.
//!
//! A claim is three things: the `claim` in the queue, the lock on its claim file, and the claim tag
//! in the environment of every process of the attempt. What the file says tells nothing about what
//! runs now: before a task is taken, for the first time or from a dead worker, all processes are
//! looked at, and no time decides. `docs/design/claims.md` has the argument.
//!
//! [`ClaimReader`] looks and touches nothing; [`Keeper`] takes locks and ends what is left of dead
//! attempts; [`fencing`] says whether a result may still be written. Nothing here knows the
//! configuration: that what a person does is in progress without a claim is for the caller to say.

pub mod fencing;
mod keeper;
mod liveness;
mod locks;
mod processes;
mod system;

pub use crate::domain::Liveness;
pub use keeper::Keeper;
pub use liveness::{ClaimReader, worker_alive};
pub use processes::Processes;
pub use system::{System, ThisHost};
