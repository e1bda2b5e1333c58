//! What an attempt that ended shows about its agent.

use super::super::settle;
use super::*;
use crate::domain::{AgentOutcome, AgentRun, Backoff, Cost, PauseKind, Preset};
use crate::engine::attempt::Refusal;
use crate::platform::ids::{Ids, RandomIds};
use crate::store::Backoffs;
use chrono::TimeDelta;

/// Names that are always the same.
struct Same(&'static str);

impl Ids for Same {
    fn hex8(&self) -> String {
        self.0.to_owned()
    }
}

fn case() -> Case {
    Case::new("", json!([claimed("A", 1)]))
}

/// An agent that ended by itself after some seconds, and nothing else ran.
fn quick(case: &Case) -> Finished {
    let mut finished = case.failed("A");
    finished.report.reason = Some("agent: exit status 1".to_owned());
    finished.report.reason_code = Some(ReasonCode::AgentError);
    let agent = StepReport { millis: 9_999, ..step(StepKind::Agent, "agent", 1) };
    finished.report.steps = vec![agent];
    finished
}

fn recorded(finished: &Finished) -> Option<Backoff> {
    let (state, name) = &finished.job.agent.as_ref()?.pauses;
    Backoffs::at(state).get(name).unwrap()
}

fn put(finished: &Finished, backoff: &Backoff) {
    let (state, name) = &finished.job.agent.as_ref().unwrap().pauses;
    Backoffs::at(state).change(name, &RandomIds, |_| (Some(backoff.clone()), ())).unwrap();
}

fn settled(finished: &mut Finished) -> (Option<Cost>, Option<Backoff>) {
    settle(finished, &still(), &Same("00000000")).unwrap();
    (finished.cost, recorded(finished))
}

#[test]
fn an_agent_that_ends_within_seconds_is_paused() {
    let case = case();
    let mut finished = quick(&case);
    let (cost, backoff) = settled(&mut finished);
    assert_eq!(cost, Some(Cost::First));
    let first = Backoff {
        until: at(1),
        failures: 1,
        reason: "agent: exit status 1".to_owned(),
        tasks: vec![finished.job.key.id16.clone()],
        ..Backoff::new("default", at(0))
    };
    assert_eq!(backoff.as_ref(), Some(&first));
    let (cost, backoff) = settled(&mut quick(&case));
    assert_eq!(cost, Some(Cost::Free), "the same task has paid");
    assert_eq!(backoff, Some(Backoff { until: at(2), failures: 2, ..first }));
    let mut signaled = quick(&case);
    signaled.report.steps[0].outcome = Outcome::Signaled { signal: 9 };
    assert_eq!(settled(&mut signaled).1.unwrap().failures, 3);
}

#[test]
fn an_agent_that_worked_is_not_paused() {
    let changes: [(&str, Change); 11] = [
        ("it ended well", |it| it.report.steps[0].outcome = Outcome::Exited { code: 0 }),
        ("it was ended", |it| it.report.steps[0].outcome = Outcome::TimedOut { seconds: 5 }),
        ("it was interrupted", |it| it.report.steps[0].outcome = Outcome::Interrupted),
        ("it took ten seconds", |it| it.report.steps[0].millis = 10_000),
        ("it took longer", |it| it.report.steps[0].millis = 10_001),
        ("its work was judged", |it| {
            it.report.steps.push(StepReport { millis: 1, ..step(StepKind::Verify, "test", 1) });
        }),
        ("it was stopped", |it| it.report.verdict = Some(Verdict::Blocked)),
        ("it said that it failed", |it| {
            it.report.reason_code = Some(ReasonCode::TestsFailed);
        }),
        ("its exit status is fine", |it| {
            it.job.agent.as_mut().unwrap().ok_exit_codes.insert(1);
        }),
        ("nothing ran", |it| it.report.steps.clear()),
        ("nothing was reported", |it| it.report.verdict = None),
    ];
    for (why, change) in changes {
        let case = case();
        let mut finished = quick(&case);
        change(&mut finished);
        assert_eq!(settled(&mut finished), (None, None), "{why}");
    }
    let case = case();
    let mut gate = quick(&case);
    gate.job.agent = None;
    settle(&mut gate, &still(), &RandomIds).unwrap();
    assert_eq!(gate.cost, None, "no agent works");
}

#[test]
fn an_agent_that_says_why_it_cannot_work_is_paused_for_that() {
    let said = |outcome: AgentOutcome| {
        let case = case();
        let mut finished = case.interrupted("A");
        finished.report.agent = Some(AgentRun::new(Preset::Claude, outcome));
        let (cost, backoff) = settled(&mut finished);
        let backoff = backoff.map(|backoff| (backoff.kind, backoff.until, backoff.reason));
        (cost, backoff)
    };
    let limit = |until| AgentOutcome::UsageLimit { until, scope: None };
    let paused = |kind, until| (Some(Cost::Free), Some((kind, until, "interrupted".to_owned())));
    // A minute is added to a time that the service names.
    assert_eq!(said(limit(Some(at(600)))), paused(PauseKind::UsageLimit, at(660)));
    assert_eq!(said(limit(None)), paused(PauseKind::UsageLimit, at(1)));
    assert_eq!(said(AgentOutcome::Transient), paused(PauseKind::Transient, at(1)));
    assert_eq!(said(AgentOutcome::Auth), paused(PauseKind::Auth, at(1)));
    for works in [AgentOutcome::Ok, AgentOutcome::TurnLimit, AgentOutcome::NoResult] {
        assert_eq!(said(works.clone()), (None, None), "{works:?}");
    }
    // What was judged counts, whatever the agent says.
    let case = case();
    let mut passed = case.passed("A");
    passed.report.agent = Some(AgentRun::new(Preset::Claude, limit(None)));
    assert_eq!(settled(&mut passed), (None, None));
}

#[test]
fn a_verdict_ends_a_series_of_failures() {
    let failing = |trying| Backoff {
        since: at(-20),
        last: at(-10),
        until: at(5),
        failures: 3,
        trying,
        tasks: vec!["another".to_owned(), "one more".to_owned()],
        ..Backoff::new("default", at(-20))
    };
    let after = |trying, change: Change| {
        let case = case();
        let mut finished = case.failed("A");
        change(&mut finished);
        put(&finished, &failing(trying));
        let (cost, backoff) = settled(&mut finished);
        assert_eq!(cost, None);
        backoff
    };
    // Nothing is left to remember, so there is no file.
    for trying in [false, true] {
        assert_eq!(after(trying, |_| {}).map_or(0, |backoff| backoff.failures), 0);
    }
    let silent: Change = |it| it.report.verdict = None;
    assert_eq!(after(false, silent), Some(failing(false)), "it shows nothing");
    let back = Backoff { until: at(0), ..failing(false) };
    assert_eq!(after(true, silent), Some(back.clone()), "another attempt tries the agent");
    // The task was refused before an agent was started.
    let refused: Change = |it| {
        it.job.refusal =
            Some(Refusal { code: ReasonCode::BadTask, reason: "NUL in its title".to_owned() });
    };
    assert_eq!(after(false, refused), Some(failing(false)));
    assert_eq!(after(true, refused), Some(back));
}

#[test]
fn pauses_are_shortened_at_random() {
    let pause = |random| {
        let case = case();
        let mut finished = quick(&case);
        settle(&mut finished, &still(), &Same(random)).unwrap();
        recorded(&finished).unwrap().until - at(0)
    };
    assert_eq!(pause("00000000"), TimeDelta::milliseconds(1000));
    assert_eq!(pause("80000000"), TimeDelta::milliseconds(875));
    assert_eq!(pause("ffffffff"), TimeDelta::milliseconds(750));
    let said = |random| {
        let case = case();
        let mut finished = case.interrupted("A");
        finished.report.agent = Some(AgentRun::new(Preset::Claude, AgentOutcome::Transient));
        settle(&mut finished, &still(), &Same(random)).unwrap();
        recorded(&finished).unwrap().until - at(0)
    };
    assert_eq!((said("00000000"), said("ffffffff")), {
        (TimeDelta::milliseconds(1000), TimeDelta::milliseconds(750))
    });
}
