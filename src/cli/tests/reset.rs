//! `reset`: tasks as if they had never run.

use super::house::{
    AMBIGUOUS, elsewhere, house, house_and, left_behind, of, refuses_bad_queues, two_houses,
};
use serde_json::{Value, json};

const DONE: &str = "pending, as if never run";

#[test]
fn what_a_run_left_in_the_task_is_gone_and_what_a_person_wrote_stays() {
    let sandbox = of(&[json!({
        "id": "A", "title": "a", "note": "keep me", "priority": 3, "status": "done", "attempts": 4,
        "budget_used": 2, "error": "old", "passes": true, "verification_verdict": "PASS",
        "started_at": "2026-01-19T10:00:00Z", "completed_at": "2026-01-19T10:10:00Z",
        "completed_by": "mina", "last_attempt": "2026-01-19T10:00:00Z", "cost_usd": 1.5,
        "progress": {"percent": 40}, "files_actually_changed": ["a.rs"],
    })]);
    assert_eq!(sandbox.run("reset A A").printed(), format!("A: {DONE}\n"), "each id once");
    let task = sandbox.task("A");
    for (key, value) in [
        ("title", json!("a")),
        ("note", json!("keep me")),
        ("priority", json!(3)),
        ("status", json!("pending")),
        ("attempts", json!(0)),
    ] {
        assert_eq!(task[key], value, "{key}");
    }
    for key in ["error", "verification_verdict", "completed_at", "completed_by", "progress"] {
        assert_eq!(task.get(key).unwrap_or(&Value::Null), &Value::Null, "{key}");
    }
    assert_ne!(task.get("passes"), Some(&json!(true)));
    let last = sandbox.events().pop().expect("an event");
    assert_eq!((&last["event"], &last["task"]), (&json!("reset"), &json!("A")));
}

#[test]
fn a_task_whose_worker_is_gone_is_reset_and_one_that_may_run_is_not() {
    let sandbox = house_and(&[elsewhere("R", 1), left_behind("S")]);
    let text = "error: task R is in_progress: an attempt is running; cancel or release it first; legal \
                now: cancel, block, park, release, progress\n";
    sandbox.refuses("reset R", 2, text);
    assert_eq!(sandbox.run("reset S -q").printed(), "");
    assert_eq!(sandbox.task("S")["attempts"], 0);
    let parked = sandbox.run("reset F").printed();
    assert_eq!(parked, format!("F: {DONE}\n"));
}

#[test]
fn all_tasks_need_a_yes_without_a_terminal() {
    let sandbox = house_and(&[json!({"id": "D2", "status": "blocked", "attempts": 1})]);
    let text = |what: &str| {
        format!(
            "error: this would reset {what} as if never run, but there is no terminal to ask on\nhint: \
             --yes does it without asking\n"
        )
    };
    sandbox.refuses("reset --all", 2, &text("3 tasks"));
    of(&[json!({"id": "A", "status": "done"}), json!({"id": "B"})]).refuses(
        "reset --all queues/q.json",
        2,
        &text("1 task"),
    );
    let ran = sandbox.run("reset --all --yes");
    assert_eq!((ran.exit, ran.err.as_str()), (0, "not reset: 1 parked or in an unknown state\n"));
    assert_eq!(ran.out, format!("A: {DONE}\nD: {DONE}\nD2: {DONE}\n"));
    assert_eq!(sandbox.task("F")["status"], "parked");
    let err = sandbox.run("reset A --yes").failed(2);
    assert!(err.contains("--all"), "{err}");
}

#[test]
fn with_nothing_to_reset_no_question_is_asked_and_nothing_is_written() {
    let sandbox = of(&[json!({"id": "A"}), json!({"id": "odd", "status": "wip"})]);
    let before = sandbox.text("queues/q.json");
    for (line, err) in [
        ("reset --all", "not reset: 1 parked or in an unknown state\nno task has run\n"),
        (
            "reset --all --yes queues/q.json",
            "not reset: 1 parked or in an unknown state\nno task has run\n",
        ),
        ("reset --all -q", ""),
    ] {
        let ran = sandbox.run(line);
        assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (0, "", err), "{line}");
    }
    assert_eq!(sandbox.text("queues/q.json"), before);
}

#[test]
fn a_task_that_may_run_is_reported_before_anything_is_changed() {
    let sandbox = house_and(&[elsewhere("R", 1)]);
    let before = sandbox.text("queues/q.json");
    let err = sandbox.run("reset --all --yes").failed(2);
    let text = "error: task R is in_progress: an attempt is running; cancel or release it first; legal \
                now: cancel, block, park, release, progress\n";
    assert_eq!(err, text);
    assert_eq!(sandbox.text("queues/q.json"), before);
}

#[test]
fn ids_that_are_nowhere_or_twice_are_refused() {
    let hint = "hint: a queue ends in .json, or is named with --work-queue\n";
    let house = house();
    house.refuses("reset --all B G", 2, &format!("error: --all takes no ids: B, G\n{hint}"));
    house.refuses("reset nope", 2, "error: there is no task `nope` in queues/q.json\n");
    house.refuses("reset D nope", 2, "error: there is no task `nope` in queues/q.json\n");
    house.refuses("reset queues/q.json", 2, "error: no task is named, only queues\n");
    two_houses().refuses("reset B", 2, AMBIGUOUS);
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("reset A");
    refuses_bad_queues("reset --all --yes");
}
