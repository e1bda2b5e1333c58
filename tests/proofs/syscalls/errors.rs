//! Transitions in which a call fails.

use super::recovery::{recovers, status_of};
use super::transitions::{JUDGED, TRANSITIONS, Traced, Transition};
use super::{Point, Workshop};
use crate::chance::{Chance, counted, is_long, say, spread};
use crate::sandbox::Ran;
use crate::twin::twin;
use std::collections::BTreeMap;

/// The errors that replace the results of calls.
const ERRORS: [&str; 6] = ["EIO", "ENOSPC", "EINTR", "EMFILE", "EACCES", "ENOLCK"];

/// The calls that get errors. Left out: memory, threads, signals and clocks (they belong to the
/// language's runtime, which aborts), `poll` and `ioctl` (they query the terminal and change
/// nothing), `exit_group` (it cannot fail), `close` (no data depends on it after fsync, and the
/// runtime does not report it).
const WITH_ERRORS: &[&str] = &[
    "openat",
    "read",
    "write",
    "writev",
    "pwrite64",
    "ftruncate",
    "fsync",
    "rename",
    "renameat",
    "renameat2",
    "unlinkat",
    "unlink",
    "flock",
    "statx",
    "fstat",
    "newfstatat",
    "mkdir",
    "getdents64",
    "readlink",
    "statfs",
    "access",
    "faccessat",
    "faccessat2",
    "fchmod",
    "fchown",
    "sendmsg",
    "recvmsg",
    "sendto",
    "recvfrom",
];

/// Calls whose errors must be reported: exit status 0 would acknowledge what may be lost. A loop
/// reports them too, and continues if the work itself is not affected.
const MUST_FAIL: &[&str] = &["fsync", "rename", "renameat", "renameat2"];

/// Calls that put new content in place. The short run injects an error into each of them, and not only
/// into each kind: what fails there is what may be lost.
const EACH: &[&str] = &["writev", "fsync", "rename", "renameat", "renameat2"];

/// Tolerated crashes, by a text of the message, each with its reason. The invariants still apply
/// after them, as after a kill.
const TOLERATED: &[(&str, &str)] = &[(
    "/notify-",
    "the library that watches folders wakes its thread by a write of eight bytes to an eventfd and \
     panics when that fails; the kernel has no such error for it, only the injection does",
)];

/// Injects one error into one call. Returns whether it was delivered.
fn with_error(
    workshop: &Workshop,
    transition: &Transition,
    point: &Point,
    error: &str,
) -> Result<bool, String> {
    let mut sandbox = workshop.before(transition);
    let Point { call, number, .. } = point;
    let inject = format!("inject={call}:error={error}:when={number}");
    let (ran, trace) = workshop.traced(transition, &sandbox, &inject);
    let about = format!("with {error} at {call} {number}");
    let crashed = ran.stderr.contains("panicked") || ran.status > 100;
    if crashed && !TOLERATED.iter().any(|(text, _)| ran.stderr.contains(text)) {
        return Err(format!("{} {about}: it crashed: {ran}", transition.name));
    }
    let delivered = trace.contains("INJECTED");
    let Ok(queue) = serde_json::from_slice(&sandbox.bytes("q.json")) else {
        return Err(format!("{} {about}: the file is not whole: {ran}", transition.name));
    };
    let status = status_of(&queue, "A");
    if ran.status == 0 && transition.states.last() != Some(&status.as_str()) {
        return Err(format!("{} {about}: it says that it is done: {ran}", transition.name));
    }
    if delivered && !is_told(transition, call, &ran) {
        return Err(format!("{} {about}: the error was swallowed: {ran}", transition.name));
    }
    let kept = ran.stderr.contains("their results are kept");
    if kept && transition.states.last() != Some(&status.as_str()) {
        return Err(format!("{} {about}: the result was not kept: {ran}", transition.name));
    }
    recovers(transition, &mut sandbox, &about)?;
    Ok(delivered)
}

/// Returns whether an error of `call` was reported, if it must be.
fn is_told(transition: &Transition, call: &str, ran: &Ran) -> bool {
    if !MUST_FAIL.contains(&call) || ran.status != 0 {
        return true;
    }
    // A copy or a page that cannot be written is reported in addition to the change.
    let of_a_copy =
        || ["the last good copy", "state.md: "].iter().any(|of| ran.stderr.contains(of));
    match transition.traced {
        Traced::Verb => of_a_copy(),
        // A record of judges is written a second time, and a marker of work is not renamed but left.
        Traced::Loop if transition.name == JUDGED || call == "rename" => true,
        Traced::Loop | Traced::Supervisor => ran.stderr.contains("(os error "),
    }
}

/// Returns which errors are injected where: in the long version all at each call, otherwise one for each
/// kind of call, and one at each call that puts content in place. A loop makes so many calls that the
/// short run takes every third one of these, and others for the next loop.
fn chosen(
    workshop: &Workshop,
    transition: &Transition,
    (chance, number): (&mut Chance, usize),
) -> Vec<(Point, &'static str)> {
    let mut kinds = BTreeMap::<String, Vec<(Point, &'static str)>>::new();
    let mut each = Vec::new();
    for point in workshop.points(transition) {
        let pairs = ERRORS.map(|error| (point.clone(), error));
        match &*point.call {
            call if EACH.contains(&call) => each.push(pairs.to_vec()),
            call if WITH_ERRORS.contains(&call) => {
                kinds.entry(call.to_owned()).or_default().extend(pairs);
            }
            _ => {}
        }
    }
    let all = kinds.values().chain(&each).map(Vec::len).sum();
    let some_only = transition.traced != Traced::Verb && !is_long();
    let (first, step) = if some_only { (number % 3, 3) } else { (0, 1) };
    let some = kinds.values().chain(&each).skip(first).step_by(step);
    let chosen: Vec<_> = some.flat_map(|pairs| spread(chance, pairs, 1)).collect();
    if workshop.fault.is_none() {
        counted(&format!("errors in \"{}\"", transition.name), chosen.len(), all);
    }
    chosen
}

/// The errors of one run: how many there were and how many were delivered, and what they broke.
#[derive(Default)]
struct Outcome {
    all: usize,
    delivered: usize,
    broken: Vec<String>,
}

/// Injects the errors of this run. A twin is given them until something breaks.
fn inject(workshop: &Workshop, name: &str, is_wanted: fn(&Transition) -> bool) -> Outcome {
    let mut chance = Chance::of(name);
    let mut outcome = Outcome::default();
    for (number, transition) in TRANSITIONS.iter().filter(|one| is_wanted(one)).enumerate() {
        if transition.traced != Traced::Verb && twin().is_none() {
            continue;
        }
        for (point, error) in chosen(workshop, transition, (&mut chance, number)) {
            outcome.all += 1;
            match with_error(workshop, transition, &point, error) {
                Ok(was) => outcome.delivered += usize::from(was),
                Err(why) => outcome.broken.push(why),
            }
            if workshop.fault.is_some() && !outcome.broken.is_empty() {
                return outcome;
            }
        }
    }
    outcome
}

fn are_verbs(transition: &Transition) -> bool {
    transition.traced == Traced::Verb
}

fn are_loops(transition: &Transition) -> bool {
    !are_verbs(transition)
}

#[track_caller]
fn survives_errors(name: &str, is_wanted: fn(&Transition) -> bool) {
    let Some(workshop) = Workshop::open() else { return };
    let Outcome { all, delivered, broken } = inject(&workshop, name, is_wanted);
    say(&format!("{name}: {delivered} of {all} were delivered"));
    assert!(broken.is_empty(), "{} of {all}:\n{}", broken.len(), broken.join("\n"));
    assert!(delivered * 10 > all * 9, "only {delivered} of {all} errors were delivered");
}

/// Checks that the errors of this run are enough to show `fault`, by this text.
#[track_caller]
fn is_caught(fault: &'static str, (name, is_wanted): (&str, fn(&Transition) -> bool), by: &str) {
    let Some(workshop) = Workshop::broken(fault) else { return };
    let Outcome { all, broken, .. } = inject(&workshop, name, is_wanted);
    let caught = broken.first().map_or("NOT NOTICED", String::as_str);
    say(&format!("{fault}: {name}: after {all}: {caught}"));
    assert!(caught.contains(by), "the fault {fault} was not noticed by {name}: {caught}");
}

const OF_VERBS: &str = "errors of verbs";
const OF_LOOPS: &str = "errors of loops";

#[test]
fn errors_of_verbs_are_told_and_harm_nothing() {
    survives_errors(OF_VERBS, are_verbs);
}

#[test]
fn errors_of_loops_are_told_and_harm_nothing() {
    survives_errors(OF_LOOPS, are_loops);
}

#[test]
fn a_twin_that_ignores_failed_syncs_is_caught() {
    is_caught("sync-errors-ignored", (OF_VERBS, are_verbs), "swallowed");
    is_caught("sync-errors-ignored", (OF_LOOPS, are_loops), "swallowed");
}

#[test]
fn a_twin_that_ignores_failed_writes_is_caught() {
    is_caught("write-errors-ignored", (OF_VERBS, are_verbs), "not whole");
}

#[test]
fn a_loop_that_forgets_what_it_could_not_write_is_caught() {
    is_caught("results-dropped", (OF_LOOPS, are_loops), "was not kept");
}
