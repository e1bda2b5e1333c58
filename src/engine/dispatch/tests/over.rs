//! When an attempt, or its task, has used as much as it may.

use super::super::over::over;
use super::*;
use crate::domain::{AgentOutcome, AgentRun, Preset, Tokens};
use crate::store::attempts::AttemptFolder;

/// An attempt that used this much.
fn used(case: &Case, cost_usd: f64, tokens: u64) -> Finished {
    let mut finished = case.failed("A");
    let tokens = Tokens { input: tokens, out: 0, cached: 0, total: tokens };
    let run = AgentRun::new(Preset::Claude, AgentOutcome::Ok);
    finished.report.agent =
        Some(AgentRun { cost_usd: Some(cost_usd), tokens: Some(tokens), ..run });
    finished
}

fn said(case: &Case, finished: &Finished) -> Option<String> {
    let place = case.place("A");
    let task = &case.project.queues()[place.queue].tasks()[place.task];
    over(&case.project.config().limits, task, finished)
}

#[test]
fn an_attempt_has_its_own_limits() {
    let case =
        Case::new("[limits.attempt]\ncost_usd = 1.0\ntokens = 500\n", json!([claimed("A", 1)]));
    let said = |cost, tokens| said(&case, &used(&case, cost, tokens));
    assert_eq!(said(0.99, 499), None);
    let cost = "the attempt's limit cost_usd = 1 (1.00 measured) is reached";
    assert_eq!(said(1.0, 0).as_deref(), Some(cost));
    let tokens = "the attempt's limit tokens = 500 (500 measured) is reached";
    assert_eq!(said(0.1, 500).as_deref(), Some(tokens));
}

#[test]
fn an_agent_may_report_its_own_cost_limit() {
    let case = Case::new("", json!([claimed("A", 1)]));
    let mut finished = used(&case, 1.0, 1);
    assert_eq!(said(&case, &finished), None, "nothing is limited");
    finished.report.reason_code = Some(ReasonCode::CostLimit);
    assert_eq!(said(&case, &finished).as_deref(), Some("the attempt's cost limit is reached"));
    // A gate has no agent that could use anything.
    finished.job.agent = None;
    assert_eq!(said(&case, &finished), None);
}

#[test]
fn a_task_has_a_limit_for_all_attempts_of_its_budget() {
    let case = |budget_used: u32| {
        let task = with(claimed("A", 3), json!({"budget_used": budget_used}));
        let case = Case::new("cost_usd = 1.0\n", json!([task]));
        let finished = used(&case, 0.4, 1);
        let job = &finished.job;
        for (attempt, cost) in [(1, 5.0), (2, 0.6), (3, 0.4)] {
            let report = used(&case, cost, 1).report;
            AttemptFolder::new(&job.state, &job.key, attempt).put_report(&report).unwrap();
        }
        said(&case, &finished)
    };
    // The attempt before a person's retry does not count.
    let over = "the task's limit cost_usd = 1 (1.00 measured) is reached";
    assert_eq!(case(1).as_deref(), Some(over));
    assert_eq!(case(0), None, "it alone used less");
    let all = "the task's limit cost_usd = 1 (6.00 measured) is reached";
    assert_eq!(case(2).as_deref(), Some(all));
}
