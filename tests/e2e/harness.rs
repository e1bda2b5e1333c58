//! Tests of the test tools themselves: a log that misses an overlap would accept every loop.

use crate::fake_agent::Moment;
use crate::processes::lacks;
use crate::sandbox::{Sandbox, wait_until};
use std::io::Write as _;

/// Runs the scripted agent as a loop would, but without a loop.
fn act(sandbox: &Sandbox, id: &str, attempt: u32, more: &str) -> bool {
    let root = sandbox.path("");
    sandbox.shell(&format!(
        "echo the prompt >prompt; export WORKLOOP_ROOT='{}' WORKLOOP_TASK_ID={id} \
         WORKLOOP_ATTEMPT={attempt} WORKLOOP_PROMPT_FILE=prompt WORKLOOP_RESULT_FILE=result; \
         sh fake-agent.sh <prompt {more}",
        root.display()
    ))
}

#[test]
fn the_agent_follows_its_script_and_logs() {
    if lacks("flock") {
        return;
    }
    let sandbox = Sandbox::new().script("A", "fail 1\nkeep-prompt\nresult {\"x\": 1}\ndrain-stdin");
    assert!(act(&sandbox, "A", 1, ""));
    assert!(!sandbox.path("made/A").exists());
    assert!(act(&sandbox, "A", 2, ""));
    assert_eq!(sandbox.bytes("made/A"), b"attempt 2\n");
    assert_eq!(sandbox.bytes("prompts/A.2"), b"the prompt\n");
    assert_eq!(sandbox.bytes("result"), b"{\"x\": 1}\n");
    let oracle = sandbox.oracle();
    assert_eq!((oracle.starts("A"), oracle.ends("A"), oracle.most_at_once()), (2, 2, 1));
    assert!(oracle.first(Moment::Start, "A") < oracle.first(Moment::End, "A"));
    assert!(oracle.overlaps().is_empty());
    sandbox.rescript("A", "exit 3");
    assert!(!act(&sandbox, "A", 3, ""));
    sandbox.nothing_left();
}

#[test]
fn an_overlap_is_seen_even_when_only_a_child_is_left() {
    if lacks("flock") {
        return;
    }
    let sandbox = Sandbox::new().script("A", "daemonise").script("B", "sleep 0.3");
    assert!(act(&sandbox, "A", 1, ""));
    assert!(act(&sandbox, "A", 2, ""));
    assert_eq!(sandbox.oracle().overlaps(), ["A"]);
    assert!(act(&sandbox, "B", 1, "& sh fake-agent.sh <prompt; wait"));
    assert_eq!(sandbox.oracle().overlaps(), ["A", "B"]);
    assert_eq!(sandbox.oracle().most_at_once(), 2);
}

#[test]
fn strays_are_found_by_what_they_inherited() {
    let sandbox = Sandbox::new().script("A", "daemonise");
    assert!(sandbox.strays().is_empty());
    assert!(act(&sandbox, "A", 1, ""));
    wait_until("the daemon is seen", || !sandbox.strays().is_empty());
    for pid in sandbox.strays() {
        crate::processes::signal(pid, rustix::process::Signal::KILL);
    }
    sandbox.nothing_left();
}

#[test]
fn each_exactly_once_can_fail() {
    let sandbox = Sandbox::new();
    assert!(act(&sandbox, "A", 1, "") && act(&sandbox, "A", 2, ""));
    let ids = ["A".to_owned()];
    let judged = std::panic::catch_unwind(|| sandbox.oracle().each_exactly_once(&ids));
    assert!(judged.is_err());
}

/// The tools that tests of this repository use, and what needs each of them.
const TOOLS: [(&str, &str); 9] = [
    ("git", "tests of projects under git are skipped, and each says so"),
    ("jq", "tests in which a script edits a queue are skipped, and each says so"),
    ("flock", "tests in which a script takes a lock are skipped, and each says so"),
    ("ps", "tests that look for processes fail"),
    ("tmux", "terminals are not tried"),
    ("strace", "crashes at system calls are not tried"),
    ("zsh", "its completion is not sourced"),
    ("fish", "its completion is not sourced"),
    ("bash", "its completion is not sourced"),
];

/// Lists the missing tools, because the output of a test that skipped itself is hidden.
#[test]
fn missing_tools_are_listed() {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let here = |tool: &str| std::env::split_paths(&path).any(|dir| dir.join(tool).is_file());
    let missing: Vec<_> = TOOLS.iter().filter(|(tool, _)| !here(tool)).collect();
    let mut text = String::new();
    for (tool, what) in &missing {
        text.push_str(&format!("MISSING: {tool}: {what}\n"));
    }
    if !missing.is_empty() {
        text.push_str(&format!("{} of {} tools are missing here\n", missing.len(), TOOLS.len()));
    }
    drop(std::io::stderr().write_all(text.as_bytes()));
}
