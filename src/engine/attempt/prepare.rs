//! Prepares a [`Job`] from a claimed task: prompt, environment and commands.

use super::apart::Apart;
use super::begun::Begun;
use super::carried::ToLand;
use super::fixed::Fixed;
use super::granted::guarding;
use super::items_key::items_key;
use super::job::{AgentCommand, Job, Judge, Purpose, Ready, Refusal, Setups, tag_of};
use super::known_errors;
use super::pause_key::key_of;
use super::refusal::{holds_nul, taken_for_flag};
use super::runner::agent_now;
use super::subject::{Subject, agent_policy, services_of, set_up_steps};
use super::untouched::{ProfileKey, Red, Untouched};
use super::watch::watch;
use crate::agent::{AgentProfile, ContinuedInput, Given};
use crate::config::ChoiceError;
use crate::domain::{
    ClaimToken, Field, ReasonCode, StepKind, Task, Turn, budget_of, budget_used_now,
};
use crate::plan::{AgentPause, Graph};
use crate::project::QueueSet;
use crate::project::workspaces::task_name;
use crate::queue::Queue;
use crate::store::Place;
use crate::store::attempts::{AttemptFolder, NO_ATTEMPT};
use crate::verify::VerifyStep;
use crate::workspace::{Git, TaskName, is_git_work_tree};
use serde_json::Value;
use std::borrow::Cow;
use std::ffi::OsString;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

mod environment;
mod hooks;
mod prompt;

pub(crate) use environment::{CommandEnvironment, lacking};

/// What a job is made from.
#[derive(Clone, Copy)]
pub(crate) struct Source<'a> {
    pub set: &'a QueueSet,
    pub queues: &'a [Queue],
    pub graph: &'a Graph,
    pub vars: &'a [(OsString, OsString)],
    /// What is known about the tree before attempts.
    pub untouched: &'a Untouched,
    /// The agents that are not started now.
    pub pauses: &'a [AgentPause],
}

/// What one task is to be run with.
struct Plan<'a> {
    source: Source<'a>,
    place: Place,
    task: &'a Task,
    folder: AttemptFolder,
    attempt: u32,
    profile: Option<AgentProfile>,
    steps: Vec<VerifyStep>,
    /// The profiles of `steps`.
    profiles: Vec<ProfileKey>,
    /// The steps of those profiles that failed before the task began.
    reds: Vec<Red>,
    /// The private trees.
    apart: Option<Apart>,
}

impl<'a> Source<'a> {
    fn plan(self, place: Place, attempt: u32) -> Result<Plan<'a>, ChoiceError> {
        let queue = &self.queues[place.queue];
        let (task, phases) = (&queue.tasks()[place.task], queue.phase_profiles());
        let root = self.set.root(place.queue);
        let profile = match agent_now(&self.set.config, self.pauses, root, task) {
            // A verification without an attempt needs no agent.
            Err(_) if attempt == NO_ATTEMPT => None,
            chosen => chosen?,
        };
        let steps = self.set.config.profiles_for(task, phases)?;
        let mut plan = Plan { steps, ..self.nothing(place, attempt) };
        if profile.is_some() && self.set.config.limits.untouched.value {
            let profiles = self.set.config.profiles_of(task, phases);
            plan.profiles = profiles.iter().map(|steps| ProfileKey::new(root, steps)).collect();
            let key = self.set.queue(place.queue).task(task.id.as_str());
            plan.reds = self.untouched.reds(&plan.profiles, &key);
        }
        Ok(Plan { profile, ..plan })
    }

    /// Returns a plan that runs nothing.
    fn nothing(self, place: Place, attempt: u32) -> Plan<'a> {
        let task = &self.queues[place.queue].tasks()[place.task];
        let key = self.set.queue(place.queue).task(task.id.as_str());
        let folder = AttemptFolder::new(&self.set.state(place.queue), &key, attempt);
        Plan {
            source: self,
            place,
            task,
            folder,
            attempt,
            profile: None,
            steps: Vec::new(),
            profiles: Vec::new(),
            reds: Vec::new(),
            apart: None,
        }
    }

    /// Returns the prompt that the next attempt of a task would get in a working directory with the
    /// work that was `continued`. Also returns why no attempt would begin now, if no agent or
    /// verification can be chosen for the task yet.
    ///
    /// # Errors
    /// The reason, in words, if there is no prompt.
    pub(crate) fn prompt(
        self,
        place: Place,
        continued: Option<ContinuedInput>,
    ) -> Result<(String, Option<ChoiceError>), String> {
        let task = &self.queues[place.queue].tasks()[place.task];
        let attempt = task.attempts.saturating_add(1);
        let (plan, missing) = match self.plan(place, attempt) {
            Ok(plan) => (plan, None),
            Err(error) => {
                let phases = self.queues[place.queue].phase_profiles();
                let steps = self.set.config.profiles_for(task, phases).unwrap_or_default();
                (Plan { steps, ..self.nothing(place, attempt) }, Some(error))
            }
        };
        Ok((plan.prompt()?.text(continued)?, missing))
    }

    /// Returns git with the environment of the agent, if it can report what an agent changed.
    fn git_for(root: &Path, agent: Option<&AgentCommand>, fixed: &Fixed) -> Option<Git> {
        let (program, agent) = (fixed.git()?, agent?);
        is_git_work_tree(root).then(|| Git::new(program, fixed.path(), &agent.command.env))
    }

    /// Prepares the attempt that was claimed with `token`. If only this task asks for something
    /// that does not exist, the job has a refusal.
    ///
    /// # Errors
    /// [`ChoiceError`] when no agent or verification is configured at all.
    pub(crate) fn job(
        self,
        place: Place,
        token: ClaimToken,
        fixed: &Fixed,
    ) -> Result<Job, ChoiceError> {
        let (plan, refusal) = self.planned(place, &token)?;
        let (plan, refusal) = plan.apart(fixed, refusal);
        Ok(plan.into_job(token, fixed, refusal))
    }

    /// Prepares the landing of the change under the claim of `token`. It has no agent, only the
    /// verification that judges the change again if the target moved.
    ///
    /// # Errors
    /// The same as [`Source::job`].
    pub(crate) fn landing(
        self,
        place: Place,
        token: ClaimToken,
        fixed: &Fixed,
        to_land: ToLand,
    ) -> Result<Job, ChoiceError> {
        let (plan, refusal) = self.planned(place, &token)?;
        let (plan, refusal) = Plan { profile: None, ..plan }.apart(fixed, refusal);
        let job = plan.into_job(token, fixed, refusal);
        let (purpose, prompt, to_land) = (Purpose::Landing, Ok(None), Some(to_land));
        Ok(Job { purpose, prompt, to_land, ..job })
    }

    /// Returns the plan of a claimed task. The plan runs nothing if the task asks for something
    /// that does not exist.
    fn planned(
        self,
        place: Place,
        token: &ClaimToken,
    ) -> Result<(Plan<'a>, Option<Refusal>), ChoiceError> {
        match self.plan(place, token.attempt) {
            Ok(plan) => Ok((plan, None)),
            Err(error) => {
                let Some(code) = error.code() else { return Err(error) };
                let refusal = Refusal { code, reason: error.to_string() };
                Ok((self.nothing(place, token.attempt), Some(refusal)))
            }
        }
    }
}

impl Plan<'_> {
    /// Adds private trees, if it has any.
    fn apart(mut self, fixed: &Fixed, mut refusal: Option<Refusal>) -> (Self, Option<Refusal>) {
        let (set, queue) = (self.source.set, self.place.queue);
        match fixed.apart(set.root(queue), set.real(queue), self.profile.is_some()) {
            Ok(apart) => self.apart = apart,
            Err(reason) => {
                let code = ReasonCode::Environment;
                refusal = refusal.or(Some(Refusal { code, reason }));
            }
        }
        (self, refusal)
    }

    /// Adds everything that its commands need.
    fn into_job(self, token: ClaimToken, fixed: &Fixed, refusal: Option<Refusal>) -> Job {
        let (set, at) = (self.source.set, self.place);
        let queue = self.queue();
        let root = set.root(at.queue).to_owned();
        let agent = self.profile.as_ref().map(|profile| AgentCommand {
            profile: profile.name.clone(),
            tool: profile.tool.clone(),
            pauses: key_of(&set.config, &root, &profile.name),
            command: self.ready_agent(profile, &token),
            ok_exit_codes: profile.accepted_exits(),
        });
        let judge = self.judge(&token, fixed);
        let items = items_key(&root, &self.steps, &judge);
        let subject = self.subject(StepKind::Verify);
        let refusal = refusal
            .or_else(|| holds_nul(agent.as_ref(), &judge))
            .or_else(|| taken_for_flag(&subject, self.profile.as_ref(), &self.steps));
        let required = set.config.limits.promise.value;
        let mask = self.source.mask();
        Job {
            purpose: Purpose::Attempt,
            queue: at.queue,
            id: self.task.id.to_string(),
            kind: self.task.kind().unwrap_or_default().to_owned(),
            title: mask.text(&queue.title(at.task)).into_owned(),
            turn: Some(self.turn()),
            hooks: self.hooks(&token, fixed),
            key: set.queue(at.queue).task(self.task.id.as_str()),
            tag: tag_of(set.real(at.queue), self.task),
            state: set.state(at.queue),
            git: Source::git_for(&root, agent.as_ref(), fixed),
            queues: set.own_files().into(),
            task_json: format!("{}\n", queue.task_text(at.task)),
            prompt: self.prompt().map(Some),
            name: self.name(),
            known_errors: known_errors::all((set, self.source.queues), at.queue),
            review: set.config.reviews(self.task, &self.steps),
            refusal,
            agent,
            judge,
            watch: watch(set, self.source.queues, &self.judging(), &subject, fixed),
            mask,
            guarding: guarding(&set.config, self.source.queues, &subject),
            declares: self.declares(&subject),
            named_files: [subject.files(), subject.tests()].concat(),
            promise: queue.text(at.task, Field::CompletionPromise).map(|p| (p, required)),
            services: subject.services(services_of(&set.config, &self.steps), &token.worker, fixed),
            begun: self.begun(),
            items,
            may_remove_tests: self.may(Field::MayRemoveTests),
            may_change_tests: self.may(Field::MayChangeTests),
            tree: None,
            setup: self.setups(&token, fixed),
            apart: self.apart,
            to_land: None,
            profiles: self.profiles,
            reds: self.reds,
            folder: self.folder,
            root,
            token,
        }
    }

    /// Returns the number of the attempt, also within its budget.
    fn turn(&self) -> Turn {
        let budget = budget_of(self.task, self.source.set.config.limits.attempts.value);
        let used = budget_used_now(self.task).saturating_add(1);
        Turn { attempt: self.attempt, used, budget }
    }

    /// Returns whether a person granted `field` to the task. A task that an agent added has no such
    /// rights.
    fn may(&self, field: Field) -> bool {
        let (queue, at) = (self.queue(), self.place.task);
        let by_person = queue.raw(at, Field::DiscoveredBy).is_none();
        by_person && queue.value(at, field).is_some_and(|value| value == Value::Bool(true))
    }

    /// Returns the name under which attempts of the task are stored.
    fn name(&self) -> Option<TaskName> {
        let Source { set, queues, .. } = self.source;
        let repository = self.apart.as_ref()?.repository();
        Some(task_name(repository, (set, queues), self.place.queue, self.task.id.as_str()))
    }

    /// Returns the work that it is about, if no agent works.
    fn begun(&self) -> Option<Begun> {
        let Source { set, queues, graph, .. } = self.source;
        let is_asked = self.profile.is_none() || self.attempt == NO_ATTEMPT;
        is_asked.then(|| Begun::of(set, queues, graph, self.place))
    }

    fn judge(&self, token: &ClaimToken, fixed: &Fixed) -> Judge {
        if !self.source.set.config.is_verified() {
            return Judge::Nobody;
        }
        let subject = self.subject(StepKind::Verify);
        let ready = |step| subject.step(step, &token.worker, fixed);
        Judge::Steps(self.steps.iter().map(ready).collect())
    }

    fn setups(&self, token: &ClaimToken, fixed: &Fixed) -> Setups {
        if self.apart.is_none() {
            return Setups::default();
        }
        let steps = set_up_steps(&self.source.set.config);
        let ready = |kind| -> Vec<Ready> {
            let subject = self.subject(kind);
            steps.iter().map(|step| subject.step(step, &token.worker, fixed)).collect()
        };
        Setups { workspace: ready(StepKind::Agent), judge: ready(StepKind::Verify) }
    }

    fn declares(&self, subject: &Subject<'_>) -> Vec<String> {
        [subject.files(), self.task.scope().iter().map(ToString::to_string).collect()].concat()
    }

    fn queue(&self) -> &Queue {
        &self.source.queues[self.place.queue]
    }

    /// Returns where commands of that kind run.
    fn root(&self, kind: StepKind) -> Cow<'_, Path> {
        match (&self.apart, kind) {
            (None, _) => Cow::Borrowed(self.source.set.root(self.place.queue)),
            (Some(apart), StepKind::Agent) => Cow::Owned(apart.agent_root()),
            (Some(apart), StepKind::Verify) => Cow::Owned(apart.judge_root()),
        }
    }

    fn ready_agent(&self, profile: &AgentProfile, token: &ClaimToken) -> Ready {
        let subject = self.subject(StepKind::Agent);
        let policy = agent_policy(subject.rules, profile);
        let Given { environment, withheld } = subject.given(&token.worker, policy);
        Ready {
            kind: StepKind::Agent,
            name: "agent".to_owned(),
            argv: subject.expand(&profile.tool.command(self.session(profile).as_deref())),
            configured: profile.command.clone(),
            env: environment.into_iter().collect(),
            withheld,
            timeout: self.timeout(profile),
            silence: profile.silence,
            grace: profile.grace,
            rules: Arc::default(),
        }
    }

    /// Returns how long the agent may work.
    fn timeout(&self, profile: &AgentProfile) -> Duration {
        let minutes = self.source.set.config.limits.attempt.minutes;
        let most = minutes.and_then(|minutes| Duration::try_from_secs_f64(minutes * 60.0).ok());
        most.map_or(profile.timeout, |most| most.min(profile.timeout))
    }

    /// Returns the session that the agent continues: the one of the previous attempt, if it used
    /// the same tool.
    fn session(&self, profile: &AgentProfile) -> Option<String> {
        if !profile.tool.resume {
            return None;
        }
        let (set, at) = (self.source.set, self.place);
        let key = set.queue(at.queue).task(self.task.id.as_str());
        let before = self.attempt.checked_sub(1)?;
        let run = AttemptFolder::new(&set.state(at.queue), &key, before).report()?.agent?;
        run.session_id.filter(|_| run.preset == profile.tool.preset)
    }

    /// Returns what its commands are about.
    fn subject(&self, kind: StepKind) -> Subject<'_> {
        let set = self.source.set;
        Subject {
            task: Some((self.queue(), self.place.task)),
            attempt: self.attempt,
            queue: set.real(self.place.queue),
            root: self.root(kind),
            project_root: set.root(self.place.queue),
            folder: &self.folder,
            vars: self.source.vars,
            rules: &set.config.environment,
        }
    }
}

#[cfg(test)]
mod tests;
