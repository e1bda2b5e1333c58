//! The guarantees of `pause --wait` and `stop --wait` when they return.

use crate::processes;
use crate::sandbox::{Sandbox, flat_queue, holds_within, queue, wait_until};
use rustix::process::Signal;
use std::fs;
use std::time::Duration;

/// Agents, and children that they left behind, which write to the tree until they may end.
const TICKING: &str = r#"
[agents.default]
run = '''(setsid sh -c "while [ ! -e go ]; do echo x >>lost; done" &)
while [ ! -e go ]; do echo x >>"tick.$WORKLOOP_TASK_ID"; done'''
timeout = "60s"
[[verify]]
name = "ticked"
run = "true"
"#;

fn size(sandbox: &Sandbox, name: &str) -> u64 {
    fs::metadata(sandbox.path(name)).map_or(0, |meta| meta.len())
}

/// Returns the state of everything that must not be written while the queues are paused.
fn tree(sandbox: &Sandbox) -> Vec<(u64, Vec<u8>)> {
    let sizes = ["tick.T001", "tick.T002", "lost"].map(|name| (size(sandbox, name), Vec::new()));
    let texts = ["q.json", ".workloop/events.jsonl", ".workloop/verification.log"];
    let texts = texts.map(|name| (0, fs::read(sandbox.path(name)).unwrap_or_default()));
    sizes.into_iter().chain(texts).collect()
}

#[track_caller]
fn stays_so(sandbox: &Sandbox, time: Duration) {
    let before = tree(sandbox);
    assert!(!holds_within(time, || tree(sandbox) != before), "something was written");
}

#[test]
fn nothing_runs_and_nothing_is_written_after_a_pause_was_waited_for() {
    let sandbox = Sandbox::new().config(TICKING).queue("q.json", &flat_queue(3).0);
    let running = sandbox.spawn(["run", "q.json", "--jobs", "2"]);
    let run = || ["tick.T001", "tick.T002", "lost"].iter().all(|name| size(&sandbox, name) > 0);
    for _ in 0..3 {
        wait_until("both agents run", run);
        sandbox.run(["pause", "q.json", "--wait"]).exits(0);
        stays_so(&sandbox, Duration::from_millis(200));
        for name in ["tick.T001", "tick.T002", "lost"] {
            fs::remove_file(sandbox.path(name)).expect("removed");
        }
        sandbox.run(["resume", "q.json"]).exits(0);
    }
    // A deleted entry does not hide the loop.
    assert!(sandbox.shell("rm -r .workloop/workers"));
    sandbox.run(["pause", "--all", "q.json", "--wait"]).exits(0);
    stays_so(&sandbox, Duration::from_millis(1200));
    // The queue is replaced by another version, as git would do.
    let kept = sandbox.bytes("q.json");
    assert!(sandbox.shell("rm q.json"));
    stays_so(&sandbox, Duration::from_millis(1500));
    let sandbox = sandbox.file("q.json", kept).file("go", "");
    sandbox.run(["resume", "--all", "q.json"]).exits(0);
    running.ends().exits(0);
    assert_eq!(sandbox.read("q.json")["summary"]["complete"], 3);
    sandbox.nothing_left();
}

fn is_stopped(pid: u32) -> bool {
    let stat = fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| rest.starts_with('T'))
}

/// An attempt that ends at the same moment as the pause begins.
#[test]
fn a_result_waits_for_the_end_of_the_pause() {
    let sandbox = Sandbox::new()
        .queue("q.json", &queue(&[("A", &[]), ("B", &["A"])]))
        .script("A", "await go");
    let running = sandbox.spawn(["run", "q.json", "--no-verify"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    running.signal(Signal::STOP);
    wait_until("the loop is stopped", || is_stopped(running.pid()));
    sandbox.run(["pause", "q.json", "--wait", "--timeout", "50ms"]).exits(6).says("not paused yet");
    let sandbox = sandbox.file("go", "");
    wait_until("the agent ended", || sandbox.oracle().ends("A") == 1);
    running.signal(Signal::CONT);
    sandbox.run(["pause", "q.json", "--wait"]).exits(0);
    assert_eq!(sandbox.status("A"), "in_progress");
    stays_so(&sandbox, Duration::from_millis(1200));
    sandbox.run(["resume", "q.json"]).exits(0);
    running.ends().exits(0);
    assert_eq!(sandbox.oracle().started(), ["A", "B"]);
}

/// Another queue of the same loop continues, and a file that replaces the paused queue is not read
/// before the end of the pause.
#[test]
fn a_pause_of_one_queue_is_none_of_the_other() {
    let sandbox = Sandbox::new()
        .queue("a.json", &queue(&[("A", &[]), ("A2", &["A"])]))
        .queue("b.json", &queue(&[("B1", &[]), ("B2", &["B1"])]))
        .script("A", "await go")
        .script("B1", "await on");
    let running = sandbox.spawn(["run", "a.json", "b.json", "--jobs", "2"]);
    wait_until("both agents run", || {
        sandbox.oracle().starts("A") + sandbox.oracle().starts("B1") == 2
    });
    sandbox.run(["pause", "a.json", "--wait"]).exits(0);
    let kept = sandbox.bytes("a.json");
    let sandbox = sandbox.file("a.json", "{ half of a merge").file("on", "").file("go", "");
    wait_until("the other queue is done", || {
        sandbox.read("b.json")["summary"]["complete"].as_u64() == Some(2)
    });
    assert_eq!(sandbox.bytes("a.json"), b"{ half of a merge");
    assert_eq!(sandbox.oracle().ends("A"), 0);
    let sandbox = sandbox.file("a.json", kept);
    sandbox.run(["resume", "a.json"]).exits(0);
    running.ends().exits(0);
    assert_eq!(sandbox.read("a.json")["summary"]["complete"], 2);
    assert_eq!(sandbox.oracle().started().len(), 4);
}

#[test]
fn a_loop_that_starts_during_a_pause_writes_nothing() {
    let sandbox = Sandbox::new().queue("q.json", &flat_queue(1).0);
    sandbox.run(["pause", "q.json", "--wait"]).exits(0);
    let before = tree(&sandbox);
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the loop has started", || running.output().contains("paused"));
    assert_eq!(tree(&sandbox), before);
    sandbox.run(["pause", "q.json", "--wait"]).exits(0);
    sandbox.run(["stop", "q.json", "--wait"]).exits(0);
    running.ends().exits(6);
}

#[test]
fn a_cancelled_task_ends_although_it_is_paused() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "hang");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    sandbox.run(["pause", "q.json", "--wait"]).exits(0);
    sandbox.run(["cancel", "A", "q.json"]).exits(0);
    let agents = || {
        let all = sandbox.strays().into_iter();
        all.filter(|pid| processes::command_line(*pid).contains("fake-agent")).count()
    };
    wait_until("its agent is gone", || agents() == 0);
    sandbox.run(["resume", "q.json"]).exits(0);
    running.ends();
    assert_eq!(sandbox.status("A"), "parked");
}

#[test]
fn stop_waits_for_the_end_of_the_loops() {
    let sandbox = Sandbox::new().queue("q.json", &flat_queue(2).0).script("default", "await go");
    sandbox.run(["stop", "q.json", "--wait"]).exits(0);
    let mut running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
    sandbox.run(["stop", "q.json", "--wait", "--timeout", "50ms"]).exits(6).says("still running");
    assert!(!running.has_ended());
    let sandbox = sandbox.file("go", "");
    sandbox.run(["stop", "q.json", "--wait", "--timeout", "1m"]).exits(0);
    running.ends().exits(6);
    assert_eq!(sandbox.read("q.json")["summary"]["complete"], 1);
}
