use super::sandbox::Sandbox;
use crate::platform::programs::lacks;
use serde_json::{Map, Value, json};

/// Returns a project in which A waits for its start and B for its review.
fn sandbox() -> Sandbox {
    Sandbox::new(json!([
        {"id": "A", "title": "Walls", "requires_approval": true},
        {"id": "B", "title": "Roof\u{1b}[2J", "status": "blocked", "error": "review: please look",
         "attempts": 2, "passes": false, "verification_verdict": "PASS",
         "files_actually_changed": ["src/a.rs", "b\u{1b}.rs", 7]},
        {"id": "C", "title": "Ground"},
        {"id": "D", "title": "Door", "status": "complete"},
    ]))
}

/// Returns these fields of a task.
fn fields(task: &Map<String, Value>, keys: &[&str]) -> Vec<Value> {
    keys.iter().map(|key| task.get(*key).cloned().unwrap_or_default()).collect()
}

#[test]
fn an_approved_task_may_start() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run("approve A").printed(), "A: approved\n");
    let task = sandbox.task("A");
    assert_eq!(fields(&task, &["approved_by", "status"]), [json!("workloop approve"), Value::Null]);
    assert!(task["approved_at"].is_string());
    let event = &sandbox.events()[0];
    assert_eq!((&event["event"], &event["task"]), (&json!("approved"), &json!("A")));
    let text = "error: task A is pending: it does not wait for an approval; legal now: run, done, \
                block, park, cancel, reset\n";
    sandbox.refuses("approve A", 2, text);
}

#[test]
fn work_in_review_is_shown_before_it_counts() {
    let sandbox = sandbox();
    assert_eq!(
        sandbox.run("approve B A --by Ann").printed(),
        "B Roof␛[2J: PASS of attempt 2\n\
         \x20 src/a.rs\n\
         \x20 b␛.rs\n\
         B: approved, complete\n\
         A: approved\n"
    );
    assert_eq!(
        fields(&sandbox.task("B"), &["status", "passes", "error", "approved_by"]),
        [json!("complete"), json!(true), Value::Null, json!("Ann")]
    );
    assert_eq!(sandbox.task("A")["approved_by"], "Ann");
}

#[test]
fn a_quiet_approval_shows_nothing() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run("approve B -q").printed(), "");
    assert_eq!(sandbox.task("B")["status"], "complete");
}

#[test]
fn all_tasks_are_approved_or_none() {
    let sandbox = sandbox();
    for (line, text) in [
        (
            "approve A C",
            "error: task C is pending: it does not wait for an approval; legal now: run, done, \
             block, park, cancel, reset\n",
        ),
        (
            "approve A D",
            "error: task D is complete: it does not wait for an approval; legal now: reset\n",
        ),
        ("approve A X", "error: there is no task `X` in queues/q.json\n"),
        ("approve queues/q.json", "error: no task is named, only queues\n"),
        ("approve A --by ''", "error: --by needs a name\n"),
        ("approve A --by ' \t'", "error: --by needs a name\n"),
    ] {
        sandbox.refuses(line, 2, text);
    }
}

#[test]
fn a_change_is_shown_as_a_patch_and_may_land() {
    if lacks("git") {
        return;
    }
    let sandbox =
        sandbox().config("[isolation]\nmode = \"private\"\n").file("a.txt", "one\n").git();
    let (base, commit) = sandbox.keep("C", 1, "two");
    let change = json!({"commit": commit, "base": base, "verdict": "PASS", "waits": "review"});
    let queue = json!([{"id": "C", "title": "Ground", "status": "in_progress", "attempts": 1, "change": change}]);
    let sandbox = sandbox.queue("q", queue);
    let text = sandbox.run("approve C").printed();
    assert!(
        text.starts_with("C Ground: PASS of attempt 1\ndiff --git a/a.txt b/a.txt\n"),
        "{text}"
    );
    let end = "\n+two\nC: approved; the loop that holds its claim lands it, or else the next run\n";
    assert!(text.ends_with(end), "{text}");
    let task = sandbox.task("C");
    assert_eq!(
        (&task["status"], &task["change"]["waits"]),
        (&json!("in_progress"), &json!("landing"))
    );
}

#[test]
fn a_change_that_names_no_commits_is_not_approved() {
    let change = json!({"commit": "x", "base": "y", "verdict": "SKIPPED", "waits": "review"});
    let tasks = json!([{"id": "C", "status": "in_progress", "attempts": 3, "change": change}]);
    let sandbox = Sandbox::new(tasks);
    let before = sandbox.text("queues/q.json");
    let ran = sandbox.run("approve C");
    let text = "error: its change does not name two commits\n";
    assert_eq!(
        (ran.exit, ran.out.as_str(), ran.err.as_str()),
        (2, "C C: SKIPPED of attempt 3\n", text)
    );
    assert_eq!(sandbox.text("queues/q.json"), before);
}
