//! Loads the configuration: flag > environment > file > default.

use super::file;
use super::find::{self, Untrusted};
use super::judged::shell_step;
use super::model::{Config, Verification};
use super::origin::{Origin, Sourced};
use super::paths;
use super::refused::RefusedConfig;
use super::sections::hidden::NEEDS_PRIVATE;
use super::sections::landing::NO_COMMIT;
use super::trees::{CommitMode, IsolationMode};
use crate::agent::{AgentProfile, Tool, named};
use crate::domain::{Command, Preset};
use crate::platform::open::{self, Links};
use std::io;
use std::path::{Path, PathBuf};

/// The maximum size of a configuration file, in bytes.
const LIMIT: u64 = 4 << 20;

/// Why accounts cannot be shared.
const NO_ACCOUNTS: &str = "an agent has an account, whose limits are kept in the state folder of the user; set \
                           HOME or XDG_STATE_HOME";

/// Looks up an environment variable.
pub(crate) type Lookup<'a> = &'a dyn Fn(&str) -> Option<String>;

/// The settings on the command line, which override all others.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Overrides {
    /// `--config`.
    pub config: Option<PathBuf>,
    /// `--agent`.
    pub agent: Option<String>,
    /// `--verify`.
    pub verify: Vec<String>,
    /// `--no-verify`.
    pub no_verify: bool,
    /// `--jobs`.
    pub jobs: Option<u32>,
    /// `--isolation`.
    pub isolation: Option<IsolationMode>,
}

/// A configuration that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// The file cannot be read.
    #[error("failed to read {}: {source}", path.display())]
    Read {
        /// The path of the file.
        path: PathBuf,
        /// The error.
        source: io::Error,
    },
    /// The file is not trusted.
    #[error(transparent)]
    Untrusted(#[from] Untrusted),
    /// The file has faults.
    #[error("failed to read the configuration\n{0}")]
    Refused(#[from] RefusedConfig),
    /// Two settings contradict each other.
    #[error("{0}")]
    Contradiction(&'static str),
    /// An environment variable has an invalid value.
    #[error("failed to read {name}: {value:?} is not {expected}")]
    Environment {
        /// The name of the variable.
        name: &'static str,
        value: String,
        /// What the value should be.
        expected: &'static str,
    },
}

impl ConfigError {
    /// Returns the valid part of the configuration, for verbs that only read.
    pub(super) fn rest(&self) -> Config {
        match self {
            Self::Refused(refused) => (*refused.rest).clone(),
            Self::Read { .. }
            | Self::Untrusted(_)
            | Self::Contradiction(_)
            | Self::Environment { .. } => Config::default(),
        }
    }
}

/// Returns the absolute path of the file that `--config` or `WORKLOOP_CONFIG` names.
pub(super) fn explicit(overrides: &Overrides, cwd: &Path, env: Lookup<'_>) -> Option<PathBuf> {
    let path = overrides.config.clone().or_else(|| env("WORKLOOP_CONFIG").map(PathBuf::from))?;
    Some(paths::resolve(cwd, path))
}

/// Loads the file that was found upwards from `folder`.
pub(super) fn load_found(path: &Path, folder: &Path) -> Result<Config, ConfigError> {
    find::check_trust(path, folder).map_err(|source| unreadable(path, source))??;
    read(path)
}

/// Loads a file that was named explicitly.
pub(super) fn load_named(path: &Path) -> Result<Config, ConfigError> {
    find::check_not_world_writable(path).map_err(|source| unreadable(path, source))??;
    read(path)
}

fn unreadable(path: &Path, source: io::Error) -> ConfigError {
    ConfigError::Read { path: path.to_owned(), source }
}

fn read(path: &Path) -> Result<Config, ConfigError> {
    let text =
        open::read_text(path, Links::Follow, LIMIT).map_err(|source| unreadable(path, source))?;
    Ok(file::parse(path, &text)?)
}

/// Overrides the settings of the file with the environment and the flags.
pub(super) fn overlay(
    config: &mut Config,
    overrides: &Overrides,
    env: Lookup<'_>,
) -> Result<(), ConfigError> {
    let absolute = |name: &str| env(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = absolute("XDG_STATE_HOME").or_else(|| Some(absolute("HOME")?.join(".local/state")));
    config.accounts = home.map(|home| home.join("workloop/accounts"));
    if config.accounts.is_none() && config.agents.values().any(|agent| agent.tool.account.is_some())
    {
        return Err(ConfigError::Contradiction(NO_ACCOUNTS));
    }
    if let Some((agent, origin)) = pick("--agent", &overrides.agent, "WORKLOOP_AGENT", env) {
        let profile = override_agent(config, &agent);
        config.agent = Some(Sourced::new(profile, origin));
    }
    if let Some(jobs) = overrides.jobs {
        config.jobs = Sourced::new(jobs, Origin::Flag("--jobs"));
    } else if let Some(value) = env("WORKLOOP_JOBS") {
        let jobs = value.parse().ok().filter(|jobs| *jobs > 0);
        let jobs = jobs.ok_or(ConfigError::Environment {
            name: "WORKLOOP_JOBS",
            value,
            expected: "a whole number of at least 1",
        })?;
        config.jobs = Sourced::new(jobs, Origin::Environment("WORKLOOP_JOBS"));
    }
    if let Some(mode) = overrides.isolation {
        config.isolation.mode = Sourced::new(mode, Origin::Flag("--isolation"));
        let commit = config.landing.commit.as_deref();
        if mode == IsolationMode::Private && commit == Some(&CommitMode::None) {
            return Err(ConfigError::Contradiction(NO_COMMIT));
        }
        if mode == IsolationMode::Shared && config.has_hidden() {
            return Err(ConfigError::Contradiction(NEEDS_PRIVATE));
        }
    }
    if overrides.no_verify {
        config.verification = Verification::Off;
    } else if !overrides.verify.is_empty() {
        let steps = overrides.verify.iter().map(|text| shell_step(text, "command-line"));
        config.verification = Verification::Flags(steps.collect());
    }
    Ok(())
}

fn pick(
    flag: &'static str,
    given: &Option<String>,
    variable: &'static str,
    env: Lookup<'_>,
) -> Option<(String, Origin)> {
    match given {
        Some(value) => Some((value.clone(), Origin::Flag(flag))),
        None => env(variable).map(|value| (value, Origin::Environment(variable))),
    }
}

/// Returns a configured agent with this name, or else the tool of this name as configured or with
/// its preset, or else a command. It has the limits of the default agent.
fn override_agent(config: &Config, text: &str) -> AgentProfile {
    if let Some(profile) = config.agent_named(text).filter(|profile| profile.name == text) {
        return profile.clone();
    }
    let fresh = match named(text) {
        Some(adapter) => {
            let same = |profile: &&AgentProfile| profile.tool.preset == adapter.preset;
            if let Some(profile) = config.agents.values().find(same) {
                return profile.clone();
            }
            of_preset(adapter.preset, config)
        }
        None => AgentProfile::new("command-line", Command::Shell(text.to_owned())),
    };
    match config.agent_named("default") {
        Some(default) => {
            let AgentProfile { name, command, tool, login, .. } = fresh;
            AgentProfile { name, command, tool, login, ..default.clone() }
        }
        None => fresh,
    }
}

/// Returns an agent for a tool that is not configured.
fn of_preset(preset: Preset, config: &Config) -> AgentProfile {
    let budget_usd = config.limits.attempt.cost_usd.filter(|_| preset == Preset::Claude);
    let tool = Tool { preset, budget_usd, ..Tool::default() };
    let fresh = AgentProfile::new(preset.word(), tool.command(None));
    let login = tool.login().unwrap_or_else(|| fresh.command.clone());
    AgentProfile { tool, login, ..fresh }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_name_of_a_tool_is_the_tool() {
        let config = |toml: &str| file::parse(Path::new("/p/workloop.toml"), toml).expect("valid");
        let plain = config(
            "[agents.default]\nrun = \"x\"\ntimeout = \"3m\"\n[limits.attempt]\ncost_usd = 2\n",
        );
        let codex = override_agent(&plain, "codex");
        assert_eq!((codex.name.as_str(), codex.tool.preset), ("codex", Preset::Codex));
        assert!(codex.command.to_string().starts_with("codex exec --json "), "{codex:?}");
        assert_eq!(codex.timeout.as_secs(), 180);
        let claude = override_agent(&plain, "claude").command.to_string();
        assert!(claude.ends_with("--max-budget-usd 2"), "{claude}");
        assert_eq!(override_agent(&plain, "cursor-agent").tool.preset, Preset::Cursor);
        let line = override_agent(&plain, "claude --print");
        assert_eq!((line.name.as_str(), line.tool.preset), ("command-line", Preset::Command));
        // The settings of a configured tool are used, and a configured agent name takes precedence.
        let own = config(
            "[agents.writer]\npreset = \"claude\"\naccount = \"team\"\n[agents.amp]\nrun = \"y\"\n",
        );
        assert_eq!(override_agent(&own, "claude").tool.account.as_deref(), Some("team"));
        assert_eq!(override_agent(&own, "amp").command.to_string(), "y");
    }
}
