//! What the result of an attempt means for its task.

use super::*;
use crate::domain::{
    Checked, Detail, Field, Fingerprint, HookReport, Status, StepKind, StepReport, TaskId,
};

const BUDGETS: Budgets = Budgets { attempts: 3, crashes: 3, conflicts: 1 };

fn task(attempts: u32) -> Task {
    let mut task = Task::new(TaskId::new("A").expect("not empty"));
    task.status = Status::InProgress;
    task.attempts = attempts;
    task
}

fn report(verdict: Option<Verdict>, outcome: Outcome) -> AttemptReport {
    AttemptReport {
        v: 1,
        task: "A".to_owned(),
        attempt: 3,
        worker: "w".to_owned(),
        started_at: String::new(),
        ended_at: String::new(),
        outcome,
        verdict,
        reason: Some("step test: exit status 1".to_owned()),
        reason_code: None,
        evidence: None,
        known_errors: Vec::new(),
        hooks: Vec::new(),
        steps: Vec::new(),
        agent: None,
        files_changed: Vec::new(),
        files_ambiguous: Vec::new(),
        fingerprint: Fingerprint::default(),
        findings: crate::domain::Findings::default(),
    }
}

fn facts(report: &AttemptReport, lost_before: u32) -> Facts<'_> {
    let (completion, streak) = (Completion::default(), Streak::default());
    let (change, conflicts_before) = (None, 0);
    let (conflict_paths, question) = (Vec::new(), None);
    Facts {
        report,
        completion,
        streak,
        cost: None,
        lost_before,
        change,
        conflicts_before,
        conflict_paths,
        review: false,
        question,
        over: None,
        mends: None,
        escalation: &|_| None,
    }
}

fn decided(attempts: u32, verdict: Option<Verdict>, outcome: Outcome, lost: u32) -> Transition {
    let report = report(verdict, outcome);
    decide(&task(attempts), facts(&report, lost), BUDGETS).transition
}

#[test]
fn a_failed_attempt_is_repeated_until_the_budget_is_used_up() {
    let exited = || Outcome::Exited { code: 0 };
    let fail = Some(Verdict::Fail);
    assert!(matches!(decided(1, fail, exited(), 0), Transition::Fail { .. }));
    assert!(matches!(decided(2, fail, exited(), 0), Transition::Fail { .. }));
    let Transition::GiveUp { verdict, reason } = decided(3, fail, exited(), 0) else {
        panic!("the third of three must be the last");
    };
    assert_eq!(verdict, Verdict::Fail);
    assert_eq!(reason, "step test: exit status 1 (attempt 3 of 3)");
}

#[test]
fn a_red_gate_is_not_repeated() {
    let mut gate = task(1);
    gate.set_text(Field::Type, "gate");
    let end = report(Some(Verdict::Fail), Outcome::Exited { code: 0 });
    let Transition::GiveUp { verdict: Verdict::Fail, reason } =
        decide(&gate, facts(&end, 0), BUDGETS).transition
    else {
        panic!("a gate is blocked at once");
    };
    assert_eq!(reason, "step test: exit status 1");
    let waits = Facts { mends: Some("T-7".to_owned()), ..facts(&end, 0) };
    let waits = decide(&gate, waits, BUDGETS);
    let said = "step test: exit status 1; task T-7 is to fix it";
    assert!(matches!(waits.transition, Transition::AwaitFix { reason } if reason == said));
    assert_eq!(waits.after, After::Again(said.to_owned()));
}

#[test]
fn what_passed_waits_where_a_person_is_to_say_yes() {
    let report = report(Some(Verdict::Pass), Outcome::Exited { code: 0 });
    let facts = Facts { review: true, ..facts(&report, 0) };
    let decided = decide(&task(1), facts, BUDGETS);
    assert!(matches!(decided.transition, Transition::Review(Verdict::Pass, _)));
    assert_eq!((decided.code, decided.after), (Some(ReasonCode::Review), After::Review));
}

#[test]
fn a_veto_before_the_agent_costs_nothing() {
    let mut end = report(Some(Verdict::Blocked), Outcome::Exited { code: 1 });
    end.reason_code = Some(ReasonCode::Hook);
    let mut decided = |hook| {
        let ended = (Outcome::Exited { code: 1 }, 1);
        end.hooks = vec![HookReport::new(hook, ended, ("question", "why"))];
        decide(&task(9), facts(&end, 0), BUDGETS).transition
    };
    assert!(matches!(decided(HookPoint::BeforeTask), Transition::Veto { .. }));
    assert!(matches!(decided(HookPoint::BeforeAttempt), Transition::Veto { .. }));
    for late in [HookPoint::BeforeVerification, HookPoint::BeforeLanding] {
        let late = decided(late);
        assert!(matches!(late, Transition::GiveUp { verdict: Verdict::Blocked, .. }), "{late:?}");
    }
}

#[test]
fn a_question_costs_nothing() {
    let mut end = report(Some(Verdict::Blocked), Outcome::Exited { code: 0 });
    let decided = |end: &AttemptReport| decide(&task(9), facts(end, 0), BUDGETS).transition;
    end.reason_code = Some(ReasonCode::Tampered);
    assert!(matches!(decided(&end), Transition::GiveUp { .. }));
    end.reason_code = Some(ReasonCode::Question);
    assert!(matches!(decided(&end), Transition::Ask { .. }));
}

#[test]
fn the_tasks_own_budget_wins() {
    let mut one = task(1);
    one.set(Detail::Count(Field::MaxIterations, 1));
    let end = report(Some(Verdict::Fail), Outcome::Exited { code: 0 });
    let decided = decide(&one, facts(&end, 0), BUDGETS).transition;
    assert!(matches!(decided, Transition::GiveUp { .. }));
}

#[test]
fn people_are_told_what_is_written() {
    let told = |verdict, outcome, used| {
        let report = report(verdict, outcome);
        decide(&task(used), facts(&report, 0), BUDGETS).after
    };
    let (exited, said) = (|| Outcome::Exited { code: 0 }, "step test: exit status 1");
    assert_eq!(told(Some(Verdict::Pass), exited(), 1), After::Complete(None));
    assert_eq!(told(Some(Verdict::Fail), exited(), 1), After::Again(said.to_owned()));
    let last = format!("{said} (attempt 3 of 3)");
    assert_eq!(told(Some(Verdict::Fail), exited(), 3), After::Blocked(last));
    assert_eq!(told(None, Outcome::Interrupted, 1), After::Interrupted(said.to_owned()));
    assert_eq!(told(None, Outcome::Lost, 1), After::Again(said.to_owned()));
}

#[test]
fn an_agent_that_fails_for_everybody_costs_its_task_nothing() {
    let report = report(Some(Verdict::Fail), Outcome::Exited { code: 1 });
    let free = Facts { cost: Some(Cost::Free), ..facts(&report, 0) };
    let decided = decide(&task(3), free, BUDGETS);
    assert!(matches!(decided.transition, Transition::Interrupt { .. }));
    assert_eq!(decided.code, Some(ReasonCode::Transient));
    assert!(matches!(decided.after, After::Interrupted(_)));
}

#[test]
fn a_change_that_waits_ends_nothing() {
    let change = Change {
        commit: "c".to_owned(),
        base: "b".to_owned(),
        verdict: "PASS".to_owned(),
        waits: crate::domain::Waits::Checkout,
        obstacle: Some("edits".to_owned()),
    };
    let report = report(Some(Verdict::Pass), Outcome::Exited { code: 0 });
    let facts = Facts { change: Some(change.clone()), ..facts(&report, 0) };
    let decided = decide(&task(1), facts, BUDGETS);
    assert_eq!(decided.transition, Transition::Await(change));
    assert_eq!(decided.after, After::Lands(Some("edits".to_owned())));
}

#[test]
fn a_task_that_does_not_merge_goes_back_so_often_and_no_more() {
    let mut report = report(Some(Verdict::Fail), Outcome::Exited { code: 0 });
    report.reason_code = Some(ReasonCode::Conflict);
    let decided = |conflicts_before| {
        let facts = Facts { conflicts_before, ..facts(&report, 0) };
        decide(&task(1), facts, BUDGETS).transition
    };
    assert!(matches!(decided(0), Transition::Fail { .. }));
    let Transition::GiveUp { verdict: Verdict::Fail, reason } = decided(1) else {
        panic!("one conflict may be resolved, a second one in a row blocks");
    };
    assert!(reason.ends_with("(2 conflicts in a row)"), "{reason}");
}

#[test]
fn an_interrupted_attempt_costs_nothing_however_often() {
    assert!(matches!(decided(99, None, Outcome::Interrupted, 0), Transition::Interrupt { .. }));
}

#[test]
fn the_third_lost_attempt_in_a_row_blocks() {
    assert!(matches!(decided(1, None, Outcome::Lost, 0), Transition::Lose));
    assert!(matches!(decided(1, None, Outcome::Lost, 1), Transition::Lose));
    assert!(matches!(decided(1, None, Outcome::Lost, 2), Transition::GiveUp { .. }));
}

#[test]
fn a_change_in_review_waits_for_a_person() {
    let change = |waits| Change {
        commit: "c".to_owned(),
        base: "b".to_owned(),
        verdict: "PASS".to_owned(),
        waits,
        obstacle: None,
    };
    let report = report(Some(Verdict::Pass), Outcome::Exited { code: 0 });
    let decided = |waits| {
        let decided =
            decide(&task(1), Facts { change: Some(change(waits)), ..facts(&report, 0) }, BUDGETS);
        (decided.code, decided.after)
    };
    assert_eq!(decided(Waits::Review), (Some(ReasonCode::Review), After::Review));
    assert_eq!(decided(Waits::Landing), (None, After::Lands(None)));
    assert_eq!(decided(Waits::Checkout), (None, After::Lands(None)));
}

#[test]
fn a_task_that_is_over_its_limit_goes_to_a_person() {
    let over = "the task's limit cost_usd = 1 (1.00 measured) is reached";
    let decided = |verdict, code, outcome| {
        let report = AttemptReport { reason_code: code, ..report(verdict, outcome) };
        let facts = Facts { over: Some(over.to_owned()), ..facts(&report, 0) };
        let decided = decide(&task(1), facts, BUDGETS);
        (decided.transition, decided.code)
    };
    let exited = || Outcome::Exited { code: 1 };
    let reason = format!("{over}; workloop retry A starts over (step test: exit status 1)");
    let ended = (Transition::GiveUp { verdict: Verdict::Fail, reason }, Some(ReasonCode::Budget));
    assert_eq!(decided(Some(Verdict::Fail), Some(ReasonCode::TestsFailed), exited()), ended);
    // Its agent would only be tried again.
    for code in [ReasonCode::UsageLimit, ReasonCode::Transient, ReasonCode::Auth] {
        assert_eq!(decided(None, Some(code), exited()), ended, "{code:?}");
    }
    // What passed, what a person has to see anyway, and what did not run is not affected.
    let passed = decided(Some(Verdict::Pass), None, exited()).0;
    assert!(matches!(passed, Transition::Complete(Verdict::Pass, _)));
    let tampered = decided(Some(Verdict::Blocked), Some(ReasonCode::Tampered), exited());
    assert_eq!(tampered.1, Some(ReasonCode::Tampered));
    let missing = Outcome::FailedToStart { reason: "no such file".to_owned() };
    let missing = decided(None, Some(ReasonCode::Environment), missing).0;
    assert!(matches!(missing, Transition::Interrupt { .. }));
    assert!(matches!(decided(None, None, Outcome::Lost).0, Transition::Lose));
}

/// A report of an attempt that failed at its step.
fn failed() -> AttemptReport {
    let mut report = report(Some(Verdict::Fail), Outcome::Exited { code: 0 });
    report.reason_code = Some(ReasonCode::TestsFailed);
    report.steps.push(StepReport {
        kind: StepKind::Verify,
        name: "test".to_owned(),
        outcome: Outcome::Exited { code: 1 },
        millis: 1,
        log: String::new(),
        checked: Checked::default(),
    });
    report
}

#[test]
fn only_failures_that_repeat_are_no_progress() {
    let budgets = Budgets { attempts: 9, ..BUDGETS };
    let decided = |task: &Task, report: &AttemptReport, cost, mends: Option<&str>| {
        let (streak, mends) = (Streak::of(2, 2), mends.map(str::to_owned));
        let facts = Facts { streak, cost, mends, ..facts(report, 0) };
        let decided = decide(task, facts, budgets);
        (decided.transition, decided.code)
    };
    let (transition, code) = decided(&task(3), &failed(), None, None);
    let Transition::GiveUp { verdict: Verdict::Fail, reason } = transition else {
        panic!("{transition:?}");
    };
    assert!(reason.starts_with("no progress: 3 attempts in a row made the same change"));
    assert_eq!(code, Some(ReasonCode::NoProgress));
    // It is the first failure of its agent, which may be the agent's own.
    let (first, code) = decided(&task(3), &failed(), Some(Cost::First), None);
    assert!(matches!(first, Transition::Fail { .. }));
    assert_eq!(code, Some(ReasonCode::TestsFailed));
    let own = decided(&task(3), &failed(), Some(Cost::Own), None);
    assert_eq!(own.1, Some(ReasonCode::NoProgress));
    let mut gate = task(3);
    gate.set_text(Field::Type, "gate");
    let (waits, _) = decided(&gate, &failed(), None, Some("T-7"));
    assert!(matches!(waits, Transition::AwaitFix { .. }), "the task that fixes it is progress");
    let (passed, _) =
        decided(&task(3), &AttemptReport { verdict: Some(Verdict::Pass), ..failed() }, None, None);
    assert!(matches!(passed, Transition::Complete(..)));
    let interrupted = AttemptReport { verdict: None, ..failed() };
    let (interrupted, _) = decided(&task(3), &interrupted, None, None);
    assert!(matches!(interrupted, Transition::Interrupt { .. }));
}

#[test]
fn a_service_that_fails_for_one_task_alone_costs_that_task() {
    let decided = |cost, code| {
        let report =
            AttemptReport { reason_code: Some(code), ..report(None, Outcome::Exited { code: 1 }) };
        decide(&task(1), Facts { cost, ..facts(&report, 0) }, BUDGETS).transition
    };
    let own = decided(Some(Cost::Own), ReasonCode::Transient);
    assert!(matches!(own, Transition::Fail { .. }));
    for (cost, code) in [
        (None, ReasonCode::Transient),
        (Some(Cost::First), ReasonCode::Transient),
        (Some(Cost::Own), ReasonCode::UsageLimit),
        (Some(Cost::Own), ReasonCode::Environment),
    ] {
        let free = decided(cost, code);
        assert!(matches!(free, Transition::Interrupt { .. }), "{cost:?} {code:?}");
    }
}

#[test]
fn an_agent_reports_why_it_could_not_work() {
    let code = |verdict, code| {
        let report = AttemptReport {
            reason_code: Some(code),
            ..report(verdict, Outcome::Exited { code: 1 })
        };
        decide(&task(1), Facts { cost: Some(Cost::Free), ..facts(&report, 0) }, BUDGETS).code
    };
    assert_eq!(code(None, ReasonCode::Auth), Some(ReasonCode::Auth));
    let fails = code(Some(Verdict::Fail), ReasonCode::AgentError);
    assert_eq!(fails, Some(ReasonCode::Transient));
}

#[test]
fn another_agent_gets_a_task_while_its_budget_lasts() {
    let strong = Escalation::Agent("strong".to_owned());
    let decided = |task: &Task, streak, attempts| {
        let report = failed();
        let escalation = |_| Some(&strong);
        let facts = Facts { streak, escalation: &escalation, ..facts(&report, 0) };
        decide(task, facts, Budgets { attempts, ..BUDGETS })
    };
    // The third attempt shows no progress.
    for attempts in [4, 9] {
        let decided = decided(&task(3), Streak::of(2, 2), attempts);
        assert!(matches!(decided.transition, Transition::Fail { .. }));
        assert_eq!(decided.escalated_to.as_deref(), Some("strong"));
        let After::Again(why) = decided.after else { panic!("{:?}", decided.after) };
        assert!(why.ends_with("; agent strong has it now"), "{why}");
    }
    let last = decided(&task(3), Streak::of(2, 2), 3);
    assert!(matches!(last.transition, Transition::GiveUp { .. }));
    assert_eq!(last.escalated_to, None);
    let mut gate = task(1);
    gate.set_text(Field::Type, "gate");
    let gate = decided(&gate, Streak::default(), 9);
    assert!(matches!(gate.transition, Transition::GiveUp { .. }), "no agent works on a gate");
    assert_eq!(gate.escalated_to, None);
}
