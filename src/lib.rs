//! workloop runs coding agents, or any command, over JSON work queues, unattended.
//!
//! Exported are the verbs ([`cli`]), the document ([`queue`]), the planner ([`plan`]), the store
//! ([`store`]) and the data that they share ([`domain`]). All other modules are private.
//! `ARCHITECTURE.md` describes the layers; `tests/layering/` checks that imports point down only.

#![cfg_attr(
    test,
    expect(clippy::disallowed_methods, reason = "unit tests read and write their own files")
)]

#[cfg(not(unix))]
compile_error!("workloop needs a Unix system: its claims rely on flock, sessions and signals");

mod agent;
mod claims;
pub mod cli;
mod config;
pub mod domain;
mod engine;
mod guardrails;
mod notify;
pub mod plan;
mod platform;
mod project;
pub mod queue;
pub mod store;
mod supervisor;
#[doc(hidden)]
pub mod testing;
mod verify;
mod views;
mod workspace;

use cli::{Streams, World, run_cli};
use std::process::ExitCode;

/// Runs the program: the hidden verb of supervisors, or what the arguments ask for.
#[must_use]
pub fn main() -> ExitCode {
    // If the limit on file sizes cannot be caught, it ends this program as it ends any other.
    drop(platform::signal::survive_file_limit());
    // Before anything else: supervisors are started often and must stay small.
    if std::env::args_os().nth(1).is_some_and(|verb| verb == supervisor::VERB) {
        return supervisor::serve();
    }
    let mut streams = Streams::standard();
    ExitCode::from(match World::current() {
        Ok(world) => run_cli(std::env::args_os(), &mut streams, &world),
        Err(error) => cli::no_working_directory(&error, &mut streams),
    })
}
