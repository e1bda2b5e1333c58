//! The money, tokens and time that an attempt used.

use crate::domain::{AttemptReport, ReasonCode, Usage};
use crate::store::attempts;
use crate::store::{StateDir, TaskKey};

/// Returns what an attempt used. An attempt in which the agent could not work counts as none.
pub(crate) fn usage(report: &AttemptReport, estimate: Option<f64>) -> Usage {
    let millis: u64 = report.steps.iter().map(|step| step.millis).sum();
    let counts = report.verdict.is_some();
    let estimate = estimate.filter(|_| counts);
    let used = Usage::of(report.agent.as_ref(), millis as f64 / 60_000.0, estimate);
    if counts {
        return used;
    }
    Usage { attempts: 0, cost_unknown: 0, tokens_unknown: 0, ..used }
}

/// Returns what the attempts of a task used since its budget began; `counted` of them count.
pub(crate) fn usage_of_task(
    state: &StateDir,
    key: &TaskKey,
    counted: u32,
    estimate: Option<f64>,
) -> Usage {
    let (mut sum, mut seen) = (Usage::default(), 0);
    for report in attempts::reports(state, key).iter().rev() {
        sum = sum.plus(usage(report, estimate));
        let counts =
            report.verdict.is_some() && !report.reason_code.is_some_and(ReasonCode::is_question);
        seen += u32::from(counts);
        if seen >= counted.max(1) {
            break;
        }
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::{AgentOutcome, AgentRun, Fingerprint, Preset, Verdict};
    use crate::engine::attempt::samples::failed;
    use crate::store::attempts::AttemptFolder;
    use std::path::Path;

    /// Returns the report of an attempt of three minutes, with or without a known cost.
    fn report(attempt: u32, cost_usd: Option<f64>) -> AttemptReport {
        let mut report = failed("A", "test", Fingerprint::default());
        report.attempt = attempt;
        report.steps.push(report.steps[0].clone());
        (report.steps[0].millis, report.steps[1].millis) = (60_000, 120_000);
        let run = AgentRun::new(Preset::Command, AgentOutcome::Ok);
        report.agent = Some(AgentRun { cost_usd, ..run });
        report
    }

    #[test]
    fn an_attempt_costs_what_its_agent_reports_or_else_what_is_estimated() {
        let known = usage(&report(1, Some(0.5)), Some(2.0));
        assert_eq!((known.attempts, known.minutes, known.cost_usd), (1, 3.0, 0.5));
        let estimated = usage(&report(1, None), Some(2.0));
        assert_eq!((estimated.attempts, estimated.cost_usd), (1, 2.0));
        let unknown = usage(&report(1, None), None);
        assert_eq!((unknown.cost_usd, unknown.cost_unknown), (0.0, 1));
    }

    #[test]
    fn an_attempt_without_a_verdict_counts_as_none_and_its_time_and_money_count() {
        let interrupted = |cost| AttemptReport { verdict: None, ..report(1, cost) };
        let used = usage(&interrupted(Some(0.5)), Some(2.0));
        assert_eq!((used.attempts, used.minutes, used.cost_usd), (0, 3.0, 0.5));
        // What it cost is not guessed, and nobody is told that it is unknown.
        let used = usage(&interrupted(None), Some(2.0));
        assert_eq!((used.cost_usd, used.cost_unknown, used.tokens_unknown), (0.0, 0, 0));
    }

    #[test]
    fn a_task_used_what_its_counted_attempts_and_those_between_them_used() {
        let dir = tempfile::tempdir().unwrap();
        let queue = dir.path().join("q.json");
        let (state, key) = (StateDir::beside(&queue), TaskKey::new(&queue, "A"));
        let asked = AttemptReport {
            verdict: Some(Verdict::Blocked),
            reason_code: Some(ReasonCode::Question),
            ..report(3, Some(4.0))
        };
        let interrupted =
            |number, cost| AttemptReport { verdict: None, ..report(number, Some(cost)) };
        let all = [
            report(1, Some(1.0)),
            report(2, Some(2.0)),
            asked,
            interrupted(4, 8.0),
            report(5, Some(16.0)),
            interrupted(6, 32.0),
        ];
        for report in &all {
            AttemptFolder::new(&state, &key, report.attempt).put_report(report).unwrap();
        }
        let used = |counted| {
            let used = usage_of_task(&state, &key, counted, None);
            (used.cost_usd, used.minutes)
        };
        assert_eq!(used(1), (48.0, 6.0));
        assert_eq!(used(0), (48.0, 6.0), "the running attempt is one");
        assert_eq!(used(2), (62.0, 15.0), "with a question and interruptions");
        assert_eq!(used(3), (63.0, 18.0));
        assert_eq!(used(9), (63.0, 18.0));
        let none = usage_of_task(&state, &TaskKey::new(Path::new("/r.json"), "A"), 1, None);
        assert_eq!(none, Usage::default());
    }
}
