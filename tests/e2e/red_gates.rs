//! A red gate that creates a task, and what makes it pass.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task};
use serde_json::json;

const CONFIG: &str = r#"
[agents.default]
run = "true"
[agents.mender]
run = "printf 'ok a\nok b\n1..2\n' >state"
[[verify]]
run = "true"
[[verify]]
profile = "full"
name = "check"
run = "sh check.sh"
report = { parser = "tap" }
[profiles.full]
on_red = "task mend"
[templates.mend]
title = "Mend what {gate} found"
description = "Make the checks of {gate} pass."
agent = "mender"
[limits]
untouched = false
"#;

#[test]
fn a_red_gate_waits_for_the_task_that_mends_it() {
    let mut list = queue(&[("A", &[]), ("GATE", &["A"]), ("B", &["GATE"])]);
    list["tasks"][1]["type"] = json!("gate");
    list["tasks"][1]["verify"] = json!("full");
    // The gate runs twice nevertheless: waiting for the task costs no attempt.
    list["tasks"][1]["max_iterations"] = json!(1);
    let sandbox = Sandbox::new()
        .config(CONFIG)
        .queue("q.json", &list)
        .file("check.sh", "cat state; ! grep -q ^not state\n")
        .file("state", "ok a\nnot ok b\n1..2\n");
    sandbox.run(["run", "q.json", "--max-iterations", "2"]).exits(6).says("task T-001 is to fix");
    let why = sandbox.run(["why", "GATE", "q.json"]).exits(0).says("it depends on T-001");
    why.says("1 passed, 1 failed: b");
    sandbox.run(["check", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(0);
    let done = sandbox.read("q.json");
    let made = task(&done, "T-001");
    let asked = made["description"].as_str().unwrap_or_default();
    assert!(asked.starts_with("Make the checks of GATE pass.\n\nGate GATE was red:\n"), "{asked}");
    assert!(asked.ends_with("- failed: b"), "{asked}");
    assert_eq!((&made["discovered_by"], &made["verify"]), (&json!("GATE"), &json!("full")));
    let attempts = |id: &str| task(&done, id)["attempts"].clone();
    assert_eq!((attempts("GATE"), attempts("B")), (json!(2), json!(1)));
    // A gate adds one task: still red after it, it is blocked.
    let vain = CONFIG.replace("agent = \"mender\"", "verify = \"default\"");
    let sandbox = Sandbox::new()
        .config(&vain)
        .queue("q.json", &list)
        .file("check.sh", "cat state; ! grep -q ^not state\n")
        .file("state", "ok a\nnot ok b\n1..2\n");
    sandbox.run(["run", "q.json"]).exits(5);
    let done = sandbox.read("q.json");
    assert_eq!(task(&done, "GATE")["status"], json!("blocked"));
    assert_eq!(done["tasks"].as_array().map(Vec::len), Some(4));
    // A template that does not exist is reported with its position.
    let wrong = sandbox.config(&CONFIG.replace("[templates.mend]", "[templates.mand]"));
    let told = wrong.run(["check", "q.json"]).exits(3);
    told.says(
        "workloop.toml:14:10: error[config]: there is no [templates.mend]; did you mean mand?",
    );
}

/// A gate over private trees: `b` failed before, `B` breaks `a`.
const APART: &str = r#"
[isolation]
mode = "private"
[workspaces]
dir = "../trees"
[agents.default]
run = "case $WORKLOOP_TASK_ID in B) printf 'not ok a\\nnot ok b\\n1..2\\n' >state;; *) touch new.$WORKLOOP_TASK_ID;; esac"
[[verify]]
run = "true"
[[verify]]
profile = "full"
name = "check"
run = "cat state; ! grep -q ^not state"
report = { parser = "tap" }
[profiles.full]
baseline = "no-new-failures"
[limits]
untouched = false
"#;

#[test]
fn a_gate_forgives_what_failed_before_its_work_began() {
    if lacks("git") {
        return;
    }
    // The direct dependency of the second gate broke nothing.
    let tasks: [(&str, &[&str]); 5] =
        [("A", &[]), ("G1", &["A"]), ("B", &["G1"]), ("C", &["B"]), ("G2", &["C"])];
    let mut list = queue(&tasks);
    for gate in [1, 4] {
        list["tasks"][gate]["type"] = json!("gate");
        list["tasks"][gate]["verify"] = json!("full");
    }
    let sandbox = Sandbox::new()
        .config(APART)
        .queue("q.json", &list)
        .file("state", "ok a\nnot ok b\n1..2\n")
        .committed();
    let ran = sandbox.run(["run", "q.json"]).exits(5);
    let items = |id| {
        let why = sandbox.run(["why", id, "q.json", "--json"]).exits(0).json();
        let items = why["attempts"][0]["items"].clone();
        (items["new"].clone(), items["old"].clone())
    };
    assert_eq!(items("G1"), (json!([]), json!(["b"])), "{ran}");
    assert_eq!(items("G2"), (json!(["a"]), json!(["b"])), "{ran}");
    let done = sandbox.read("q.json");
    let status = |id: &str| task(&done, id)["status"].clone();
    assert_eq!((status("G1"), status("G2")), (json!("complete"), json!("blocked")), "{ran}");
}

/// A task weakens a test that its own steps do not run; the gate runs it.
const WEAKENED: &str = r#"
[isolation]
mode = "private"
[workspaces]
dir = "../trees"
[agents.default]
run = 'sh agent.sh "$WORKLOOP_TASK_ID"'
[[verify]]
run = "true"
[[verify]]
profile = "full"
name = "tests"
run = """find . -name 'test_*' -exec cat {} + | grep -qx "value $(cat value)" """
[limits]
attempts = 1
untouched = false
"#;

fn weakened(task: &serde_json::Value) -> Sandbox {
    weakened_by_first(&[("A", &[]), ("G", &["A"])], task)
}

/// The last of `tasks` is the gate; the first one has the fields of `task`.
fn weakened_by_first(tasks: &[(&str, &[&str])], task: &serde_json::Value) -> Sandbox {
    let mut list = queue(tasks);
    for (name, value) in task.as_object().into_iter().flatten() {
        list["tasks"][0][name] = value.clone();
    }
    let gate = tasks.len() - 1;
    list["tasks"][gate]["type"] = json!("gate");
    list["tasks"][gate]["verify"] = json!("full");
    Sandbox::new()
        .config(WEAKENED)
        .queue("q.json", &list)
        .file("value", "4\n")
        .file("tests/test_value", "value 4\n")
        .file("agent.sh", "echo 5 >value; sed -i s/4/5/ tests/test_value\n")
        .committed()
}

#[test]
fn a_gate_passes_only_with_the_tests_from_before_its_work() {
    if lacks("git") {
        return;
    }
    let sandbox = weakened(&json!({}));
    sandbox.run(["run", "q.json"]).exits(5).says("as before the work that it judges");
    let done = sandbox.read("q.json");
    assert_eq!(
        (&task(&done, "A")["status"], &task(&done, "G")["status"]),
        (&json!("complete"), &json!("blocked"))
    );
    let error = task(&done, "G")["error"].as_str().unwrap_or_default();
    let is_named = error.contains("expectation_changed") && error.contains("tests/test_value");
    assert!(is_named, "{error}");
}

#[test]
fn a_gate_takes_what_a_person_declared() {
    if lacks("git") {
        return;
    }
    for allowed in [json!({"tests": ["tests/test_value"]}), json!({"may_change_tests": true})] {
        weakened(&allowed).run(["run", "q.json"]).exits(0);
    }
}

#[test]
fn a_gate_takes_what_a_person_changed_in_between() {
    if lacks("git") {
        return;
    }
    let sandbox = weakened(&json!({})).file("agent.sh", "echo 6 >other\n");
    assert!(sandbox.shell("git commit -qam agent"));
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(0);
    assert!(sandbox.shell("echo 5 >value; sed -i s/4/5/ tests/*; git commit -qam mine"));
    sandbox.run(["run", "q.json"]).exits(0);
}

/// `X` weakens the test after `A` landed, and the gate covers `A` alone.
const BESIDE: [(&str, &[&str]); 3] = [("X", &[]), ("A", &[]), ("G", &["A"])];
const BY_X: &str =
    "case $1 in X) echo 5 >value; sed -i s/4/5/ tests/test_value;; *) date >other;; esac\n";

#[test]
fn a_gate_compares_what_tasks_beside_its_work_changed() {
    if lacks("git") {
        return;
    }
    let run = |task: &serde_json::Value| {
        let sandbox = weakened_by_first(&BESIDE, task).file("agent.sh", BY_X);
        assert!(sandbox.shell("git commit -qam agent"));
        sandbox.run(["run", "q.json", "--task-id", "A"]).exits(0);
        sandbox.run(["run", "q.json", "--task-id", "X"]).exits(0);
        sandbox.run(["run", "q.json"])
    };
    run(&json!({})).exits(5).says("changed by X, without permission");
    run(&json!({"tests": ["tests/test_value"]})).exits(0);
    // An agent that added the task cannot permit it anything.
    run(&json!({"tests": ["tests/test_value"], "discovered_by": "A"})).exits(5);
}

#[test]
fn a_gate_compares_what_a_task_changed_before_it_was_reset() {
    if lacks("git") {
        return;
    }
    let sandbox = weakened_by_first(&[("X", &[]), ("A", &[]), ("G", &["A", "X"])], &json!({}));
    let sandbox = sandbox.file("agent.sh", BY_X);
    assert!(sandbox.shell("git commit -qam agent"));
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(0);
    sandbox.run(["run", "q.json", "--task-id", "X"]).exits(0);
    sandbox.run(["reset", "X", "q.json"]).exits(0);
    assert!(sandbox.shell("echo 'date >another' >agent.sh; git commit -qam agent"));
    sandbox.run(["run", "q.json"]).exits(5).says("changed by X, without permission");
}

#[test]
fn a_gate_compares_landings_that_a_person_rewrote() {
    if lacks("git") {
        return;
    }
    let sandbox = weakened(&json!({}));
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(0);
    assert!(sandbox.shell("echo 1 >mine; git add mine; git commit -q --amend --no-edit"));
    sandbox.run(["run", "q.json"]).exits(5).says("changed by A, without permission");
}

/// A person completes a task whose change was refused: only a loop lands, and the person learns
/// where the change is.
#[test]
fn a_change_that_a_person_takes_over_is_named() {
    if lacks("git") {
        return;
    }
    let sandbox = weakened(&json!({"verify": "full"}));
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(5);
    let told = sandbox.run(["done", "A", "q.json", "--note", "it is right"]).exits(0);
    let told = told.says("A: the change of attempt 1 is not on main: workloop diff A").stderr;
    let (_, command) = told.split_once("shows it, ").unwrap();
    let (command, _) = command.split_once(" takes it").unwrap();
    assert!(sandbox.shell(&format!("{command} && grep -q 5 value tests/test_value")), "{command}");
}
