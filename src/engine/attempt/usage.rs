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
