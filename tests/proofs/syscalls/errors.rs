//! Transitions in which a call fails.

use super::recovery::{recovers, status_of};
use super::transitions::{TRANSITIONS, Traced, Transition};
use super::{Point, Workshop};
use crate::chance::{Chance, counted, is_long, say, spread};
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
    let status = status_of(&sandbox.read("q.json"), "A");
    if ran.status == 0 && transition.states.last() != Some(&status.as_str()) {
        return Err(format!("{} {about}: it says that it is done: {ran}", transition.name));
    }
    let is_verb = transition.traced == Traced::Verb;
    // A copy or a page that cannot be written is reported in addition to the change.
    let told = ["the last good copy", "state.md: "].iter().any(|of| ran.stderr.contains(of));
    if ran.status == 0 && delivered && MUST_FAIL.contains(&call.as_str()) && is_verb && !told {
        return Err(format!("{} {about}: the error was swallowed: {ran}", transition.name));
    }
    recovers(transition, &mut sandbox, &about)?;
    Ok(delivered)
}

/// Returns which errors are injected where: in the long version all at each call, otherwise one for each
/// kind of call. A loop makes so many kinds of calls that the short run takes every second one of them,
/// and the others for the next loop.
fn chosen(
    workshop: &Workshop,
    transition: &Transition,
    (chance, number): (&mut Chance, usize),
) -> Vec<(Point, &'static str)> {
    let mut kinds = BTreeMap::<String, Vec<(Point, &'static str)>>::new();
    for point in workshop.points(transition) {
        if WITH_ERRORS.contains(&point.call.as_str()) {
            let pairs = ERRORS.map(|error| (point.clone(), error));
            kinds.entry(point.call).or_default().extend(pairs);
        }
    }
    let all = kinds.values().map(Vec::len).sum();
    let halved = transition.traced != Traced::Verb && !is_long();
    let (first, step) = if halved { (number % 2, 2) } else { (0, 1) };
    let some = kinds.values().skip(first).step_by(step);
    let chosen: Vec<_> = some.flat_map(|pairs| spread(chance, pairs, 1)).collect();
    counted(&format!("errors in \"{}\"", transition.name), chosen.len(), all);
    chosen
}

#[track_caller]
fn survives_errors(name: &str, transitions: impl Iterator<Item = &'static Transition>) {
    let Some(workshop) = Workshop::open() else { return };
    let mut chance = Chance::of(name);
    let (mut delivered, mut all) = (0, 0);
    let mut broken = Vec::new();
    for (number, transition) in transitions.enumerate() {
        if transition.traced != Traced::Verb && twin().is_none() {
            continue;
        }
        for (point, error) in chosen(&workshop, transition, (&mut chance, number)) {
            all += 1;
            match with_error(&workshop, transition, &point, error) {
                Ok(was) => delivered += usize::from(was),
                Err(why) => broken.push(why),
            }
        }
    }
    say(&format!("{name}: {delivered} of {all} were delivered"));
    assert!(broken.is_empty(), "{} of {all}:\n{}", broken.len(), broken.join("\n"));
    assert!(delivered * 10 > all * 9, "only {delivered} of {all} errors were delivered");
}

#[test]
fn errors_of_verbs_are_told_and_harm_nothing() {
    let verbs = TRANSITIONS.iter().filter(|one| one.traced == Traced::Verb);
    survives_errors("errors of verbs", verbs);
}

#[test]
fn errors_of_loops_are_told_and_harm_nothing() {
    let loops = TRANSITIONS.iter().filter(|one| one.traced != Traced::Verb);
    survives_errors("errors of loops", loops);
}
