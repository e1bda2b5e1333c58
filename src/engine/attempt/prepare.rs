//! From a claimed task to a [`Job`]: prompt, environment and commands.

use super::apart::Apart;
use super::fixed::Fixed;
use super::job::{AgentCommand, Job, Judge, Purpose, Ready, Refusal, tag_of};
use super::refusal::{holds_nul, taken_for_flag};
use super::subject::{Subject, agent_policy, strings};
use super::untouched::{ProfileKey, Red, Untouched};
use super::watch::watch;
use crate::agent::{
    AgentProfile, AnswerInput, DependencyInput, FEEDBACK_BYTES, FailureInput, Given, NoteInput,
    PromptInput, PromptTemplate, RedInput, StepInput, bound_file,
};
use crate::config::{ChoiceError, Runner};
use crate::domain::{
    AttemptReport, ClaimToken, Field, ReasonCode, Status, StepKind, Task, Verdict, budget_of,
    budget_used_now,
};
use crate::plan::Graph;
use crate::project::QueueSet;
use crate::queue::Queue;
use crate::store::attempts::{self, AttemptFolder, RESULT_FILE};
use crate::store::{Place, TaskKey};
use crate::verify::VerifyStep;
use crate::workspace::{Git, is_git_work_tree};
use serde_json::Value;
use std::borrow::Cow;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

mod environment;

pub use environment::{CommandEnvironment, Lacking, lacking};

/// What a job is made from.
#[derive(Clone, Copy)]
pub struct Source<'a> {
    /// The loaded queues.
    pub set: &'a QueueSet,
    /// Their content.
    pub queues: &'a [Queue],
    /// Their tasks as one graph.
    pub graph: &'a Graph,
    /// The environment of this process.
    pub vars: &'a [(OsString, OsString)],
    /// What is known of the tree before attempts.
    pub untouched: &'a Untouched,
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
    /// The profiles that these are of.
    profiles: Vec<ProfileKey>,
    /// What of them failed before the task began.
    reds: Vec<Red>,
    /// The private trees.
    apart: Option<Apart>,
}

impl<'a> Source<'a> {
    fn plan(self, place: Place, attempt: u32) -> Result<Plan<'a>, ChoiceError> {
        let task = &self.queues[place.queue].tasks()[place.task];
        let profile = match self.set.config.agent_for(task)? {
            Runner::Agent(choice) => Some(choice.profile),
            Runner::Gate | Runner::Person => None,
        };
        let steps = self.set.config.profiles_for(task)?;
        let mut plan = Plan { steps, ..self.nothing(place, attempt) };
        if profile.is_some() && self.set.config.limits.untouched.value {
            let root = self.set.root(place.queue);
            let profiles = self.set.config.profiles_of(task);
            plan.profiles = profiles.iter().map(|steps| ProfileKey::new(root, steps)).collect();
            let key = TaskKey::new(self.set.real(place.queue), task.id.as_str());
            plan.reds = self.untouched.reds(&plan.profiles, &key);
        }
        Ok(Plan { profile, ..plan })
    }

    /// A plan that runs nothing.
    fn nothing(self, place: Place, attempt: u32) -> Plan<'a> {
        let task = &self.queues[place.queue].tasks()[place.task];
        let key = TaskKey::new(self.set.real(place.queue), task.id.as_str());
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

    /// The prompt that the next attempt of a task would get.
    ///
    /// # Errors
    /// Why there is none, in words.
    pub fn prompt(self, place: Place) -> Result<String, String> {
        let attempts = self.queues[place.queue].tasks()[place.task].attempts;
        let plan = self.plan(place, attempts.saturating_add(1)).map_err(|e| e.to_string())?;
        plan.prompt()
    }

    /// Git with what the agent gets, where it can tell what an agent changed.
    fn git_for(root: &Path, agent: Option<&AgentCommand>, fixed: &Fixed) -> Option<Git> {
        let (program, agent) = (fixed.git()?, agent?);
        is_git_work_tree(root).then(|| Git::new(program, fixed.path(), &agent.command.env))
    }

    /// Puts together the attempt that was claimed with `token`. What only its task asks for in
    /// vain is in the job's refusal.
    ///
    /// # Errors
    /// [`ChoiceError`] when no agent or verification is configured at all.
    pub fn job(self, place: Place, token: ClaimToken, fixed: &Fixed) -> Result<Job, ChoiceError> {
        let mut refusal = None;
        let mut plan = match self.plan(place, token.attempt) {
            Ok(plan) => plan,
            Err(error) => {
                let Some(code) = error.code() else { return Err(error) };
                refusal = Some(Refusal { code, reason: error.to_string() });
                self.nothing(place, token.attempt)
            }
        };
        let (queue, task) = (&self.queues[place.queue], plan.task);
        let root = self.set.root(place.queue).to_owned();
        if plan.profile.is_some() {
            match fixed.apart(&root, self.set.real(place.queue)) {
                Ok(apart) => plan.apart = apart,
                Err(reason) => refusal = Some(Refusal { code: ReasonCode::Environment, reason }),
            }
        }
        let agent = plan.profile.as_ref().map(|profile| AgentCommand {
            profile: profile.name.clone(),
            command: plan.ready_agent(profile, &token),
            ok_exit_codes: profile.accepted_exits(),
        });
        let subject = plan.subject(StepKind::Verify);
        let judge = if self.set.config.is_verified() {
            Judge::Steps(
                plan.steps.iter().map(|step| subject.step(step, &token.worker, fixed)).collect(),
            )
        } else {
            Judge::Nobody
        };
        let refusal = refusal.or_else(|| holds_nul(agent.as_ref(), &judge));
        let refusal = refusal.or_else(|| {
            taken_for_flag(&plan.subject(StepKind::Verify), plan.profile.as_ref(), &plan.steps)
        });
        let required = self.set.config.limits.promise.value;
        let mask = self.mask();
        Ok(Job {
            purpose: Purpose::Attempt,
            place,
            id: task.id.to_string(),
            title: mask.text(&queue.title(place.task)).into_owned(),
            key: TaskKey::new(self.set.real(place.queue), task.id.as_str()),
            tag: tag_of(self.set.real(place.queue), task),
            state: self.set.state(place.queue),
            git: Self::git_for(&root, agent.as_ref(), fixed),
            apart: plan.apart.clone(),
            queues: self.set.all_real().map(Path::to_owned).collect::<Vec<PathBuf>>().into(),
            task_json: format!("{}\n", queue.task_text(place.task)),
            prompt: plan.prompt(),
            refusal,
            agent,
            judge,
            watch: watch(
                self.set,
                self.queues,
                &plan.steps,
                &plan.subject(StepKind::Verify),
                fixed,
            ),
            mask,
            declares: [subject.files(), task.scope().iter().map(ToString::to_string).collect()]
                .concat(),
            named_files: [subject.files(), subject.tests()].concat(),
            promise: queue.text(place.task, Field::CompletionPromise).map(|p| (p, required)),
            tree: None,
            profiles: plan.profiles,
            reds: plan.reds,
            folder: plan.folder,
            root,
            token,
        })
    }
}

impl Plan<'_> {
    fn queue(&self) -> &Queue {
        &self.source.queues[self.place.queue]
    }

    /// Where commands of that kind run.
    fn root(&self, kind: StepKind) -> Cow<'_, Path> {
        match (&self.apart, kind) {
            (None, _) => Cow::Borrowed(self.source.set.root(self.place.queue)),
            (Some(apart), StepKind::Agent) => Cow::Owned(apart.agent_root()),
            (Some(apart), StepKind::Verify) => Cow::Owned(apart.judge_root()),
        }
    }

    fn prompt(&self) -> Result<String, String> {
        let path = self.profile.as_ref().and_then(|profile| profile.prompt.as_deref());
        let template = PromptTemplate::load(path).map_err(|error| error.to_string())?;
        let text = template.render(&self.input()).map_err(|error| error.to_string())?;
        // What earlier attempts printed may hold secrets, and a prompt is kept and shown.
        Ok(self.source.mask().text(&text).into_owned())
    }

    fn input(&self) -> PromptInput {
        let (queue, at) = (self.queue(), self.place.task);
        let limits = &self.source.set.config.limits;
        PromptInput {
            task: serde_json::from_str(queue.task_text(at)).unwrap_or_default(),
            title: queue.title(at),
            attempt: self.attempt,
            budget: Some(self.last_number(limits.attempts.value)),
            queue: self.source.set.real(self.place.queue).display().to_string(),
            project: queue.project().map(str::to_owned),
            root: self.root(StepKind::Agent).display().to_string(),
            result_file: self.folder.file(RESULT_FILE).display().to_string(),
            dependencies: self.dependencies(),
            notes: self.notes(),
            answers: self.answers(),
            failure: self.failure(),
            untouched: self.reds.iter().map(red_input).collect(),
            verification: self
                .steps
                .iter()
                .map(|s| StepInput { name: s.name.clone(), command: s.command.to_string() })
                .collect(),
        }
    }

    /// The number of the last attempt that the budget allows: numbers run on after a `retry`.
    fn last_number(&self, default: u32) -> u32 {
        let used = budget_used_now(self.task).saturating_add(1);
        self.attempt.saturating_add(budget_of(self.task, default).saturating_sub(used))
    }

    /// Complete dependencies, and complete tasks that notify this one.
    fn dependencies(&self) -> Vec<DependencyInput> {
        let graph = self.source.graph;
        let own = graph.node(self.place.queue, self.place.task);
        let mut nodes: Vec<_> = graph.dependencies(own).collect();
        nodes.extend(graph.nodes().filter(|&node| {
            let (queue, task) = graph.location(node);
            let notify = self.source.queues[queue].tasks()[task].notify();
            notify.iter().any(|id| id == self.task.id.as_str())
        }));
        nodes.sort_unstable();
        nodes.dedup();
        let complete = nodes.into_iter().filter_map(|node| {
            let (queue, at) = graph.location(node);
            let queue = &self.source.queues[queue];
            (queue.tasks()[at].status == Status::Complete).then(|| DependencyInput {
                id: graph.reference(node),
                title: queue.title(at),
                summary: queue.text(at, Field::ResultSummary),
                artifacts: strings(queue.value(at, Field::Artifacts).as_ref()),
                files_changed: strings(queue.value(at, Field::FilesActuallyChanged).as_ref()),
                place: queue.path().display().to_string(),
            })
        });
        complete.collect()
    }

    fn notes(&self) -> Vec<NoteInput> {
        let of = |queue: &Queue, at: usize| {
            queue.raw(at, Field::NotesFor)?;
            let notes = queue.value(at, Field::NotesFor)?;
            let text = notes.get(self.task.id.as_str())?.as_str()?.to_owned();
            let place = queue.path().display().to_string();
            Some(NoteInput { from: queue.tasks()[at].id.to_string(), text, place })
        };
        let queues = self.source.queues.iter();
        queues.flat_map(|q| (0..q.tasks().len()).filter_map(move |at| of(q, at))).collect()
    }

    fn answers(&self) -> Vec<AnswerInput> {
        let answers = self.queue().value(self.place.task, Field::Answers);
        let answers = answers.as_ref().and_then(Value::as_array).cloned().unwrap_or_default();
        let text = |value: &Value, key: &str| value.get(key)?.as_str().map(str::to_owned);
        let one = |answer: &Value| {
            let question = text(answer, "question");
            Some(AnswerInput { question, answer: text(answer, "answer")? })
        };
        answers.iter().filter_map(one).collect()
    }

    /// The last attempt, if it failed; interrupted ones in between say nothing.
    fn failure(&self) -> Option<FailureInput> {
        let key = TaskKey::new(self.source.set.real(self.place.queue), self.task.id.as_str());
        let state = self.source.set.state(self.place.queue);
        let reports = attempts::reports(&state, &key);
        let report: &AttemptReport = reports.iter().rev().find(|r| r.verdict.is_some())?;
        if report.verdict != Some(Verdict::Fail) {
            return None;
        }
        let step = report.steps.last()?;
        let log = AttemptFolder::new(&state, &key, report.attempt).file(&step.log);
        let mut output = bound_file(&log, FEEDBACK_BYTES).unwrap_or_default();
        if step.kind == StepKind::Agent {
            let errors = log.with_file_name(attempts::AGENT_ERR);
            output.push_str(&bound_file(&errors, FEEDBACK_BYTES / 2).unwrap_or_default());
        }
        // Before the prompt cleans it, which would change a secret that holds control characters.
        let output = self.source.mask().text(&output).into_owned();
        Some(FailureInput {
            attempt: report.attempt,
            step: step.name.clone(),
            outcome: report
                .reason
                .clone()
                .unwrap_or_else(|| format!("{}: {}", step.named(), step.outcome)),
            output,
            log: log.display().to_string(),
        })
    }

    fn ready_agent(&self, profile: &AgentProfile, token: &ClaimToken) -> Ready {
        let subject = self.subject(StepKind::Agent);
        let policy = agent_policy(subject.rules, profile);
        let Given { environment, withheld } = subject.given(&token.worker, policy);
        Ready {
            kind: StepKind::Agent,
            name: "agent".to_owned(),
            argv: subject.expand(&profile.command),
            configured: profile.command.clone(),
            env: environment.into_iter().collect(),
            withheld,
            timeout: profile.timeout,
            silence: profile.silence,
            grace: profile.grace,
        }
    }

    /// What its commands are about.
    fn subject(&self, kind: StepKind) -> Subject<'_> {
        let set = self.source.set;
        Subject {
            task: Some((self.queue(), self.place.task)),
            attempt: self.attempt,
            queue: set.real(self.place.queue),
            root: self.root(kind),
            folder: &self.folder,
            vars: self.source.vars,
            rules: &set.config.environment,
        }
    }
}

/// What the prompt says of a step that failed before the task began.
fn red_input(red: &Red) -> RedInput {
    let step = &red.step;
    RedInput {
        step: step.step.clone(),
        outcome: step.outcome.clone(),
        output: step.said.clone(),
        log: step.log.display().to_string(),
        left_by: red.left_by.iter().map(|task| task.id.clone()).collect(),
    }
}
