//! An agent as configured: what to run, for how long, and what it may see.

use crate::domain::{Command, EnvironmentRules};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Wall-clock limit of an agent that has none of its own.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);

/// Time between TERM and KILL where none is configured.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// One `[agents.NAME]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AgentProfile {
    /// Its name in the configuration; `command-line` for a command of `--agent`.
    pub name: String,
    /// What to run.
    pub command: Command,
    /// Wall-clock limit.
    pub timeout: Duration,
    /// How long it may print nothing, where it streams its output.
    pub silence: Option<Duration>,
    /// Time between TERM and KILL.
    pub grace: Duration,
    /// How many of it may run at the same time over all loops of the project.
    pub max_parallel: Option<u32>,
    /// Exit statuses besides 0 after which verification runs.
    pub ok_exit_codes: Vec<i32>,
    /// A prompt template of its own.
    pub prompt: Option<PathBuf>,
    /// What it gets of the environment, where that differs from what all commands get.
    pub environment: EnvironmentRules,
}

impl AgentProfile {
    /// An agent with the default limits.
    pub fn new(name: &str, command: Command) -> Self {
        Self {
            name: name.to_owned(),
            command,
            timeout: DEFAULT_TIMEOUT,
            silence: None,
            grace: DEFAULT_GRACE,
            max_parallel: None,
            ok_exit_codes: Vec::new(),
            prompt: None,
            environment: EnvironmentRules::default(),
        }
    }

    /// The exit statuses after which verification runs.
    pub fn accepted_exits(&self) -> BTreeSet<i32> {
        self.ok_exit_codes.iter().copied().chain([0]).collect()
    }
}
