//! Chooses the agent and the verification of a task.

use super::model::{Config, Escalation, TypeRule, Verification};
use super::names::{VERIFY_TIMEOUT, fold, step_name};
use crate::agent::AgentProfile;
use crate::domain::{Command, EnvironmentRules, ReasonCode, Task, Text, nearest};
use crate::guardrails::Requires;
use crate::verify::VerifyStep;
use std::sync::Arc;

/// What runs a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Runner {
    Agent(Box<AgentChoice>),
    /// A person: the task is never run.
    Person,
    /// No agent: a gate is verification only.
    Gate,
}

/// The agent of a task.
#[derive(Clone, Debug, PartialEq)]
pub struct AgentChoice {
    /// The name of the profile.
    pub name: String,
    /// The profile.
    pub profile: AgentProfile,
    /// Why it is not the agent that the task names, if it is another one.
    pub warning: Option<String>,
}

/// A task requires something that is not configured.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ChoiceError {
    /// No agent is set, neither by `--agent` nor in the configuration.
    #[error("no agent is configured")]
    NoAgent,
    /// The name has no section, and `agents.strict` is set.
    #[error("unknown agent {name}{}", among(name, known))]
    UnknownAgent {
        /// The name in the task.
        name: String,
        /// The configured names.
        known: Vec<String>,
    },
    /// The name is not a profile.
    #[error("unknown profile {name}{}", among(name, known))]
    UnknownProfile {
        /// The name in the task.
        name: String,
        /// The configured names.
        known: Vec<String>,
    },
    /// No verification is configured.
    #[error("no verification is configured")]
    NoVerification,
}

/// Lists the known names, with a suggestion if one of them was probably meant.
fn among(name: &str, known: &[String]) -> String {
    let meant = nearest(name, known.iter().map(String::as_str));
    let meant = meant.map_or_else(String::new, |meant| format!(" (did you mean {meant}?)"));
    let known = if known.is_empty() { "none".to_owned() } else { known.join(", ") };
    format!("{meant}; there are: {known}")
}

impl ChoiceError {
    /// Returns the reason code if a task names something that is not configured. Returns `None` if
    /// nothing is configured at all, which is not the fault of any task.
    pub fn code(&self) -> Option<ReasonCode> {
        match self {
            Self::UnknownAgent { .. } => Some(ReasonCode::UnknownAgent),
            Self::UnknownProfile { .. } => Some(ReasonCode::UnknownProfile),
            Self::NoAgent | Self::NoVerification => None,
        }
    }
}

impl Config {
    /// Returns what runs `task`: the agent of `--agent`, or else the agent to which it was
    /// escalated, or else the one that it names, or else the one of its type, or else `default`.
    /// Tasks for a person and gates are not affected by these.
    ///
    /// # Errors
    /// Returns [`ChoiceError::NoAgent`], or [`ChoiceError::UnknownAgent`] with `agents.strict` and
    /// without a default agent.
    pub fn agent_for(&self, task: &Task) -> Result<Runner, ChoiceError> {
        if task.is_gate() {
            return Ok(Runner::Gate);
        }
        let named = task.agent().filter(|name| !fold(name).is_empty());
        let of_type = self.type_rule(task).and_then(|rule| rule.agent.as_deref());
        let wanted = named.or(of_type);
        let of_people =
            wanted.is_some_and(|name| matches!(fold(name).as_str(), "manual" | "human"));
        if of_people || task.is_persons() {
            return Ok(Runner::Person);
        }
        if let Some(agent) = &self.agent {
            return Ok(runner(&agent.value, None));
        }
        // An escalation to an agent that is no longer configured is ignored.
        let escalated = task.escalated_to().and_then(|name| self.agent_named(name));
        if let Some(profile) = escalated {
            return Ok(runner(profile, None));
        }
        match wanted {
            None => self.default_agent(None),
            Some(name) => match self.agent_named(name) {
                Some(profile) => Ok(runner(profile, None)),
                None if self.strict_agents => Err(self.unknown_agent(name)),
                None => self.default_agent(Some(name)),
            },
        }
    }

    /// Returns the profile with a matching name. Case and separators are ignored.
    pub fn agent_named(&self, name: &str) -> Option<&AgentProfile> {
        let name = fold(name);
        self.agents.values().find(|profile| fold(&profile.name) == name)
    }

    fn default_agent(&self, instead_of: Option<&str>) -> Result<Runner, ChoiceError> {
        let Some(profile) = self.agent_named("default") else {
            let nobody = self.agents.is_empty();
            let wanted = instead_of.unwrap_or("default");
            return Err(if nobody { ChoiceError::NoAgent } else { self.unknown_agent(wanted) });
        };
        let warning =
            instead_of.map(|name| format!("there is no agent {name}; {} runs it", profile.name));
        Ok(runner(profile, warning))
    }

    fn unknown_agent(&self, name: &str) -> ChoiceError {
        let known = self.agents.keys().cloned().collect();
        ChoiceError::UnknownAgent { name: name.to_owned(), known }
    }

    fn unknown_profile(&self, name: &str) -> ChoiceError {
        let mut known: Vec<String> = Vec::new();
        for step in &self.steps {
            if !known.contains(&step.profile) {
                known.push(step.profile.clone());
            }
        }
        ChoiceError::UnknownProfile { name: name.to_owned(), known }
    }

    /// Returns the escalation of a task that failed with this reason code when run by `agent`. With
    /// `--agent` there is no other agent to escalate to, and a task is not escalated to the agent
    /// that it already has.
    pub fn escalation_of(&self, code: ReasonCode, agent: &str) -> Option<&Escalation> {
        let escalation = self.escalation.get(&code)?;
        let is_due = match escalation {
            Escalation::Agent(name) => self.agent.is_none() && fold(name) != fold(agent),
            Escalation::Person => true,
        };
        is_due.then_some(escalation)
    }

    fn type_rule(&self, task: &Task) -> Option<&TypeRule> {
        let kind = fold(task.kind()?);
        self.types.iter().find(|(name, _)| fold(name) == kind).map(|(_, rule)| rule)
    }

    /// Returns what an attempt at `task` has to change: according to its type, or else to the
    /// strictest of its profiles, or else to the general setting.
    pub fn requires(&self, task: &Task) -> Requires {
        if let Some(requires) = self.type_rule(task).and_then(|rule| rule.require_changes) {
            return requires;
        }
        let names = self.verify_names(task);
        let names = if names.is_empty() { vec!["default"] } else { names };
        let is_one = |name: &str| names.iter().any(|other| fold(other) == fold(name));
        let said = self.profile_requires.iter().filter(|(name, _)| is_one(name));
        let said = said.map(|(_, requires)| *requires);
        said.reduce(Requires::or_stricter).unwrap_or(self.require_changes)
    }

    /// Returns the steps that verify `task`, in order: those of `--verify`, or else of the profiles
    /// that it names, or else of the profiles of its type, or else of the profile `default`. Empty
    /// only if verification is switched off.
    ///
    /// # Errors
    /// Returns [`ChoiceError::UnknownProfile`] or [`ChoiceError::NoVerification`].
    pub fn profiles_for(&self, task: &Task) -> Result<Vec<VerifyStep>, ChoiceError> {
        match &self.verification {
            Verification::Off => return Ok(Vec::new()),
            Verification::Flags(steps) => return Ok(steps.clone()),
            Verification::Profiles => {}
        }
        let names = self.verify_names(task);
        if names.is_empty() {
            let steps: Vec<VerifyStep> = self.profile("default").cloned().collect();
            return match (steps.is_empty(), self.steps.is_empty()) {
                (false, _) => Ok(steps),
                (true, true) => Err(ChoiceError::NoVerification),
                (true, false) => Err(self.unknown_profile("default")),
            };
        }
        let mut steps = Vec::new();
        for name in names {
            let before = steps.len();
            steps.extend(self.profile(name).cloned());
            if steps.len() == before {
                steps.push(self.queue_command(name)?);
            }
        }
        Ok(steps)
    }

    /// Returns the names of what verifies `task`: its own, or else those of its type. Empty means
    /// `default`.
    pub fn verify_names<'a>(&'a self, task: &'a Task) -> Vec<&'a str> {
        let own: Vec<&str> = task.verify().iter().map(Text::as_str).collect();
        if !own.is_empty() {
            return own;
        }
        let of_type = self.type_rule(task).into_iter().flat_map(|rule| &rule.verify);
        of_type.map(String::as_str).collect()
    }

    /// Returns the steps of each profile that verifies `task`. A command in the queue belongs to
    /// the task and is not a profile. An unknown name yields no steps.
    pub fn profiles_of(&self, task: &Task) -> Vec<Vec<VerifyStep>> {
        match &self.verification {
            Verification::Off => return Vec::new(),
            Verification::Flags(steps) => return vec![steps.clone()],
            Verification::Profiles => {}
        }
        let names = self.verify_names(task);
        let names = if names.is_empty() { vec!["default"] } else { names };
        let mut profiles: Vec<Vec<VerifyStep>> = Vec::new();
        for name in names {
            let steps: Vec<VerifyStep> = self.profile(name).cloned().collect();
            if !steps.is_empty() && !profiles.contains(&steps) {
                profiles.push(steps);
            }
        }
        profiles
    }

    /// Returns the steps of each configured profile.
    pub fn all_profiles(&self) -> Vec<Vec<VerifyStep>> {
        let mut names: Vec<String> = self.steps.iter().map(|step| fold(&step.profile)).collect();
        names.sort_unstable();
        names.dedup();
        names.iter().map(|name| self.profile(name).cloned().collect()).collect()
    }

    /// Returns whether work of `task` that passed waits for a person's review. `steps` verify the
    /// task. The task, its type and its profiles can each require a review, and none can cancel a
    /// requirement of another.
    pub fn reviews(&self, task: &Task, steps: &[VerifyStep]) -> bool {
        task.review()
            || self.type_rule(task).is_some_and(|rule| rule.review)
            || steps.iter().any(|step| step.rules.profile.review)
    }

    /// Returns whether tasks are verified at all.
    pub fn is_verified(&self) -> bool {
        self.verification != Verification::Off
    }

    /// Returns whether any verification is configured, or verification is switched off.
    pub fn has_verification(&self) -> bool {
        match &self.verification {
            Verification::Profiles => !self.steps.is_empty() || self.allow_queue_commands,
            Verification::Flags(_) | Verification::Off => true,
        }
    }

    fn profile(&self, name: &str) -> impl Iterator<Item = &VerifyStep> {
        let name = fold(name);
        self.steps.iter().filter(move |step| fold(&step.profile) == name)
    }

    /// Returns a text of the queue as a command, if the configuration allows it.
    fn queue_command(&self, text: &str) -> Result<VerifyStep, ChoiceError> {
        if !self.allow_queue_commands {
            return Err(self.unknown_profile(text));
        }
        Ok(VerifyStep { from_queue: true, ..shell_step(text, "queue") })
    }
}

/// Returns a step that consists of only a shell command.
pub(super) fn shell_step(command: &str, profile: &str) -> VerifyStep {
    VerifyStep {
        name: step_name(command),
        profile: profile.to_owned(),
        command: Command::Shell(command.to_owned()),
        timeout: VERIFY_TIMEOUT,
        environment: EnvironmentRules::default(),
        from_queue: false,
        rules: Arc::default(),
    }
}

fn runner(profile: &AgentProfile, warning: Option<String>) -> Runner {
    let name = profile.name.clone();
    Runner::Agent(Box::new(AgentChoice { name, profile: profile.clone(), warning }))
}
