//! Stop, pause and resume from outside; waiting; limits of time.

use crate::sandbox::{Sandbox, flat_queue, holds_within, queue, task, wait_until};
use std::time::Duration;

#[test]
fn stop_lets_a_loop_end_and_the_next_run_goes_on() {
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
    wait_until("the loop is there", || !running.output().is_empty());
    let started = holds_within(Duration::from_secs(1), || !sandbox.oracle().entries.is_empty());
    assert!(!started, "a paused loop started something");
    sandbox.run(["resume", "q.json"]).exits(0);
    running.ends().exits(0);
    assert_eq!(sandbox.read("q.json")["summary"]["complete"], 8);
}

#[test]
fn a_pause_in_the_middle_holds_the_attempt_too() {
    let sandbox =
        Sandbox::new().queue("q.json", &queue(&[("A", &[]), ("B", &["A"])])).script("A", "sleep 1");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    sandbox.run(["pause", "q.json"]).exits(0);
    let next = holds_within(Duration::from_secs(3), || sandbox.oracle().starts("B") > 0);
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
    let waiting = sandbox.spawn(["wait", "--work-queue", "q.json"]);
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
