//! What a loop is started with.

use crate::domain::Allowance;
use crate::engine::attempt::KnownCommands;
use crate::platform::clock::Clock;
use crate::platform::ids::Ids;
use crate::project::Scope;
use std::ffi::OsString;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

/// What to do when nothing can be started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum WhenEmpty {
    /// Leave, once no live worker's task could make anything ready.
    Exit,
    /// Wait for new work.
    Wait,
}

/// What a loop is started with.
pub struct RunOptions {
    /// Which tasks.
    pub scope: Scope,
    /// How many slots.
    pub jobs: usize,
    /// Attempts that this run may begin.
    pub max_attempts: Option<u64>,
    /// How long this run may claim, and what is said when that is over.
    pub max_time: Option<(Duration, String)>,
    /// Commands whose programs were found before.
    pub known: Arc<KnownCommands>,
    /// What to do when nothing can be started.
    pub when_empty: WhenEmpty,
    /// What this run may use.
    pub allowance: Allowance,
    /// Whether a usage limit is waited for.
    pub waits_for_limits: bool,
    /// Whether a person types on a terminal, and sees there what the loop says.
    pub terminal: bool,
    /// Our own program, for supervisors.
    pub exe: PathBuf,
    /// The environment of this process.
    pub vars: Vec<(OsString, OsString)>,
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes names.
    pub ids: Arc<dyn Ids>,
}
