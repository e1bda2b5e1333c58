//! Chooses the agent of a task.

use super::model::{Config, Escalation, TypeRule};
use super::names::fold;
use crate::agent::AgentProfile;
use crate::domain::{ReasonCode, Task, nearest};
use crate::verify::VerifyStep;

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
    #[error("unknown profile {name}{}{}", of_phase(phase), among(name, known))]
    UnknownProfile {
        /// The name in the task or in its phase.
        name: String,
        /// The phase, if the name is not in the task.
        phase: Option<String>,
        /// The configured names.
        known: Vec<String>,
    },
    /// No verification is configured.
    #[error("no verification is configured")]
    NoVerification,
}

fn of_phase(phase: &Option<String>) -> String {
    phase.as_ref().map_or_else(String::new, |phase| format!(" of phase {phase}"))
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
        let wanted = self.wanted_agent(task);
        if is_of_person(task, wanted) {
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

    /// Returns the name of the agent that a task or its type asks for.
    fn wanted_agent<'a>(&'a self, task: &'a Task) -> Option<&'a str> {
        let named = task.agent().filter(|name| !fold(name).is_empty());
        named.or_else(|| self.type_rule(task).and_then(|rule| rule.agent.as_deref()))
    }

    /// Returns the agent whose `verify` counts for a task: the one that the task or its type names,
    /// or else `default`. An escalation, a fallback during a pause and `--agent` change who works,
    /// and not how the work is judged.
    pub(super) fn judged_agent(&self, task: &Task) -> Option<&AgentProfile> {
        let wanted = self.wanted_agent(task);
        if task.is_gate() || is_of_person(task, wanted) {
            return None;
        }
        let named = wanted.and_then(|name| self.agent_named(name));
        named.or_else(|| self.agent_named("default"))
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

    pub(super) fn type_rule(&self, task: &Task) -> Option<&TypeRule> {
        let kind = fold(task.kind()?);
        self.types.iter().find(|(name, _)| fold(name) == kind).map(|(_, rule)| rule)
    }

    /// Returns whether work of `task` that passed waits for a person's review. `steps` verify the
    /// task. The task, its type and its profiles can each require a review, and none can cancel a
    /// requirement of another.
    pub fn reviews(&self, task: &Task, steps: &[VerifyStep]) -> bool {
        task.review()
            || self.type_rule(task).is_some_and(|rule| rule.review)
            || steps.iter().any(|step| step.rules.profile.review)
    }
}

/// Returns whether a person does the task, for which the agent `wanted` is asked.
fn is_of_person(task: &Task, wanted: Option<&str>) -> bool {
    let is_person = |name: &str| matches!(fold(name).as_str(), "manual" | "human");
    wanted.is_some_and(is_person) || task.is_persons()
}

fn runner(profile: &AgentProfile, warning: Option<String>) -> Runner {
    let name = profile.name.clone();
    Runner::Agent(Box::new(AgentChoice { name, profile: profile.clone(), warning }))
}
