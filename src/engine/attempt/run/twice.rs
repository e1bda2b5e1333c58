//! Judges a change to the files that judge it a second time, with the base's version of those
//! files.
//!
//! If the change passes as it is but fails the second time, its verdict depends on files that the
//! task does not declare, and does not count. Files that the task may change stay as the change has
//! them, and are listed.

use super::super::apart::Apart;
use super::super::end::{End, environment};
use super::super::job::{Judge, Ready};
use super::super::with::OnStage;
use super::Progress;
use super::begun::known_since;
use super::reads::Round;
use super::touched::{ByName, Compared, Since, Touched, touched};
use crate::domain::{Findings, ReasonCode, StepReport, Verdict};
use crate::guardrails::{Reach, is_test, reach_of_code, tools_of};
use crate::platform::fault::{self, Fault};
use crate::verify::Rules;
use crate::workspace::{GitError, PutTo, Wanted};
use std::sync::Arc;

/// How many paths a sentence lists.
const NAMED: usize = 10;

/// A further judgement: its steps, and the paths of the change that it replaces.
struct Again {
    puts: Vec<PutTo>,
    steps: Vec<Ready>,
}

/// What a further judgement restores.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Restores {
    /// What judges and steers.
    Judges,
    /// All but tests, for the steps that measure a number.
    Numbers,
    /// Also what steps name and may be the work.
    Named,
}

impl<'j> Progress<'j> {
    /// Judges the change once more if it touches judging files. `end` is the result of the first
    /// judgement.
    pub(super) fn judge_twice(&mut self, end: End, on_stage: OnStage<'_>) -> End {
        let job = self.job;
        let (Some(apart), Judge::Steps(steps)) = (&job.apart, &job.judge) else { return end };
        if end.verdict != Some(Verdict::Pass) {
            return end;
        }
        let wanted = match self.to_compare(apart) {
            Ok(Some(wanted)) => wanted,
            Ok(None) => return end,
            Err(error) => return environment(format!("cannot read the history: {error}")),
        };
        let judges = self.commands.judges();
        let services =
            job.services.iter().flat_map(|one| [Some(&one.command), one.health.as_ref()]);
        let named = steps.iter().chain(services.flatten());
        let named: Vec<String> = named.map(|step| step.configured.to_string()).collect();
        let named = ByName { judges: &judges, steps: &named };
        let touched = match touched(apart, &wanted, &named) {
            Ok(touched) => touched,
            Err(error) => {
                return environment(format!("cannot check the judging files: {error}"));
            }
        };
        // What tasks before a gate changed with permission is listed for them.
        let is_gate = wanted.since.is_some();
        let changed_with_permission = if is_gate { Vec::new() } else { touched.permitted.clone() };
        self.changes.findings.add(Findings { changed_with_permission, ..Findings::default() });
        if fault::is(Fault::JudgedOnce) {
            return end;
        }
        // Files that may be the work are restored last: the work may pass with them although it
        // fails alone.
        for restores in [Restores::Judges, Restores::Numbers, Restores::Named] {
            let again = match self.further(&touched, &wanted, (steps, restores)) {
                Ok(again) => again,
                Err(why) => return environment(why),
            };
            match self.one_passes(&wanted, again, on_stage) {
                Ok(None) => {}
                Ok(Some(failed)) => return depends(end, &touched, is_gate, &failed),
                Err(end) => return end,
            }
        }
        end
    }

    /// Returns what is compared with what: the change of an attempt with its base, and what landed
    /// before a gate with the tree before it. `None` if there is nothing to compare.
    pub(super) fn to_compare(&self, apart: &Apart) -> Result<Option<Compared<'j>>, GitError> {
        let job = self.job;
        let Some(Wanted { base, files }) =
            self.trees.as_ref().and_then(|trees| trees.judge.wanted())
        else {
            return Ok(None);
        };
        let (base, files, grants) = (base.clone(), files.clone(), &job.guarding.grants);
        if files != base {
            let on = base.clone();
            let is_change = job.purpose.is_attempt();
            return Ok(is_change.then_some(Compared { base, files, on, grants, since: None }));
        }
        let Some(begun) = job.begun.as_ref().filter(|_| job.agent.is_none()) else {
            return Ok(None);
        };
        let Some(landers) = &begun.landers else { return Ok(None) };
        let Some(before) = known_since(apart, begun) else { return Ok(None) };
        let authors = apart.repository().authors_between(&before, &base)?;
        let since = Some(Since { landers, authors });
        Ok(Some(Compared { base: before, files, on: base, grants, since }))
    }

    /// Runs judgements until one passes. Returns the last failure if none does.
    fn one_passes(
        &mut self,
        wanted: &Compared<'_>,
        again: Vec<Again>,
        on_stage: OnStage<'_>,
    ) -> Result<Option<String>, End> {
        let mut red = None;
        for one in again {
            match self.judge_again(wanted, &one, on_stage)? {
                None => return Ok(None),
                failed => red = failed,
            }
        }
        // If no step reads a touched file, there is nothing to judge again.
        Ok(red)
    }

    /// Returns the judgements of which one has to pass, the simplest first.
    fn further(
        &self,
        touched: &Touched,
        wanted: &Compared<'_>,
        (steps, restores): (&[Ready], Restores),
    ) -> Result<Vec<Again>, String> {
        let is_due = match restores {
            Restores::Judges => !touched.hooks.is_empty() || !touched.is_new_only(),
            Restores::Numbers => {
                let others = !touched.steering.is_empty() || !touched.named.is_empty();
                others && touched.restores_tests()
            }
            Restores::Named => !touched.named.is_empty(),
        };
        if !is_due {
            return Ok(Vec::new());
        }
        let reached = |step: &Ready| {
            let tools = tools_of(&step.configured.to_string());
            (restores != Restores::Numbers || step.rules.step.measure.is_some())
                && touched.reaches.iter().any(|reach| reach.reaches(tools))
        };
        let Some(last) = steps.iter().rposition(reached) else { return Ok(Vec::new()) };
        let puts = |with_tests: bool| {
            let with_named = restores != Restores::Judges;
            let tests = touched.tests.iter().chain(&touched.new_tests).filter(|_| with_tests);
            let named = touched.named.iter().filter(|_| with_named);
            let puts =
                touched.steering.iter().chain(named).chain(tests).map(|(_, put)| put.clone());
            let allowed = touched.allowed.iter().filter(|_| restores == Restores::Named).cloned();
            puts.chain(allowed).collect::<Vec<PutTo>>()
        };
        let mut all = Vec::new();
        let mut add = |puts: Vec<PutTo>, has_numbers: bool| {
            let again = |step: &Ready| {
                let rules = &step.rules;
                step.again(if has_numbers { Arc::clone(rules) } else { unmeasured(rules) })
            };
            let until: Vec<Ready> = steps[..=last].iter().map(again).collect();
            let some = steps[..=last].iter().filter(|step| reached(step));
            let some: Vec<Ready> = some.map(again).collect();
            // The selected steps may need something from earlier steps; in that case, all steps
            // run.
            if some.len() < until.len() {
                all.push(Again { puts: puts.clone(), steps: some });
            }
            all.push(Again { puts, steps: until });
        };
        if restores == Restores::Numbers {
            add(puts(false), true);
            return Ok(all);
        }
        // New files among the tests passed already. They may need what is restored, and they may
        // steer. With the base's tests, less of the work is covered, so that numbers say nothing.
        add(puts(true), !touched.restores_tests());
        if touched.tests.is_empty() && !self.has_tests(touched, wanted)? {
            // If the base has no tests, a runner may find nothing to run.
            add(puts(false), true);
        }
        Ok(all)
    }

    /// Returns whether the base has tests for the tools that read the touched files.
    fn has_tests(&self, touched: &Touched, wanted: &Compared<'_>) -> Result<bool, String> {
        let Some(apart) = &self.job.apart else { return Ok(false) };
        let paths = apart.repository().paths_of(&wanted.base).map_err(|error| error.to_string())?;
        let reached = |path: &str| {
            let reach = reach_of_code(path);
            reach != Reach::Any && touched.reaches.iter().any(|other| other.reaches(reach))
        };
        let is_any = touched.reaches.contains(&Reach::Any);
        Ok(paths.iter().any(|path| is_test(path) && (is_any || reached(path))))
    }

    /// Runs the steps on that tree. Returns the one that failed.
    fn judge_again(
        &mut self,
        wanted: &Compared<'_>,
        again: &Again,
        on_stage: OnStage<'_>,
    ) -> Result<Option<String>, End> {
        let judged = self.judge_made(&mut |judge| {
            let files = judge.mixed(&wanted.files, &again.puts)?;
            Ok(Wanted { base: wanted.on.clone(), files })
        });
        match judged {
            Ok(()) => {}
            // A setup that fails on that tree counts as a failed step.
            Err(end) if end.verdict == Some(Verdict::Fail) => {
                return Ok(Some(end.reason.unwrap_or_default()));
            }
            Err(end) => return Err(end),
        }
        let (outcome, changed) = (self.last_outcome(), self.changes.files.clone());
        let round = Round { steps: &again.steps, log: "again", changed: Some(&changed) };
        let found = self.judge(round, on_stage)?;
        match (found.verdict, &found.failed) {
            (None, _) => Err(self.ended(found, outcome)),
            (_, failed) => {
                let said = |step: &StepReport| format!("{}: {}", step.named(), step.ended());
                Ok(failed.as_ref().map(said))
            }
        }
    }
}

/// Returns the rules of a step without its number.
fn unmeasured(rules: &Arc<Rules>) -> Arc<Rules> {
    let mut rules = Rules::clone(rules);
    rules.step.measure = None;
    Arc::new(rules)
}

/// Returns the end of an attempt whose verdict depends on its changes to judging files.
fn depends(end: End, touched: &Touched, is_gate: bool, failed: &str) -> End {
    let paths = |list: &[(String, PutTo)]| -> Vec<String> {
        list.iter().map(|(path, _)| path.clone()).collect()
    };
    let mut all = [paths(&touched.steering), paths(&touched.tests), paths(&touched.named)].concat();
    all.extend(touched.hooks.iter().cloned());
    let shown = all.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ");
    let is_steered = !touched.steering.is_empty() || touched.tests.is_empty();
    let code = match (!is_steered, touched.lost) {
        (false, _) => ReasonCode::SteeringChanged,
        (true, true) => ReasonCode::ItemsLost,
        (true, false) => ReasonCode::ExpectationChanged,
    };
    let outputs = "Both outputs are kept: verify-*.out and again-*.out";
    let reason = if is_gate {
        format!(
            "{code}: it passes as it is, but not with {shown} as before the work that it judges \
             ({failed}); changed by {}, without permission. Restore them and mend the work, or \
             declare them for the task (files, tests, may_change_tests). {outputs}",
            touched.tasks.iter().take(NAMED).cloned().collect::<Vec<_>>().join(", ")
        )
    } else if touched.is_new_only() && touched.named.is_empty() {
        format!(
            "{code}: it passes as it is, but not without the new {shown} ({failed}), which may change \
             what other tests do; take that out and mend the work, or a person declares them for \
             the task (files, tests, may_change_tests). {outputs}"
        )
    } else {
        format!(
            "{code}: it passes as it is, but not with the base's version of {shown} ({failed}); \
             leave these files as they were and change the work instead, or a person declares \
             them for the task (files, tests, may_change_tests). {outputs}"
        )
    };
    End { verdict: Some(Verdict::Fail), reason: Some(reason), code: Some(code), ..end }
}

#[cfg(test)]
mod tests;
