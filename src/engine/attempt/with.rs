//! What an attempt is run with, and what it tells meanwhile.

use super::known_commands::KnownCommands;
use crate::domain::{HookReport, Outcome, Verdict};
use crate::platform::clock::Clock;
use crate::supervisor::Supervisor;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// What reaches an attempt from outside while it runs, and what it says to that.
pub(crate) struct Steering {
    /// Begin nothing more.
    pub(crate) cancelled: Arc<AtomicBool>,
    /// Told the number of a pause when nothing of the attempt runs any more.
    pub(crate) on_still: Box<dyn Fn(u64) + Send + Sync>,
}

impl std::fmt::Debug for Steering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Steering").field("cancelled", &self.cancelled).finish_non_exhaustive()
    }
}

/// Tells the loop about the stages of an attempt while it runs.
pub(crate) type OnStage<'a> = &'a mut dyn FnMut(Stage);

/// A stage of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// The agent was told to go.
    Started,
    /// The agent ended.
    AgentFinished(Outcome),
    /// A step of the verification begins.
    Verifying(String),
    /// A hook ran.
    Hooked(HookReport),
    /// The verdict is known: told by the loop itself when it hears of the attempt's end.
    Verified(Verdict),
}

/// What an attempt is run with.
pub(crate) struct With<'a> {
    /// Holds its claim.
    pub(crate) supervisor: &'a mut Supervisor,
    /// What reaches it from outside.
    pub(crate) steering: &'a Steering,
    /// What could be started in this run.
    pub(crate) known: &'a KnownCommands,
    /// Our own program, for supervisors of what runs beside.
    pub(crate) exe: &'a Path,
    /// Their environment.
    pub(crate) env: &'a [(OsString, OsString)],
    /// Tells the time.
    pub(crate) clock: &'a dyn Clock,
}
