//! The environment that the commands of a task would get, for display, and the mask of its secrets.

use super::super::hooks::hook_steps;
use super::super::subject::{agent_policy, step_policy};
use super::Source;
use crate::agent::{Policy, Why, Withheld};
use crate::config::Config;
use crate::domain::{Command, Inherit, StepKind};
use crate::store::Place;
use crate::views::mask::Mask;
use std::ffi::OsString;
use std::fmt;

/// The environment that one command would get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct CommandEnvironment {
    /// Whether the command does the work or judges it.
    pub kind: StepKind,
    /// The name of the agent or of the step.
    pub name: String,
    /// How much it inherits.
    pub inherit: Inherit,
    /// The names of the variables that it gets besides `WORKLOOP_*`.
    pub passed: Vec<String>,
    /// The variables that it does not get.
    pub withheld: Vec<Withheld>,
}

impl Source<'_> {
    /// Returns the environments of the agent and the steps of a task.
    ///
    /// # Errors
    /// The reason, in words, if there is nothing to run.
    pub(crate) fn environments(self, place: Place) -> Result<Vec<CommandEnvironment>, String> {
        let plan = self.plan(place, 1).map_err(|error| error.to_string())?;
        let general = &self.set.config.environment;
        let one = |kind, name: &str, policy: Policy<'_>| {
            let given = policy.apply(self.vars);
            let passed = given.environment.vars();
            CommandEnvironment {
                kind,
                name: name.to_owned(),
                inherit: policy.inherit(),
                passed: passed.map(|(name, _)| name.to_string_lossy().into_owned()).collect(),
                withheld: given.withheld,
            }
        };
        let agent = plan.profile.iter();
        let agent = agent.map(|p| one(StepKind::Agent, &p.name, agent_policy(general, p)));
        let steps = plan.steps.iter();
        let steps = steps.map(|s| one(StepKind::Verify, &s.name, step_policy(general, s)));
        Ok(agent.chain(steps).collect())
    }

    /// Returns the mask of the secrets of this process, and of those that the configuration gives
    /// to commands.
    pub(super) fn mask(&self) -> Mask {
        Mask::new(&self.set.config.and_own(self.vars))
    }
}

/// A variable that the text of a command reads but would not get.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Lacking {
    /// The agent or the step.
    pub whose: String,
    /// The name of the variable.
    pub name: String,
    /// Why it is withheld; `None` if it is not set at all.
    pub why: Option<Why>,
}

impl fmt::Display for Lacking {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { whose, name, why } = self;
        match why {
            Some(why) => {
                write!(f, "the run text of {whose} reads ${name}, which is withheld: {why}")
            }
            None => write!(
                f,
                "the run text of {whose} reads ${name}, which is set neither here nor by set or \
                 file under [environment]"
            ),
        }
    }
}

/// Returns the variables that the agents and the steps of the configuration read but would not get
/// from `vars`.
pub(crate) fn lacking(config: &Config, vars: &[(OsString, OsString)]) -> Vec<Lacking> {
    let general = &config.environment;
    let agents = config.agents.values().map(|agent| {
        (format!("agent {}", agent.name), &agent.command, agent_policy(general, agent))
    });
    let steps = config
        .steps
        .iter()
        .map(|step| (format!("step {}", step.name), &step.command, step_policy(general, step)));
    let hooks = hook_steps(config);
    let hooks =
        hooks.iter().map(|hook| (hook.name.clone(), &hook.command, step_policy(general, hook)));
    agents
        .chain(steps)
        .chain(hooks)
        .flat_map(|(whose, command, policy)| of(&whose, command, policy, vars))
        .collect()
}

fn of(
    whose: &str,
    command: &Command,
    policy: Policy<'_>,
    vars: &[(OsString, OsString)],
) -> Vec<Lacking> {
    let names = command.variables();
    if names.is_empty() {
        return Vec::new();
    }
    let given = policy.apply(vars);
    let lacks =
        |name: &String| !name.starts_with("WORKLOOP_") && given.environment.get(name).is_none();
    let why = |name: &str| given.withheld.iter().find(|one| one.name == name).map(|one| one.why);
    let found = names.into_iter().filter(lacks);
    found.map(|name| Lacking { whose: whose.to_owned(), why: why(&name), name }).collect()
}

#[cfg(test)]
mod tests;
