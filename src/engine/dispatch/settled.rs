//! Records what an attempt that ended shows about its agent in the pauses that all loops share.

use crate::domain::{
    AgentOutcome, Backoff, Outcome, PauseKind, QUICK, QuickFailure, ReasonCode, Said, Verdict,
};
use crate::engine::attempt::Finished;
use crate::platform::clock::Clock;
use crate::platform::fault::{self, Fault};
use crate::platform::ids::Ids;
use crate::store::Backoffs;

/// Records what an attempt that ended shows about its agent: once, however often its result has to
/// be written.
///
/// # Errors
/// Returns an error if the state of the agent cannot be stored.
pub(crate) fn settle(
    finished: &mut Finished,
    clock: &dyn Clock,
    ids: &dyn Ids,
) -> std::io::Result<()> {
    let Some(agent) = finished.job.agent.as_ref().filter(|_| !fault::is(Fault::NoBackOff)) else {
        return Ok(());
    };
    let (state, name) = &agent.pauses;
    let (task, began) = (&finished.job.key.id16, finished.began);
    let backoffs = Backoffs::at(state);
    if let Some(said) = said(finished) {
        let reason = finished.report.reason.clone().unwrap_or_default();
        let jitter = chance(ids);
        let cost = backoffs.change(name, ids, |before| {
            let now = clock.now();
            let mut backoff = before.unwrap_or_else(|| Backoff::new(name, now));
            let cost =
                backoff.said(said, &QuickFailure { task, began, now, reason: &reason, jitter });
            (Some(backoff), cost)
        })?;
        finished.cost = Some(cost);
        return Ok(());
    }
    if failed_within_seconds(finished) {
        let reason = finished.report.reason.clone().unwrap_or_default();
        let jitter = chance(ids);
        let cost = backoffs.change(name, ids, |before| {
            let now = clock.now();
            let mut backoff = before.unwrap_or_else(|| Backoff::new(name, now));
            let cost = backoff.failed(&QuickFailure { task, began, now, reason: &reason, jitter });
            (Some(backoff), cost)
        })?;
        finished.cost = Some(cost);
        return Ok(());
    }
    if backoffs.get(name)?.is_none() {
        return Ok(());
    }
    let worked = finished.report.verdict.is_some() && finished.job.refusal.is_none();
    backoffs.change(name, ids, |before| {
        let mut after = before;
        match &mut after {
            Some(backoff) if worked => backoff.worked(task, began),
            Some(backoff) if backoff.trying => backoff.not_tried(clock.now()),
            Some(_) | None => {}
        }
        (after, ())
    })
}

/// Returns why the agent of an attempt says that it cannot work.
fn said(finished: &Finished) -> Option<Said> {
    let run = finished.report.agent.as_ref().filter(|_| !fault::is(Fault::LimitIgnored))?;
    let (kind, reset) = match &run.outcome {
        AgentOutcome::UsageLimit { until, .. } => (PauseKind::UsageLimit, *until),
        AgentOutcome::Transient => (PauseKind::Transient, None),
        AgentOutcome::Auth => (PauseKind::Auth, None),
        AgentOutcome::Ok
        | AgentOutcome::AgentError
        | AgentOutcome::TurnLimit
        | AgentOutcome::CostLimit
        | AgentOutcome::Killed
        | AgentOutcome::NoResult => return None,
    };
    (finished.report.verdict.is_none()).then_some(Said { kind, reset })
}

/// Returns whether the agent of an attempt failed by itself within seconds. An agent that reports
/// failure in its result file, or whose work did not pass, did work.
fn failed_within_seconds(finished: &Finished) -> bool {
    let Finished { job, report, .. } = finished;
    let (Some(agent), Some(step)) = (&job.agent, report.steps.last()) else { return false };
    let failed = match &step.outcome {
        Outcome::Exited { code } => !agent.ok_exit_codes.contains(code),
        Outcome::Signaled { .. } => true,
        Outcome::TimedOut { .. }
        | Outcome::Silent { .. }
        | Outcome::FailedToStart { .. }
        | Outcome::Interrupted
        | Outcome::Lost => false,
    };
    let quick = i64::try_from(step.millis).is_ok_and(|millis| millis < QUICK.num_milliseconds());
    failed
        && quick
        && report.steps.len() == 1
        && report.verdict == Some(Verdict::Fail)
        && report.reason_code == Some(ReasonCode::AgentError)
}

/// Returns a random number from 0 to 1.
fn chance(ids: &dyn Ids) -> f64 {
    let number = u32::from_str_radix(&ids.hex8(), 16).unwrap_or_default();
    f64::from(number) / f64::from(u32::MAX)
}
