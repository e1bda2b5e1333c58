//! Resources of a user run out: descriptors (`ulimit -n`), processes and threads (`ulimit -u`), set
//! with `prlimit`, because not every shell supports the latter.
//!
//! An error of the system is reported as such. It never counts as a change of a file or as a
//! missing file, and no library panics because of it.

use crate::chance::say;
use crate::hidden::as_user;
use crate::sandbox::{Ran, Running, Sandbox, flat_queue, task, wait_until};
use rustix::process::Signal;
use std::path::Path;

/// Starts the program with a limit.
fn limited(sandbox: &Sandbox, limit: &str, most: u32, arguments: &[&str]) -> Running {
    let (limit, program) = (format!("{limit}={most}"), sandbox.program.display().to_string());
    let mut all = vec![limit.as_str(), &program];
    all.extend(arguments);
    sandbox.spawn_as(Path::new("prlimit"), &[], &all)
}

/// Runs a loop with a limit to its end. A loop that has started waits while it cannot write, and
/// reports that: it is then asked to end.
fn looped(sandbox: &Sandbox, limit: &str, most: u32) -> Ran {
    let mut running = limited(sandbox, limit, most, &["run", "q.json"]);
    let mut ended = false;
    wait_until("the loop ends or holds on", || {
        ended = running.has_ended();
        ended || running.output().contains("until this is fixed")
    });
    if !ended {
        running.signal(Signal::TERM);
    }
    let ran = running.ends();
    let told = ended_well(&ran) && ran.status <= 2 || !ended && ran.status == 143;
    assert!(told && !ran.stderr.contains("panicked"), "{limit}={most}: {ran}");
    ran
}

/// Returns whether limits can be set here; prints a message if not.
fn can_limit() -> bool {
    let able = Sandbox::new().shell("prlimit --nofile=64 true");
    if !able {
        say("SKIPPED: there is no prlimit here");
    }
    able
}

/// Returns whether a run failed cleanly: with a message and a documented exit status.
fn ended_well(ran: &Ran) -> bool {
    let text = format!("{}{}", ran.stdout, ran.stderr);
    !text.contains("panicked") && ran.status < 64 && (ran.status == 0 || !ran.stderr.is_empty())
}

/// A person parks and unparks a task with more and more descriptors: it works, or the reason is
/// printed and the file is unchanged.
#[test]
fn a_lack_of_descriptors_says_nothing_about_files() {
    if !can_limit() {
        return;
    }
    let (list, _) = flat_queue(1);
    let sandbox = Sandbox::new().queue("q.json", &list);
    sandbox.run(["park", "T001", "q.json"]).exits(0);
    let (mut failed, mut in_advance) = (0, 0);
    for most in 4..=32 {
        let verb = if sandbox.status("T001") == "parked" { "unpark" } else { "park" };
        let before = sandbox.bytes("q.json");
        let ran = limited(&sandbox, "--nofile", most, &[verb, "T001", "q.json"]).ends();
        let wrote = sandbox.bytes("q.json") != before;
        let told = ended_well(&ran) && !ran.stderr.contains("changed");
        assert!(told && wrote == (ran.status == 0), "{most} descriptors: {ran}");
        failed += u32::from(ran.status != 0);
        in_advance += u32::from(ran.stderr.contains("failed to open files in"));
    }
    assert!((3..28).contains(&failed), "{failed} verbs failed");
    assert!(in_advance > 0, "no shortage was found before it decided anything");
}

/// Loops with more and more descriptors, each of which may be missing at any place.
#[test]
fn a_lack_of_descriptors_blames_no_task() {
    if !can_limit() {
        return;
    }
    let (list, _) = flat_queue(1);
    let sandbox = Sandbox::new().queue("q.json", &list);
    let mut refused = 0;
    for most in 4..=32 {
        let ran = looped(&sandbox, "--nofile", most);
        assert_ne!(sandbox.status("T001"), "blocked", "{most} descriptors: {ran}");
        refused += u32::from(ran.status != 0);
    }
    assert!(refused > 4, "only {refused} loops were refused anything");
    sandbox.run(["run", "q.json"]).exits(0);
    let used = task(&sandbox.read("q.json"), "T001")["budget_used"].clone();
    assert!(used.is_null() || used == 1, "loops that were refused something used budget: {used}");
    sandbox.nothing_left();
}

/// Loops and verbs with more and more processes, for a user without other processes.
#[test]
fn a_lack_of_processes_is_told_and_panics_nowhere() {
    let (list, _) = flat_queue(1);
    let mut sandbox = Sandbox::new().queue("q.json", &list);
    if !can_limit() || !as_user(&mut sandbox, 64_003) {
        return say("SKIPPED: root has no limit of processes");
    }
    let mut refused = 0;
    for most in 1..=7 {
        let ran = looped(&sandbox, "--nproc", most);
        refused += u32::from(ran.status != 0);
        let waited = limited(&sandbox, "--nproc", most, &["wait", "q.json", "--timeout", "50ms"]);
        assert!(ended_well(&waited.ends()), "{most} processes: wait");
    }
    assert!(refused > 2, "only {refused} loops were refused anything");
    // The agent has the same limit: if it fails because of it, an attempt was made.
    sandbox.run(["run", "q.json"]).exits(0);
    sandbox.nothing_left();
}
