//! Every event is delivered to every channel exactly once, even if loops are killed meanwhile.

use crate::fake_agent::CONFIG;
use crate::sandbox::{Sandbox, wait_until};
use crate::twins::holds;
use rustix::process::Signal;
use serde_json::Value;

/// A channel that fails until the file `ok` exists.
const CHANNEL: &str = "[[notify]]\non = \"complete\"\ncommand = \"test -e ok && cat >> told\"\n";

/// Returns the tasks about which the channel was not notified exactly once.
fn mistold(sandbox: &Sandbox) -> Vec<String> {
    let told = String::from_utf8(sandbox.bytes("told")).expect("text");
    let bodies = told.lines().map(|line| serde_json::from_str::<Value>(line).expect("JSON"));
    let bodies: Vec<Value> = bodies.collect();
    let count = |id: &str| bodies.iter().filter(|body| body["task"] == id).count();
    let ids = ["T001", "T002", "T003"].into_iter();
    ids.filter(|id| count(id) != 1).map(|id| format!("{id} was told {} times", count(id))).collect()
}

#[test]
fn what_a_killed_loop_did_not_tell_the_next_one_tells() {
    holds("cursor-forgotten", |sandbox| {
        let sandbox = sandbox.config(&format!("{CONFIG}{CHANNEL}")).script("T002", "hang");
        let first = sandbox.spawn(["run", "q.json"]);
        wait_until("the second task runs", || sandbox.status("T002") == "in_progress");
        first.signal(Signal::KILL);
        drop(first.ends());
        sandbox.rescript("T002", "");
        assert!(sandbox.shell(": > ok"));
        sandbox.run(["run", "q.json"]).exits(0);
        mistold(&sandbox)
    });
}
