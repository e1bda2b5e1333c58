//! The JSON output that scripts read: the fields of version 1, and their schemas.

use crate::processes::lacks;
use crate::sandbox::{Ran, Sandbox, queue};
use serde_json::{Value, json};
use std::path::Path;

fn sandbox() -> Sandbox {
    let mut list = queue(&[("A", &[]), ("B", &["A"]), ("C", &[]), ("D", &["C"])]);
    list["tasks"][2]["max_iterations"] = json!(1);
    let sandbox = Sandbox::new().queue("q.json", &list).script("C", "nothing");
    sandbox.run(["run", "q.json", "--task-id", "C"]).exits(5);
    sandbox
}

/// Asserts that a value has exactly the kinds of fields that a line of the contract lists.
#[track_caller]
fn has(value: &Value, keys: &[&str]) {
    for key in keys {
        assert!(value.get(key).is_some(), "{key} is missing in {value}");
    }
}

/// Validates against the published schema of a verb, if there is one.
#[track_caller]
fn fits_its_schema(verb: &str, value: &Value) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("schemas");
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name().to_string_lossy().into_owned();
        if name.split('.').next() != Some(verb) {
            continue;
        }
        let text = std::fs::read_to_string(entry.path()).expect("readable");
        let schema: Value = serde_json::from_str(&text).expect("a JSON schema");
        let validator = jsonschema::validator_for(&schema).expect("a valid schema");
        let errors: Vec<String> =
            validator.iter_errors(value).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{name}: {errors:?} in {value}");
    }
}

#[track_caller]
fn version_1(ran: &Ran, verb: &str) -> Value {
    let value = ran.json();
    assert_eq!(value["schema_version"], 1, "{ran}");
    fits_its_schema(verb, &value);
    value
}

fn by_id<'a>(tasks: &'a Value, id: &str) -> &'a Value {
    tasks.as_array().and_then(|list| list.iter().find(|t| t["id"] == id)).unwrap_or(&Value::Null)
}

#[test]
fn status() {
    let ran = sandbox().run(["status", "--json", "q.json"]).exits(0);
    let queue = version_1(&ran, "status")["queues"][0].clone();
    has(&queue, &["path", "project", "summary", "ready", "waiting", "tasks"]);
    has(&queue["summary"], &["total", "pending", "in_progress", "blocked", "complete", "parked"]);
    assert_eq!((&queue["ready"], &queue["waiting"]), (&json!(1), &json!(2)), "{queue}");
    let keys = [
        "id",
        "title",
        "status",
        "state",
        "priority",
        "attempts",
        "worker",
        "waiting_for",
        "error",
    ];
    has(by_id(&queue["tasks"], "A"), &keys);
    assert_eq!(by_id(&queue["tasks"], "A")["state"], "ready");
    assert_eq!(by_id(&queue["tasks"], "C")["state"], "blocked");
    let waiting = by_id(&queue["tasks"], "B");
    assert_eq!(waiting["state"], "waiting");
    assert_eq!(waiting["waiting_for"][0]["kind"], "dependency");
    assert!(waiting["waiting_for"][0]["what"].to_string().contains('A'), "{waiting}");
}

#[test]
fn next() {
    let ran = sandbox().run(["next", "--json", "q.json"]).exits(0);
    let tasks = version_1(&ran, "next")["tasks"].clone();
    assert_eq!(tasks.as_array().map(Vec::len), Some(1), "{tasks}");
    has(&tasks[0], &["id", "queue", "rank", "reason"]);
    assert_eq!(tasks[0]["id"], "A");
}

#[test]
fn why() {
    let sandbox = sandbox();
    let ran = sandbox.run(["why", "D", "--json", "--work-queue", "q.json"]).exits(0);
    let waiting = version_1(&ran, "why");
    has(&waiting, &["id", "queue", "state", "waiting_for", "holds_up", "attempts"]);
    assert_eq!(waiting["state"], "waiting");
    let ran = sandbox.run(["why", "C", "--json", "--work-queue", "q.json"]).exits(0);
    let blocked = version_1(&ran, "why");
    assert_eq!(blocked["holds_up"], json!(["D"]));
    has(&blocked["attempts"][0], &["attempt", "outcome", "verdict", "reason", "log"]);
    assert_eq!(blocked["attempts"][0]["verdict"], "FAIL");
    sandbox.run(["why", "no-such-task", "--work-queue", "q.json"]).exits(2).says("no-such-task");
}

#[test]
fn check() {
    let good = sandbox().run(["check", "--json", "q.json"]).exits(0);
    version_1(&good, "check");
    let list = queue(&[("A", &["A"]), ("B", &["nobody"]), ("C", &["D"]), ("D", &["C"])]);
    let bad = Sandbox::new().queue("q.json", &list).run(["check", "--json", "q.json"]).exits(3);
    let findings = version_1(&bad, "check")["findings"].as_array().cloned().unwrap_or_default();
    for finding in &findings {
        has(finding, &["severity", "code", "queue", "line", "column", "task", "message"]);
        assert!(finding["line"].as_u64() > Some(0), "{finding}");
    }
    for id in ["A", "B", "C"] {
        let named =
            findings.iter().any(|finding| finding["task"] == id && finding["severity"] == "error");
        assert!(named, "no finding names {id}: {bad}");
    }
}

#[test]
fn findings_for_people_have_a_place_and_the_line() {
    let list = queue(&[("A", &["nobody"])]);
    let sandbox = Sandbox::new().queue("q.json", &list);
    let ran = sandbox.run(["check", "q.json"]).exits(3);
    let said = format!("{}{}", ran.stdout, ran.stderr);
    assert!(said.contains("q.json:") && said.contains("error["), "{ran}");
    assert!(said.contains("\"nobody\""), "the line is shown: {ran}");
}

#[test]
fn reading_verbs_write_nothing_and_take_no_lock() {
    if lacks("flock") {
        return;
    }
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[]), ("B", &["A"])]));
    let listing = || {
        let entries = std::fs::read_dir(sandbox.path("")).expect("readable").flatten();
        let mut names: Vec<_> = entries.map(|entry| entry.file_name()).collect();
        names.sort();
        names
    };
    let (before, bytes) = (listing(), sandbox.bytes("q.json"));
    let program = env!("CARGO_BIN_EXE_workloop");
    for verb in ["status", "next", "check", "why A --work-queue", "prompt A --work-queue"] {
        let held = format!("flock . timeout 20 {program} {verb} q.json >/dev/null");
        assert!(sandbox.shell(&held), "{verb} waits for the lock");
    }
    assert_eq!((listing(), sandbox.bytes("q.json")), (before, bytes));
}

#[test]
fn every_published_schema_is_one() {
    let sandbox = Sandbox::new();
    let names = sandbox.run(["schema"]).exits(0);
    assert!(names.stdout.contains("queue"), "{names}");
    let queue = sandbox.run(["schema", "queue"]).exits(0).json();
    assert!(jsonschema::validator_for(&queue).is_ok());
}

#[test]
fn help_and_version_go_to_stdout() {
    let sandbox = Sandbox::new();
    let version = sandbox.run(["--version"]).exits(0);
    assert!(version.stdout.contains(env!("CARGO_PKG_VERSION")), "{version}");
    let help = sandbox.run(["--help"]).exits(0);
    for verb in ["run", "status", "next", "why", "check", "retry", "reset"] {
        assert!(help.stdout.contains(verb), "{verb} is missing: {help}");
    }
    assert!(!help.stdout.contains("supervise"), "the inner verb is hidden: {help}");
    sandbox.run(["no-such-verb"]).exits(2);
    sandbox.run(["run", "--no-such-flag"]).exits(2);
}
