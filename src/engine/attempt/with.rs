//! What an attempt is run with, and what it reports meanwhile.

use super::known_commands::KnownCommands;
use crate::domain::{HookReport, Outcome, Verdict};
use crate::platform::clock::Clock;
use crate::supervisor::Supervisor;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

/// The signals to an attempt while it runs, and its acknowledgement of a pause.
pub(crate) struct Steering {
    /// Set when nothing more may begin.
    pub(crate) cancelled: Arc<AtomicBool>,
    /// Called with the number of a pause when no process of the attempt runs any more.
    pub(crate) on_still: Box<dyn Fn(u64) + Send + Sync>,
}

impl std::fmt::Debug for Steering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Steering").field("cancelled", &self.cancelled).finish_non_exhaustive()
    }
}

/// Reports the stages of an attempt to the loop while it runs.
pub(crate) type OnStage<'a> = &'a mut dyn FnMut(Stage);

/// A stage of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Stage {
    /// The agent starts.
    Started,
    /// The agent ended.
    AgentFinished(Outcome),
    /// A step of the verification begins.
    Verifying(String),
    /// A hook ran.
    Hooked(HookReport),
    /// The verdict is known. The loop itself reports this when it receives the attempt's end.
    Verified(Verdict),
}

/// What an attempt is run with.
pub(crate) struct With<'a> {
    /// The supervisor, which holds the claim.
    pub(crate) supervisor: &'a mut Supervisor,
    /// The signals to the attempt.
    pub(crate) steering: &'a Steering,
    /// The commands that could be started in this run.
    pub(crate) known: &'a KnownCommands,
    /// Our own program, for the supervisors of commands that run beside.
    pub(crate) exe: &'a Path,
    /// The environment of those supervisors.
    pub(crate) env: &'a [(OsString, OsString)],
    pub(crate) clock: &'a dyn Clock,
}
