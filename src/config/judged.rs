//! Chooses the verification of a task: one function for everything that asks how a task is judged.

use super::choose::ChoiceError;
use super::model::{Config, Verification};
use super::names::{VERIFY_TIMEOUT, fold, step_name};
use crate::domain::{Command, EnvironmentRules, PhaseProfiles, Task, Text};
use crate::guardrails::Requires;
use crate::verify::VerifyStep;
use std::sync::Arc;

/// What chose the profiles that verify a task.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
enum ChosenBy {
    /// Its own `verify`.
    Task,
    /// Its type.
    Type,
    /// Its agent.
    Agent,
    /// Its phase.
    Phase,
    /// Nothing: the profile is `default`.
    #[default]
    Default,
}

impl Config {
    /// Returns what an attempt at `task` has to change: according to its type, or else to the
    /// strictest of its profiles, or else to the general setting.
    pub fn requires(&self, task: &Task, phases: &PhaseProfiles) -> Requires {
        if let Some(requires) = self.type_rule(task).and_then(|rule| rule.require_changes) {
            return requires;
        }
        let names = self.verify_names(task, phases);
        let names = if names.is_empty() { vec!["default"] } else { names };
        let is_one = |name: &str| names.iter().any(|other| fold(other) == fold(name));
        let said = self.profile_requires.iter().filter(|(name, _)| is_one(name));
        let said = said.map(|(_, requires)| *requires);
        said.reduce(Requires::or_stricter).unwrap_or(self.require_changes)
    }

    /// Returns the steps that verify `task` of a queue with these `phases`, in order: those of
    /// `--verify`, or else of the profiles that were chosen for it, or else of the profile
    /// `default`. Empty only if verification is switched off.
    ///
    /// # Errors
    /// Returns [`ChoiceError::UnknownProfile`] or [`ChoiceError::NoVerification`].
    pub fn profiles_for(
        &self,
        task: &Task,
        phases: &PhaseProfiles,
    ) -> Result<Vec<VerifyStep>, ChoiceError> {
        match &self.verification {
            Verification::Off => return Ok(Vec::new()),
            Verification::Flags(steps) => return Ok(steps.clone()),
            Verification::Profiles => {}
        }
        let (chosen_by, names) = self.chosen(task, phases);
        if names.is_empty() {
            let steps: Vec<VerifyStep> = self.profile("default").cloned().collect();
            return match (steps.is_empty(), self.steps.is_empty()) {
                (false, _) => Ok(steps),
                (true, true) => Err(ChoiceError::NoVerification),
                (true, false) => Err(self.unknown_profile("default", None)),
            };
        }
        let phase = task.phase().filter(|_| chosen_by == ChosenBy::Phase);
        let mut steps = Vec::new();
        for name in names {
            let before = steps.len();
            steps.extend(self.profile(name).cloned());
            if steps.len() == before {
                let command = self.queue_command(name);
                steps.push(command.ok_or_else(|| self.unknown_profile(name, phase))?);
            }
        }
        Ok(steps)
    }

    /// Returns the names of what verifies `task`: its own, or else those of its type, or else of
    /// its agent, or else of its phase. Empty means `default`.
    pub fn verify_names<'a>(&'a self, task: &'a Task, phases: &'a PhaseProfiles) -> Vec<&'a str> {
        self.chosen(task, phases).1
    }

    /// Returns the names for a new task that is verified like `task`, whichever agent it has.
    pub fn verify_for_any_agent<'a>(
        &'a self,
        task: &'a Task,
        phases: &'a PhaseProfiles,
    ) -> Vec<&'a str> {
        let (chosen_by, names) = self.chosen(task, phases);
        let is_open = chosen_by == ChosenBy::Default;
        let agents_choose = || self.agents.values().any(|agent| !agent.verify.is_empty());
        if is_open && agents_choose() { vec!["default"] } else { names }
    }

    /// Returns the names for a new task that is verified like `task`, from which it has its `type`
    /// and its `verify`, but neither agent nor phase. `None` if it needs none.
    pub fn verify_for_follow_up<'a>(
        &'a self,
        task: &'a Task,
        phases: &'a PhaseProfiles,
    ) -> Option<Vec<&'a str>> {
        let (chosen_by, names) = self.chosen(task, phases);
        match chosen_by {
            ChosenBy::Task | ChosenBy::Type => None,
            ChosenBy::Agent | ChosenBy::Phase => Some(names),
            ChosenBy::Default => {
                let agent = self.agent_named("default")?;
                (!agent.verify.is_empty()).then(|| vec!["default"])
            }
        }
    }

    fn chosen<'a>(&'a self, task: &'a Task, phases: &'a PhaseProfiles) -> (ChosenBy, Vec<&'a str>) {
        let of_type = self.type_rule(task).map(|rule| &rule.verify);
        let of_agent = self.judged_agent(task).map(|agent| &agent.verify);
        let texts = |list: &'a [Text]| list.iter().map(Text::as_str).collect::<Vec<_>>();
        let strings = |list: &'a Vec<String>| list.iter().map(String::as_str).collect();
        let all = [
            (ChosenBy::Task, Some(texts(task.verify()))),
            (ChosenBy::Type, of_type.map(strings)),
            (ChosenBy::Agent, of_agent.map(strings)),
            (ChosenBy::Phase, Some(texts(phases.names(task)))),
        ];
        let given = all.into_iter().filter_map(|(by, names)| Some((by, names?)));
        given.into_iter().find(|(_, names)| !names.is_empty()).unwrap_or_default()
    }

    /// Returns the steps of each profile that verifies `task`. A command in the queue belongs to
    /// the task and is not a profile. An unknown name yields no steps.
    pub fn profiles_of(&self, task: &Task, phases: &PhaseProfiles) -> Vec<Vec<VerifyStep>> {
        match &self.verification {
            Verification::Off => return Vec::new(),
            Verification::Flags(steps) => return vec![steps.clone()],
            Verification::Profiles => {}
        }
        let names = self.verify_names(task, phases);
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
    fn queue_command(&self, text: &str) -> Option<VerifyStep> {
        let step = || VerifyStep { from_queue: true, ..shell_step(text, "queue") };
        self.allow_queue_commands.then(step)
    }

    fn unknown_profile(&self, name: &str, phase: Option<&str>) -> ChoiceError {
        let mut known: Vec<String> = Vec::new();
        for step in &self.steps {
            if !known.contains(&step.profile) {
                known.push(step.profile.clone());
            }
        }
        let phase = phase.map(str::to_owned);
        ChoiceError::UnknownProfile { name: name.to_owned(), phase, known }
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
