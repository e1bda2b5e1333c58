//! Judging files that attempts changed: `check` reports them, and a person accepts them.

use super::sandbox::Sandbox;
use serde_json::{Value, json};

/// Returns a project in which an attempt at A removed the file `check.sh`, which judges.
fn sandbox() -> Sandbox {
    let blocked = |id: &str| json!({"id": id, "title": "Walls", "status": "blocked", "error": "x", "attempts": 1});
    Sandbox::complete(json!([blocked("A b"), blocked("B")])).tampered("A b", "check\u{1b}.sh")
}

const FOUND: &str = "check␛.sh: warning[tampered-file]: an attempt at A b changed this file, so it judges \
                     nothing: put it back, or check it and accept it with workloop retry 'A b'\n\
                     0 errors, 1 warning in 1 queue of 2 tasks\n";

#[test]
fn a_judging_file_that_an_attempt_changed_is_reported_until_it_is_put_back() {
    let sandbox = sandbox();
    assert_eq!(sandbox.reads("check").printed(), FOUND);
    assert_eq!(sandbox.reads("check --strict").exit, 3);
    // A person decided by changing it.
    sandbox.put("check\u{1b}.sh", "exit 0\n");
    assert_eq!(sandbox.reads("check").printed(), "nothing found in 1 queue of 2 tasks\n");
}

#[test]
fn a_person_accepts_the_file_by_completing_or_retrying_the_task() {
    let said = "A b: check␛.sh is accepted as an attempt left it, and judges from now on\n";
    for (line, done) in [
        ("done 'A b' --by Ann", "A b: complete, not verified\n"),
        ("retry 'A b'", "A b: pending again, with a new budget\n"),
    ] {
        let sandbox = sandbox();
        let ran = sandbox.run(line);
        assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (0, done, said));
        let event = sandbox.events().pop().expect("an event");
        assert_eq!(event["data"]["accepts"], json!(["check\u{1b}.sh"]), "{event}");
        assert_eq!(sandbox.reads("check").printed(), "nothing found in 1 queue of 2 tasks\n");
    }
    let quiet = sandbox();
    assert_eq!(quiet.run("done 'A b' --by Ann -q").printed(), "");
}

#[test]
fn another_task_accepts_nothing() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run("done B --by Ann").printed(), "B: complete, not verified\n");
    let event = sandbox.events().pop().expect("an event");
    assert_eq!(event["data"].get("accepts"), None::<&Value>);
    assert_eq!(sandbox.reads("check").printed(), FOUND);
}
