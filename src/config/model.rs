//! The configuration as one typed value.

use super::board::BoardRules;
use super::hooks::HookRule;
use super::notify::NotifyRule;
use super::origin::Sourced;
use super::problem::Problem;
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

/// The whole configuration, from flags, environment, file and defaults.
#[derive(Clone, Debug, PartialEq)]
pub struct Config {
    /// The absolute path of the file that was read. `None` if there is none.
    pub path: Option<PathBuf>,
    /// `root`: the absolute path of the project root.
    pub root: Option<PathBuf>,
    /// `create_root`: whether the project root is created if it does not exist.
    pub create_root: bool,
    /// `queues`: globs, relative to the folder of the file.
    pub queues: Vec<String>,
    /// `[project.NAME]`.
    pub projects: BTreeMap<String, NamedProject>,
    /// `[agents.NAME]`.
    pub agents: BTreeMap<String, AgentProfile>,
    /// The folder for the state of accounts. `None` if there is no place for it.
    pub accounts: Option<PathBuf>,
    /// `[agents] strict`: whether an agent without a section is an error.
    pub strict_agents: bool,
    /// `--agent`, which overrides the agents that tasks name.
    pub agent: Option<Sourced<AgentProfile>>,
    /// The source of verification.
    pub verification: Verification,
    /// `[[verify]]`: the steps of all profiles, in file order.
    pub steps: Vec<VerifyStep>,
    /// `[services.NAME]`.
    pub services: BTreeMap<String, Arc<Service>>,
    /// The services that no profile names.
    pub unused_services: Vec<Problem>,
    /// `[types]`.
    pub types: BTreeMap<String, TypeRule>,
    /// `[templates.NAME]`: the fields of tasks that the program creates itself.
    pub templates: BTreeMap<String, Map<String, Value>>,
    /// `[limits]`.
    pub limits: Limits,
    /// `[estimates] effort`: minutes of the efforts S, M, L and XL.
    pub effort_minutes: [f64; 4],
    /// `[environment]`: the environment of every command.
    pub environment: EnvironmentRules,
    /// The absolute paths of the variable files that are read.
    pub env_files: Vec<PathBuf>,
    /// `unsafe_fs`: whether file systems with unreliable locks are accepted.
    pub unsafe_fs: bool,
    /// `[guardrails] protect`: globs of files that no agent may change.
    pub protect: Vec<String>,
    /// The rest of `[guardrails]`: what is searched for in changes.
    pub guardrails: Rules,
    /// `[guardrails] require_changes`: what attempts have to change by default.
    pub require_changes: Requires,
    /// `[profiles.NAME] require_changes`.
    pub profile_requires: BTreeMap<String, Requires>,
    /// `allow_queue_commands`: whether `verify` of a task may contain commands.
    pub allow_queue_commands: bool,
    /// The number of tasks that run at the same time.
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
    /// The keys of `[isolation]`, `[workspaces]` and `[landing]` that the file sets.
    pub tree_keys: Vec<Sourced<String>>,
    /// `[board]`.
    pub board: BoardRules,
}

impl Config {
    /// Returns `vars` with the variables that the configuration itself sets for commands, which may
    /// also be secrets.
    pub fn and_own(&self, vars: &[(OsString, OsString)]) -> Vec<(OsString, OsString)> {
        let rules = std::iter::once(&self.environment)
            .chain(self.agents.values().map(|agent| &agent.environment))
            .chain(self.steps.iter().map(|step| &step.environment))
            .chain(self.services.values().map(|service| &service.environment));
        let own = rules.flat_map(|rules| rules.set.0.iter().chain(&rules.file.0));
        let own = own.map(|(name, value)| (name.into(), value.into()));
        vars.iter().cloned().chain(own).collect()
    }

    /// Returns the state folder of the account of an agent, and the name of its pauses there.
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

    /// Returns all agents: those of the file, and the one of `--agent`.
    pub fn all_agents(&self) -> impl Iterator<Item = &AgentProfile> {
        let own = self.agent.iter().map(|agent| &agent.value);
        let own = own.filter(|agent| !self.agents.contains_key(&agent.name));
        self.agents.values().chain(own)
    }

    /// Returns whether any step is hidden.
    pub fn has_hidden(&self) -> bool {
        self.steps.iter().any(|step| step.rules.step.hidden.is_some())
    }

    /// Returns the folder of the configuration file.
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
            unused_services: Vec::new(),
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

/// Where a task that failed is escalated to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Escalation {
    /// Further attempts are run by the agent of this name.
    Agent(String),
    /// The task is blocked for a person at once.
    Person,
}

/// An entry of `[[known_errors]]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KnownErrorRule {
    /// `match`: a regular expression for a line of the output.
    pub pattern: String,
    /// What is known about an error that matches.
    pub known: KnownError,
}

/// A section `[project.NAME]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct NamedProject {
    /// The absolute path of `root`.
    pub root: Option<PathBuf>,
    /// `create_root`.
    pub create_root: bool,
    /// `queues`: names with absolute paths, in file order.
    pub queues: Vec<(String, PathBuf)>,
}

/// The source of verification.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verification {
    /// The profiles of the file, as selected by tasks and types.
    Profiles,
    /// The steps of `--verify`, for all tasks.
    Flags(Vec<VerifyStep>),
    /// None: switched off by `--no-verify`.
    Off,
}

/// An entry of `[types]`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TypeRule {
    /// The agent of tasks of this type.
    pub agent: Option<String>,
    /// The verification profiles. Empty means `default`.
    pub verify: Vec<String>,
    /// Whether work that passed waits for a person's review.
    pub review: bool,
    /// `require_changes`.
    pub require_changes: Option<Requires>,
}

/// `[limits]`.
#[derive(Clone, Debug, PartialEq)]
pub struct Limits {
    /// The attempt budget of a task that has none of its own.
    pub attempts: Sourced<u32>,
    /// The number of consecutive lost attempts that blocks a task.
    pub crashes: Sourced<u32>,
    /// The number of different tasks blocked in a row that ends the run.
    pub consecutive_failures: Sourced<u32>,
    /// The number of attempt folders kept per task.
    pub keep_attempts: Sourced<u32>,
    /// The maximum depth of chains of follow-ups; 0 adds none.
    pub follow_up_depth: Sourced<u32>,
    /// What happens when the files of tasks overlap.
    pub scopes: Sourced<ScopeMode>,
    /// Whether a task with a completion promise is verified only if the agent printed it.
    pub promise: Sourced<bool>,
    /// Whether the tree is verified before attempts start from it.
    pub untouched: Sourced<bool>,
    /// How long an attempt may print nothing before a person is notified.
    pub progress_every: Sourced<Duration>,
    /// The usage limit of a task.
    pub task: Allowance,
    /// The usage limit of an attempt.
    pub attempt: Allowance,
    /// The usage limit of a run.
    pub run: Allowance,
    /// The daily usage limit of all loops of the project.
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
    /// They may run at the same time, with a warning.
    Warn,
    /// They may run at the same time.
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
