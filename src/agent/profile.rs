//! An agent as configured: what to run, for how long, and what it may see.

use super::presets::{Call, Permission, adapter};
use crate::domain::{Command, EnvironmentRules, Preset};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// Wall-clock limit of an agent that has none of its own.
pub const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);

/// Time between TERM and KILL where none is configured.
pub const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// Which tool an agent is, and how it is called.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tool {
    /// The preset.
    pub preset: Preset,
    /// `run`: what is called instead of the preset's own program.
    pub run: Option<Command>,
    /// `args`: further arguments, before the prompt.
    pub args: Vec<String>,
    /// The model.
    pub model: Option<String>,
    /// What it may do without asking.
    pub permission: Permission,
    /// Money after which the tool itself is to end, where it can.
    pub budget_usd: Option<f64>,
    /// The account whose limits it shares with agents of other projects.
    pub account: Option<String>,
    /// The agents that do its tasks while it is paused.
    pub fallback: Vec<String>,
    /// Whether the next attempt continues the session of the last one.
    pub resume: bool,
    /// What an attempt costs, where the tool does not tell.
    pub cost_estimate_usd: Option<f64>,
}

impl Tool {
    /// The command by which it is told which variables it logs in with: the preset's own program,
    /// whatever wraps it.
    pub fn login(&self) -> Option<Command> {
        let program = adapter(self.preset).program;
        (!program.is_empty()).then(|| Command::List(vec![program.to_owned()]))
    }

    /// The command line, which continues `session` where there is one.
    pub fn command(&self, session: Option<&str>) -> Command {
        let call = Call {
            model: self.model.as_deref(),
            session,
            permission: self.permission,
            budget_usd: self.budget_usd,
        };
        let adapter = adapter(self.preset);
        match &self.run {
            Some(run) => adapter.inside(run, &call, &self.args),
            None => adapter.command(&call, &self.args),
        }
    }
}

/// One `[agents.NAME]`.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentProfile {
    /// Its name in the configuration; `command-line` for a command of `--agent`.
    pub name: String,
    /// What to run, where no session is continued.
    pub command: Command,
    /// How it is called and understood.
    pub tool: Tool,
    /// What it logs in as.
    pub login: Command,
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
            login: command.clone(),
            tool: Tool { run: Some(command.clone()), ..Tool::default() },
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
