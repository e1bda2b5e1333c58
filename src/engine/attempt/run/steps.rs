//! Runs the steps of a verification on the present tree, and reads their results.

use super::super::end::{End, failed_code};
use super::super::job::{Judge, Ready};
use super::super::with::{OnStage, Stage};
use super::Progress;
use super::reads::{Reads, Round, needless};
use super::together::{Ran, segments};
use crate::domain::{AttemptReport, Checked, Outcome, ReasonCode, StepKind, StepReport, Verdict};
use crate::platform::fault::{self, Fault};
use crate::store::attempts::AttemptFolder;
use crate::verify::{self, Finding, Rules};
use std::path::{Path, PathBuf};

/// How often steps run whose services something outside kills.
const ROUNDS: u32 = 3;

impl Progress<'_> {
    /// Runs the steps of the job and returns their result.
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

    /// Returns how the last command ended.
    pub(super) fn last_outcome(&self) -> Outcome {
        let last = self.commands.steps().last();
        last.map_or(Outcome::Exited { code: 0 }, |step| step.outcome.clone())
    }

    /// Converts the result of the steps to the end of the attempt.
    pub(super) fn ended(&self, found: Finding, outcome: Outcome) -> End {
        let Some(failed) = found.failed else {
            let skipped = found.verdict == Some(Verdict::Skipped);
            let reason = skipped.then_some("no step had to run: none of their inputs changed");
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

    /// Judges the tree that is checked out with some steps. Reports each one through `on_stage`,
    /// and lists it.
    ///
    /// # Errors
    /// Returns the end of the attempt if a judging file was changed.
    pub(super) fn judge(
        &mut self,
        round: Round<'_>,
        on_stage: OnStage<'_>,
    ) -> Result<Finding, End> {
        let already = self.commands.steps().len();
        let mut left = ROUNDS;
        loop {
            left -= 1;
            let found = self.judge_segments(round, on_stage);
            let gone = self.end_services();
            let mut found = found?;
            self.lack_at_end(&mut found, round, &gone);
            let lost = found.failed.as_ref().filter(|failed| failed.checked.lost_its_services());
            if let Some(failed) = lost.filter(|_| left > 0) {
                let text = format!("{}: {}", failed.named(), failed.ended());
                self.commands.warn(format!("{text}; from outside, so the steps run again"));
                self.commands.replace_since(already, &[]);
                continue;
            }
            // The steps now have their final results.
            self.commands.replace_since(already, &found.steps);
            return Ok(found);
        }
    }

    fn judge_segments(&mut self, round: Round<'_>, on_stage: OnStage<'_>) -> Result<Finding, End> {
        let mut all = Finding { verdict: Some(Verdict::Pass), failed: None, steps: Vec::new() };
        for segment in segments(round.steps) {
            let mut ran = self.run_together(round, segment.clone(), on_stage)?;
            let mut order: Vec<usize> = segment.collect();
            // The first failure ends a verification. Steps that passed beside it are reported
            // first, and steps that waited for it do not begin.
            order.sort_by_key(|at| match ran.get(at) {
                Some(ran) if ran.report.outcome.is_success() => 0,
                Some(_) => 1,
                None => 2,
            });
            let rules: Vec<&Rules> = order.iter().map(|at| &*round.steps[*at].rules).collect();
            let found = verify::judge(&rules, |place, tries| {
                let at = order[place];
                let ran = ran.remove(&at).filter(|_| tries == 0);
                self.take_turn(round, (at, tries), ran, on_stage)
            })?;
            all.steps.extend(found.steps);
            if found.failed.is_some() {
                (all.verdict, all.failed) = (found.verdict, found.failed);
                return Ok(all);
            }
        }
        let skipped = |step: &StepReport| step.checked.verdict == Some(Verdict::Skipped);
        if !all.steps.is_empty() && all.steps.iter().all(skipped) {
            all.verdict = Some(Verdict::Skipped);
        }
        Ok(all)
    }

    /// Handles a step in its turn: runs it, unless it already ran beside others or can be skipped.
    fn take_turn(
        &mut self,
        round: Round<'_>,
        (at, tries): (usize, u32),
        ran: Option<Ran<'_>>,
        on_stage: OnStage<'_>,
    ) -> Result<StepReport, End> {
        let step = &round.steps[at];
        if tries > 0 {
            self.commands.take_back();
        }
        let outcome = self.last_outcome();
        if let Some(end) = self.commands.tampered(&outcome) {
            return Err(end);
        }
        let ran = ran.filter(|ran| !ran.report.outcome.is_ended_from_outside());
        let report = match (round.changed.and_then(|changed| needless(step, changed)), ran) {
            (Some(why), _) => left_out(step, why),
            (None, Some(Ran { report, reads, gone })) => {
                let output = self.job.folder.file(&report.log);
                let report = self.read_step((step, &output), report, &reads, tries);
                self.lacks(step, report, gone)
            }
            (None, None) => {
                if let Some(broken) = self.need(step)? {
                    return Ok(self.commands.step(broken));
                }
                on_stage(Stage::Verifying(step.name.clone()));
                self.run_step(step, log_name(round.log, at, tries), tries)?
            }
        };
        Ok(self.commands.step(report))
    }

    /// Runs a step once, and reads its results.
    pub(super) fn run_step(
        &mut self,
        step: &Ready,
        log: String,
        tries: u32,
    ) -> Result<StepReport, End> {
        match &step.rules.step.hidden {
            Some(hidden) => self.run_hidden((step, hidden), log, tries),
            None => self.run_shown(step, (self.job.folder.file(&log), log), tries),
        }
    }

    /// Runs a step for which everything is in place. Its output goes to the path `output`, which
    /// reports call `log`.
    pub(super) fn run_shown(
        &mut self,
        step: &Ready,
        (output, log): (PathBuf, String),
        tries: u32,
    ) -> Result<StepReport, End> {
        let job = self.job;
        let folder = self.commands.folder_of(step);
        let rules = &step.rules;
        if let Some(why) = outside(&self.commands.cwd(step.kind), &folder, rules) {
            let (verdict, allowed) = (Some(Verdict::Fail), rules.step.allow_failure);
            let checked = Checked { verdict, why: Some(why), allowed, ..Checked::default() };
            let (kind, name, outcome) = (step.kind, step.name.clone(), Outcome::Exited { code: 0 });
            return Ok(StepReport { kind, name, outcome, millis: 0, log, checked });
        }
        let reads = Reads::before(job, rules, &folder)?;
        let mut spec = self.commands.spec(step);
        spec.stdout = output;
        spec.env.extend(self.ports());
        let report = self.commands.run_undisturbed(step, &spec, log);
        let report = self.read_step((step, &spec.stdout), report, &reads, tries);
        let failed = report.checked.verdict == Some(Verdict::Fail);
        let gone = self.gone(step, failed);
        Ok(self.lacks(step, report, gone))
    }

    /// Returns whether a step cannot run in its folder.
    pub(super) fn is_out_of_place(&self, step: &Ready) -> bool {
        let folder = self.commands.folder_of(step);
        outside(&self.commands.cwd(step.kind), &folder, &step.rules).is_some()
    }

    /// Reads the results of a step that ran.
    fn read_step(
        &mut self,
        (step, log): (&Ready, &Path),
        mut report: StepReport,
        reads: &Reads<'_>,
        tries: u32,
    ) -> StepReport {
        let job = self.job;
        let rules = &step.rules;
        let mut checked = verify::checked(rules, &report.outcome);
        if matches!(checked.verdict, Some(Verdict::Pass | Verdict::Fail)) {
            let (folder, root) = (self.commands.folder_of(step), self.commands.cwd(step.kind));
            if let Some((rule, read)) = reads.report(job, log, &[&folder, &root]) {
                let kind = rule.parser.kind();
                let items = read.map(|now| self.compared(step, kind, now, tries));
                verify::judge_report(&mut checked, (rule.parser, rules), &report.outcome, items);
            }
            reads.measure(job, log, &mut checked);
        }
        report.checked = checked;
        report
    }

    /// Returns everything that changed since the task began, including its earlier attempts: what
    /// those left broken must not count as untouched. `None` if that is not known, so that all
    /// steps run.
    fn all_changes(&self) -> Option<Vec<String>> {
        let job = self.job;
        job.agent.as_ref()?;
        if fault::is(Fault::InputsOfAttempt) {
            return Some(self.changes.files.clone());
        }
        // The change in a private tree is everything that differs from its base.
        if job.apart.is_some() {
            return Some(self.changes.files.clone());
        }
        if !self.changes.is_whole {
            return None;
        }
        let mut all = [self.changes.files.as_slice(), self.changes.ambiguous.as_slice()].concat();
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

/// Returns the report of a step that did not run.
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

/// Returns why a step cannot run in its folder: the work removed the folder, or made it lead
/// elsewhere.
fn outside(root: &Path, folder: &Path, rules: &Rules) -> Option<String> {
    let shown = rules.step.cwd.as_ref()?.display();
    match (root.canonicalize(), folder.canonicalize()) {
        (Ok(root), Ok(real)) if real.starts_with(&root) && real.is_dir() => None,
        (Ok(_), Ok(real)) if real.is_dir() => {
            Some(format!("its cwd {shown} leads out of the project"))
        }
        (Ok(_), Ok(_)) => Some(format!("its cwd {shown} is not a folder")),
        (_, Err(error)) | (Err(error), _) => Some(format!("its cwd {shown}: {error}")),
    }
}
