//! `release`: ends claims.

use super::house::{elsewhere, house_and, left_behind, of, refuses_bad_queues};
use crate::platform::host::Host;
use crate::platform::scan;
use serde_json::json;

#[test]
fn the_claim_of_a_worker_that_is_gone_ends_and_the_attempt_costs_nothing() {
    let sandbox = house_and(&[left_behind("S")]);
    assert_eq!(sandbox.run("release S").printed(), "S: released, pending again\n");
    let task = sandbox.task("S");
    assert_eq!(task["status"], "pending");
    assert_eq!((&task["attempts"], &task["budget_used"]), (&json!(1), &json!(0)));
    assert_eq!(task["error"], "released");
    let last = sandbox.events().pop().expect("an event");
    assert_eq!((&last["event"], &last["task"]), (&json!("released"), &json!("S")));
    assert_eq!(last.get("worker"), None, "a person did it");
}

#[test]
fn a_worker_on_another_host_may_live_and_needs_force() {
    let sandbox = house_and(&[elsewhere("R", 1), left_behind("S")]);
    let text = "error: task R was not released: elsewhere:4711:0badcafe is on another host, so whether \
                it is alive cannot be determined here\nhint: --force ends the claim anyway; a live loop \
                then ends its attempt\n";
    sandbox.refuses("release R", 2, text);
    let before = sandbox.text("queues/q.json");
    assert_eq!(sandbox.run("release S R").failed(2), text);
    assert_eq!(sandbox.text("queues/q.json"), before, "none is released if one is refused");
    let done = "S: released, pending again\nR: released, pending again\n";
    assert_eq!(sandbox.run("release S R --force").printed(), done);
    assert_eq!(sandbox.task("R").get("claim"), None);
}

#[test]
fn a_worker_that_is_alive_on_this_host_is_named_with_its_process() {
    let host = Host::current();
    // Process 1 lives as long as the machine.
    let Some(start) = scan::start_time(1) else { return };
    let claim = json!({"worker": "here:1:0badcafe", "attempt": 1, "since": "2026-01-19T10:00:00Z",
                       "host": host.id, "boot": host.boot, "start": start});
    let sandbox = of(&[json!({"id": "A", "status": "in_progress", "attempts": 1, "claim": claim})]);
    let before = sandbox.text("queues/q.json");
    let err = sandbox.run("release A").failed(2);
    assert!(err.starts_with("error: task A was not released: "), "{err}");
    assert!(err.contains("here:1:0badcafe"), "{err}");
    assert!(
        err.ends_with("hint: --force ends the claim anyway; a live loop then ends its attempt\n")
    );
    assert_eq!(sandbox.text("queues/q.json"), before);
    assert_eq!(sandbox.run("release A --force -q").printed(), "");
    assert_eq!(sandbox.task("A")["status"], "pending");
}

#[test]
fn a_dead_worker_of_this_host_needs_no_force() {
    let host = Host::current();
    let claim = json!({"worker": "here:999999999:0badcafe", "attempt": 3, "host": host.id,
                       "since": "2026-01-19T10:00:00Z", "boot": host.boot, "start": 1});
    let sandbox = of(&[json!({"id": "A", "status": "in_progress", "attempts": 3, "claim": claim})]);
    assert_eq!(sandbox.run("release A").printed(), "A: released, pending again\n");
    assert_eq!(sandbox.task("A")["attempts"], 3);
}

#[test]
fn a_task_without_a_claim_is_refused_with_what_is_legal() {
    let sandbox = house_and(&[]);
    for (id, text) in [
        ("A", "complete: it is not claimed; legal now: reset"),
        ("B", "pending: it is not claimed; legal now: run, done, block, park, cancel, reset"),
        ("D", "blocked: it is not claimed; legal now: retry, answer, done, park, cancel, reset"),
        ("F", "parked: it is not claimed; legal now: unpark, done, reset"),
    ] {
        let text = format!("error: task {id} is {text}\n");
        sandbox.refuses(&format!("release {id}"), 2, &text);
        sandbox.refuses(&format!("release {id} --force"), 2, &text);
    }
    sandbox.refuses("release nope", 2, "error: there is no task `nope` in queues/q.json\n");
    sandbox.refuses("release queues/q.json --force", 2, "error: no task is named, only queues\n");
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("release A");
}
