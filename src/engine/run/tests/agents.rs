//! Agents that cannot work for a while: how long a run waits for them, and when it ends.

use super::ends::{End, fails, passes, says, step};
use super::play::{Play, Ran, task, with};
use super::{Reason, WhenEmpty};
use crate::domain::{AgentOutcome, Outcome, ReasonCode, StepKind, Verdict};
use crate::platform::clock::Clock;
use chrono::{DateTime, Utc};
use serde_json::json;

/// Two agents; the second one does the work of the first one while that is paused, if `more` says
/// so.
fn agents(more: &str) -> String {
    format!(
        "[agents.default]\nrun = \"true\"\n{more}[agents.other]\nrun = \"true\"\n\
         [[verify]]\nname = \"test\"\nrun = \"true\"\n[limits]\nuntouched = false\n"
    )
}

fn limit(minutes: Option<i64>) -> End {
    let start = DateTime::<Utc>::from_timestamp(1_600_000_000, 0).unwrap();
    let until = minutes.map(|minutes| start + chrono::TimeDelta::minutes(minutes));
    says(AgentOutcome::UsageLimit { until, scope: None }, ReasonCode::UsageLimit)
}

/// The agent ends by itself within a second.
fn quick() -> End {
    Box::new(|it| {
        let report = &mut it.report;
        (report.verdict, report.reason_code) = (Some(Verdict::Fail), Some(ReasonCode::AgentError));
        report.reason = Some("agent: exit status 1".to_owned());
        let mut agent = step(StepKind::Agent, "agent", 1);
        agent.millis = 500;
        report.steps = vec![agent];
        report.outcome = Outcome::Exited { code: 1 };
    })
}

/// Returns how many seconds a run took.
fn passed(ran: &Ran) -> i64 {
    ran.site.clock.now().timestamp() - 1_600_000_000
}

#[test]
fn a_run_waits_until_a_usage_limit_is_over() {
    let play = Play::new(json!([task("A")])).ends("A", [limit(Some(10))]);
    let ran = play.go();
    assert_eq!((ran.begun().len(), ran.end().0), (2, 0));
    let [wait] = ran.said("waits").try_into().unwrap();
    let start = "agent default: usage limit reached; next try at ";
    let rest = wait.strip_prefix(start).unwrap_or_else(|| panic!("{wait}"));
    assert!(rest.ends_with(", or at once after workloop resume"), "{wait}");
    // The time is a minute after the one that the service names.
    assert!((660..=662).contains(&passed(&ran)), "{}", passed(&ran));
    assert_eq!(ran.task("A")["budget_used"], 1, "the limit costs no attempt");
}

#[test]
fn a_run_that_does_not_wait_ends_at_a_usage_limit() {
    let mut play = Play::new(json!([task("A"), task("B")])).ends("A", [limit(Some(10))]);
    play.chosen.waits_for_limits = false;
    let ran = play.go();
    let Reason::UsageLimit(why) = &ran.ending().reason else { panic!("{:?}", ran.ended) };
    let said = format!("stopped: {why}; 0 of 2 complete; the same command continues");
    assert_eq!(ran.end(), (8, said));
    assert_eq!(ran.begun(), ["A in 0"], "the agent of B is the same");
}

#[test]
fn the_tasks_of_other_agents_are_done_meanwhile() {
    let other = with(task("B"), json!({"agent": "other"}));
    let mut play = Play::of(&agents(""), json!([task("A"), other])).ends("A", [limit(Some(10))]);
    play.chosen.waits_for_limits = false;
    let ran = play.go();
    assert_eq!((ran.begun(), ran.end().0), (vec!["A in 0".to_owned(), "B in 0".to_owned()], 8));
    assert_eq!(ran.ending().so_far(), "1 of 2 complete");
}

#[test]
fn a_stand_in_does_the_work_of_a_paused_agent() {
    let config = agents("fallback = [\"other\"]\n");
    let mut play = Play::of(&config, json!([task("A"), task("B")])).ends("A", [limit(Some(10))]);
    play.chosen.waits_for_limits = false;
    let ran = play.go();
    assert_eq!((ran.begun().len(), ran.end().0), (3, 0), "{:?}", ran.end());
}

#[test]
fn an_agent_that_is_not_logged_in_ends_the_run() {
    let play = Play::new(json!([task("A"), task("B")]));
    let ran = play.ends("A", [says(AgentOutcome::Auth, ReasonCode::Auth)]).go();
    let why = "agent: it cannot work now";
    assert_eq!(ran.ending().reason, Reason::Environment(why.to_owned()));
    let said = format!("stopped: {why}; no task was blamed, 0 of 2 complete");
    assert_eq!((ran.end(), ran.begun().len()), ((2, said), 1));
}

#[test]
fn a_usage_limit_is_waited_for_although_another_agent_is_not_logged_in() {
    let other = with(task("B"), json!({"agent": "other"}));
    let mut play = Play::of(&agents(""), json!([task("A"), other]))
        .ends("A", [limit(Some(10))])
        .ends("B", [says(AgentOutcome::Auth, ReasonCode::Auth)])
        .waits(30)
        .then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    assert_eq!(play.go().end().0, 143);
}

#[test]
fn a_service_that_is_down_is_waited_for_although_another_agent_is_not_logged_in() {
    let other = with(task("B"), json!({"agent": "other"}));
    let down = || says(AgentOutcome::Transient, ReasonCode::Transient);
    let ran = Play::of(&agents(""), json!([task("A"), other]))
        .ends("A", [down(), down()])
        .ends("B", [says(AgentOutcome::Auth, ReasonCode::Auth)])
        .go();
    // When only the login is left to wait for, the run ends.
    assert_eq!(ran.begun().iter().filter(|text| text.starts_with('A')).count(), 3);
    assert_eq!((ran.end().0, ran.ending().so_far()), (2, "1 of 2 complete".to_owned()));
}

#[test]
fn an_agent_that_is_unavailable_is_tried_after_growing_pauses() {
    let down = || says(AgentOutcome::Transient, ReasonCode::Transient);
    let play = Play::new(json!([task("A")])).ends("A", [down(), down(), down(), down()]);
    let ran = play.go();
    assert_eq!((ran.begun().len(), ran.end().0), (5, 0));
    let waits = ran.said("waits");
    assert_eq!(waits.len(), 4, "{waits:?}");
    let start = "agent default: the service is temporarily unavailable; next try at ";
    assert!(waits.iter().all(|wait| wait.starts_with(start)), "{waits:?}");
    // Pauses of 1, 2, 4 and 8 seconds, up to a quarter shorter.
    assert!((11..=19).contains(&passed(&ran)), "{}", passed(&ran));
}

#[test]
fn an_agent_that_keeps_failing_within_seconds_ends_the_run() {
    let config = "untouched = false\nattempts = 90\n";
    let ends: [End; 20] = std::array::from_fn(|_| quick());
    let ran = Play::with(config, json!([task("A")])).ends("A", ends).go();
    let Reason::Failures(why) = &ran.ending().reason else { panic!("{:?}", ran.end()) };
    let failed = "agent default failed 10 times within seconds for 10 min (1 task): agent: exit \
                  status 1";
    assert_eq!(why, failed);
    assert_eq!(ran.end().0, 5);
}

#[test]
fn a_task_that_fails_alone_within_seconds_is_to_blame() {
    let play = Play::with("untouched = false\nattempts = 2\n", json!([task("A"), task("B")]));
    let ran = play.ends("A", [quick(), quick(), quick()]).ends("B", [passes(), fails()]).go();
    assert_eq!((ran.status("A"), ran.status("B")), ("blocked".to_owned(), "complete".to_owned()));
    assert_eq!(ran.end().0, 5);
}

#[test]
fn a_pause_that_a_person_ended_is_over_at_once() {
    let play = Play::new(json!([task("A")])).ends("A", [limit(Some(600))]).waits(2).then(|at| {
        let project = at.site.open();
        let root = project.set().root(crate::domain::QueueIx::FIRST);
        let ids = crate::platform::ids::RandomIds;
        crate::engine::dispatch::end_pause(project.config(), root, "default", &ids).unwrap();
    });
    let ran = play.go();
    assert_eq!((ran.begun().len(), ran.end().0), (2, 0));
    assert!(passed(&ran) < 10, "{}", passed(&ran));
}

#[test]
fn the_next_run_tries_an_agent_that_was_not_logged_in() {
    let play = Play::new(json!([task("A"), task("B")]));
    let ran = play.ends("A", [says(AgentOutcome::Auth, ReasonCode::Auth)]).go();
    assert_eq!(ran.end().0, 2);
    ran.site.clock.pass(std::time::Duration::from_secs(5));
    let out = || says(AgentOutcome::Auth, ReasonCode::Auth);
    let next = Play::again(&ran).ends("A", [out()]).ends("B", [out()]).go();
    assert_eq!((next.begun().len(), next.end().0), (1, 2), "one attempt tries it");
    next.site.clock.pass(std::time::Duration::from_secs(5));
    assert_eq!(Play::again(&next).go().end(), (0, "all 2 tasks are complete".to_owned()));
}
