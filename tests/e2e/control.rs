//! Stop, pause and resume from outside; `wait`; limits of time.

use crate::sandbox::{Sandbox, flat_queue, holds_within, queue, task, wait_until};
use std::time::Duration;

#[test]
fn stop_lets_a_loop_end_and_the_next_run_continues() {
    let (list, ids) = flat_queue(20);
    let sandbox = Sandbox::new().queue("q.json", &list).script("default", "sleep 0.1");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("something runs", || !sandbox.oracle().entries.is_empty());
    sandbox.run(["stop", "q.json"]).exits(0);
    let ran = running.ends();
    assert_ne!(ran.status, 1, "{ran}");
    let queue = sandbox.read("q.json");
    assert_eq!(queue["summary"]["in_progress"], 0);
    assert!(queue["summary"]["pending"].as_u64() > Some(0), "it stopped before its end");
    sandbox.nothing_left();
    sandbox.run(["run", "q.json"]).exits(0);
    for id in &ids {
        assert_eq!(sandbox.oracle().ends(id), 1, "{id}");
    }
}

#[test]
fn pause_starts_nothing_more_until_resume() {
    let (list, _) = flat_queue(8);
    let sandbox = Sandbox::new().queue("q.json", &list).script("default", "sleep 0.05");
    sandbox.run(["pause", "q.json"]).exits(0);
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the loop has started", || !running.output().is_empty());
    let started = holds_within(Duration::from_secs(1), || !sandbox.oracle().entries.is_empty());
    assert!(!started, "a paused loop started something");
    sandbox.run(["resume", "q.json"]).exits(0);
    running.ends().exits(0);
    assert_eq!(sandbox.read("q.json")["summary"]["complete"], 8);
}

#[test]
fn a_pause_in_the_middle_holds_the_attempt_too() {
    let sandbox = Sandbox::new()
        .queue("q.json", &queue(&[("A", &[]), ("B", &["A"])]))
        .script("A", "sleep 0.5");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    sandbox.run(["pause", "q.json"]).exits(0);
    let next = holds_within(Duration::from_millis(1500), || sandbox.oracle().starts("B") > 0);
    assert!(!next, "a paused loop started something");
    sandbox.run(["resume", "q.json"]).exits(0);
    running.ends().exits(0);
    assert_eq!(sandbox.oracle().starts("A"), 1);
    assert_eq!(sandbox.oracle().starts("B"), 1);
}

#[test]
fn wait_ends_when_everything_is_complete() {
    let (list, _) = flat_queue(3);
    let sandbox = Sandbox::new().queue("q.json", &list).script("default", "sleep 0.2");
    let waiting = sandbox.spawn(["wait", "--work-queue", "q.json", "--timeout", "60"]);
    let running = sandbox.spawn(["run", "q.json"]);
    waiting.ends().exits(0);
    assert_eq!(sandbox.read("q.json")["summary"]["complete"], 3);
    running.ends().exits(0);
}

#[test]
fn a_loop_that_waits_takes_a_task_that_is_added() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])]));
    let running = sandbox.spawn(["run", "q.json", "--when-empty", "wait"]);
    wait_until("the first is complete", || sandbox.status("A") == "complete");
    let added = r#"{"id": "B", "title": "Make B"}"#;
    sandbox.run_with(["add", "--work-queue", "q.json", "-"], added).exits(0);
    wait_until("the second is complete", || {
        task(&sandbox.read("q.json"), "B")["status"] == "complete"
    });
    running.signal(rustix::process::Signal::INT);
    running.ends().exits(130);
    sandbox.nothing_left();
}

#[test]
fn a_limit_of_minutes_ends_the_run() {
    let (list, _) = flat_queue(50);
    let sandbox = Sandbox::new().queue("q.json", &list).script("default", "sleep 0.3");
    sandbox.run(["run", "q.json", "--max-minutes", "0.02"]).exits(6);
    let complete = sandbox.read("q.json")["summary"]["complete"].as_u64();
    assert!(complete > Some(0) && complete < Some(50), "{complete:?}");
}

/// `wait` ends if no loop serves the remaining tasks.
#[test]
fn waiting_ends_when_no_loop_is_left() {
    let sandbox = Sandbox::new().queue("q.json", &flat_queue(3).0).script("default", "await go");
    let timed_out = sandbox.run(["wait", "q.json", "--timeout", "50ms"]).exits(6);
    timed_out.closes_with(&["timed out after 50ms", "0 of 3 complete"]);
    sandbox.run(["wait", "--until", "gone", "q.json"]).exits(0);
    sandbox
        .run(["wait", "--until", "idle", "q.json"])
        .exits(7)
        .closes_with(&["0 of 3 complete", "3 ready, but no loop serves them"]);
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
    for until in ["idle", "gone", "complete"] {
        let wait = ["wait", "--until", until, "--timeout", "50ms", "--work-queue", "q.json"];
        sandbox.run(wait).exits(6).says("timed out");
    }
    sandbox.run(["stop", "q.json"]).exits(0);
    let idle = sandbox.spawn(["wait", "--until", "idle", "q.json"]);
    let gone = sandbox.spawn(["wait", "--until", "gone", "q.json", "--timeout", "1m"]);
    let first = sandbox.spawn(["wait", "T001", "q.json", "--timeout", "60"]);
    let named = sandbox.spawn(["wait", "q.json", "--task-id", "T001"]);
    let sandbox = sandbox.file("go", "");
    running.ends().exits(6).closes_with(&["asked to stop", "1 of 3 complete"]);
    idle.ends().exits(7).says("2 ready, but no loop serves them");
    gone.ends().exits(0).closes_with(&["no loop serves these queues: 1 of 3 complete"]);
    first.ends().exits(0);
    named.ends().exits(0);
    // A worker that was killed.
    let sandbox = sandbox.script("default", "hang");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("T002") == 1);
    running.signal(rustix::process::Signal::KILL);
    running.ends();
    sandbox.run(["wait", "--until", "idle", "q.json"]).exits(7);
}

#[test]
fn what_is_parked_on_purpose_is_not_waited_for() {
    let tasks: &[(&str, &[&str])] = &[("A", &[]), ("B", &[]), ("C", &["B"])];
    let sandbox = Sandbox::new().queue("q.json", &queue(tasks));
    sandbox.run(["park", "B", "C", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(0).closes_with(&["the task is complete; 2 parked"]);
    sandbox.run(["run", "q.json"]).exits(0).closes_with(&["nothing to do", "2 parked"]);
    sandbox.run(["wait", "q.json"]).exits(0).closes_with(&["2 parked"]);
    // An open task depends on the parked one.
    sandbox.run(["unpark", "C", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(5).closes_with(&["1 of 3 complete", "(B)"]);
}

#[test]
fn a_filter_that_meets_nothing_is_an_error() {
    let tasks = serde_json::json!({"tasks": [
        {"id": "A", "title": "a", "type": "docs", "tags": ["x"], "phase": 1, "status": "complete"},
        {"id": "B", "title": "b", "type": "bugfix", "tags": ["y", "x"]},
    ]});
    let sandbox = Sandbox::new().queue("q.json", &tasks);
    for verb in ["run", "next", "status", "plan", "graph"] {
        let there = "no task has type dcs; there are: docs, bugfix";
        sandbox.run([verb, "q.json", "--type", "dcs"]).exits(2).says(there);
    }
    sandbox.run(["run", "q.json", "--tag", "z"]).exits(2).says("there are: x, y");
    sandbox.run(["run", "q.json", "--track", "t"]).exits(2).says("no task has any");
    let both = ["run", "q.json", "--type", "docs", "--tag", "y"];
    sandbox.run(both).exits(2).says("no task has all of type docs, tag y");
    sandbox.run(["run", "q.json", "--type", "DOCS"]).exits(0);
    assert!(sandbox.oracle().entries.is_empty());
}

#[test]
fn no_hint_resets_more_than_was_named() {
    let sandbox = Sandbox::new().queue("q.json", &flat_queue(2).0);
    sandbox.run(["run", "q.json"]).exits(0);
    let ran = sandbox.run(["run", "q.json"]).exits(0);
    assert!(!ran.stderr.contains("reset"), "{ran}");
    let ran = sandbox.run(["run", "q.json", "--task-id", "T001"]).exits(0);
    ran.says("workloop reset T001 --work-queue q.json makes it pending again");
}
