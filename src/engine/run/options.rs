//! The options that a loop is started with.

use crate::domain::Allowance;
use crate::engine::attempt::KnownCommands;
use crate::platform::clock::Clock;
use crate::platform::ids::Ids;
use crate::project::Scope;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What to do when no task can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum WhenEmpty {
    /// Exit, once no live worker's task could make anything ready.
    Exit,
    /// Wait for new work.
    Wait,
}

/// The options that a loop is started with.
pub(crate) struct RunOptions {
    /// The tasks that the run may work on.
    pub scope: Scope,
    /// The number of slots.
    pub jobs: usize,
    /// The number of attempts that this run may start; `None` is no limit.
    pub max_attempts: Option<u64>,
    /// How long this run may claim, and the text to show when that time is over.
    pub max_time: Option<(Duration, String)>,
    /// The commands whose programs were already resolved.
    pub known: Arc<KnownCommands>,
    /// What to do when no task can be started.
    pub when_empty: WhenEmpty,
    /// What this run may use: cost, tokens, time.
    pub allowance: Allowance,
    /// Whether the run waits for a usage limit to be over.
    pub waits_for_limits: bool,
    /// Whether a person types at a terminal and sees the output of the loop there.
    pub terminal: bool,
    /// The path of our own program, for supervisors.
    pub exe: PathBuf,
    /// The environment of this process.
    pub vars: Vec<(OsString, OsString)>,
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// Makes random names.
    pub ids: Arc<dyn Ids>,
}
