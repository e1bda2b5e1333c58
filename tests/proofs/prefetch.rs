//! Claiming ahead, which a loop does where its turns take much longer than its attempts: here under
//! the condition `prefetch`, whatever the pace.

use crate::sandbox::{Running, Sandbox, all_end_well, flat_queue, holds_within, wait_until};
use crate::twin::twin;
use crate::twins::unless;
use rustix::process::Signal;
use serde_json::Value;
use std::time::Duration;

/// With so many tasks.
const TASKS: usize = 18;

/// A queue, and a program that claims four of its tasks at once; `None` without the twin.
fn sandbox(more: &str) -> Option<Sandbox> {
    let (list, _) = flat_queue(TASKS);
    let mut sandbox = Sandbox::new().queue("q.json", &list);
    sandbox.program = twin()?.into();
    sandbox.variables.push(("WORKLOOP_FAULT".to_owned(), format!("prefetch{more}")));
    Some(sandbox)
}

/// How many events of this kind each change made that made any.
fn together(sandbox: &Sandbox, kind: &str) -> Vec<usize> {
    let text = String::from_utf8(sandbox.bytes(".workloop/events.jsonl")).expect("UTF-8");
    let events = text.lines().map(|line| serde_json::from_str(line).expect("an event"));
    let of_kind = events.filter(|event: &Value| event["event"] == kind);
    let times: Vec<Value> = of_kind.map(|event| event["at"].clone()).collect();
    times.chunk_by(|one, other| one == other).map(<[_]>::len).collect()
}

fn count(sandbox: &Sandbox, status: &str) -> Option<u64> {
    sandbox.read("q.json")["summary"][status].as_u64()
}

/// A loop whose first task waits for the file `go`, with three more claimed behind it.
fn with_a_task_that_waits(sandbox: &Sandbox) -> Running {
    sandbox.rescript("T001", "await go");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the first one runs", || sandbox.oracle().starts("T001") == 1);
    running
}

#[test]
fn they_run_one_after_the_other_and_are_written_together() {
    let Some(sandbox) = sandbox("") else { return };
    sandbox.run(["run", "q.json"]).exits(0);
    let (_, ids) = flat_queue(TASKS);
    let oracle = sandbox.oracle();
    oracle.each_exactly_once(&ids);
    assert_eq!(oracle.most_at_once(), 1);
    assert_eq!(together(&sandbox, "claimed"), [4, 4, 4, 4, 2]);
    assert_eq!(together(&sandbox, "completed"), [4, 4, 4, 4, 2]);
    assert_eq!(count(&sandbox, "complete"), Some(18));
    sandbox.nothing_left();
}

#[test]
fn each_slot_has_its_own() {
    let Some(sandbox) = sandbox("") else { return };
    let (_, ids) = flat_queue(TASKS);
    let other = sandbox.spawn(["run", "q.json", "--jobs", "2"]);
    all_end_well([sandbox.spawn(["run", "q.json", "--jobs", "2"]), other]);
    let oracle = sandbox.oracle();
    oracle.each_exactly_once(&ids);
    assert!(oracle.most_at_once() <= 4, "{}", oracle.most_at_once());
    assert_eq!(count(&sandbox, "complete"), Some(18));
    sandbox.nothing_left();
}

/// What is not begun within a second is given back while the attempt before it goes on.
fn given_back(sandbox: &Sandbox) -> Vec<String> {
    let waiting = with_a_task_that_waits(sandbox);
    let back = || count(sandbox, "in_progress") == Some(1);
    let broken = unless(
        holds_within(Duration::from_secs(10), back),
        "tasks wait behind one that takes its time",
    );
    std::fs::write(sandbox.path("go"), "").expect("written");
    waiting.ends().exits(0);
    broken
}

#[test]
fn what_is_not_begun_in_time_is_given_back() {
    let (Some(sound), Some(broken)) = (sandbox(""), sandbox(",ahead-kept")) else { return };
    assert_eq!(given_back(&sound), Vec::<String>::new());
    let (_, ids) = flat_queue(TASKS);
    sound.oracle().each_exactly_once(&ids);
    sound.nothing_left();
    assert_eq!(given_back(&broken).len(), 1, "the fault ahead-kept was not noticed");
}

#[test]
fn another_loop_has_what_was_given_back() {
    let Some(sandbox) = sandbox("") else { return };
    let waiting = with_a_task_that_waits(&sandbox);
    // One that finds nothing to claim leaves it to the others.
    wait_until("they are given back", || count(&sandbox, "in_progress") == Some(1));
    let other = sandbox.spawn(["run", "q.json"]);
    wait_until("all others are complete", || count(&sandbox, "complete") == Some(17));
    std::fs::write(sandbox.path("go"), "").expect("written");
    all_end_well([waiting, other]);
    let (_, ids) = flat_queue(TASKS);
    sandbox.oracle().each_exactly_once(&ids);
    sandbox.nothing_left();
}

#[test]
fn a_loop_that_ends_early_keeps_no_claim() {
    for signal in [Signal::TERM, Signal::KILL] {
        let Some(sandbox) = sandbox("") else { return };
        let waiting = with_a_task_that_waits(&sandbox);
        waiting.signal(signal);
        let ended = waiting.ends();
        if signal == Signal::TERM {
            ended.exits(143);
            assert_eq!(count(&sandbox, "in_progress"), Some(0));
        }
        std::fs::write(sandbox.path("go"), "").expect("written");
        sandbox.run(["run", "q.json"]).exits(0);
        assert_eq!(count(&sandbox, "complete"), Some(18));
        assert_eq!(sandbox.oracle().overlaps(), Vec::<&str>::new());
        sandbox.nothing_left();
    }
}

#[test]
fn a_stop_and_a_limit_of_attempts_hold() {
    let Some(limited) = sandbox("") else { return };
    limited.run(["run", "q.json", "--max-iterations", "6"]).exits(6);
    assert_eq!(limited.oracle().started().len(), 6);
    assert_eq!(together(&limited, "claimed"), [4, 2]);
    assert_eq!((count(&limited, "complete"), count(&limited, "in_progress")), (Some(6), Some(0)));
    let Some(stopped) = sandbox("") else { return };
    let waiting = with_a_task_that_waits(&stopped);
    stopped.run(["stop", "q.json"]).exits(0);
    wait_until("nothing else is claimed", || count(&stopped, "in_progress") == Some(1));
    std::fs::write(stopped.path("go"), "").expect("written");
    waiting.ends().exits(6);
    assert_eq!((count(&stopped, "complete"), stopped.oracle().started().len()), (Some(1), 1));
}

#[test]
fn what_fails_is_tried_again_before_the_next() {
    let Some(sandbox) = sandbox("") else { return };
    sandbox.rescript("T002", "fail 1");
    sandbox.run(["run", "q.json"]).exits(0);
    let oracle = sandbox.oracle();
    assert_eq!(oracle.started()[..5], ["T001", "T002", "T002", "T003", "T004"]);
    assert_eq!(count(&sandbox, "complete"), Some(18));
    sandbox.nothing_left();
}
