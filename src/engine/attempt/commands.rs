//! Runs the commands of an attempt, and asks git, under its supervisor.

use super::end::{End, environment, unfit, unknown};
use super::git_calls;
use super::guarded::Guarded;
use super::job::{Job, Ready};
use super::known_commands::Meaning;
use super::known_items::KnownItems;
use super::tamper::Guard;
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

/// Variables by which git takes another repository than the one that lies around it: a loop that was
/// started by a hook has them.
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

/// How often an attempt makes its folder anew when it is deleted under it.
const FOLDER_TRIES: u32 = 100;
/// How often a step of the verification is run that somebody else ends every time.
const STEP_TRIES: u32 = 3;

/// The commands of an attempt.
pub(super) struct Commands<'a> {
    job: &'a Job,
    with: With<'a>,
    /// What is guarded; nothing before the private trees are ready.
    guarded: Option<Guarded>,
    /// What the agent reads.
    prompt: String,
    /// What ran so far.
    steps: Vec<StepReport>,
    /// The hooks that ran.
    hooks: Vec<HookReport>,
    warnings: Vec<String>,
    /// What runs beside them.
    beside: Vec<Arc<Rest>>,
    /// The last pause that was answered for these alone.
    rested: Option<u64>,
    /// What the task gave a command does not fit into a command line.
    too_long: bool,
}

impl<'a> Commands<'a> {
    /// Those of `job`, of which nothing ran yet.
    pub(super) fn new(job: &'a Job, with: With<'a>) -> Self {
        let (steps, warnings) = (Vec::new(), Vec::new());
        let prompt = String::new();
        let beside = Vec::new();
        Self {
            job,
            with,
            guarded: None,
            prompt,
            steps,
            hooks: Vec::new(),
            warnings,
            beside,
            rested: None,
            too_long: false,
        }
    }

    /// What ran, and what people should know of it.
    pub(super) fn into_reports(self) -> (Vec<StepReport>, Vec<HookReport>, Vec<String>) {
        (self.steps, self.hooks, self.warnings)
    }

    /// What ran so far.
    pub(super) fn steps(&self) -> &[StepReport] {
        &self.steps
    }

    /// Tells the time.
    pub(super) fn clock(&self) -> &'a dyn Clock {
        self.with.clock
    }

    /// Items of trees, as this run knows them.
    pub(super) fn known_items(&self) -> &'a KnownItems {
        self.with.known.items()
    }

    /// Whether nothing more is to begin.
    pub(super) fn is_cut(&self) -> bool {
        self.with.steering.cancelled.load(Ordering::SeqCst)
    }

    /// What is guarded from now on.
    pub(super) fn guard(&mut self, guard: Guard) {
        self.warnings.extend(guard.warning());
        self.guarded = Some(Guarded::new(guard));
    }

    /// The judge tree holds the change now, which is judged by itself.
    pub(super) fn guard_change(&mut self) {
        self.guarded = self.guarded.take().map(|guarded| guarded.at_change(&self.job.watch));
    }

    /// What steps named at the base, as seen from the project root.
    pub(super) fn named(&self) -> &[String] {
        self.guarded.as_ref().map_or(&[], Guarded::named)
    }

    /// What the agent will read.
    pub(super) fn speak(&mut self, prompt: String) {
        self.prompt = prompt;
    }

    /// What the agent reads.
    pub(super) fn prompt(&self) -> &str {
        &self.prompt
    }

    /// Something that people should know.
    pub(super) fn warn(&mut self, text: String) {
        self.warnings.push(text);
    }

    /// Lets `question` ask git.
    ///
    /// # Errors
    /// The end of the attempt, when it was cut meanwhile or its supervisor vanished.
    pub(super) fn ask_git<T>(&mut self, question: impl FnOnce(Run<'_>) -> T) -> Result<T, End> {
        git_calls::ask(self.job, &mut self.with, &mut self.warnings, question)
    }

    /// The end of the attempt, if something that judges is not what it was at the claim.
    pub(super) fn tampered(&mut self, outcome: &Outcome) -> Option<End> {
        self.guarded.as_mut()?.tampered(self.job, outcome, &mut self.warnings)
    }

    /// The end of the attempt, if nothing that judges changed until then: however it ended, the next
    /// attempt would take what it finds for what a person wrote.
    pub(super) fn untampered(&mut self, end: End) -> End {
        let told = end.code == Some(ReasonCode::Tampered) || self.steps.is_empty();
        let found = if told { None } else { self.tampered(&end.outcome) };
        found.unwrap_or(end)
    }

    /// Puts what commands read into the attempt's folder.
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
            self.warnings.push(format!("failed to note what is protected: {error}"));
        }
        // A result of an earlier run under the same number is not this attempt's.
        drop(fs::remove_file(folder.file(RESULT_FILE)));
        Ok(())
    }

    /// The end of an attempt one of whose commands did not come to an end of its own.
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

    /// Where `command` runs.
    pub(super) fn folder_of(&self, command: &Ready) -> PathBuf {
        let root = self.cwd(command.kind);
        match &command.rules.step.cwd {
            Some(folder) => root.join(folder),
            None => root,
        }
    }

    /// The environment of `command`: in a private tree git is to find the repository that lies there.
    fn env(&self, command: &Ready) -> Vec<(OsString, OsString)> {
        let leads_away = |name: &OsStr| LEAD_AWAY.iter().any(|other| name == *other);
        let is_private = self.job.apart.is_some() && !fault::is(Fault::GitDirKept);
        let stays = |(name, _): &&(OsString, OsString)| !(is_private && leads_away(name));
        command.env.iter().filter(stays).cloned().collect()
    }

    /// How `command` is started, its output in the attempt's folder.
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

    /// Runs a command, which is a step of the attempt then; again when agents took the folder of this
    /// attempt away before it could start (`git clean -fdx`), or put something else in the place of
    /// its prompt: that says nothing about tools that are missing.
    pub(super) fn run(&mut self, command: &Ready, spec: &CommandSpec, log: String) -> StepReport {
        let report = self.run_unlisted(command, spec, log);
        self.step(report)
    }

    /// The same, for a command of which the caller has more to say before it is a step.
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

    /// Runs a step of the verification; again when somebody else ended it, which says nothing of the
    /// work. What is ended every time has its verdict: it may need more memory than there is.
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
            self.warnings.push(format!("{name}: {outcome}, from outside; it ran again"));
            report = self.run_unlisted(step, spec, log.clone());
        }
        report
    }

    /// Runs a command in `cwd` that is no step of the attempt: it makes a tree ready.
    pub(super) fn set_up(&mut self, command: &Ready, cwd: PathBuf, log: &str) -> StepReport {
        let stdout = self.job.folder.file(log);
        let spec = CommandSpec { cwd, stdout, ..self.spec(command) };
        for _ in 0..FOLDER_TRIES {
            // Whether it could be made is told by the output that is missing.
            drop(self.job.folder.create());
            let report = self.command_once(command, &spec, log.to_owned());
            let unstarted = matches!(report.outcome, Outcome::FailedToStart { .. });
            if !unstarted || spec.stdout.parent().is_none_or(Path::is_dir) {
                return report;
            }
        }
        self.command_once(command, &spec, log.to_owned())
    }

    /// Takes in a step that ran.
    pub(super) fn step(&mut self, report: StepReport) -> StepReport {
        self.steps.push(report.clone());
        report
    }

    /// Puts `steps` in the place of those behind the first `kept`: as they were counted in the end.
    pub(super) fn replace_since(&mut self, kept: usize, steps: &[StepReport]) {
        self.steps.truncate(kept);
        self.steps.extend_from_slice(steps);
    }

    /// What the end of a command means.
    fn ended(
        &mut self,
        command: &Ready,
        spec: &CommandSpec,
        ended: Result<Ended, Lost>,
    ) -> (Outcome, u64) {
        match ended {
            Ok(ended) => {
                let why = ended.output_error.as_ref();
                self.warnings.extend(why.map(|why| format!("{}: output: {why}", command.name)));
                let millis = ended.millis;
                (self.understood(command, spec, ended), millis)
            }
            Err(lost) => {
                self.warnings.push(format!("failed to {lost}"));
                (Outcome::Lost, 0)
            }
        }
    }

    /// Takes back the last step, which runs again.
    pub(super) fn take_back(&mut self) {
        self.steps.pop();
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

    /// The outcome; of a command that the shell could not start with the shell's own words.
    fn understood(&mut self, command: &Ready, spec: &CommandSpec, ended: Ended) -> Outcome {
        let log = spec.stderr.as_ref().unwrap_or(&spec.stdout);
        let shell = matches!(ended.outcome, Outcome::Exited { .. });
        // A command that is there in one private tree is there in all.
        match self.with.known.understand(&self.job.root, &command.configured, spec, ended) {
            // What a hidden step printed is told to nobody.
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
