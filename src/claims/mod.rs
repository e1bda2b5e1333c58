//! Who has a task: one implementation for the loop, its views and people's verbs.
//!
//! A claim consists of three parts: the `claim` in the queue, the lock on its claim file, and the
//! claim tag in the environment of every process of the attempt. The claim in the queue does not
//! prove what runs now. Before a task is taken, for the first time or from a dead worker, all
//! processes are scanned; no decision depends on time. The argument is in `docs/design/claims.md`.
//!
//! [`ClaimReader`] only reads; [`Keeper`] takes locks and ends what is left of dead attempts;
//! [`fencing`] decides whether a result may still be written. Nothing here depends on the
//! configuration: callers must know that work of a person is in progress without a claim.

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
