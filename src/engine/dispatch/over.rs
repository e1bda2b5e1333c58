//! Decides whether an attempt, or its task, has used as much as it may.

use crate::config::Limits;
use crate::domain::{ReasonCode, Task, budget_used_now};
use crate::engine::attempt::{Finished, usage, usage_of_task};

/// Returns the limit of the attempt or of its task that was reached, in words.
pub(super) fn over(limits: &Limits, task: &Task, finished: &Finished) -> Option<String> {
    let Finished { job, report, .. } = finished;
    let estimate = job.agent.as_ref()?.tool.cost_estimate_usd;
    if let Some(reached) = usage(report, estimate).reached(&limits.attempt) {
        return Some(format!("the attempt's limit {reached} is reached"));
    }
    if report.reason_code == Some(ReasonCode::CostLimit) {
        return Some("the attempt's cost limit is reached".to_owned());
    }
    // Computed only if it matters, because it reads the folders of earlier attempts.
    if !limits.task.is_any() {
        return None;
    }
    let counted = budget_used_now(task).saturating_add(1);
    let used = usage_of_task(&job.state, &job.key, counted, estimate);
    let reached = used.reached(&limits.task)?;
    Some(format!("the task's limit {reached} is reached"))
}
