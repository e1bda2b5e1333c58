//! A process of an attempt that hides all that could tell whose it is.

use crate::chance::say;
use crate::processes;
use crate::sandbox::{Sandbox, wait_until};
use crate::twins::{holds, supervisors, unless};
use rustix::process::Signal;
use std::fs;
use std::process::Command;

const CONFIG: &str = "[agents.default]\nrun = [\"sh\", \"agent.sh\"]\n\n[[verify]]\n\
                      name = \"check\"\nrun = [\"true\"]\n";

/// The first time it leaves a process of which nobody but root can read the environment, because its
/// program may be run and not be read; which has a session and the usual limits again; and which
/// loses its parents when loop and supervisor die.
const AGENT: &str = "echo start >>starts
[ $(wc -l <starts) = 1 ] || exit 0
cp \"$(command -v sleep)\" hidden && chmod 111 hidden
hard=$(prlimit --pid $$ --msgqueue --noheadings --raw --output HARD)
(prlimit --msgqueue=$hard: setsid ./hidden 1000 & echo $! >pid)
exec sleep 1000
";

/// Has programs run as a user who is not root, to whom nothing is hidden; `false`, said loudly, where
/// that cannot be.
fn as_nobody(sandbox: &mut Sandbox) -> bool {
    if !rustix::process::geteuid().is_root() {
        return true;
    }
    let copy = sandbox.path("../workloop");
    fs::copy(&sandbox.program, &copy).expect("a copy");
    let script = format!(
        "#!/bin/sh\nexec setpriv --reuid=65534 --regid=65534 --clear-groups {} \"$@\"\n",
        copy.display()
    );
    let wrapper = sandbox.path("../as-nobody");
    fs::write(&wrapper, script).expect("written");
    let (top, name) = (sandbox.path(".."), wrapper.display().to_string());
    let given = format!("chmod 755 {name} && chown -R 65534:65534 {}", top.display());
    sandbox.program = wrapper;
    let able = sandbox.shell(&given) && sandbox.run(["--version"]).status == 0;
    if !able {
        say("SKIPPED: setpriv cannot make programs run as somebody else here");
    }
    able
}

/// Loop and supervisor die, and the process lives on: what is broken when another loop comes.
fn left_hidden(mut sandbox: Sandbox) -> Vec<String> {
    sandbox = sandbox.config(CONFIG).file("agent.sh", AGENT);
    let run = ["run", "q.json", "--task-id", "T001"];
    if !as_nobody(&mut sandbox) {
        return Vec::new();
    }
    let starts = || fs::read_to_string(sandbox.path("starts")).unwrap_or_default().lines().count();
    let hidden = || fs::read_to_string(sandbox.path("pid")).ok()?.trim().parse::<u32>().ok();
    let first = sandbox.spawn(run);
    wait_until("the agent hides", || {
        hidden().is_some_and(|pid| processes::command_line(pid).contains("./hidden"))
    });
    first.signal(Signal::STOP);
    for pid in supervisors(&sandbox) {
        processes::signal(pid, Signal::KILL);
    }
    drop(first);
    let beside = sandbox.run(run);
    let broken = unless(starts() == 1, "the task was taken over beside what is left of it");
    processes::signal(hidden().expect("its number"), Signal::KILL);
    if broken.is_empty() {
        beside.exits(7).says("cannot be read");
        sandbox.run(run).exits(0);
        assert_eq!(starts(), 2);
    }
    broken
}

#[test]
fn who_hides_everything_may_belong_to_the_last_attempt() {
    let tools = Command::new("prlimit").arg("--version").output();
    if !tools.is_ok_and(|output| output.status.success()) {
        return say("SKIPPED: there is no prlimit here");
    }
    let mut probe = Sandbox::new();
    if as_nobody(&mut probe) {
        holds("hidden-ignored", left_hidden);
    }
}
