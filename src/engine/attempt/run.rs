//! One attempt: the agent, then the verification, under one supervisor. No lock of a queue is held
//! while it runs, and nothing here touches the queue.

use super::apart::{Apart, PrivateTrees};
use super::commands::Commands;
use super::end::{End, environment, failed_code, one_line, unfit};
use super::entries;
use super::finished::{Finished, TreeLook, not_started};
use super::job::{AgentCommand, Job, Judge, Purpose, Refusal};
use super::queue_files::QueueFiles;
use super::running_state::{AgentSaid, Changes, Items, Services};
use super::tamper::{Guard, Memory, earlier};
use super::told;
use super::untouched::ProfileKey;
use super::with::{OnStage, Stage, With};
use crate::agent::{ResultStatus, has_promise, read_result};
use crate::domain::{
    AttemptReport, Fingerprint, HookPoint, Outcome, ReasonCode, Verdict, exact_timestamp,
};
use crate::platform::clock::Clock;
use crate::platform::fault::{self, Fault};
use crate::store::Trees;
use crate::store::at_work::AtWork;
use crate::store::attempts::{AGENT_ERR, AGENT_OUT, PROMPT_FILE, RESULT_FILE};
use crate::store::work::Work;
use crate::workspace::{Captured, Snapshot, tree_name};
use std::path::Path;

mod apart;
mod begun;
mod changes;
mod gone;
mod hidden;
mod hooked;
mod items;
pub(super) mod landing;
mod look;
mod reads;
mod ready;
mod renamed;
mod restored;
#[cfg(test)]
mod samples;
mod services;
mod steps;
mod together;
mod touched;
mod twice;

/// The state of an attempt that runs.
struct Progress<'a> {
    job: &'a Job,
    commands: Commands<'a>,
    agent: AgentSaid,
    before: Option<(Snapshot, Option<AtWork>)>,
    tree: TreeLook,
    changes: Changes,
    trees: Option<PrivateTrees>,
    items: Items,
    services: Services,
}

/// Runs `job` to its end.
pub(crate) fn run(mut job: Job, with: With<'_>, on_stage: OnStage<'_>) -> Finished {
    job.ends_with(with.steering);
    let clock = with.clock;
    let began = clock.now();
    let earlier = match earlier(&job.state, &job.key, job.token.attempt) {
        Ok(earlier) => earlier,
        Err(error) => {
            let reason = format!("cannot read the earlier attempts of the task: {error}");
            let outcome = Outcome::FailedToStart { reason: reason.clone() };
            return not_started(job, outcome, reason, clock);
        }
    };
    let mut progress = Progress::new(&job, Commands::new(&job, with));
    let end = progress.run(&earlier, on_stage);
    let end = progress.commands.untampered(end);
    progress.look_at_end(&end);
    if !progress.commands.steps().is_empty() && progress.job.purpose == Purpose::Attempt {
        progress.after(HookPoint::AfterAttempt, &end, on_stage);
    }
    let made = progress.made();
    let captured = progress.take_change();
    let Progress { commands, agent, tree, changes, trees, .. } = progress;
    drop(trees);
    let (steps, hooks, warnings) = commands.into_reports();
    let report = AttemptReport {
        v: 1,
        task: job.id.clone(),
        attempt: job.token.attempt,
        worker: job.token.worker.to_string(),
        started_at: exact_timestamp(began),
        ended_at: exact_timestamp(clock.now()),
        outcome: end.outcome,
        verdict: end.verdict,
        reason: end.reason,
        reason_code: end.code,
        evidence: agent.result.evidence.clone(),
        known_errors: Vec::new(),
        hooks,
        steps,
        agent: agent.run,
        files_changed: changes.files,
        files_ambiguous: changes.ambiguous,
        fingerprint: Fingerprint::default(),
        findings: changes.findings,
    };
    let mut job = job;
    // The trees are released as soon as nothing runs in them, however long the result is held back.
    let apart = job.apart.take();
    let passed = report.verdict == Some(Verdict::Pass) && apart.is_none();
    let work = passed.then(|| Work::of(&job.root, &report.files_changed)).flatten();
    let result = agent.result;
    let mut finished =
        Finished { result, warnings, work, tree, made, ..Finished::new(job, report, began) };
    if let (Some(apart), Some(captured)) = (&apart, captured) {
        waits(&mut finished, apart, captured, clock);
    }
    finished.keep();
    finished
}

/// Makes a change that passed wait to land.
fn waits(finished: &mut Finished, apart: &Apart, captured: Captured, clock: &dyn Clock) {
    let passed = matches!(finished.report.verdict, Some(Verdict::Pass | Verdict::Skipped));
    if !passed || !apart.lands {
        return;
    }
    match entries::enter(finished, apart, captured, clock.now().timestamp()) {
        Ok(carried) => finished.change = Some(carried),
        Err(why) => {
            let outcome = Outcome::FailedToStart { reason: why.clone() };
            let report = &mut finished.report;
            (report.outcome, report.verdict) = (outcome, None);
            (report.reason, report.reason_code) = (Some(why), Some(ReasonCode::Environment));
        }
    }
}

impl<'a> Progress<'a> {
    fn new(job: &'a Job, commands: Commands<'a>) -> Self {
        Self {
            job,
            commands,
            agent: AgentSaid::default(),
            before: None,
            tree: TreeLook::default(),
            changes: Changes::default(),
            trees: None,
            items: Items::default(),
            services: Services::default(),
        }
    }
}

impl Progress<'_> {
    fn run(&mut self, earlier: &Memory, on_stage: OnStage<'_>) -> End {
        if let Some(Refusal { code, reason }) = &self.job.refusal {
            let reason = reason.clone();
            let is_about_task = *code != ReasonCode::Environment;
            return if is_about_task { unfit(*code, reason) } else { environment(reason) };
        }
        if let Some(profile) = &self.job.tree {
            match self.known_tree(profile) {
                Ok(None) => {}
                Ok(Some(end)) | Err(end) => return end,
            }
        }
        // Hooks run and trees are prepared before anything is guarded: a hook's changes are not
        // work of the agent, and the judging files are in the judge tree.
        if let Err(end) = self.before_all(on_stage).and_then(|()| self.enter()) {
            return end;
        }
        self.commands.guard(Guard::take(&self.job.watch, earlier));
        if let Some(end) = self.commands.begin() {
            return end;
        }
        match self.prompt() {
            Ok(prompt) => self.commands.speak(prompt),
            Err(reason) => return environment(reason),
        }
        if let Err(end) = self.commands.prepare() {
            return end;
        }
        let base = self.base_in_root(on_stage);
        if let Err(end) = base.and_then(|()| self.base_of_begun(earlier, on_stage)) {
            return end;
        }
        if self.job.agent.is_some()
            && self.trees.is_none()
            && let Err(end) = self.look_before()
        {
            return end;
        }
        on_stage(Stage::Started);
        if let Some(agent) = self.job.agent.as_ref() {
            let outcome = match self.agent(agent) {
                Ok(outcome) => outcome,
                Err(end) => return end,
            };
            on_stage(Stage::AgentFinished(outcome.clone()));
            let listed = match self.trees {
                Some(_) => self.collect(&outcome),
                None => self.list_changes(),
            };
            if let Err(end) = listed {
                return end;
            }
            if let Some(end) = self.after_agent(agent, &outcome) {
                return end;
            }
        }
        let judged = self.base_of_change(on_stage).and_then(|()| self.judge_change());
        match judged.and_then(|()| self.look_at_change()) {
            Ok(()) => self.verify_between_hooks(on_stage),
            Err(end) => end,
        }
    }

    /// Runs the verification, unless a hook vetoes it.
    fn verify_between_hooks(&mut self, on_stage: OnStage<'_>) -> End {
        if matches!(self.job.judge, Judge::Nobody) {
            return self.verify(on_stage);
        }
        // Before the hook's script runs, check whether the agent changed it.
        if self.job.hooks.at(HookPoint::BeforeVerification).is_some()
            && let Some(end) = self.commands.tampered(&self.last_outcome())
        {
            return end;
        }
        if let Err(end) = self.before(HookPoint::BeforeVerification, on_stage) {
            return end;
        }
        let end = self.verify(on_stage);
        self.after(HookPoint::AfterVerification, &end, on_stage);
        end
    }

    /// Returns the prompt for the present working directory.
    fn prompt(&self) -> Result<String, String> {
        let draft = self.job.prompt.clone()?;
        let continued = self.trees.as_ref().and_then(|trees| trees.continued.clone());
        draft.map_or(Ok(String::new()), |draft| draft.text(continued))
    }

    /// Determines which tree it is. Returns the end of the verification if the steps of `profile`
    /// ran on that tree before.
    fn known_tree(&mut self, profile: &ProfileKey) -> Result<Option<End>, End> {
        let job = self.job;
        let name = match &job.apart {
            // A person's changes in the project play no part.
            Some(apart) => Some(apart.target().map_err(|error| environment(error.to_string()))?.1),
            None => {
                let queues = QueueFiles::of(job)?;
                let ours = |path: &Path| queues.have(path);
                let git = job.git.as_ref();
                self.commands.ask_git(|run| tree_name(&job.root, &ours, git, run))?
            }
        };
        let trees = Trees::of(&profile.root);
        let known = name.as_deref().and_then(|name| trees.report(&profile.steps, name));
        let known = known.filter(|_| !fault::is(Fault::TreesForgotten));
        self.tree = TreeLook { name, known };
        Ok(self.tree.known.as_ref().map(|known| End {
            outcome: Outcome::Exited { code: 0 },
            verdict: Some(known.verdict),
            reason: known.red.as_ref().map(|red| format!("step {}: {}", red.step, red.outcome)),
            code: None,
        }))
    }

    /// Runs the agent. Returns `Err` if there is nothing left to find out.
    fn agent(&mut self, agent: &AgentCommand) -> Result<Outcome, End> {
        let folder = &self.job.folder;
        let mut spec = self.commands.spec(&agent.command);
        told::put_prompt(&mut spec.argv, self.commands.prompt(), &folder.file(PROMPT_FILE));
        spec.stdin = Some(folder.file(PROMPT_FILE));
        spec.stdout = folder.file(AGENT_OUT);
        spec.stderr = Some(folder.file(AGENT_ERR));
        let report = self.commands.run(&agent.command, &spec, AGENT_OUT.to_owned());
        let outcome = report.outcome;
        match &outcome {
            Outcome::Interrupted | Outcome::Lost | Outcome::FailedToStart { .. } => {
                Err(self.commands.unknown("agent", outcome))
            }
            Outcome::Exited { .. }
            | Outcome::Signaled { .. }
            | Outcome::TimedOut { .. }
            | Outcome::Silent { .. } => {
                self.agent.run = Some(told::understood(self.job, agent, &outcome, &self.commands));
                Ok(outcome)
            }
        }
    }

    fn promised(&self, promise: &str) -> bool {
        let ends = self.job.folder.ends(AGENT_OUT, 1 << 20);
        ends.is_ok_and(|(head, tail)| {
            [head, tail].iter().any(|text| has_promise(&String::from_utf8_lossy(text), promise))
        })
    }

    /// Returns the end that the agent's result implies; `None` if the verification must decide.
    fn after_agent(&mut self, agent: &AgentCommand, outcome: &Outcome) -> Option<End> {
        let end = |verdict, code, reason| {
            let (verdict, reason, code) = (Some(verdict), Some(reason), Some(code));
            Some(End { outcome: outcome.clone(), verdict, reason, code })
        };
        let hide = |text: &str| self.job.mask.text(text).into_owned();
        let read = match read_result(&self.job.folder.file(RESULT_FILE), &hide) {
            Ok(read) => read,
            Err(why) => {
                return end(Verdict::Fail, ReasonCode::AgentError, format!("agent: {why}"));
            }
        };
        read.warnings.into_iter().for_each(|text| self.commands.warn(text));
        self.agent.result = read.result;
        told::complete(self.agent.run.as_mut(), &self.agent.result);
        let ok = matches!(outcome, Outcome::Exited { code } if agent.ok_exit_codes.contains(code));
        if let Some(stopped) = self.agent.result.stopped() {
            let text = stopped.code.as_error(one_line(stopped.text.trim_start()));
            return end(Verdict::Blocked, stopped.code, text);
        }
        if let Some(told) = self.agent.run.as_ref().and_then(|told| told::end(told, agent, outcome))
        {
            return Some(told);
        }
        if !ok {
            let code = failed_code(outcome, ReasonCode::AgentError);
            return end(Verdict::Fail, code, format!("agent: {outcome}"));
        }
        if self.agent.result.status == Some(ResultStatus::Failed) {
            let said = self.agent.result.summary.clone().unwrap_or_default();
            let text = format!("agent: reported failure: {}", one_line(&said));
            return end(Verdict::Fail, ReasonCode::AgentError, text);
        }
        if let Some((promise, required)) = &self.job.promise
            && !self.promised(promise)
        {
            let promise = self.job.mask.text(promise);
            let missing = format!("the agent did not print its completion promise {promise:?}");
            if *required {
                let text = format!("agent: {missing}");
                return end(Verdict::Fail, ReasonCode::AgentError, text);
            }
            self.commands.warn(format!("{}: {missing}", self.job.id));
        }
        None
    }

    fn verify(&mut self, on_stage: OnStage<'_>) -> End {
        let end = self.run_steps(on_stage);
        // If the change is judged twice, the later items would be those of another tree.
        self.items.first = std::mem::take(&mut self.items.seen);
        let end = self.judge_twice(end, on_stage);
        self.items.seen = std::mem::take(&mut self.items.first);
        // Later work begins with a tree that was judged: the one that passed, or the untouched one.
        let is_base = self.job.purpose == Purpose::Untouched && end.verdict.is_some();
        if is_base || end.verdict == Some(Verdict::Pass) {
            self.keep_items();
        }
        self.look_at_setup();
        self.with_findings(end)
    }
}
