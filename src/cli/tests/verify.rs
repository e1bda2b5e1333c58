//! `verify`: what is refused before any step runs. The steps themselves need the program and are
//! tested in `tests/e2e`.

use super::house::{AMBIGUOUS, elsewhere, house, house_and, of, refuses_bad_queues, two_houses};
use serde_json::json;

const STEP: &str = "[agents.default]\nrun = \"cat\"\n[[verify]]\nname = \"test\"\nrun = \"true\"\n";

#[test]
fn ids_that_are_nowhere_or_twice_are_refused() {
    let house = house().config(STEP);
    house.refuses("verify nope", 2, "error: there is no task `nope` in queues/q.json\n");
    house.refuses("verify B nope", 2, "error: there is no task `nope` in queues/q.json\n");
    house.refuses("verify queues/q.json", 2, "error: no task is named, only queues\n");
    two_houses().refuses("verify B", 2, AMBIGUOUS);
    let err = house.reads("verify").failed(2);
    assert!(err.contains("\n  <ID|-|QUEUE>...\n"), "{err}");
}

#[test]
fn a_task_that_may_run_is_not_verified() {
    let sandbox = house_and(&[elsewhere("R", 1)]).config(STEP);
    let before = sandbox.text("queues/q.json");
    let err = sandbox.run("verify B R").failed(2);
    assert_eq!(
        err,
        "error: task R is not verified: elsewhere:4711:0badcafe is on another host, so whether it is alive \
         cannot be determined here\nhint: workloop wait --task-id R waits for its end\n"
    );
    assert_eq!(sandbox.text("queues/q.json"), before);
}

#[test]
fn without_a_verification_nothing_can_be_said_and_no_agent_is_needed() {
    for config in ["", "[agents.default]\nrun = \"cat\"\n"] {
        let sandbox = of(&[json!({"id": "A"})]).config(config);
        let err = sandbox.run("verify A").failed(2);
        assert_eq!(
            err,
            "error: no verification is configured\nhint: add [[verify]] with run = \"…\" to workloop.toml, or \
         give --verify CMD\nhint: --no-verify runs without verification; such tasks are recorded as SKIPPED\n"
        );
    }
}

#[test]
fn a_profile_that_does_not_exist_is_told() {
    let sandbox = of(&[json!({"id": "A", "verify": ["ghost"]})]).config(STEP);
    let before = sandbox.text("queues/q.json");
    let err = sandbox.run("verify A").failed(2);
    assert!(err.contains("ghost"), "{err}");
    assert_eq!(sandbox.text("queues/q.json"), before);
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("verify A");
}
