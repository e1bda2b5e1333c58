//! A process of an attempt that hides everything that could show which attempt it belongs to.

use crate::chance::say;
use crate::processes;
use crate::sandbox::{Sandbox, wait_until};
use crate::twins::{holds_alone, kill_supervisors, unless};
use rustix::process::Signal;
use std::fs;
use std::process::Command;

const CONFIG: &str = "[agents.default]\nrun = [\"sh\", \"agent.sh\"]\n\n[[verify]]\n\
                      name = \"check\"\nrun = [\"true\"]\n";

/// In its first run it leaves a process whose environment only root can read, because its program
/// is executable but not readable. That process has its own session and the usual limits, and loses
/// its parents when loop and supervisor die.
const AGENT: &str = "echo start >>starts
[ $(wc -l <starts) = 1 ] || exit 0
cp \"$(command -v sleep)\" hidden && chmod 111 hidden
hard=$(prlimit --pid $$ --msgqueue --noheadings --raw --output HARD)
(prlimit --msgqueue=$hard: setsid ./hidden 1000 & echo $! >pid)
exec sleep 1000
";

/// Makes programs run as `user` instead of root, to whom nothing is hidden. Returns `false`, with a
/// message, if that is not possible. Each proof has its own user, because the hidden process of one
/// would disturb the other.
pub(crate) fn as_user(sandbox: &mut Sandbox, user: u32) -> bool {
    if !rustix::process::geteuid().is_root() {
        return true;
    }
    let copy = sandbox.path("../workloop");
    fs::copy(&sandbox.program, &copy).expect("a copy");
    let script = format!(
        "#!/bin/sh\nexec setpriv --reuid={user} --regid={user} --clear-groups {} \"$@\"\n",
        copy.display()
    );
    let wrapper = sandbox.path("../as-user");
    fs::write(&wrapper, script).expect("written");
    let (top, name) = (sandbox.path(".."), wrapper.display().to_string());
    let given = format!("chmod 755 {name} && chown -R {user}:{user} {}", top.display());
    sandbox.program = wrapper;
    let able = sandbox.shell(&given) && sandbox.run(["--version"]).status == 0;
    if !able {
        say("SKIPPED: setpriv cannot make programs run as somebody else here");
    }
    able
}

/// The same with a process that the user cannot end, because it belongs to root. It is found by the
/// limit that processes of the attempt have. `$$` stays the process id of the agent.
const PLAIN: &str = "echo start >>starts
[ $(wc -l <starts) = 1 ] || exit 0
echo $$ >agent
exec sleep 1000
";
const PLANT: &str = "soft=$(awk '/^Max msgqueue size/ {print $4}' /proc/$(cat agent)/limits)
[ -n \"$soft\" ] || exit 1
prlimit --msgqueue=$soft: setsid sleep 1000 >out 2>&1 & echo $! >pid";

/// Loop and supervisor die, and a process stays alive whose id is in the file `pid`. Returns what
/// is broken when another loop starts, which must print `why` it leaves the task alone.
fn left_behind(
    mut sandbox: Sandbox,
    user: u32,
    agent: &str,
    why: &str,
    leaves: impl Fn(&Sandbox) -> bool,
) -> Vec<String> {
    sandbox = sandbox.config(CONFIG).file("agent.sh", agent);
    let run = ["run", "q.json", "--task-id", "T001"];
    if !as_user(&mut sandbox, user) {
        return Vec::new();
    }
    let starts = || fs::read_to_string(sandbox.path("starts")).unwrap_or_default().lines().count();
    let first = sandbox.spawn(run);
    wait_until("the agent left something", || leaves(&sandbox));
    first.signal(Signal::STOP);
    kill_supervisors(&sandbox);
    drop(first);
    let beside = sandbox.run(run);
    let broken = unless(starts() == 1, "the task was taken over beside what is left of it");
    processes::signal(number_in(&sandbox, "pid").expect("its number"), Signal::KILL);
    if broken.is_empty() {
        beside.exits(7).says(why);
        sandbox.run(run).exits(0);
        assert_eq!(starts(), 2);
    }
    broken
}

fn number_in(sandbox: &Sandbox, name: &str) -> Option<u32> {
    fs::read_to_string(sandbox.path(name)).ok()?.trim().parse().ok()
}

/// Returns whether the process runs `program` now: its id is known before the process has the
/// properties that the proof needs.
fn runs(pid: u32, program: &str) -> bool {
    processes::command_line(pid).starts_with(&format!("{pid}: {program}"))
}

/// Returns whether the proofs can run here; prints a message if not.
fn can_be_shown(user: u32) -> bool {
    let tools = Command::new("prlimit").arg("--version").output();
    if tools.is_ok_and(|output| output.status.success()) {
        return as_user(&mut Sandbox::new(), user);
    }
    say("SKIPPED: there is no prlimit here");
    false
}

#[test]
fn who_hides_everything_may_belong_to_the_last_attempt() {
    let hides = |sandbox: &Sandbox| {
        let pid = number_in(sandbox, "pid");
        pid.is_some_and(|pid| runs(pid, "./hidden"))
    };
    if can_be_shown(64_001) {
        holds_alone("hidden-ignored", |sandbox| {
            left_behind(sandbox, 64_001, AGENT, "cannot be read", hides)
        });
    }
}

#[test]
fn what_cannot_be_ended_forbids_a_take_over() {
    if !rustix::process::geteuid().is_root() {
        return say("SKIPPED: only root can make a process that others cannot end");
    }
    let planted = |sandbox: &Sandbox| {
        let pid = number_in(sandbox, "pid");
        if pid.is_none() && number_in(sandbox, "agent").is_some() {
            sandbox.shell(PLANT);
        }
        pid.is_some_and(|pid| runs(pid, "sleep"))
    };
    if can_be_shown(64_002) {
        holds_alone("stubborn-ignored", |sandbox| {
            left_behind(sandbox, 64_002, PLAIN, "does not end", planted)
        });
    }
}
