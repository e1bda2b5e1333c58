//! A judging file that an attempt changed judges nothing until a person decides, whichever loop asks.

use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, wait_until};
use rustix::process::Signal;

/// Returns a project with the tasks A and B, whose work `check.sh` judges. The agent of a task is the
/// shell script of its name.
fn project(a: &str, b: &str) -> Sandbox {
    Sandbox::new()
        .queue("q.json", &queue(&[("A", &[]), ("B", &[])]))
        .file("check.sh", "exit 1\n")
        .file("agents/A", a)
        .file("agents/B", b)
        .config(
            "[agents.default]\nrun = 'sh agents/$WORKLOOP_TASK_ID'\ntimeout = '60s'\ngrace = '1s'\n\
             [[verify]]\nname = 'check'\nrun = 'sh check.sh'\n\
             [limits]\nattempts = 1\nuntouched = false\n",
        )
}

const REWRITES: &str = "echo exit 0 >check.sh\n";

/// Runs B alone and asserts that it is not judged by what another attempt made of the check.
#[track_caller]
fn is_not_judged(sandbox: &Sandbox) {
    let ran = sandbox.run(["run", "q.json", "--task-id", "B"]).exits(2);
    ran.says("check.sh").says("put it back").says("workloop retry A").says("no task was blamed");
    assert_eq!(sandbox.status("B"), "pending");
}

#[test]
fn the_next_run_does_not_take_it_for_the_original() {
    if lacks("git") {
        return;
    }
    for clean in [":", "rm -rf .workloop", "git clean -qfdx -e agents -e q.json"] {
        for commit in [false, true] {
            let sandbox = project(&format!("{REWRITES}{clean}\n"), "");
            let sandbox = if commit { sandbox.committed() } else { sandbox };
            sandbox.run(["run", "q.json", "--task-id", "A"]).exits(5).says("tampered");
            is_not_judged(&sandbox);
            sandbox.run(["check", "q.json"]).exits(0).says("check.sh");
            // The original again.
            let sandbox = sandbox.file("check.sh", "exit 1\n");
            sandbox.run(["run", "q.json", "--task-id", "B"]).exits(5).says("step check");
        }
    }
}

#[test]
fn a_person_decides_by_retry_done_or_an_own_change() {
    for (decide, says) in [("retry", "is accepted"), ("done", "is accepted"), ("edit", "")] {
        let sandbox = project(REWRITES, "");
        sandbox.run(["run", "q.json", "--task-id", "A"]).exits(5);
        if decide == "edit" {
            assert!(sandbox.shell("echo 'true && exit 0' >check.sh"));
        } else {
            sandbox.run([decide, "A", "q.json"]).exits(0).says(says);
        }
        sandbox.run(["run", "q.json", "--task-id", "B"]).exits(0);
        assert_eq!(sandbox.status("B"), "complete", "{decide}");
    }
}

#[test]
fn no_other_verb_accepts_it() {
    for verb in ["reset", "park", "cancel"] {
        let sandbox = project(REWRITES, "");
        sandbox.run(["run", "q.json", "--task-id", "A"]).exits(5);
        sandbox.run([verb, "A", "q.json"]).exits(0);
        is_not_judged(&sandbox);
        if verb == "reset" {
            // The task itself is blocked for it at once; no agent runs.
            assert!(sandbox.shell("echo exit 9 >agents/A"));
            let again = sandbox.run(["run", "q.json", "--task-id", "A"]).exits(5);
            again.says("tampered: check.sh is still as attempt 1 left it");
        }
    }
    let sandbox = project(REWRITES, "");
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(5);
    sandbox.run(["retry", "--failed", "q.json"]).exits(0);
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(5).says("is still as attempt 1 left it");
    sandbox.run(["verify", "B", "q.json"]).exits(2).says("workloop retry A");
}

#[test]
fn a_check_that_was_deleted_is_nobodys_to_write() {
    let sandbox = project("rm check.sh\n", REWRITES);
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(5).says("check.sh was deleted");
    is_not_judged(&sandbox);
}

#[test]
fn another_attempt_cannot_pass_it_off_as_a_persons() {
    // B is judged by nothing that A changed, so it runs.
    let sandbox = project(REWRITES, "echo true >>check.sh\n");
    let config = String::from_utf8(sandbox.bytes("workloop.toml")).expect("text");
    let sandbox = sandbox.config(&format!(
        "{config}[[verify]]\nprofile = 'other'\nrun = 'true'\n[types.other]\nverify = 'other'\n"
    ));
    let mut list = sandbox.read("q.json");
    list["tasks"][1]["type"] = "other".into();
    list["tasks"][0]["verify"] = "default".into();
    let sandbox = sandbox.queue("q.json", &list);
    sandbox.run(["run", "q.json", "--task-id", "A"]).exits(5);
    sandbox.run(["run", "q.json", "--task-id", "B"]);
    assert_ne!(sandbox.status("B"), "complete");
}

/// The loop of A is killed before it compares anything, and so is its supervisor.
#[test]
fn a_loop_that_is_killed_leaves_the_record() {
    if lacks("git") {
        return;
    }
    for clean in [":", "rm -rf .workloop"] {
        let wait = "while :; do sleep 0.05; done\n";
        let sandbox = project(&format!("{REWRITES}{clean}\n: >began\n{wait}"), "").committed();
        let running = sandbox.spawn(["run", "q.json", "--task-id", "A"]);
        wait_until("the agent has changed the check", || sandbox.path("began").exists());
        running.signal(Signal::KILL);
        running.ends().exits(137);
        wait_until("nothing of the attempt runs", || sandbox.strays().is_empty());
        is_not_judged(&sandbox);
        let blocked = sandbox.run(["run", "q.json", "--task-id", "A"]).exits(5);
        blocked.says("tampered: check.sh changed since attempt 1 began").says("retry A");
        sandbox.run(["retry", "A", "q.json"]).exits(0).says("check.sh is accepted");
        sandbox.run(["run", "q.json", "--task-id", "B"]).exits(0);
    }
}

/// Two loops at once: that of B begins when the agent of A has changed the check already.
#[test]
fn a_file_that_changes_under_a_running_attempt_judges_no_other_loop() {
    let wait = "until [ -e go ]; do sleep 0.02; done\n";
    let sandbox = project(&format!("{REWRITES}: >began\n{wait}"), "");
    let running = sandbox.spawn(["run", "q.json", "--task-id", "A"]);
    wait_until("the agent has changed the check", || sandbox.path("began").exists());
    is_not_judged(&sandbox);
    // An agent that cleans up gains nothing while its loop lives.
    assert!(sandbox.shell("rm -rf .workloop; : >go"));
    running.ends().exits(5).says("tampered");
    is_not_judged(&sandbox);
}

#[test]
fn what_an_attempt_may_change_is_no_matter_of_trust() {
    let sandbox = project("echo 'exit 0 #' >check.sh\n", "");
    let mut list = sandbox.read("q.json");
    list["tasks"][0]["files"] = serde_json::json!(["check.sh"]);
    let sandbox = sandbox.queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!((sandbox.status("A"), sandbox.status("B")), ("complete".into(), "complete".into()));
}

/// A script of a gate whose name does not show that it judges.
#[test]
fn check_warns_of_a_gates_script_that_tasks_may_change() {
    let sandbox = project("", "");
    let config = String::from_utf8(sandbox.bytes("workloop.toml")).expect("text");
    let gate = "[[verify]]\nprofile = 'full'\nrun = 'sh all.sh && sh src/app.sh && sh check.sh'\n";
    let sandbox =
        sandbox.file("all.sh", "exit 1\n").file("src/app.sh", "").config(&(config + gate));
    sandbox.run(["check", "--strict", "q.json"]).exits(0);
    let mut list = sandbox.read("q.json");
    list["tasks"][1]["type"] = "gate".into();
    list["tasks"][1]["verify"] = "full".into();
    let sandbox = sandbox.queue("q.json", &list);
    let checked = sandbox.run(["check", "q.json"]).exits(0).says("a gate runs all.sh");
    assert!(
        !checked.to_string().contains("src/app.sh") && !checked.to_string().contains("check.sh")
    );
    list["tasks"][0]["files"] = serde_json::json!(["all.sh"]);
    let sandbox = sandbox.queue("q.json", &list);
    sandbox.run(["check", "--strict", "q.json"]).exits(0);
}
