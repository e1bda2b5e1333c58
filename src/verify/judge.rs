//! Runs the steps and derives the verdict.

use super::rules::{Flaky, Rules};
use crate::domain::{Checked, Outcome, ReasonCode, StepReport, Verdict};

/// The result of a verification.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Finding {
    /// PASS, FAIL or BLOCKED, or SKIPPED if no step had to run. `None` if it was interrupted, its
    /// supervisor vanished, or a step could not be started: then the result is unknown.
    pub verdict: Option<Verdict>,
    /// The step that decided, if the verdict is not PASS.
    pub failed: Option<StepReport>,
    /// Every step that ran or was skipped, each with its last run.
    pub steps: Vec<StepReport>,
}

/// Runs `steps` in order with `run` until one decides. `run` receives the step, and the number of
/// its earlier runs.
///
/// # Errors
/// Returns the error of `run`. A step that ran and failed is a [`Finding`], not an error.
pub(crate) fn judge<E>(
    steps: &[&Rules],
    mut run: impl FnMut(usize, u32) -> Result<StepReport, E>,
) -> Result<Finding, E> {
    let mut reports = Vec::with_capacity(steps.len());
    for (number, rules) in steps.iter().enumerate() {
        let report = until_it_passes(rules, |tries| run(number, tries))?;
        reports.push(report.clone());
        if report.is_red() {
            let verdict = report.checked.verdict;
            return Ok(Finding { verdict, failed: Some(report), steps: reports });
        }
    }
    let skipped = |report: &StepReport| report.checked.verdict == Some(Verdict::Skipped);
    let none_ran = !reports.is_empty() && reports.iter().all(skipped);
    let verdict = if none_ran { Verdict::Skipped } else { Verdict::Pass };
    Ok(Finding { verdict: Some(verdict), failed: None, steps: reports })
}

/// Repeats a step while it fails and has retries left.
fn until_it_passes<E>(
    rules: &Rules,
    mut run: impl FnMut(u32) -> Result<StepReport, E>,
) -> Result<StepReport, E> {
    let mut tries = 0;
    loop {
        let mut report = run(tries)?;
        // What earlier steps did to a service is gone with it.
        let has_services = report.checked.services.is_empty();
        let failed = report.checked.verdict == Some(Verdict::Fail) && has_services;
        if failed && tries < rules.step.retries {
            tries += 1;
            continue;
        }
        report.checked.retried = tries;
        if report.checked.is_flaky() && rules.profile.flaky == Flaky::Fail {
            report.checked.refuse_flaky();
        }
        return Ok(report);
    }
}

/// Returns the result of a step that ended, by its exit status alone.
pub(crate) fn checked(rules: &Rules, outcome: &Outcome) -> Checked {
    let blocks = |code: &i32| rules.step.blocked_exit_codes.contains(code);
    let allowed = rules.step.allow_failure;
    let verdict = match outcome {
        Outcome::Interrupted | Outcome::Lost => None,
        Outcome::FailedToStart { .. } => allowed.then_some(Verdict::Fail),
        Outcome::Exited { code } if blocks(code) => Some(Verdict::Blocked),
        Outcome::Exited { code: 0 } => Some(Verdict::Pass),
        Outcome::Exited { .. }
        | Outcome::Signaled { .. }
        | Outcome::TimedOut { .. }
        | Outcome::Silent { .. } => Some(Verdict::Fail),
    };
    let why = (verdict == Some(Verdict::Blocked)).then(|| format!("{outcome}, which blocks"));
    Checked { verdict, why, allowed, ..Checked::default() }
}

/// Records in `checked` that something besides the exit status fails the step, unless another
/// reason is recorded already.
pub(crate) fn fail(checked: &mut Checked, code: ReasonCode, why: String) {
    if checked.verdict == Some(Verdict::Pass) {
        checked.verdict = Some(Verdict::Fail);
        checked.code = Some(code);
        checked.why = Some(why);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{EndedService, StepKind};
    use crate::verify::StepRules;
    use std::convert::Infallible;

    fn exit(code: i32) -> Outcome {
        Outcome::Exited { code }
    }

    fn step(rules: StepRules) -> Rules {
        Rules { step: rules, ..Rules::default() }
    }

    /// Returns the finding for steps with these outcomes, one per run, and the number of all runs.
    fn run(steps: &[(Rules, &[Outcome])]) -> (Finding, usize) {
        let mut ran = 0;
        let rules: Vec<&Rules> = steps.iter().map(|(rules, _)| rules).collect();
        let finding = judge(&rules, |number, tries| {
            ran += 1;
            let outcome = steps[number].1[tries as usize].clone();
            let checked = checked(rules[number], &outcome);
            Ok::<_, Infallible>(StepReport {
                kind: StepKind::Verify,
                name: format!("s{number}"),
                outcome,
                millis: 1,
                log: String::new(),
                checked,
            })
        });
        (finding.unwrap_or_else(|never| match never {}), ran)
    }

    #[test]
    fn a_step_that_lost_its_service_is_not_run_again() {
        let rules = step(StepRules { retries: 3, ..StepRules::default() });
        let service = EndedService {
            name: "db".to_owned(),
            outcome: exit(1),
            last: None,
            log: String::new(),
        };
        for (services, runs) in [(Vec::new(), 4), (vec![service], 1)] {
            let mut ran = 0;
            let finding = judge(&[&rules], |_, _| {
                ran += 1;
                let mut checked = checked(&rules, &exit(1));
                checked.fail_without(services.clone(), &exit(1));
                let (kind, name, log) = (StepKind::Verify, "s".to_owned(), String::new());
                Ok::<_, Infallible>(StepReport {
                    kind,
                    name,
                    outcome: exit(1),
                    millis: 1,
                    log,
                    checked,
                })
            });
            let finding = finding.unwrap_or_else(|never| match never {});
            assert_eq!((finding.verdict, ran), (Some(Verdict::Fail), runs));
        }
    }

    #[test]
    fn all_steps_must_exit_0() {
        let (plain, ok, bad) = (Rules::default(), [exit(0)], [exit(1)]);
        let (finding, ran) = run(&[(plain.clone(), &ok), (plain.clone(), &ok)]);
        assert_eq!((finding.verdict, ran), (Some(Verdict::Pass), 2));
        let (finding, ran) =
            run(&[(plain.clone(), &ok), (plain.clone(), &bad), (plain.clone(), &ok)]);
        assert_eq!((finding.verdict, ran), (Some(Verdict::Fail), 2));
        assert_eq!(finding.failed.map(|step| step.name), Some("s1".to_owned()));
    }

    #[test]
    fn a_step_that_could_not_run_says_nothing_about_the_work() {
        let lost = Outcome::FailedToStart { reason: "no such file".to_owned() };
        for outcome in [Outcome::Interrupted, Outcome::Lost, lost.clone()] {
            assert_eq!(run(&[(Rules::default(), &[outcome])]).0.verdict, None);
        }
        let limit = Outcome::TimedOut { seconds: 1 };
        assert_eq!(run(&[(Rules::default(), &[limit])]).0.verdict, Some(Verdict::Fail));
        let optional = step(StepRules { allow_failure: true, ..StepRules::default() });
        assert_eq!(run(&[(optional.clone(), &[lost])]).0.verdict, Some(Verdict::Pass));
        assert_eq!(run(&[(optional, &[Outcome::Interrupted])]).0.verdict, None);
    }

    #[test]
    fn a_failure_that_is_allowed_is_a_warning() {
        let optional = step(StepRules { allow_failure: true, ..StepRules::default() });
        let (finding, ran) = run(&[(optional, &[exit(3)]), (Rules::default(), &[exit(0)])]);
        assert_eq!((finding.verdict, ran), (Some(Verdict::Pass), 2));
        let warning = finding.steps[0].warning().unwrap();
        assert_eq!(warning, "step s0: exit status 3, which it may");
        assert_eq!(finding.steps[1].warning(), None);
    }

    #[test]
    fn some_exit_statuses_block_whatever_else_is_said() {
        let rules = StepRules {
            blocked_exit_codes: vec![75],
            retries: 3,
            allow_failure: true,
            ..StepRules::default()
        };
        let (finding, ran) = run(&[(step(rules), &[exit(75)])]);
        assert_eq!((finding.verdict, ran), (Some(Verdict::Blocked), 1));
        assert_eq!(finding.failed.unwrap().ended(), "exit status 75, which blocks");
    }

    #[test]
    fn what_passes_on_a_further_run_is_flaky() {
        let ends = [exit(1), exit(1), exit(0)];
        let again = |retries| StepRules { retries, ..StepRules::default() };
        let (finding, ran) = run(&[(step(again(2)), &ends)]);
        assert_eq!((finding.verdict, ran), (Some(Verdict::Pass), 3));
        let warning = finding.steps[0].warning();
        assert_eq!(warning.unwrap(), "step s0 is flaky: it passed when it ran again");
        let (finding, ran) = run(&[(step(again(1)), &ends)]);
        assert_eq!((finding.verdict, ran), (Some(Verdict::Fail), 2));
        assert_eq!(finding.failed.unwrap().ended(), "exit status 1 (run twice)");
        let mut strict = step(again(2));
        strict.profile.flaky = Flaky::Fail;
        let (finding, _) = run(&[(strict, &ends)]);
        assert_eq!(finding.verdict, Some(Verdict::Fail));
    }

    #[test]
    fn no_verdict_is_a_pass_where_nothing_ran() {
        let rules = Rules::default();
        let skip = |_, _| {
            let (name, log) = (String::new(), String::new());
            let checked = Checked { verdict: Some(Verdict::Skipped), ..Checked::default() };
            let (kind, outcome) = (StepKind::Verify, exit(0));
            Ok::<_, Infallible>(StepReport { kind, name, outcome, millis: 0, log, checked })
        };
        let finding = judge(&[&rules, &rules], skip).unwrap_or_else(|never| match never {});
        assert_eq!((finding.verdict, finding.steps.len()), (Some(Verdict::Skipped), 2));
    }
}
