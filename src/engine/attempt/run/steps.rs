//! The steps of a verification are run on the tree as it is, and what they came to is read.

use super::super::commands::Commands;
use super::super::end::{End, environment, failed_code};
use super::super::job::{Job, Judge, Ready};
use super::super::with::{OnStage, Stage};
use super::Progress;
use crate::domain::{AttemptReport, Checked, Outcome, ReasonCode, StepKind, StepReport, Verdict};
use crate::platform::fault::{self, Fault};
use crate::platform::open::{self, Links};
use crate::store::attempts::{AttemptFolder, START_FILE};
use crate::verify::{self, Expected, Finding, MeasureRule, Rules};
use std::fs;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

/// The most of an output that is looked through for a number, in bytes.
const OUTPUT: u64 = 64 << 20;

/// Some steps, judged one after the other on the tree that lies there.
#[derive(Clone, Copy)]
pub(super) struct Round<'r> {
    /// The steps.
    pub(super) steps: &'r [Ready],
    /// How the names of their outputs begin.
    pub(super) log: &'r str,
    /// What changed, where a step does not have to run that looks at nothing of it; `None` where that
    /// is not known.
    pub(super) changed: Option<&'r [String]>,
}

impl Progress<'_> {
    /// Runs the steps of the job, and says what they came to.
    pub(super) fn run_steps(&mut self, on_stage: OnStage<'_>) -> End {
        let outcome = self.last_outcome();
        let job = self.job;
        let steps = match &job.judge {
            Judge::Nobody => {
                return End { outcome, verdict: Some(Verdict::Skipped), reason: None, code: None };
            }
            Judge::Steps(_) if fault::is(Fault::NoVerification) => {
                return End { outcome, verdict: Some(Verdict::Pass), reason: None, code: None };
            }
            Judge::Steps(steps) => steps,
        };
        let changed = self.all_changes();
        let round = Round { steps, log: "verify", changed: changed.as_deref() };
        let found = match self.judge(round, on_stage) {
            Ok(found) => found,
            Err(end) => return end,
        };
        self.ended(found, outcome)
    }

    /// How the last command ended.
    pub(super) fn last_outcome(&self) -> Outcome {
        let last = self.commands.steps().last();
        last.map_or(Outcome::Exited { code: 0 }, |step| step.outcome.clone())
    }

    /// What was found, as the end of the attempt.
    pub(super) fn ended(&self, found: Finding, outcome: Outcome) -> End {
        let Some(failed) = found.failed else {
            let skipped = found.verdict == Some(Verdict::Skipped);
            let reason = skipped.then_some("no step had to run: nothing that they look at changed");
            let reason = reason.map(str::to_owned);
            return End { outcome, verdict: found.verdict, reason, code: None };
        };
        let reason = Some(format!("{}: {}", failed.named(), failed.ended()));
        match found.verdict {
            Some(verdict) => {
                let own = failed.checked.code.unwrap_or(ReasonCode::TestsFailed);
                let code = Some(failed_code(&failed.outcome, own));
                End { outcome, verdict: Some(verdict), reason, code }
            }
            None => self.commands.unknown(&failed.name, failed.outcome),
        }
    }

    /// Judges the tree that lies there with some steps, each of which is told to whoever follows, and
    /// listed.
    ///
    /// # Errors
    /// The end of the attempt, where what judges was changed.
    pub(super) fn judge(
        &mut self,
        round: Round<'_>,
        on_stage: OnStage<'_>,
    ) -> Result<Finding, End> {
        let outcome = self.last_outcome();
        let rules: Vec<&Rules> = round.steps.iter().map(|step| &*step.rules).collect();
        let already = self.commands.steps().len();
        let found = verify::judge(&rules, |number, tries| {
            let step = &round.steps[number];
            if tries > 0 {
                self.commands.take_back();
            }
            if let Some(end) = self.commands.tampered(&outcome) {
                return Err(end);
            }
            let report = match round.changed.and_then(|changed| needless(step, changed)) {
                Some(why) => left_out(step, why),
                None => {
                    on_stage(Stage::Verifying(step.name.clone()));
                    let log = log_name(round.log, number, tries);
                    self.run_step(step, log)?
                }
            };
            Ok(self.commands.step(report))
        })?;
        // As they were counted in the end.
        self.commands.replace_since(already, &found.steps);
        Ok(found)
    }

    /// Runs a step once, and reads what it left.
    fn run_step(&mut self, step: &Ready, log: String) -> Result<StepReport, End> {
        let job = self.job;
        let folder = self.commands.folder_of(step);
        let rules = &step.rules;
        if let Some(why) = outside(&job_root(&self.commands, step), &folder, rules) {
            let (verdict, allowed) = (Some(Verdict::Fail), rules.step.allow_failure);
            let checked = Checked { verdict, why: Some(why), allowed, ..Checked::default() };
            let (kind, name) = (step.kind, step.name.clone());
            return Ok(StepReport {
                kind,
                name,
                outcome: Outcome::Exited { code: 0 },
                millis: 0,
                log,
                checked,
            });
        }
        let reads = Reads::before(job, rules, &folder)?;
        let mut spec = self.commands.spec(step);
        spec.stdout = job.folder.file(&log);
        let mut report = self.commands.run_undisturbed(step, &spec, log);
        let mut checked = verify::checked(rules, &report.outcome);
        if matches!(checked.verdict, Some(Verdict::Pass | Verdict::Fail)) {
            reads.after(job, &spec.stdout, &mut checked);
        }
        report.checked = checked;
        Ok(report)
    }

    /// Everything that changed since the task was begun, also in its earlier attempts: what those left
    /// broken must not count as untouched. `None` where that cannot be told, so that all steps run.
    fn all_changes(&self) -> Option<Vec<String>> {
        let job = self.job;
        job.agent.as_ref()?;
        if fault::is(Fault::InputsOfAttempt) {
            return Some(self.changed.clone());
        }
        // The change of a private tree is all that differs from its base.
        if job.apart.is_some() {
            return Some(self.changed.clone());
        }
        if !self.is_whole {
            return None;
        }
        let mut all = [self.changed.as_slice(), self.ambiguous.as_slice()].concat();
        for number in 1..job.token.attempt {
            let AttemptReport { verdict, files_changed, files_ambiguous, .. } =
                AttemptFolder::new(&job.state, &job.key, number).report()?;
            verdict?;
            all.extend(files_changed.into_iter().chain(files_ambiguous));
        }
        Some(all)
    }
}

fn log_name(begin: &str, number: usize, tries: u32) -> String {
    match tries {
        0 => format!("{begin}-{}.out", number + 1),
        tries => format!("{begin}-{}-{}.out", number + 1, tries + 1),
    }
}

fn job_root(commands: &Commands<'_>, step: &Ready) -> PathBuf {
    commands.cwd(step.kind)
}

/// Why a step does not have to run, if that is so.
fn needless(step: &Ready, changed: &[String]) -> Option<String> {
    let inputs = &step.rules.step.inputs;
    let matches = |path: &String| inputs.iter().any(|glob| fast_glob::glob_match(glob, path));
    if inputs.is_empty() || changed.iter().any(matches) {
        return None;
    }
    Some(format!("skipped: nothing changed that matches {}", inputs.join(", ")))
}

/// The report of a step that did not run.
fn left_out(step: &Ready, why: String) -> StepReport {
    let (verdict, why) = (Some(Verdict::Skipped), Some(why));
    StepReport {
        kind: StepKind::Verify,
        name: step.name.clone(),
        outcome: Outcome::Exited { code: 0 },
        millis: 0,
        log: String::new(),
        checked: Checked { verdict, why, ..Checked::default() },
    }
}

/// Why a step cannot run in its folder: the work took it away, or leads it elsewhere.
fn outside(root: &Path, folder: &Path, rules: &Rules) -> Option<String> {
    let shown = rules.step.cwd.as_ref()?.display();
    match (root.canonicalize(), folder.canonicalize()) {
        (Ok(root), Ok(real)) if real.starts_with(&root) && real.is_dir() => None,
        (Ok(_), Ok(real)) if real.is_dir() => {
            Some(format!("its cwd {shown} leads out of the project"))
        }
        (Ok(_), Ok(_)) => Some(format!("its cwd {shown} is no folder")),
        (_, Err(error)) | (Err(error), _) => Some(format!("its cwd {shown}: {error}")),
    }
}

/// What is read of a step when it ended.
struct Reads<'r> {
    measure: Option<(&'r MeasureRule, Option<Expected>)>,
}

impl<'r> Reads<'r> {
    /// Looks at the files that a step is to write in `folder`, before it begins.
    fn before(job: &Job, rules: &'r Rules, folder: &Path) -> Result<Self, End> {
        let Some(rule) = &rules.step.measure else { return Ok(Self { measure: None }) };
        let expected = match &rule.file {
            Some(file) => Some(Expected::look(&folder.join(file), now(job)?)),
            None => None,
        };
        Ok(Self { measure: Some((rule, expected)) })
    }

    /// Reads them, and what the step printed to `log`.
    fn after(self, job: &Job, log: &Path, checked: &mut Checked) {
        let Some((rule, expected)) = self.measure else { return };
        let text = match expected {
            Some(expected) => expected.read(),
            None => printed(log),
        };
        let text = text.map(|bytes| job.mask.text(&String::from_utf8_lossy(&bytes)).into_owned());
        let text = text.as_deref().map_err(Clone::clone);
        let (measured, why) = verify::measure(rule, text);
        checked.measure = Some(measured);
        if let Some(why) = why {
            verify::fail(checked, ReasonCode::TestsFailed, why);
        }
    }
}

/// What a step printed. One that printed nothing left no file.
fn printed(log: &Path) -> Result<Vec<u8>, String> {
    match fs::symlink_metadata(log) {
        Ok(_) => open::read(log, Links::Refuse, OUTPUT).map_err(|error| error.to_string()),
        Err(_) => Ok(Vec::new()),
    }
}

/// The time of now as files get it, which no other clock tells.
fn now(job: &Job) -> Result<SystemTime, End> {
    let file = job.folder.file(START_FILE);
    let put = job.folder.put(START_FILE, b"");
    let time = put.and_then(|()| fs::metadata(&file)).and_then(|meta| meta.modified());
    time.map_err(|error| {
        environment(format!("cannot tell the time by {}: {error}", file.display()))
    })
}
