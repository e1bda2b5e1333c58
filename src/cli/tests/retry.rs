//! `retry`: blocked tasks get a new budget.

use super::house::{AMBIGUOUS, elsewhere, house, house_and, of, refuses_bad_queues, two_houses};
use super::sandbox::Sandbox;
use serde_json::{Value, json};

const DONE: &str = "pending again, with a new budget";
const LEGAL: &str = "only a blocked task, or a pending one that was tried, can be tried again";

/// Returns the house after an attempt at D whose step printed an error.
fn failed() -> Sandbox {
    let step = json!({"kind": "verify", "name": "unit", "outcome": {"kind": "exited", "code": 1},
                      "millis": 5, "log": "verify-1.out"});
    let report = json!({"verdict": "FAIL", "reason": "step unit: exit status 1", "steps": [step]});
    house().reported("D", 2, report).attempt(
        "D",
        2,
        &[("verify-1.out", "cannot find crate `well`\nexit\n")],
    )
}

#[test]
fn the_budget_is_new_and_the_attempts_stay_counted() {
    let house = house();
    assert_eq!(house.run("retry D D").printed(), format!("D: {DONE}\n"), "each id once");
    let task = house.task("D");
    assert_eq!(task["status"], "pending");
    assert_eq!((&task["attempts"], &task["budget_used"]), (&json!(2), &json!(0)));
    assert_eq!(task["error"], Value::Null);
    let last = house.events().pop().expect("an event");
    assert_eq!((&last["event"], &last["task"]), (&json!("retried"), &json!("D")));
    assert_eq!(last.get("worker"), None, "a person did it");
}

#[test]
fn a_pending_task_that_was_tried_gets_a_new_budget_too() {
    let sandbox = of(&[json!({"id": "A", "attempts": 2, "error": "x", "budget_used": 2})]);
    assert_eq!(sandbox.run("retry A -q").printed(), "");
    assert_eq!(sandbox.task("A")["budget_used"], 0);
}

#[test]
fn every_blocked_task_of_the_queues_is_retried_and_no_other() {
    let sandbox = house_and(&[json!({"id": "D2", "status": "failed", "attempts": 1})]);
    assert_eq!(sandbox.run("retry --failed").printed(), format!("D: {DONE}\nD2: {DONE}\n"));
    assert_eq!(sandbox.task("F")["status"], "parked");
    let ran = sandbox.run("retry --failed queues/q.json");
    assert_eq!((ran.exit, ran.out.as_str(), ran.err.as_str()), (0, "", "no task is blocked\n"));
    assert_eq!(sandbox.run("retry --failed -q").printed(), "");
    let text = "error: --failed takes no ids: D\nhint: a queue ends in .json, or is named with \
                --work-queue\n";
    sandbox.refuses("retry --failed D", 2, text);
    let err = sandbox.run("retry --failed --because x").failed(2);
    assert!(
        err.starts_with("error: the argument '--failed' cannot be used with '--because"),
        "{err}"
    );
}

#[test]
fn an_illegal_transition_is_refused_and_nothing_is_written() {
    let sandbox = house_and(&[elsewhere("R", 1)]);
    for (line, text) in [
        ("retry A", format!("task A is complete: {LEGAL}; legal now: reset")),
        ("retry F", format!("task F is parked: {LEGAL}; legal now: unpark, done, reset")),
        (
            "retry D B",
            format!("task B is pending: {LEGAL}; legal now: run, done, block, park, cancel, reset"),
        ),
        (
            "retry R",
            format!(
                "task R is in_progress: {LEGAL}; legal now: cancel, block, park, release, progress"
            ),
        ),
        ("retry nope", "there is no task `nope` in queues/q.json".to_owned()),
        ("retry queues/q.json", "no task is named, only queues".to_owned()),
    ] {
        sandbox.refuses(line, 2, &format!("error: {text}\n"));
    }
    let err = sandbox.run("retry").failed(2);
    assert!(err.contains("\n  <ID|-|QUEUE>...\n"), "{err}");
    two_houses().refuses("retry B", 2, AMBIGUOUS);
}

#[test]
fn what_to_do_differently_is_kept_for_the_next_prompt() {
    let house = house();
    for line in ["retry D --because ''", "retry D --because '  '"] {
        house.refuses(line, 2, "error: --because needs a text\n");
    }
    assert_eq!(
        house.run("retry D --because '  use less water '").printed(),
        format!("D: {DONE}\n")
    );
    let answers = house.task("D")["answers"].clone();
    assert_eq!(answers.as_array().map(Vec::len), Some(1));
    assert_eq!(
        (&answers[0]["question"], &answers[0]["answer"]),
        (&json!("step test: exit status 1"), &json!("use less water"))
    );
    let prompt = house.run("prompt D").out;
    assert!(prompt.contains("\nAnswer: use less water\n"), "{prompt}");
    assert_eq!(house.events().last().map(|event| event["event"].clone()), Some(json!("answered")));
}

#[test]
fn an_expression_for_the_error_must_meet_what_the_attempt_printed() {
    let sandbox = failed();
    let see = "hint: workloop log D shows the output\n";
    for (pattern, text) in [
        ("(", "is not a regular expression: unclosed group"),
        ("x*", "matches every text, so it identifies no error"),
        ("cannot find file", "matches nothing that the last attempt printed, nor its reason"),
    ] {
        let line = format!("retry D --because x --known '{pattern}'");
        sandbox.refuses(&line, 2, &format!("error: --known {text}\n{see}"));
    }
    sandbox.refuses(
        "retry D B --because x --known find",
        2,
        "error: --known is about the error of one task; name exactly one\n",
    );
    let err = sandbox.run("retry D --known find").failed(2);
    assert!(err.contains("\n  --because <TEXT>\n"), "{err}");
    let line = "retry D --because 'install it' --known '^cannot find crate `(\\w+)`$'";
    assert_eq!(sandbox.run(line).printed(), format!("D: {DONE}\n"));
}

#[test]
fn a_fresh_start_needs_private_trees() {
    let text = "error: --fresh needs private workspaces, but all agents share a tree here: the work of \
                earlier attempts is in the project itself\nhint: undo unwanted changes there, and retry \
                without --fresh\n";
    let house = house();
    for line in ["retry D --fresh", "retry --failed --fresh"] {
        house.refuses(line, 2, text);
    }
    let private = house.config("[isolation]\nmode = \"private\"\n");
    private.refuses("retry D --fresh", 2, "error: git is not on the PATH\nhint: install git\n");
}

#[test]
fn a_strange_id_is_quoted_in_the_hint() {
    let sandbox = of(&[json!({"id": "a b", "status": "blocked", "error": "no"})]);
    let err = sandbox.run("retry 'a b' --because x --known '('").failed(2);
    assert!(err.ends_with("\nhint: workloop log 'a b' shows the output\n"), "{err}");
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("retry A");
    refuses_bad_queues("retry --failed");
}
