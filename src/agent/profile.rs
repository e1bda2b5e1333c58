//! An agent as configured: the command, its limits and its environment.

use super::presets::{Call, OwnText, Permission, adapter};
use crate::domain::{Command, EnvironmentRules, Preset};
use std::collections::BTreeSet;
use std::path::PathBuf;
use std::time::Duration;

/// The default wall-clock limit of an agent.
pub(crate) const DEFAULT_TIMEOUT: Duration = Duration::from_secs(45 * 60);

/// The default time between TERM and KILL.
pub(crate) const DEFAULT_GRACE: Duration = Duration::from_secs(10);

/// The tool of an agent, and how it is called.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Tool {
    /// The preset.
    pub preset: Preset,
    /// `run`: the command to call instead of the preset's program.
    pub run: Option<Command>,
    /// `args`: additional arguments, before the prompt.
    pub args: Vec<String>,
    /// The model.
    pub model: Option<String>,
    /// What it may do without asking.
    pub permission: Permission,
    /// The cost in US dollars at which the tool itself should stop, if it supports that.
    pub budget_usd: Option<f64>,
    /// The account whose limits it shares with agents of other projects.
    pub account: Option<String>,
    /// The agents that take over its tasks while it is paused.
    pub fallback: Vec<String>,
    /// Whether the next attempt continues the session of the last one.
    pub resume: bool,
    /// The configured meanings of texts on its error channel.
    pub texts: Vec<OwnText>,
    /// The assumed cost of an attempt, if the tool does not report it.
    pub cost_estimate_usd: Option<f64>,
}

impl Tool {
    /// Returns the command that determines the login variables: the preset's own program, even if
    /// it is wrapped.
    pub fn login(&self) -> Option<Command> {
        let program = adapter(self.preset).program;
        (!program.is_empty()).then(|| Command::List(vec![program.to_owned()]))
    }

    /// Returns the command line, which continues `session` if there is one.
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
    /// The command line of a new session.
    pub command: Command,
    /// How it is called and its output interpreted.
    pub tool: Tool,
    /// The command that determines the login variables.
    pub login: Command,
    /// The wall-clock limit.
    pub timeout: Duration,
    /// How long it may print nothing; `None` if there is no such limit.
    pub silence: Option<Duration>,
    /// The time between TERM and KILL.
    pub grace: Duration,
    /// How many attempts with it may run at the same time, across all loops of the project.
    pub max_parallel: Option<u32>,
    /// The exit statuses other than 0 after which verification runs.
    pub ok_exit_codes: Vec<i32>,
    /// The path of its own prompt template.
    pub prompt: Option<PathBuf>,
    /// The verification profiles of tasks that name this agent and choose none themselves.
    pub verify: Vec<String>,
    /// The environment rules that differ from the general ones.
    pub environment: EnvironmentRules,
}

impl AgentProfile {
    /// Creates an agent with the default limits.
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
            verify: Vec::new(),
            environment: EnvironmentRules::default(),
        }
    }

    /// Returns the exit statuses after which verification runs.
    pub fn accepted_exits(&self) -> BTreeSet<i32> {
        self.ok_exit_codes.iter().copied().chain([0]).collect()
    }
}
