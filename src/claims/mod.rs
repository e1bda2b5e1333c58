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

pub(crate) mod fencing;
mod keeper;
mod liveness;
mod locks;
mod processes;
mod system;
#[cfg(test)]
mod tests;

pub(crate) use keeper::Keeper;
pub(crate) use liveness::{ClaimReader, worker_alive};
#[cfg(test)]
pub(crate) use processes::Processes;
#[cfg(test)]
pub(crate) use system::System;
pub(crate) use system::ThisHost;
