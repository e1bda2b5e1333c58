//! One attempt: the agent, then the verification, under one supervisor. No lock of a queue is
//! held while it runs, and nothing here touches the queue.

use super::end::{End, environment, failed_code, one_line, unfit, unknown};
use super::finished::{Finished, TreeLook, not_started};
use super::job::{AgentCommand, Job, Judge, Ready};
use super::known_commands::{KnownCommands, Meaning};
use super::tamper::{Guard, earlier};
use super::withheld;
use crate::agent::{AgentResult, ResultStatus, bound_file, read_result};
use crate::domain::{
    AttemptReport, Fingerprint, Outcome, ReasonCode, StepReport, Verdict, timestamp,
};
use crate::platform::clock::Clock;
use crate::platform::fault::{self, Fault};
use crate::store::attempts::{AGENT_OUT, ENV_FILE, PROMPT_FILE, RESULT_FILE, TASK_FILE};
use crate::store::work::Work;
use crate::supervisor::{CommandSpec, Ended, Supervisor, Told};
use crate::verify;
use crate::workspace::Snapshot;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

mod agent;
mod guarded;
mod tree;

/// How often an attempt makes its folder anew when it is deleted under it.
const FOLDER_TRIES: u32 = 100;

/// What reaches an attempt from outside while it runs, and what it says to that.
pub(crate) struct Steering {
    /// Begin nothing more.
    pub(crate) cancelled: AtomicBool,
    /// Told the number of a pause when nothing of the attempt runs any more.
    pub(crate) on_still: Box<dyn Fn(u64) + Send + Sync>,
}

impl std::fmt::Debug for Steering {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Steering").field("cancelled", &self.cancelled).finish_non_exhaustive()
    }
}

/// Tells the loop about the stages of an attempt while it runs.
pub(crate) type OnStage<'a> = &'a mut dyn FnMut(Stage);

/// A stage of an attempt.
#[derive(Clone, Debug, PartialEq)]
pub enum Stage {
    /// The agent was told to go.
    Started,
    /// The agent ended.
    AgentFinished(Outcome),
    /// A step of the verification begins.
    Verifying(String),
    /// The verdict is known: told by the loop itself when it hears of the attempt's end.
    Verified(Verdict),
}

/// What an attempt is run with.
pub(crate) struct With<'a> {
    /// Holds its claim.
    pub(crate) supervisor: &'a mut Supervisor,
    /// What reaches it from outside.
    pub(crate) steering: &'a Steering,
    /// What could be started in this run.
    pub(crate) known: &'a KnownCommands,
    /// Tells the time.
    pub(crate) clock: &'a dyn Clock,
}

/// What is known of an attempt so far.
struct Progress<'a> {
    job: &'a Job,
    with: With<'a>,
    /// What the task gave a command does not fit into a command line.
    too_long: bool,
    steps: Vec<StepReport>,
    result: AgentResult,
    warnings: Vec<String>,
    before: Option<Snapshot>,
    guard: Guard,
    /// Whether what is guarded was looked at.
    looked: bool,
    tree: TreeLook,
    changed: Vec<String>,
}

/// Runs `job` to its end.
pub(crate) fn run(job: Job, with: With<'_>, on_stage: OnStage<'_>) -> Finished {
    let clock = with.clock;
    let began = clock.now();
    let earlier = match earlier(&job.state, &job.key, job.token.attempt) {
        Ok(earlier) => earlier,
        Err(error) => {
            let reason = format!("cannot look at the earlier attempts of the task: {error}");
            let outcome = Outcome::FailedToStart { reason: reason.clone() };
            return not_started(job, outcome, reason, clock);
        }
    };
    let guard = Guard::take(&job.watch, &earlier);
    let mut progress = Progress {
        job: &job,
        with,
        too_long: false,
        steps: Vec::new(),
        result: AgentResult::default(),
        warnings: guard.warning().into_iter().collect(),
        before: None,
        guard,
        looked: false,
        tree: TreeLook::default(),
        changed: Vec::new(),
    };
    let end = progress.run(on_stage);
    let end = progress.untampered(end);
    let Progress { steps, result, warnings, tree, changed: files_changed, .. } = progress;
    let report = AttemptReport {
        v: 1,
        task: job.id.clone(),
        attempt: job.token.attempt,
        worker: job.token.worker.to_string(),
        started_at: timestamp(began),
        ended_at: timestamp(clock.now()),
        outcome: end.outcome,
        verdict: end.verdict,
        reason: end.reason,
        reason_code: end.code,
        steps,
        files_changed,
        fingerprint: Fingerprint::default(),
    };
    let passed = report.verdict == Some(Verdict::Pass);
    let work = passed.then(|| Work::of(&job.root, &report.files_changed)).flatten();
    let mut finished =
        Finished { result, warnings, work, tree, ..Finished::new(job, report, began) };
    finished.keep();
    finished
}

impl Progress<'_> {
    fn run(&mut self, on_stage: OnStage<'_>) -> End {
        if let Some(refusal) = &self.job.refusal {
            return unfit(refusal.code, refusal.reason.clone());
        }
        if let Some(profile) = &self.job.tree {
            match self.known_tree(profile) {
                Ok(None) => {}
                Ok(Some(end)) | Err(end) => return end,
            }
        }
        if let Err(end) = self.prepare() {
            return end;
        }
        if self.job.agent.is_some()
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
            if let Err(end) = self.list_changes() {
                return end;
            }
            if let Some(end) = self.after_agent(agent, &outcome) {
                return end;
            }
        }
        self.judge(on_stage)
    }

    fn prepare(&mut self) -> Result<(), End> {
        let prompt = self.job.prompt.as_ref().map_err(|reason| environment(reason.clone()))?;
        let folder = &self.job.folder;
        let put = |name, text: &str| {
            folder.put(name, text.as_bytes()).map_err(|error| {
                environment(format!("cannot write {}: {error}", folder.file(name).display()))
            })
        };
        put(TASK_FILE, &self.job.task_json)?;
        put(PROMPT_FILE, prompt)?;
        put(ENV_FILE, &withheld::listed(self.job))?;
        if let Err(error) = self.guard.keep(folder) {
            self.warnings.push(format!("failed to note what is protected: {error}"));
        }
        // A result of an earlier run under the same number is not this attempt's.
        drop(fs::remove_file(folder.file(RESULT_FILE)));
        Ok(())
    }

    /// What the agent's own end says; `None` when verification is to decide.
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
        self.warnings.extend(read.warnings);
        self.result = read.result;
        let ok = matches!(outcome, Outcome::Exited { code } if agent.ok_exit_codes.contains(code));
        if self.result.status == Some(ResultStatus::NeedsInput) {
            let question = self.result.question.clone().or_else(|| self.result.summary.clone());
            let question = question.unwrap_or_else(|| "the agent asks for input".to_owned());
            let text = ReasonCode::Question.as_error(one_line(&question));
            return end(Verdict::Blocked, ReasonCode::Question, text);
        }
        if !ok {
            let code = failed_code(outcome, ReasonCode::AgentError);
            return end(Verdict::Fail, code, format!("agent: {outcome}"));
        }
        if self.result.status == Some(ResultStatus::Failed) {
            let said = self.result.summary.clone().unwrap_or_default();
            let text = format!("agent: said failed: {}", one_line(&said));
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
            self.warnings.push(format!("{}: {missing}", self.job.id));
        }
        None
    }

    fn judge(&mut self, on_stage: OnStage<'_>) -> End {
        let outcome =
            self.steps.last().map_or(Outcome::Exited { code: 0 }, |step| step.outcome.clone());
        let steps = match &self.job.judge {
            Judge::Nobody => {
                return End { outcome, verdict: Some(Verdict::Skipped), reason: None, code: None };
            }
            Judge::Steps(_) if fault::is(Fault::NoVerification) => {
                return End { outcome, verdict: Some(Verdict::Pass), reason: None, code: None };
            }
            Judge::Steps(steps) => steps,
        };
        let found = verify::judge(steps, |number, step| {
            if let Some(end) = self.tampered(&outcome) {
                return Err(end);
            }
            on_stage(Stage::Verifying(step.name.clone()));
            let log = format!("verify-{}.out", number + 1);
            let mut spec = self.spec(step);
            spec.stdout = self.job.folder.file(&log);
            let report = self.command(step, &spec, log);
            self.steps.push(report.clone());
            Ok(report)
        });
        let found = match found {
            Ok(found) => found,
            Err(end) => return end,
        };
        let Some(failed) = found.failed else {
            return End { outcome, verdict: found.verdict, reason: None, code: None };
        };
        let reason = Some(format!("{}: {}", failed.named(), failed.outcome));
        match found.verdict {
            Some(verdict) => {
                let code = Some(failed_code(&failed.outcome, ReasonCode::TestsFailed));
                End { outcome, verdict: Some(verdict), reason, code }
            }
            None => self.unknown(&failed.name, failed.outcome),
        }
    }

    /// The end of an attempt one of whose commands did not come to an end of its own.
    fn unknown(&self, name: &str, outcome: Outcome) -> End {
        if self.too_long
            && let Outcome::FailedToStart { reason } = &outcome
        {
            return unfit(ReasonCode::BadTask, format!("{name}: {reason}"));
        }
        unknown(name, outcome)
    }

    fn spec(&self, command: &Ready) -> CommandSpec {
        CommandSpec {
            argv: command.argv.clone(),
            cwd: self.job.root.clone(),
            env: command.env.clone(),
            stdin: None,
            stdout: self.job.folder.file(AGENT_OUT),
            stderr: None,
            timeout: command.timeout,
            silence: command.silence,
            grace: command.grace,
            cap: CommandSpec::CAP,
        }
    }

    /// Runs a command; again when agents took the folder of this attempt away before it could
    /// start (`git clean -fdx`), or put something else in the place of its prompt: that says
    /// nothing about tools that are missing.
    fn command(&mut self, command: &Ready, spec: &CommandSpec, log: String) -> StepReport {
        let there = |path: &Path| path.parent().is_none_or(Path::is_dir);
        let is_file = |path: &PathBuf| fs::symlink_metadata(path).is_ok_and(|meta| meta.is_file());
        let whole = || spec.stdin.as_ref().is_none_or(is_file) && there(&spec.stdout);
        for _ in 0..FOLDER_TRIES {
            let report = self.command_once(command, spec, log.clone());
            let unstarted = matches!(report.outcome, Outcome::FailedToStart { .. });
            if !unstarted || whole() || self.prepare().is_err() {
                return report;
            }
        }
        self.command_once(command, spec, log)
    }

    fn command_once(&mut self, command: &Ready, spec: &CommandSpec, log: String) -> StepReport {
        let (outcome, millis) = if self.with.steering.cancelled.load(Ordering::SeqCst) {
            (Outcome::Interrupted, 0)
        } else {
            let steering = self.with.steering;
            let mut tell = |told| match told {
                Told::Started(_) => {}
                Told::Paused(number) => (steering.on_still)(number),
            };
            match self.with.supervisor.run(spec, &mut tell) {
                Ok(ended) => {
                    let failed = ended
                        .output_error
                        .as_ref()
                        .map(|why| format!("{}: output: {why}", command.name));
                    self.warnings.extend(failed);
                    let millis = ended.millis;
                    (self.understood(command, spec, ended), millis)
                }
                Err(lost) => {
                    self.warnings.push(format!("failed to {lost}"));
                    (Outcome::Lost, 0)
                }
            }
        };
        StepReport { kind: command.kind, name: command.name.clone(), outcome, millis, log }
    }
}

impl Progress<'_> {
    /// The outcome; of a command that the shell could not start with the shell's own words.
    fn understood(&mut self, command: &Ready, spec: &CommandSpec, ended: Ended) -> Outcome {
        let log = spec.stderr.as_ref().unwrap_or(&spec.stdout);
        let shell = matches!(ended.outcome, Outcome::Exited { .. });
        match self.with.known.understand(&self.job.root, &command.configured, spec, ended) {
            Meaning::Plain(Outcome::FailedToStart { reason }) if shell => {
                let said = bound_file(log, 1024).unwrap_or_default();
                let line = said.lines().rev().find(|line| !line.trim().is_empty());
                let line = line.map(|line| self.job.mask.text(line.trim()).into_owned());
                let reason = line.map_or_else(|| reason.clone(), |l| format!("{reason}: {l}"));
                Outcome::FailedToStart { reason }
            }
            Meaning::Plain(outcome) => outcome,
            Meaning::Removed(outcome, reason) => {
                // Where the shell of a string command would have said it.
                if let Some(name) = log.file_name().and_then(|name| name.to_str())
                    && let Err(error) = self.job.folder.put(name, format!("{reason}\n").as_bytes())
                {
                    self.warnings.push(format!("failed to keep why it failed: {error}"));
                }
                outcome
            }
            Meaning::TooLong(reason) => {
                self.too_long = true;
                Outcome::FailedToStart { reason }
            }
        }
    }
}
