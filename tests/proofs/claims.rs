//! One task, twice at the same time: what a claim in a file, a name, a time or a lock file says
//! about a live agent is falsified, and another loop starts.
//!
//! In each proof, only one rule detects the agent; its twin lacks that rule.

use crate::chance::say;
use crate::processes::{self, lacks};
use crate::room::mounts;
use crate::sandbox::{Running, Sandbox, holds_within, wait_until};
use crate::twins::{holds, kill_supervisors, unless};
use rustix::process::Signal;
use std::process::Command;
use std::time::Duration;

/// Deletes everything that is stored beside the queue `Q`.
const FORGET: &str = "rm -rf \"$(dirname $Q)\"/.workloop ../state";
/// Makes the first task pending, as if it had never been claimed.
const UNCLAIM: &str = "jq '(.tasks[0]|.status)=\"pending\"|del(.tasks[0].claim)' $Q >t && mv t $Q";

/// Runs `script` under the lock of the queue `queue`, whose path is `$Q` in it.
fn under_lock(sandbox: &Sandbox, queue: &str, script: &[&str]) {
    let script = script.join(" && ");
    let text = format!("Q={queue}; export Q; flock \"$(dirname $Q)\" sh -ec '{}'", quoted(&script));
    assert!(sandbox.shell(&text), "{text}");
}

fn quoted(script: &str) -> String {
    script.replace('\'', "'\\''")
}

/// Starts a loop, and stops it once the agent of `T001` runs under it.
fn standing_still(sandbox: &Sandbox, queue: &str) -> Running {
    let first = sandbox.spawn(["run", queue, "--task-id", "T001"]);
    wait_until("the agent runs", || sandbox.oracle().starts("T001") == 1);
    first.signal(Signal::STOP);
    first
}

/// The worker is alive and its agent waits for `T003`, which another loop must run. `T001` itself
/// must be left alone.
fn left_alone(sandbox: &Sandbox, first: Running, second: Running) -> Vec<String> {
    let twice = || sandbox.oracle().starts("T001") > 1;
    wait_until("the others are done", || twice() || sandbox.oracle().ends("T003") == 1);
    // The process that ended the others has checked `T001` before, and checks again.
    let twice = holds_within(Duration::from_millis(1500), twice);
    let broken = unless(!twice, "a second agent ran beside the first");
    if broken.is_empty() {
        first.signal(Signal::CONT);
        first.ends();
        assert_eq!(sandbox.oracle().starts("T001"), 1);
    }
    drop(second);
    broken
}

/// Loop and supervisor die, and the agent stays alive. It must be ended before its task runs again
/// in a loop over `again`, which contains the same task.
fn ended_first(sandbox: &Sandbox, first: Running, again: &str) -> Vec<String> {
    kill_supervisors(sandbox);
    drop(first);
    let second = sandbox.spawn(["run", again, "--task-id", "T001"]);
    wait_until("it runs again", || sandbox.oracle().starts("T001") == 2);
    let overlaps = sandbox.oracle().overlaps().len();
    drop(second);
    unless(overlaps == 0, "a second agent ran beside the first")
}

/// The queue is restored to a state from before a restart of the machine.
#[test]
fn a_claim_of_another_boot_says_nothing() {
    if lacks("jq") {
        return;
    }
    holds("boot-believed", |sandbox| {
        let sandbox = sandbox.script("T001", "meet T003");
        let first = standing_still(&sandbox, "q.json");
        let boot = "jq '.tasks[0].claim.boot=\"00000000\"' $Q >t && mv t $Q";
        under_lock(&sandbox, "q.json", &[FORGET, boot]);
        let second = sandbox.spawn(["run", "q.json"]);
        left_alone(&sandbox, first, second)
    });
}

/// A backup of queue and state folder is restored with all its times, as `rsync -a --delete` does.
#[test]
fn a_restored_folder_of_locks_says_nothing() {
    if lacks("flock") {
        return;
    }
    holds("no-process-scan", |sandbox| {
        let sandbox = sandbox.script("T001", "meet T003");
        sandbox.run(["run", "q.json", "--task-id", "T002"]).exits(0);
        assert!(sandbox.shell("mkdir ../saved && cp -a .workloop q.json ../saved"));
        let first = standing_still(&sandbox, "q.json");
        let restore = [
            "rm -rf ../state",
            "find .workloop -mindepth 1 -delete",
            "cp -a ../saved/.workloop/. .workloop",
            "cp -a ../saved/q.json t",
            "mv t q.json",
        ];
        under_lock(&sandbox, "q.json", &restore);
        let second = sandbox.spawn(["run", "q.json"]);
        left_alone(&sandbox, first, second)
    });
}

#[test]
fn a_deleted_folder_of_locks_says_nothing() {
    if lacks("jq") {
        return;
    }
    holds("no-process-scan", |sandbox| {
        let sandbox = sandbox.script("T001", "meet T003");
        let first = standing_still(&sandbox, "q.json");
        under_lock(&sandbox, "q.json", &[FORGET, UNCLAIM]);
        let second = sandbox.spawn(["run", "q.json"]);
        left_alone(&sandbox, first, second)
    });
}

/// Path and task name do not identify the task here, only the tag in the claim.
#[test]
fn a_renamed_queue_is_the_same() {
    if lacks("flock") {
        return;
    }
    holds("claim-tag-ignored", |sandbox| {
        let sandbox = sandbox.script("default", "ignore-term\nhang");
        let first = standing_still(&sandbox, "q.json");
        under_lock(&sandbox, "q.json", &["mv q.json q2.json"]);
        ended_first(&sandbox, first, "q2.json")
    });
}

/// Creates a queue in a separate folder, whose first task runs, although the queue has no claim any
/// more.
fn unclaimed(sandbox: &Sandbox) -> Running {
    assert!(sandbox.shell("mkdir p && mv q.json p"));
    let first = standing_still(sandbox, "p/q.json");
    under_lock(sandbox, "p/q.json", &[FORGET, UNCLAIM]);
    first
}

/// Only the inode of the folder identifies it here.
#[test]
fn a_moved_folder_is_the_same() {
    if lacks("jq") {
        return;
    }
    holds("inode-ignored", |sandbox| {
        let sandbox = sandbox.script("default", "ignore-term\nhang");
        let first = unclaimed(&sandbox);
        assert!(sandbox.shell("mv p moved"));
        ended_first(&sandbox, first, "moved/q.json")
    });
}

/// Only the path of the folder identifies it here.
#[test]
fn a_folder_that_a_copy_replaced_is_the_same() {
    if lacks("jq") {
        return;
    }
    holds("path-ignored", |sandbox| {
        let sandbox = sandbox.script("default", "ignore-term\nhang");
        let first = unclaimed(&sandbox);
        assert!(sandbox.shell("cp -a p copy && mv p away && mv copy p"));
        ended_first(&sandbox, first, "p/q.json")
    });
}

/// A mount that is removed at the end, even if the proof fails.
struct Mount<'s>(&'s Sandbox);

impl Drop for Mount<'_> {
    fn drop(&mut self) {
        let _mounts = mounts();
        self.0.shell("umount -l bound");
    }
}

#[test]
fn a_folder_that_is_mounted_elsewhere_is_the_same() {
    if lacks("jq") {
        return;
    }
    if !rustix::process::geteuid().is_root() {
        return say("SKIPPED: only root can mount a folder at another path");
    }
    holds("inode-ignored", |sandbox| {
        let sandbox = sandbox.script("default", "ignore-term\nhang");
        let first = unclaimed(&sandbox);
        let mounted = {
            let _mounts = mounts();
            sandbox.shell("mkdir bound && mount --bind p bound")
        };
        if !mounted {
            say("SKIPPED: nothing can be mounted here");
            return Vec::new();
        }
        let mount = Mount(&sandbox);
        let broken = ended_first(&sandbox, first, "bound/q.json");
        for pid in sandbox.strays() {
            processes::signal(pid, Signal::KILL);
        }
        drop(mount);
        broken
    });
}

/// Start times differ for a loop in another time namespace, so every live process seems to be
/// another one.
#[test]
fn a_loop_in_another_time_namespace_ends_nobody() {
    if lacks("jq") {
        return;
    }
    const ROOM: [&str; 3] = ["-T", "--boottime", "100000"];
    let able = Command::new("unshare").args(ROOM).arg("true").output();
    if !able.is_ok_and(|output| output.status.success()) {
        return say("SKIPPED: a time namespace cannot be made here");
    }
    for harm in [&["rm -f .workloop/claims/*.lock"][..], &[FORGET, UNCLAIM]] {
        holds("starts-believed", |sandbox| {
            let sandbox = sandbox.script("T001", "meet T003");
            let first = standing_still(&sandbox, "q.json");
            under_lock(&sandbox, "q.json", harm);
            let program = sandbox.program.display().to_string();
            let words = [&ROOM[..], &[&program, "run", "q.json"]].concat();
            let second = sandbox.spawn_as("unshare".as_ref(), &[], &words);
            left_alone(&sandbox, first, second)
        });
    }
}

/// The environments of running processes cannot be opened, for lack of descriptors.
#[test]
fn a_look_that_sees_less_decides_nothing() {
    if lacks("jq") {
        return;
    }
    let works = "strace -o ../works -e inject=getcwd:error=EIO pwd -P; grep -q INJECTED ../works";
    if !Sandbox::new().shell(works) {
        return say("SKIPPED: strace is missing here, or may not trace");
    }
    holds("shortage-ignored", |sandbox| {
        // A single process that does not change.
        let sandbox = sandbox.script("T001", "sh exec sleep 1000");
        let first = standing_still(&sandbox, "q.json");
        let became = |pid: &u32| processes::command_line(*pid).contains(": sleep 1000");
        wait_until("the agent is one process", || sandbox.strays().iter().any(became));
        under_lock(&sandbox, "q.json", &[FORGET, UNCLAIM]);
        let hidden = sandbox.strays().into_iter().map(|pid| format!("-P/proc/{pid}/environ"));
        let hidden: Vec<String> = hidden.collect();
        let program = sandbox.program.display().to_string();
        let mut words = vec!["-qq", "-o", "../trace", "-e", "inject=openat:error=EMFILE"];
        words.extend(hidden.iter().map(String::as_str));
        words.extend([&program, "run", "q.json", "--task-id", "T001"]);
        let mut second = sandbox.spawn_as("strace".as_ref(), &[], &words);
        let twice = || sandbox.oracle().starts("T001") > 1;
        wait_until("it has decided", || second.has_ended() || twice());
        let broken = unless(!twice(), "a second agent ran beside one that could not be seen");
        if broken.is_empty() {
            second.ends().says("scan the processes");
        }
        drop(first);
        broken
    });
}
