//! Runs the steps and comes to a verdict.

use crate::domain::{Outcome, StepReport, Verdict};

/// What the verification found.
#[derive(Clone, Debug, PartialEq)]
pub struct Finding {
    /// PASS or FAIL; `None` when it was interrupted, its supervisor vanished, or a step could
    /// not be started: nothing is known then.
    pub verdict: Option<Verdict>,
    /// The step that decided, if it was not a PASS.
    pub failed: Option<StepReport>,
    /// Every step that ran.
    pub steps: Vec<StepReport>,
}

/// Runs `steps` in order with `run` until one fails.
///
/// # Errors
/// Whatever `run` fails with; a step that ran and failed is a [`Finding`], not an error.
pub fn judge<S, E>(
    steps: &[S],
    mut run: impl FnMut(usize, &S) -> Result<StepReport, E>,
) -> Result<Finding, E> {
    let mut reports = Vec::with_capacity(steps.len());
    for (number, step) in steps.iter().enumerate() {
        let report = run(number, step)?;
        reports.push(report.clone());
        if !report.outcome.is_success() {
            let known = !matches!(
                report.outcome,
                Outcome::Interrupted | Outcome::Lost | Outcome::FailedToStart { .. }
            );
            let verdict = known.then_some(Verdict::Fail);
            return Ok(Finding { verdict, failed: Some(report), steps: reports });
        }
    }
    Ok(Finding { verdict: Some(Verdict::Pass), failed: None, steps: reports })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::StepKind;
    use std::convert::Infallible;

    fn run(outcomes: &[Outcome]) -> (Finding, usize) {
        let mut ran = 0;
        let finding = judge(outcomes, |number, outcome| {
            ran += 1;
            Ok::<_, Infallible>(StepReport {
                kind: StepKind::Verify,
                name: format!("s{number}"),
                outcome: outcome.clone(),
                millis: 1,
                log: String::new(),
            })
        });
        (finding.unwrap_or_else(|never| match never {}), ran)
    }

    #[test]
    fn all_steps_must_exit_0() {
        let ok = Outcome::Exited { code: 0 };
        let (finding, ran) = run(&[ok.clone(), ok.clone()]);
        assert_eq!((finding.verdict, ran), (Some(Verdict::Pass), 2));
        let (finding, ran) = run(&[ok.clone(), Outcome::Exited { code: 1 }, ok]);
        assert_eq!((finding.verdict, ran), (Some(Verdict::Fail), 2));
        assert_eq!(finding.failed.map(|step| step.name), Some("s1".to_owned()));
    }

    #[test]
    fn a_step_that_could_not_run_says_nothing_about_the_work() {
        for outcome in [
            Outcome::Interrupted,
            Outcome::Lost,
            Outcome::FailedToStart { reason: "no such file".to_owned() },
        ] {
            assert_eq!(run(&[outcome]).0.verdict, None);
        }
        assert_eq!(run(&[Outcome::TimedOut { seconds: 1 }]).0.verdict, Some(Verdict::Fail));
    }
}
