//! What the configuration says about results that a change writes.

use super::super::record::After;
use super::changes::Loop;
use super::*;
use crate::domain::{AgentOutcome, AgentRun, Preset};

/// Returns what a failed attempt comes to that used one dollar.
fn failed(case: Case) -> After {
    let mut finished = case.failed("A");
    let run = AgentRun::new(Preset::Claude, AgentOutcome::Ok);
    finished.report.agent = Some(AgentRun { cost_usd: Some(1.0), ..run });
    Loop::over(case).end(finished).recorded.remove(0).after
}

#[test]
fn a_limit_of_cost_gives_a_failed_task_to_a_person() {
    let limited = |most: &str| {
        let limit = format!("untouched = false\n[limits.attempt]\ncost_usd = {most}\n");
        failed(Case::new(&limit, json!([claimed("A", 1)])))
    };
    let After::Blocked(why) = limited("1.0") else { panic!("the limit is reached") };
    assert!(why.starts_with("the attempt's limit cost_usd = 1 "), "{why}");
    assert!(matches!(limited("1.1"), After::Again(_)));
}

#[test]
fn a_failure_is_escalated_by_its_reason() {
    let escalated = |code: &str| {
        let more =
            format!("untouched = false\n[agents.strong]\nrun = \"true\"\n[escalation]\n{code}\n");
        failed(Case::new(&more, json!([claimed("A", 1)])))
    };
    let why = "step test: exit status 1";
    let person = After::Blocked(format!("{why} (escalated to a person)"));
    assert_eq!(escalated("tests_failed = \"person\""), person);
    let strong = After::Again(format!("{why}; agent strong has it now"));
    assert_eq!(escalated("tests_failed = \"agent:strong\""), strong);
    assert_eq!(escalated("timeout = \"person\""), After::Again(why.to_owned()));
}

#[test]
fn a_red_gate_waits_for_the_task_that_fixes_it() {
    let gate = with(claimed("A", 1), json!({"type": "gate"}));
    let case = Case::of(super::on_red::CONFIG, &json!({"tasks": [gate]}));
    let (finished, mut it) = (case.failed("A"), Loop::over(case));
    let after = it.end(finished).recorded.remove(0).after;
    let why = "step test: exit status 1; task T-001 is to fix it";
    assert_eq!(after, After::Again(why.to_owned()));
    assert_eq!(it.task("T-001")["title"], "Mend A");
    assert_eq!((&it.task("A")["status"], &it.task("A")["error"]), (&json!("pending"), &json!(why)));
}
