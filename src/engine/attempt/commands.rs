//! Runs the commands of an attempt, and git queries, under its supervisor.

use super::end::{End, environment, unfit, unknown};
use super::git_calls;
use super::guarded::Guarded;
use super::job::{Job, Ready};
use super::known_commands::Meaning;
use super::known_items::KnownItems;
use super::tamper::{Guard, Judges};
use super::with::With;
use super::withheld;
use crate::agent::bound_file;
use crate::domain::{Checked, HookReport, Outcome, ReasonCode, StepKind, StepReport};
use crate::platform::clock::Clock;
use crate::platform::fault::{self, Fault};
use crate::store::attempts::{AGENT_OUT, ENV_FILE, PROMPT_FILE, RESULT_FILE, TASK_FILE};
use crate::supervisor::{CommandSpec, Ended, Lost, Rest};
use crate::workspace::Run;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;

mod beside;
mod hook;

/// Variables that make git use another repository than the surrounding one. A loop that was started
/// by a git hook has them.
const LEAD_AWAY: [&str; 12] = [
    "GIT_DIR",
    "GIT_WORK_TREE",
    "GIT_IMPLICIT_WORK_TREE",
    "GIT_COMMON_DIR",
    "GIT_INDEX_FILE",
    "GIT_OBJECT_DIRECTORY",
    "GIT_ALTERNATE_OBJECT_DIRECTORIES",
    "GIT_QUARANTINE_PATH",
    "GIT_SHALLOW_FILE",
    "GIT_GRAFT_FILE",
    "GIT_NAMESPACE",
    "GIT_PREFIX",
];

/// How often an attempt recreates its folder if it is deleted while in use.
const FOLDER_TRIES: u32 = 100;
/// How often a verification step is run if another process kills it every time.
const STEP_TRIES: u32 = 3;

/// The commands of an attempt.
pub(super) struct Commands<'a> {
    job: &'a Job,
    with: With<'a>,
    /// What is guarded; `None` until the private trees are ready.
    guarded: Option<Guarded>,
    /// The prompt of the agent.
    prompt: String,
    reports: Reports,
    /// The commands that run beside the others.
    beside: Vec<Arc<Rest>>,
    /// The number of the last pause that was acknowledged for the commands in `beside` alone.
    rested: Option<u64>,
    /// Whether the task's arguments made a command line too long.
    too_long: bool,
}

/// What ran so far, and what people should know.
#[derive(Default)]
struct Reports {
    steps: Vec<StepReport>,
    hooks: Vec<HookReport>,
    warnings: Vec<String>,
}

impl<'a> Commands<'a> {
    /// Creates the commands of `job`; none has run yet.
    pub(super) fn new(job: &'a Job, with: With<'a>) -> Self {
        Self {
            job,
            with,
            guarded: None,
            prompt: String::new(),
            reports: Reports::default(),
            beside: Vec::new(),
            rested: None,
            too_long: false,
        }
    }

    /// Returns the steps and hooks that ran, and warnings for people.
    pub(super) fn into_reports(self) -> (Vec<StepReport>, Vec<HookReport>, Vec<String>) {
        (self.reports.steps, self.reports.hooks, self.reports.warnings)
    }

    /// Returns the steps that ran so far.
    pub(super) fn steps(&self) -> &[StepReport] {
        &self.reports.steps
    }

    /// Returns the clock.
    pub(super) fn clock(&self) -> &'a dyn Clock {
        self.with.clock
    }

    /// Returns the items of trees that this run knows.
    pub(super) fn known_items(&self) -> &'a KnownItems {
        self.with.known.items()
    }

    /// Returns whether nothing more may start.
    pub(super) fn is_cut(&self) -> bool {
        self.with.steering.cancelled.load(Ordering::SeqCst)
    }

    /// Sets what is guarded from now on.
    pub(super) fn guard(&mut self, guard: Guard) {
        self.reports.warnings.extend(guard.warning());
        self.guarded = Some(Guarded::new(guard));
    }

    /// Switches the guard to the change: the judge tree now has the change, which is judged
    /// separately.
    pub(super) fn guard_change(&mut self) {
        self.guarded = self.guarded.take().map(|guarded| guarded.at_change(&self.job.watch));
    }

    /// Returns the files that steps named at the base, relative to the project root.
    pub(super) fn judges(&self) -> Judges {
        self.guarded.as_ref().map_or_else(Judges::default, |guarded| guarded.judges().clone())
    }

    /// Sets the prompt of the agent.
    pub(super) fn speak(&mut self, prompt: String) {
        self.prompt = prompt;
    }

    /// Returns the prompt of the agent.
    pub(super) fn prompt(&self) -> &str {
        &self.prompt
    }

    /// Adds a warning for people.
    pub(super) fn warn(&mut self, text: String) {
        self.reports.warnings.push(text);
    }

    /// Lets `question` query git.
    ///
    /// # Errors
    /// The end of the attempt, if it was cancelled meanwhile or its supervisor vanished.
    pub(super) fn ask_git<T>(&mut self, question: impl FnOnce(Run<'_>) -> T) -> Result<T, End> {
        git_calls::ask(self.job, &mut self.with, &mut self.reports.warnings, question)
    }

    /// Returns the end of the attempt if a judging file has changed since the claim.
    pub(super) fn tampered(&mut self, outcome: &Outcome) -> Option<End> {
        let told = (&mut self.reports.warnings, self.with.known.tampered());
        self.guarded.as_mut()?.tampered(self.job, outcome, told)
    }

    /// Records what judges the attempt. Returns the end of the attempt if another one changed it.
    pub(super) fn begin(&mut self) -> Option<End> {
        self.guarded.as_mut()?.begin(self.job, self.with.known.tampered(), self.with.clock)
    }

    /// Replaces `end` if a judging file has changed. This is checked however the attempt ended:
    /// otherwise the next attempt would treat the change as a person's.
    pub(super) fn untampered(&mut self, end: End) -> End {
        let told = end.code == Some(ReasonCode::Tampered) || self.reports.steps.is_empty();
        let found = if told { None } else { self.tampered(&end.outcome) };
        let (end, left) = (found.unwrap_or(end), self.with.known.tampered());
        let warning = self.guarded.as_mut().and_then(|guarded| guarded.end(left, &end.outcome));
        self.reports.warnings.extend(warning);
        end
    }

    /// Writes the files that commands read into the attempt's folder.
    pub(super) fn prepare(&mut self) -> Result<(), End> {
        let folder = &self.job.folder;
        let put = |name, text: &str| {
            folder.put(name, text.as_bytes()).map_err(|error| {
                environment(format!("cannot write {}: {error}", folder.file(name).display()))
            })
        };
        put(TASK_FILE, &self.job.task_json)?;
        put(PROMPT_FILE, &self.prompt)?;
        put(ENV_FILE, &withheld::listed(self.job))?;
        let guarded = self.guarded.as_ref();
        if let Some(Err(error)) = guarded.map(|guarded| guarded.keep(folder)) {
            self.reports.warnings.push(format!("failed to record what is protected: {error}"));
        }
        // A result of an earlier run under the same number does not belong to this attempt.
        drop(fs::remove_file(folder.file(RESULT_FILE)));
        Ok(())
    }

    /// Returns the end of an attempt if one of its commands did not end by itself.
    pub(super) fn unknown(&self, name: &str, outcome: Outcome) -> End {
        if self.too_long
            && let Outcome::FailedToStart { reason } = &outcome
        {
            return unfit(ReasonCode::BadTask, format!("{name}: {reason}"));
        }
        unknown(name, outcome)
    }

    pub(super) fn cwd(&self, kind: StepKind) -> PathBuf {
        match (&self.job.apart, kind) {
            (None, _) => self.job.root.clone(),
            (Some(apart), StepKind::Agent) => apart.agent_root(),
            (Some(apart), StepKind::Verify) => apart.judge_root(),
        }
    }

    /// Returns the working directory of `command`.
    pub(super) fn folder_of(&self, command: &Ready) -> PathBuf {
        let root = self.cwd(command.kind);
        match &command.rules.step.cwd {
            Some(folder) => root.join(folder),
            None => root,
        }
    }

    /// Returns the environment of `command`. In a private tree, git must find the repository of
    /// that tree.
    fn env(&self, command: &Ready) -> Vec<(OsString, OsString)> {
        let leads_away = |name: &OsStr| LEAD_AWAY.iter().any(|other| name == *other);
        let is_private = self.job.apart.is_some() && !fault::is(Fault::GitDirKept);
        let stays = |(name, _): &&(OsString, OsString)| !(is_private && leads_away(name));
        command.env.iter().filter(stays).cloned().collect()
    }

    /// Returns how to start `command`, with its output in the attempt's folder.
    pub(super) fn spec(&self, command: &Ready) -> CommandSpec {
        CommandSpec {
            argv: command.argv.clone(),
            cwd: self.folder_of(command),
            env: self.env(command),
            stdin: None,
            stdout: self.job.folder.file(AGENT_OUT),
            stderr: None,
            timeout: command.timeout,
            silence: command.silence,
            grace: command.grace,
            cap: CommandSpec::CAP,
        }
    }

    /// Runs a command and records it as a step of the attempt. Runs it again if agents deleted the
    /// attempt's folder before it could start (`git clean -fdx`) or replaced its prompt file: such
    /// a failure says nothing about missing tools.
    pub(super) fn run(&mut self, command: &Ready, spec: &CommandSpec, log: String) -> StepReport {
        let report = self.run_unlisted(command, spec, log);
        self.step(report)
    }

    /// Runs a command like `run`, but leaves it to the caller to complete the report and record the
    /// step.
    pub(super) fn run_unlisted(
        &mut self,
        command: &Ready,
        spec: &CommandSpec,
        log: String,
    ) -> StepReport {
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

    /// Runs a verification step. Runs it again if another process killed it, because that says
    /// nothing about the work. A step that is killed every time gets its verdict: it may need more
    /// memory than there is.
    pub(super) fn run_undisturbed(
        &mut self,
        step: &Ready,
        spec: &CommandSpec,
        log: String,
    ) -> StepReport {
        let mut report = self.run_unlisted(step, spec, log.clone());
        for _ in 1..STEP_TRIES {
            if !report.outcome.is_ended_from_outside() || fault::is(Fault::SignalBelieved) {
                break;
            }
            let (name, outcome) = (step.kind.named(&step.name), &report.outcome);
            self.reports.warnings.push(format!("{name}: {outcome}, from outside; it ran again"));
            report = self.run_unlisted(step, spec, log.clone());
        }
        report
    }

    /// Runs a command in `cwd` that prepares a tree and is not a step of the attempt.
    pub(super) fn set_up(&mut self, command: &Ready, cwd: PathBuf, log: &str) -> StepReport {
        let stdout = self.job.folder.file(log);
        let spec = CommandSpec { cwd, stdout, ..self.spec(command) };
        for _ in 0..FOLDER_TRIES {
            // If the folder could not be created, the missing output shows it.
            drop(self.job.folder.create());
            let report = self.command_once(command, &spec, log.to_owned());
            let unstarted = matches!(report.outcome, Outcome::FailedToStart { .. });
            if !unstarted || spec.stdout.parent().is_none_or(Path::is_dir) {
                return report;
            }
        }
        self.command_once(command, &spec, log.to_owned())
    }

    /// Records a step that ran.
    pub(super) fn step(&mut self, report: StepReport) -> StepReport {
        self.reports.steps.push(report.clone());
        report
    }

    /// Replaces the steps after the first `kept` by `steps`, which have their final results.
    pub(super) fn replace_since(&mut self, kept: usize, steps: &[StepReport]) {
        self.reports.steps.truncate(kept);
        self.reports.steps.extend_from_slice(steps);
    }

    /// Returns the outcome and duration of a command that ended, and records warnings.
    fn ended(
        &mut self,
        command: &Ready,
        spec: &CommandSpec,
        ended: Result<Ended, Lost>,
    ) -> (Outcome, u64) {
        match ended {
            Ok(ended) => {
                let why = ended.output_error.as_ref();
                self.reports
                    .warnings
                    .extend(why.map(|why| format!("{}: output: {why}", command.name)));
                let millis = ended.millis;
                (self.understood(command, spec, ended), millis)
            }
            Err(lost) => {
                self.reports.warnings.push(format!("failed to {lost}"));
                (Outcome::Lost, 0)
            }
        }
    }

    /// Removes the last step, because it runs again.
    pub(super) fn take_back(&mut self) {
        self.reports.steps.pop();
    }

    fn command_once(&mut self, command: &Ready, spec: &CommandSpec, log: String) -> StepReport {
        let (outcome, millis) = if self.is_cut() {
            (Outcome::Interrupted, 0)
        } else {
            let ended = self.supervised(spec);
            self.ended(command, spec, ended)
        };
        let checked = Checked::default();
        StepReport { kind: command.kind, name: command.name.clone(), outcome, millis, log, checked }
    }

    /// Returns the outcome. If the shell could not start a command, it includes the shell's own
    /// message.
    fn understood(&mut self, command: &Ready, spec: &CommandSpec, ended: Ended) -> Outcome {
        let log = spec.stderr.as_ref().unwrap_or(&spec.stdout);
        let shell = matches!(ended.outcome, Outcome::Exited { .. });
        // A command that exists in one private tree exists in all.
        match self.with.known.understand(&self.job.root, &command.configured, spec, ended) {
            // The output of a hidden step must not be shown to anyone.
            Meaning::Plain(Outcome::FailedToStart { reason })
                if shell && command.rules.step.hidden.is_none() =>
            {
                let said = bound_file(log, 1024).unwrap_or_default();
                let line = said.lines().rev().find(|line| !line.trim().is_empty());
                let line = line.map(|line| self.job.mask.text(line.trim()).into_owned());
                let reason = line.map_or_else(|| reason.clone(), |l| format!("{reason}: {l}"));
                Outcome::FailedToStart { reason }
            }
            Meaning::Plain(outcome) => outcome,
            Meaning::Removed(outcome, reason) => {
                // For a string command, the shell would have written this to the log.
                if let Some(name) = log.file_name().and_then(|name| name.to_str())
                    && let Err(error) = self.job.folder.put(name, format!("{reason}\n").as_bytes())
                {
                    self.reports.warnings.push(format!("failed to store why it failed: {error}"));
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
