//! The configuration as one typed value.

use super::board::BoardRules;
use super::hooks::HookRule;
use super::notify::NotifyRule;
use super::origin::Sourced;
use super::trees::{Isolation, LandingRules, WorkspaceRules};
use crate::agent::AgentProfile;
use crate::domain::{Allowance, EnvironmentRules, KnownError, Preset, ReasonCode};
use crate::guardrails::{Requires, Rules};
use crate::plan::EstimateRules;
use crate::verify::{Service, VerifyStep};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

/// Everything that is configured, by flag, environment, file or default.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The file that was read, absolute; `None` when there is none.
    pub path: Option<PathBuf>,
    /// `root`: the project root, absolute.
    pub root: Option<PathBuf>,
    /// `create_root`: the project root is made when absent.
    pub create_root: bool,
    /// `queues`: globs, relative to the folder of the file.
    pub queues: Vec<String>,
    /// `[project.NAME]`.
    pub projects: BTreeMap<String, NamedProject>,
    /// `[agents.NAME]`.
    pub agents: BTreeMap<String, AgentProfile>,
    /// Where the state of accounts is kept, where it can be kept.
    pub accounts: Option<PathBuf>,
    /// `[agents] strict`: an agent without a section is an error.
    pub strict_agents: bool,
    /// `--agent`, which overrides what tasks say.
    pub agent: Option<Sourced<AgentProfile>>,
    /// Which verification applies.
    pub verification: Verification,
    /// `[[verify]]`, all profiles, in file order.
    pub steps: Vec<VerifyStep>,
    /// `[services.NAME]`.
    pub services: BTreeMap<String, Arc<Service>>,
    /// `[types]`.
    pub types: BTreeMap<String, TypeRule>,
    /// `[templates.NAME]`: the fields of tasks that the program makes by itself.
    pub templates: BTreeMap<String, Map<String, Value>>,
    /// `[limits]`.
    pub limits: Limits,
    /// `[estimates] effort`: minutes of the efforts S, M, L and XL.
    pub effort_minutes: [f64; 4],
    /// `[environment]`: what every command gets.
    pub environment: EnvironmentRules,
    /// The files of variables that are read, absolute.
    pub env_files: Vec<PathBuf>,
    /// `unsafe_fs`: file systems whose locks may not hold are accepted.
    pub unsafe_fs: bool,
    /// `[guardrails] protect`: globs of files that no agent may change.
    pub protect: Vec<String>,
    /// `[guardrails]` besides: what is looked for in changes.
    pub guardrails: Rules,
    /// `[guardrails] require_changes`: what attempts have to change where nothing else says it.
    pub require_changes: Requires,
    /// `[profiles.NAME] require_changes`.
    pub profile_requires: BTreeMap<String, Requires>,
    /// `allow_queue_commands`: `verify` of a task may hold commands.
    pub allow_queue_commands: bool,
    /// How many tasks run at the same time.
    pub jobs: Sourced<u32>,
    /// `[escalation]`.
    pub escalation: BTreeMap<ReasonCode, Escalation>,
    /// `[[known_errors]]`, in file order.
    pub known_errors: Vec<KnownErrorRule>,
    /// `[hooks]`, in the order in which they run.
    pub hooks: Vec<HookRule>,
    /// `[isolation]`.
    pub isolation: Isolation,
    /// `[workspaces]`.
    pub workspaces: WorkspaceRules,
    /// `[landing]`.
    pub landing: LandingRules,
    /// `[[notify]]`, in file order.
    pub notify: Vec<NotifyRule>,
    /// The keys of these three sections that the file sets.
    pub tree_keys: Vec<Sourced<String>>,
    /// `[board]`.
    pub board: BoardRules,
}

impl Config {
    /// `vars` with the variables that the configuration itself gives to commands, which may be
    /// secrets as well.
    pub fn and_own(&self, vars: &[(OsString, OsString)]) -> Vec<(OsString, OsString)> {
        let rules = std::iter::once(&self.environment)
            .chain(self.agents.values().map(|agent| &agent.environment))
            .chain(self.steps.iter().map(|step| &step.environment))
            .chain(self.services.values().map(|service| &service.environment));
        let own = rules.flat_map(|rules| rules.set.0.iter().chain(&rules.file.0));
        let own = own.map(|(name, value)| (name.into(), value.into()));
        vars.iter().cloned().chain(own).collect()
    }

    /// The state folder of the account of an agent, and the name of its pauses there.
    pub fn account_of(&self, agent: &AgentProfile) -> Option<(PathBuf, String)> {
        let folder = self.accounts.as_ref()?.join(agent.tool.account.as_deref()?);
        let name = match agent.tool.preset {
            Preset::Command => agent.name.clone(),
            Preset::Claude
            | Preset::Codex
            | Preset::Gemini
            | Preset::Opencode
            | Preset::Cursor
            | Preset::Copilot
            | Preset::Amp
            | Preset::Aider => agent.tool.preset.word().to_owned(),
        };
        Some((folder, name))
    }

    /// All agents: those of the file, and the one of `--agent`.
    pub fn all_agents(&self) -> impl Iterator<Item = &AgentProfile> {
        let own = self.agent.iter().map(|agent| &agent.value);
        let own = own.filter(|agent| !self.agents.contains_key(&agent.name));
        self.agents.values().chain(own)
    }

    /// Whether a step is hidden.
    pub fn has_hidden(&self) -> bool {
        self.steps.iter().any(|step| step.rules.step.hidden.is_some())
    }

    /// The folder of the file.
    pub fn folder(&self) -> Option<&Path> {
        self.path.as_deref().and_then(Path::parent)
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            path: None,
            root: None,
            create_root: false,
            queues: Vec::new(),
            projects: BTreeMap::new(),
            agents: BTreeMap::new(),
            accounts: None,
            strict_agents: false,
            agent: None,
            verification: Verification::Profiles,
            steps: Vec::new(),
            services: BTreeMap::new(),
            types: BTreeMap::new(),
            templates: BTreeMap::new(),
            limits: Limits::default(),
            effort_minutes: EstimateRules::default().effort_minutes,
            environment: EnvironmentRules::default(),
            env_files: Vec::new(),
            unsafe_fs: false,
            protect: Vec::new(),
            guardrails: Rules::default(),
            require_changes: Requires::default(),
            profile_requires: BTreeMap::new(),
            allow_queue_commands: false,
            jobs: Sourced::default_value(1),
            escalation: BTreeMap::new(),
            known_errors: Vec::new(),
            hooks: Vec::new(),
            isolation: Isolation::default(),
            workspaces: WorkspaceRules::default(),
            landing: LandingRules::default(),
            notify: Vec::new(),
            tree_keys: Vec::new(),
            board: BoardRules::default(),
        }
    }
}

/// Who gets a task that failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Escalation {
    /// Its further attempts are the agent's of that name.
    Agent(String),
    /// A person, at once.
    Person,
}

/// One of `[[known_errors]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownErrorRule {
    /// `match`: a regular expression for a line of the output.
    pub pattern: String,
    /// What is known then.
    pub known: KnownError,
}

/// One `[project.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedProject {
    /// `root`, absolute.
    pub root: Option<PathBuf>,
    /// `create_root`.
    pub create_root: bool,
    /// `queues`: name to path, absolute; in file order.
    pub queues: Vec<(String, PathBuf)>,
}

/// Where verification comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    /// From the profiles of the file, as tasks and types choose.
    Profiles,
    /// From `--verify`, for all tasks.
    Flags(Vec<VerifyStep>),
    /// Switched off by `--no-verify`.
    Off,
}

/// One entry of `[types]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeRule {
    /// The agent.
    pub agent: Option<String>,
    /// The verification profiles; empty: `default`.
    pub verify: Vec<String>,
    /// Whether work that passed waits for a person's yes.
    pub review: bool,
    /// `require_changes`.
    pub require_changes: Option<Requires>,
}

/// `[limits]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// Budget of attempts of a task that has none of its own.
    pub attempts: Sourced<u32>,
    /// Lost attempts in a row that block a task.
    pub crashes: Sourced<u32>,
    /// Different tasks blocked in a row that end the run.
    pub consecutive_failures: Sourced<u32>,
    /// Attempt folders kept for each task.
    pub keep_attempts: Sourced<u32>,
    /// How deep chains of follow-ups may go; 0 adds none.
    pub follow_up_depth: Sourced<u32>,
    /// What overlapping files mean.
    pub scopes: Sourced<ScopeMode>,
    /// A task with a completion promise is verified only if the agent printed it.
    pub promise: Sourced<bool>,
    /// Whether the tree is verified before attempts begin with it.
    pub untouched: Sourced<bool>,
    /// How long an attempt may say nothing before a person is told.
    pub progress_every: Sourced<Duration>,
    /// What a task may use.
    pub task: Allowance,
    /// What an attempt may use.
    pub attempt: Allowance,
    /// What a run may use.
    pub run: Allowance,
    /// What all loops of the project may use on a day.
    pub day: Allowance,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            attempts: Sourced::default_value(5),
            crashes: Sourced::default_value(3),
            consecutive_failures: Sourced::default_value(5),
            keep_attempts: Sourced::default_value(20),
            follow_up_depth: Sourced::default_value(1),
            scopes: Sourced::default_value(ScopeMode::Serialize),
            promise: Sourced::default_value(false),
            untouched: Sourced::default_value(true),
            progress_every: Sourced::default_value(Duration::from_secs(30 * 60)),
            task: Allowance::default(),
            attempt: Allowance::default(),
            run: Allowance::default(),
            day: Allowance::default(),
        }
    }
}

/// `limits.scopes`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScopeMode {
    /// Tasks with overlapping files never run at the same time.
    Serialize,
    /// They may, with a warning.
    Warn,
    /// They may.
    Off,
}

impl From<ScopeMode> for crate::plan::ScopeMode {
    fn from(mode: ScopeMode) -> Self {
        match mode {
            ScopeMode::Serialize => Self::Serialize,
            ScopeMode::Warn => Self::Warn,
            ScopeMode::Off => Self::Off,
        }
    }
}
