//! The loop's own git calls in a repository that an agent configured: no configured program runs,
//! no command gets a secret that agents do not get, and nothing is left.

use crate::processes::{self, lacks};
use crate::sandbox::{Sandbox, holds_within, queue, task, wait_until};
use crate::twins::holds;
use rustix::process::Signal;
use serde_json::json;
use std::fs;
use std::time::Duration;

/// Configures programs in a repository in every way that git supports.
const HOSTILE: &str = include_str!("../../src/workspace/tests/hostile.sh");

/// A variable of the loop that no command gets.
const SECRET: (&str, &str) = ("X_SECRET", "canary-of-the-loop");

fn repository(sandbox: Sandbox, agent: &str) -> Sandbox {
    let list = queue(&[("A", &[]), ("B", &["A"])]);
    let config = "[agents.default]\nrun = 'sh ./agent.sh'\n[[verify]]\nname = 'v'\nrun = 'true'\n";
    let mut sandbox = sandbox.queue("q.json", &list).config(config).file("agent.sh", agent);
    sandbox.variables.push((SECRET.0.to_owned(), SECRET.1.to_owned()));
    let user = "git config user.email t@example.org && git config user.name t";
    let made = "mkdir sub && touch a dirty sub/b && git add -A && git commit -qm one";
    assert!(sandbox.shell(&format!("git init -q . && {user} && {made}")));
    sandbox
}

/// Returns the names of the programs that ran, with their arguments.
fn ran(sandbox: &Sandbox) -> Vec<(String, String)> {
    let files = fs::read_dir(sandbox.path("ran")).expect("the agent made it").flatten();
    let read = |path| fs::read_to_string(path).unwrap_or_default();
    files.map(|file| (file.file_name().to_string_lossy().into(), read(file.path()))).collect()
}

#[test]
fn nothing_of_a_hostile_repository_is_run() {
    if lacks("git") {
        return;
    }
    holds("soft-git", |sandbox| {
        let agent = "if [ $WORKLOOP_TASK_ID = A ]; then sh ./hostile.sh >/dev/null 2>&1; fi\n\
            touch a sub/b; echo $WORKLOOP_TASK_ID >made-$WORKLOOP_TASK_ID; echo x >>dirty\n";
        // Each program leaves a process behind that outlives its parent.
        let stays = "more='(trap \"\" TERM; sleep 300) >/dev/null 2>&1 </dev/null &'\n";
        let sandbox = repository(sandbox, agent).file("hostile.sh", stays.to_owned() + HOSTILE);
        sandbox.run(["run", "q.json"]).exits(0);
        let mut broken: Vec<String> = Vec::new();
        for (name, given) in ran(&sandbox) {
            broken.push(format!("{name} was run"));
            if given.contains(SECRET.1) {
                broken.push(format!("{name} was given a secret of the loop"));
            }
        }
        if broken.is_empty() {
            sandbox.nothing_left();
            // And git listed the changes nevertheless.
            let list = sandbox.read("q.json");
            assert_eq!(task(&list, "B")["files_actually_changed"], json!(["dirty", "made-B"]));
        }
        broken
    });
}

/// A call that hangs is a command of the attempt: it is visible as such, and a signal ends it at
/// once.
#[test]
fn a_signal_ends_a_git_call() {
    if lacks("git") {
        return;
    }
    let agent = "mkfifo fifo; git config include.path \"$PWD/fifo\"\n";
    let sandbox = repository(Sandbox::new(), agent);
    let running = sandbox.spawn(["run", "q.json"]);
    // Not the call before the agent, which ends quickly.
    let hangs = |pid: &u32| {
        sandbox.path("fifo").exists()
            && processes::command_line(*pid).contains("--no-pager config --list")
    };
    wait_until("git waits for the pipe", || sandbox.strays().iter().any(hangs));
    let git = sandbox.strays().into_iter().find(hangs).expect("a git");
    let environment = fs::read(format!("/proc/{git}/environ")).unwrap_or_default();
    let environment = String::from_utf8_lossy(&environment);
    assert!(environment.contains("WORKLOOP_CLAIM="), "{environment}");
    assert!(!environment.contains(SECRET.1), "{environment}");
    running.signal(Signal::TERM);
    // Long before the time limit of a call.
    let ended = holds_within(Duration::from_secs(20), || !sandbox.strays().contains(&git));
    assert!(ended, "git was left running");
    running.ends().exits(143);
    assert_eq!(sandbox.status("A"), "pending");
    sandbox.nothing_left();
    assert!(sandbox.shell("! ls .workloop/attempts/*/*/git.* 2>/dev/null"));
}
