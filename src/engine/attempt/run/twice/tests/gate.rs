//! Gates: what landed before them is judged with the judging files from before it.

use super::*;

/// Commits what `script` changes, as the landing of a task or as a person. Returns the commit.
fn landed(case: &Case, task: Option<&str>, script: &str) -> String {
    let trailer = task.map(|task| format!("-m 'Workloop-Task: {task}'")).unwrap_or_default();
    case.sh(&format!("{script}; git add -A; git commit -qm work {trailer}; git rev-parse HEAD"))
}

/// Returns a gate that waits for `B`, which weakened a test. `more` are keys of `B` and of the gate.
fn gate(more: Value, own: Value, script: &str, task: Option<&str>) -> Case {
    let case = project(&config(&["pytest"])).task(json!({"type": "gate", "dependencies": ["B"]}));
    let commit = landed(&case, task, script);
    let mut case = case.task(own);
    let mut b = json!({"id": "B", "title": "b", "status": "complete", "attempts": 1,
        "landed_commit": commit, "completed_at": "2026-01-01T00:00:00Z"});
    let Value::Object(more) = more else { panic!("{more} is no object") };
    b.as_object_mut().unwrap().extend(more);
    case.queue["tasks"].as_array_mut().unwrap().push(b);
    case
}

const WEAKENS: &str = "echo weak >tests/test_a.py; echo wrong >src/app.py";

#[test]
fn a_gate_judges_the_work_before_it_with_the_tests_from_before_that_work() {
    if lacks("git") {
        return;
    }
    let now = [("src/app.py", Some("wrong\n")), ("tests/test_a.py", Some("weak\n"))];
    let before = [("src/app.py", Some("wrong\n")), ("tests/test_a.py", Some("strict\n"))];
    let case = gate(json!({}), json!({}), WEAKENS, Some("B"));
    let case = case.on("pytest", step(0, &now)).on("pytest", step(1, &before));
    let ran = case.run();
    let reason = format!(
        "expectation_changed: it passes as it is, but not with tests/test_a.py as before the work that \
         it judges (step pytest (again, with the base's files): exit status 1); changed by B, without \
         permission. Restore them and mend the work, or declare them for the task (files, tests, \
         may_change_tests). {OUTPUTS}"
    );
    assert_eq!(ran.end(), (Some(Verdict::Fail), "expectation_changed", &*reason));
    assert_eq!(case.script.words(), ["pytest", "pytest"]);
}

#[test]
fn what_the_tasks_before_a_gate_or_a_person_may_change_stays() {
    if lacks("git") {
        return;
    }
    let none = || json!({});
    for (more, own, task, why) in [
        (json!({"may_change_tests": true}), none(), Some("B"), "the task may"),
        (json!({"tests": ["tests/test_a.py"]}), none(), Some("B"), "the task declares it"),
        (none(), json!({"tests": ["tests/test_a.py"]}), Some("B"), "the gate declares it"),
        (none(), none(), None, "a person changed it"),
    ] {
        let case = gate(more, own, WEAKENS, task);
        let ran = case.on("pytest", Answer::exit(0)).on("pytest", Answer::exit(1)).run();
        assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""), "{why}");
        // That is listed for the tasks that did it, and not for the gate.
        assert_eq!(ran.report().findings.changed_with_permission, [], "{why}");
    }
}
