//! Ctrl-C once and twice, TERM, and a restart of the same command.

use crate::fake_agent::CONFIG;
use crate::processes::lacks;
use crate::sandbox::{Running, Sandbox, flat_queue, queue, task, wait_until};
use rustix::process::Signal;
use std::time::{Duration, Instant};

/// Returns a loop with one running agent that would never end.
fn hanging(script: &str, grace: &str) -> (Sandbox, Running) {
    let sandbox = Sandbox::new()
        .config(&CONFIG.replace(r#"grace = "1s""#, &format!("grace = \"{grace}\"")))
        .queue("q.json", &queue(&[("A", &[]), ("B", &["A"])]))
        .script("A", script);
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    (sandbox, running)
}

/// Asserts that the task is as if it had never been started, except for its number of attempts.
fn is_free_again(sandbox: &Sandbox) {
    let queue = sandbox.read("q.json");
    let task = task(&queue, "A");
    assert_eq!(task["status"], "pending", "{task}");
    assert!(task["claim"].is_null(), "{task}");
    assert_eq!(task["attempts"], 1, "{task}");
    assert_eq!(task["budget_used"].as_u64().unwrap_or(0), 0, "{task}");
    assert!(task["error"].as_str().is_some_and(|error| error.contains("interrupted")), "{task}");
    assert_eq!(queue["summary"]["pending"], 2);
    assert_eq!(queue["summary"]["in_progress"], 0);
    sandbox.nothing_left();
}

#[test]
fn ctrl_c_ends_the_attempt_and_frees_the_task() {
    let (sandbox, running) = hanging("daemonise\nhang", "1s");
    running.signal(Signal::INT);
    running.ends().exits(130);
    is_free_again(&sandbox);
}

#[test]
fn a_termination_does_the_same() {
    let (sandbox, running) = hanging("hang", "1s");
    running.signal(Signal::TERM);
    running.ends().exits(143);
    is_free_again(&sandbox);
}

#[test]
fn ctrl_c_twice_does_not_wait_for_the_grace() {
    let (sandbox, running) = hanging("ignore-term\ndaemonise\nhang", "100s");
    let start = Instant::now();
    let said = running.output().len();
    running.signal(Signal::INT);
    wait_until("the first signal is noticed and reported", || running.output().len() > said);
    running.signal(Signal::INT);
    running.ends().exits(130);
    assert!(start.elapsed() < Duration::from_secs(50), "{:?}", start.elapsed());
    is_free_again(&sandbox);
}

#[test]
fn the_same_command_continues_where_it_stopped() {
    if lacks("flock") {
        return;
    }
    let (list, ids) = flat_queue(8);
    let sandbox = Sandbox::new().queue("q.json", &list).script("default", "sleep 0.1");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("three are complete", || {
        sandbox.read("q.json")["summary"]["complete"].as_u64() >= Some(3)
    });
    running.signal(Signal::INT);
    running.ends().exits(130);
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.read("q.json")["summary"]["complete"], 8);
    let oracle = sandbox.oracle();
    assert!(oracle.overlaps().is_empty());
    for id in &ids {
        assert_eq!(oracle.ends(id), 1, "{id} was done again");
    }
}

#[test]
fn a_stopped_loop_keeps_its_claim_and_continues() {
    let (sandbox, running) = hanging("sleep 1", "1s");
    running.signal(Signal::TSTP);
    wait_until("the loop is stopped", || {
        let stat = std::fs::read_to_string(format!("/proc/{}/stat", running.pid()));
        stat.is_ok_and(|stat| stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T')))
    });
    assert_eq!(sandbox.status("A"), "in_progress");
    let other = sandbox.run(["run", "q.json", "--task-id", "A"]);
    assert_eq!(sandbox.oracle().starts("A"), 1, "{other}");
    running.signal(Signal::CONT);
    running.ends().exits(0);
    assert_eq!(sandbox.oracle().starts("A"), 1);
    sandbox.nothing_left();
}

#[test]
fn a_closed_output_is_no_failure() {
    let sandbox = Sandbox::new().queue("q.json", &flat_queue(200).0);
    let program = env!("CARGO_BIN_EXE_workloop");
    assert!(sandbox.shell(&format!("set -e; {program} status q.json | head -n 1 >/dev/null")));
    let status =
        format!("{{ {program} status q.json; echo $? >code; }} | true; [ \"$(cat code)\" = 0 ]");
    assert!(sandbox.shell(&status));
}
