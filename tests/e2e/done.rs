//! Tasks that a person completes: while attempts run, and judged by the verification.

use crate::fake_agent::CONFIG;
use crate::sandbox::{Sandbox, queue, task, wait_until};
use rustix::process::Signal;
use serde_json::json;

#[test]
fn a_task_that_an_agent_works_on_is_not_completed_by_hand() {
    let sandbox =
        Sandbox::new().queue("q.json", &queue(&[("A", &[]), ("B", &["A"])])).script("A", "hang");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    sandbox
        .run(["done", "A", "q.json"])
        .exits(2)
        .says("is working on it")
        .says("workloop cancel A");
    sandbox.run(["done", "A", "--verify", "q.json"]).exits(2).says("is working on it");
    assert_eq!(sandbox.status("A"), "in_progress");
    // The person's completion satisfies the dependency, and the loop continues.
    sandbox.run(["cancel", "A", "q.json"]).exits(0);
    sandbox.run(["done", "A", "q.json", "--by", "me"]).exits(0).says("not verified");
    running.ends().exits(0);
    let after = sandbox.read("q.json");
    assert_eq!(task(&after, "A")["completed_by"], "me");
    assert_eq!(task(&after, "B")["passes"], true);
}

#[test]
fn the_claim_of_a_dead_worker_does_not_matter() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "hang");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    running.signal(Signal::KILL);
    running.ends();
    wait_until("its supervisor is gone", || sandbox.strays().is_empty());
    assert_eq!(sandbox.status("A"), "in_progress");
    sandbox.run(["done", "A", "q.json"]).exits(0);
    let after = sandbox.read("q.json");
    let task = task(&after, "A");
    assert_eq!((&task["status"], task.get("claim")), (&json!("complete"), None));
    assert_eq!(task["budget_used"], 0);
}

#[test]
fn only_a_verification_that_passes_says_so() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[]), ("B", &[])]));
    let before = sandbox.bytes("q.json");
    let ran = sandbox.run(["done", "A", "--verify", "q.json"]);
    let ran = ran.exits(5).says("step made: exit status 1").says("nothing was made");
    ran.says("workloop log A --attempt 0");
    assert_eq!(sandbox.bytes("q.json"), before);
    sandbox.run(["log", "A", "--attempt", "0", "q.json"]).exits(0).says("nothing was made");
    let sandbox = sandbox.file("made/A", "by hand");
    // Either all tasks are completed or none.
    sandbox.run(["done", "A", "B", "--verify", "q.json"]).exits(5);
    assert_eq!(sandbox.bytes("q.json"), before);
    sandbox.run(["done", "A", "--verify", "q.json"]).exits(0).says("complete, verified");
    let after = sandbox.read("q.json");
    let done = task(&after, "A");
    assert_eq!((&done["passes"], &done["verification_verdict"]), (&json!(true), &json!("PASS")));
    assert!(sandbox.oracle().entries.is_empty(), "no agent ran");
    // It did not count as an attempt.
    sandbox.run(["run", "q.json", "--task-id", "B"]).exits(0);
    assert_eq!(task(&sandbox.read("q.json"), "B")["attempts"], 1);
    sandbox.nothing_left();
}

#[test]
fn without_a_verification_there_is_nothing_to_say() {
    let config = CONFIG.split("[[verify]]").next().expect("the agents");
    let sandbox = Sandbox::new().config(config).queue("q.json", &queue(&[("A", &[])]));
    sandbox.run(["done", "A", "--verify", "q.json"]).exits(2).says("[[verify]]");
    assert_eq!(sandbox.status("A"), "pending");
}

/// A loop that starts meanwhile does not claim the task.
#[test]
fn no_loop_claims_the_task_while_it_is_judged() {
    let step = "run = 'touch judging; until [ -e go ]; do sleep 0.02; done; test -e made/A'";
    let verify = CONFIG.find("run = 'test").expect("a step");
    let end = verify + CONFIG[verify..].find('\n').expect("a line");
    let config = format!("{}{step}{}", &CONFIG[..verify], &CONFIG[end..]);
    let sandbox =
        Sandbox::new().config(&config).queue("q.json", &queue(&[("A", &[])])).file("made/A", "");
    let judging = sandbox.spawn(["done", "A", "--verify", "q.json"]);
    wait_until("the step runs", || sandbox.path("judging").exists());
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the loop has started", || {
        sandbox.shell("test -n \"$(ls .workloop/workers 2>/dev/null)\"")
    });
    let sandbox = sandbox.file("go", "");
    judging.ends().exits(0);
    running.ends().exits(0);
    assert!(sandbox.oracle().entries.is_empty(), "an agent ran");
}
