//! What the result of an attempt, the death of a worker, and a plan write into queue and journal.

use super::super::apply::{Adopted, Signs, adopt, take_over, write};
use super::super::follow_ups::FollowUps;
use super::super::record::{After, Decision};
use super::super::recovery::Dead;
use super::*;
use crate::domain::{
    AgentOutcome, AgentRun, Completion, HookPoint, HookReport, Items, Landed, Preset, Tokens,
    Transition, Waits,
};
use crate::store::TaskRef;
use std::collections::HashMap;

fn decided(transition: Transition, code: Option<ReasonCode>) -> Decision {
    Decision { transition, code, after: After::Review, escalated_to: None }
}

fn fails() -> Transition {
    Transition::Fail {
        reason: "r".to_owned(),
        files_changed: Vec::new(),
        files_ambiguous: Vec::new(),
        conflict_paths: Vec::new(),
    }
}

/// What was written: the task, the follow-ups, and the events.
type Written = (Value, FollowUps, Vec<Noted>);

fn wrote(case: &Case, finished: &Finished, decision: &Decision) -> Written {
    let mut queues = case.queues();
    let mut draft = Draft::new(&mut queues, at(0));
    let made =
        write(&mut draft, case.place("A"), finished, decision, case.project.config()).unwrap();
    (written(&draft, case.place("A")), made, events(draft))
}

fn case() -> Case {
    Case::new("", json!([claimed("A", 1)]))
}

/// Returns the kinds of events, and the data of the last one.
fn last(events: &[Noted]) -> (Vec<&str>, &Map<String, Value>) {
    let kinds = events.iter().map(|(kind, _)| kind.as_str()).collect();
    (kinds, &events.last().unwrap().1)
}

#[test]
fn a_result_is_one_event_with_what_is_known() {
    let case = case();
    let finished = case.failed("A");
    let (task, made, events) =
        wrote(&case, &finished, &decided(fails(), Some(ReasonCode::TestsFailed)));
    assert_eq!((&task["status"], &task["error"]), (&json!("pending"), &json!("r")));
    assert_eq!(made, FollowUps::default());
    let (kinds, data) = last(&events);
    assert_eq!(kinds, ["retried"]);
    assert_eq!(data["outcome"], json!({"kind": "exited", "code": 0}));
    assert_eq!((&data["verdict"], &data["reason_code"]), (&json!("FAIL"), &json!("tests_failed")));
    assert_eq!(data["reason"], "step test: exit status 1");
    for unknown in ["flaky", "work", "cost_usd", "tokens", "follow_ups", "escalated_to"] {
        assert!(!data.contains_key(unknown), "{unknown}");
        assert!(task.get(unknown).is_none(), "{unknown}");
    }
}

#[test]
fn a_hook_names_its_own_reason() {
    let case = case();
    let mut finished = case.failed("A");
    let ended = (Outcome::Exited { code: 1 }, 1);
    let hook = HookReport::new(HookPoint::BeforeTask, ended, ("frozen", "why"));
    finished.report.hooks = vec![hook];
    finished.report.reason_code = Some(ReasonCode::Hook);
    let mut said = |report, code| {
        finished.report.reason_code = report;
        let (.., events) = wrote(&case, &finished, &decided(fails(), code));
        events[0].1.get("reason_code").cloned()
    };
    assert_eq!(said(Some(ReasonCode::Hook), Some(ReasonCode::Hook)), Some(json!("frozen")));
    // What outweighs it has its own code.
    let outweighed = said(Some(ReasonCode::Hook), Some(ReasonCode::NoProgress));
    assert_eq!(outweighed, Some(json!("no_progress")));
    assert_eq!(said(Some(ReasonCode::Hook), None), None);
}

#[test]
fn flaky_tests_are_in_the_journal() {
    let case = case();
    let mut finished = case.failed("A");
    let flaky = vec!["a.py::t".to_owned()];
    finished.report.steps[1].checked.items = Some(Items { flaky, ..Items::default() });
    let (.., events) = wrote(&case, &finished, &decided(fails(), None));
    assert_eq!(last(&events).1["flaky"], json!([{"step": "test", "item": "a.py::t"}]));
}

#[test]
fn limits_and_tampering_are_events_of_their_own() {
    let case = case();
    let mut finished = case.failed("A");
    finished.report.agent = Some(AgentRun::new(Preset::Claude, AgentOutcome::Auth));
    finished.report.reason_code = Some(ReasonCode::UsageLimit);
    let (.., events) = wrote(&case, &finished, &decided(fails(), None));
    assert_eq!(last(&events).0, ["usage_limit", "retried"]);
    let limit = &events[0].1;
    assert_eq!((&limit["agent"], &limit["run"]["outcome"]), (&json!("default"), &json!("auth")));
    finished.report.reason_code = Some(ReasonCode::Tampered);
    let (.., events) = wrote(&case, &finished, &decided(fails(), None));
    assert_eq!(last(&events).0, ["tampered", "retried"]);
    assert_eq!(events[0].1["reason"], "step test: exit status 1");
}

#[test]
fn what_an_attempt_used_is_added_to_its_task() {
    let spent = json!({"cost_usd": 0.1, "tokens": 5});
    let case = Case::new("", json!([with(claimed("A", 2), spent)]));
    let used = |cost_usd, total| {
        let mut finished = case.failed("A");
        let tokens = Tokens { input: total, out: 0, cached: 0, total };
        let run = AgentRun::new(Preset::Claude, AgentOutcome::Ok);
        finished.report.agent =
            Some(AgentRun { cost_usd: Some(cost_usd), tokens: Some(tokens), ..run });
        finished
    };
    let amounts = |finished: &Finished| {
        let (task, _, events) = wrote(&case, finished, &decided(fails(), None));
        let data = last(&events).1;
        let of = |key: &str| (data.get(key).cloned(), task[key].clone());
        (of("cost_usd"), of("tokens"))
    };
    // 0.1 + 0.2 is not 0.30000000000000004 here.
    let (cost, tokens) = amounts(&used(0.2, 7));
    assert_eq!(cost, (Some(json!(0.2)), json!(0.3)));
    assert_eq!(tokens, (Some(json!(7)), json!(12)));
    assert_eq!(amounts(&used(1.0 / 3.0, 0)).0, (Some(json!(0.333_333)), json!(0.433_333)));
    // Unknown amounts change nothing.
    assert_eq!(amounts(&used(0.0, 0)), ((None, json!(0.1)), (None, json!(5))));
    let mut nobody = used(0.2, 7);
    nobody.job.agent = None;
    assert_eq!(amounts(&nobody), ((None, json!(0.1)), (None, json!(5))));
}

#[test]
fn only_work_that_passed_brings_follow_ups() {
    let case = case();
    let mut finished = case.passed("A");
    let more = json!({"title": "more"});
    finished.result.follow_ups = vec![more.as_object().unwrap().clone()];
    let completion = Completion::default;
    let completes = Transition::Complete(Verdict::Pass, completion());
    let review = Transition::Review(Verdict::Pass, completion());
    for (transition, added) in [(completes, 1), (review, 1), (fails(), 0)] {
        let (_, made, events) = wrote(&case, &finished, &decided(transition, None));
        assert_eq!(made.added.len(), added);
        let listed = last(&events).1.get("follow_ups");
        let expected = json!({"added": made.added, "duplicates": 0, "warnings": []});
        assert_eq!(listed, (added > 0).then_some(&expected));
    }
}

#[test]
fn a_landing_and_an_escalation_are_written_with_the_result() {
    let case = case();
    let mut finished = case.passed("A");
    let landed = Landed { commit: "c".to_owned(), tree: "t".to_owned() };
    finished.change = Some(carried(&finished, CameTo::Landed(landed)));
    let completes = Transition::Complete(Verdict::Pass, finished.completion());
    let (task, _, events) = wrote(&case, &finished, &decided(completes, None));
    assert_eq!(last(&events).0, ["landed", "completed"]);
    assert_eq!((&events[0].1["commit"], &events[0].1["tree"]), (&json!("c"), &json!("t")));
    assert_eq!(task["landed_commit"], "c");
    let escalated = Decision { escalated_to: Some("strong".to_owned()), ..decided(fails(), None) };
    let (task, _, events) = wrote(&case, &case.failed("A"), &escalated);
    assert_eq!((&task["escalated_to"], &task["status"]), (&json!("strong"), &json!("pending")));
    assert_eq!(last(&events).1["escalated_to"], "strong");
}

fn waiting() -> Value {
    json!({"change": {"commit": "c", "base": "b", "verdict": "PASS", "waits": "landing"}})
}

/// Returns the claim of a dead worker, as it was read from `case`.
fn dead(case: &Case) -> Dead {
    let (queues, place) = (case.project.queues(), case.place("A"));
    let claim = queues[place.queue].tasks()[place.task].claim().cloned();
    Dead { task: TaskRef::at(queues, place), claim }
}

#[test]
fn only_the_claim_that_is_known_to_be_dead_is_ended() {
    let ended = |task: Value, dead: &Dead| {
        let case = Case::new("", json!([task]));
        let mut queues = case.queues();
        let mut draft = Draft::new(&mut queues, at(0));
        take_over(&mut draft, dead).unwrap();
        let status = written(&draft, case.place("A"))["status"].clone();
        (status, events(draft))
    };
    let first = dead(&case());
    let (status, all) = ended(claimed("A", 1), &first);
    assert_eq!(status, "pending");
    let [(kind, data)] = all.as_slice() else { panic!("{all:?}") };
    assert_eq!((kind.as_str(), &data["claim"]["worker"]), ("stale_claim", &json!(WORKER)));
    // Another attempt has begun, or a person ended it.
    assert_eq!(ended(claimed("A", 2), &first), (json!("in_progress"), Vec::new()));
    let released = with(claimed("A", 1), json!({"status": "pending"}));
    assert_eq!(ended(released, &first), (json!("pending"), Vec::new()));
    let other = with(claimed("B", 1), json!({"id": "A", "status": "parked", "claim": null}));
    assert_eq!(ended(other, &first).1, Vec::new());
}

#[test]
fn a_change_of_a_dead_loop_is_taken_over_with_a_claim_of_ours() {
    let adopted = |task: Value, dead: &Dead, workers: &[&str]| {
        let case = Case::new("", json!([task]));
        let (keeper, ids) = (case.keeper(&[]), CountingIds::default());
        let workers: Vec<WorkerId> = workers.iter().map(|name| WorkerId::new(name)).collect();
        let (set, kept) = (case.project.set(), HashMap::new());
        let signs = Signs { set, keeper: &keeper, workers: &workers, ids: &ids, kept };
        let mut queues = case.queues();
        let mut draft = Draft::new(&mut queues, at(0));
        let adopted = adopt(&mut draft, dead, &signs).unwrap();
        (adopted, written(&draft, case.place("A")))
    };
    let task = with(claimed("A", 4), waiting());
    let known = dead(&Case::new("", json!([task.clone()])));
    let slots = ["h:7:00000001", "h:7:00000002"];
    let (ours, written) = adopted(task.clone(), &known, &slots);
    let Some(Adopted { task: of, token, change }) = ours else { panic!("{written}") };
    assert_eq!((of, token.attempt), (known.task.clone(), 4));
    // The last worker lands.
    assert_eq!(token.worker.as_str(), "h:7:00000002");
    assert_eq!((change.commit.as_str(), change.waits), ("c", Waits::Landing));
    assert_eq!(written["claim"]["worker"], "h:7:00000002");
    assert_eq!(written["claim"]["tag"], "00000001000000020000000300000004");
    assert_eq!((&written["status"], &written["attempts"]), (&json!("in_progress"), &json!(4)));
    // Nobody lands it, nothing waits any more, or another loop has it.
    assert!(adopted(task.clone(), &known, &[]).0.is_none());
    assert!(adopted(claimed("A", 4), &known, &slots).0.is_none());
    let other = with(task, json!({"claim": {"worker": "h:9:00000000", "attempt": 4, "since": ""}}));
    assert!(adopted(other, &known, &slots).0.is_none());
}
