//! Every transition, killed before each of its system calls and with an error in the place of
//! each; then another process goes on, and nothing may be lost, half or left.
//!
//! `strace` injects, without following threads: verbs run in one thread, and a loop claims and
//! records in its first one. `strace` counts the calls of each name apart, so that a point is a
//! name and a number. Injecting into the wrong call shows nothing, so every run asserts that
//! something died or that an error was delivered.

use crate::chance::{Chance, is_long, say};
use crate::sandbox::{Ran, Sandbox, holds_within, wait_until};
use crate::twin::twin;
use rustix::process::Signal;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fs;
use std::path::Path;
use std::time::Duration;

/// One transition: how it is made, and what the task is before and after it.
struct Transition {
    name: &'static str,
    arguments: &'static [&'static str],
    before: fn() -> Value,
    /// The statuses of `A` that may be seen on the way; the last one is that of the end.
    states: &'static [&'static str],
    /// A second time is refused, since it is done.
    once: bool,
}

/// What is walked through. A new transition needs a line here.
const TRANSITIONS: &[Transition] = &[
    Transition {
        name: "init",
        arguments: &["init", "fresh"],
        before: pending,
        states: &["pending"],
        once: false,
    },
    Transition {
        name: "add",
        arguments: &["add", "--id", "N", "--title", "New work", "q.json"],
        before: pending,
        states: &["pending"],
        once: true,
    },
    Transition {
        name: "edit",
        arguments: &["edit", "A", "--priority", "high", "q.json"],
        before: pending,
        states: &["pending"],
        once: false,
    },
    Transition {
        name: "block",
        arguments: &["block", "A", "q.json", "--because", "later"],
        before: pending,
        states: &["pending", "blocked"],
        once: true,
    },
    Transition {
        name: "retry",
        arguments: &["retry", "A", "q.json"],
        before: || one(json!({"status": "blocked", "attempts": 3, "error": "no"})),
        states: &["blocked", "pending"],
        once: false,
    },
    Transition {
        name: "reset",
        arguments: &["reset", "A", "q.json"],
        before: || one(json!({"status": "complete", "attempts": 1, "passes": true})),
        states: &["complete", "pending"],
        once: false,
    },
    Transition {
        name: "release",
        arguments: &["release", "--force", "A", "q.json"],
        before: claimed_elsewhere,
        states: &["in_progress", "pending"],
        once: true,
    },
    Transition {
        name: "claim, start and record",
        arguments: &["run", "q.json", "--task-id", "A"],
        before: pending,
        states: &["pending", "in_progress", "complete"],
        once: false,
    },
    Transition {
        name: "take-over",
        arguments: &["run", "q.json", "--task-id", "A"],
        before: claimed_by_the_dead,
        states: &["in_progress", "pending", "complete"],
        once: false,
    },
];

/// Errors that are put in the place of calls.
const ERRORS: [&str; 6] = ["EIO", "ENOSPC", "EINTR", "EMFILE", "EACCES", "ENOLCK"];

/// The calls that get errors. Left out, with the reason: memory, threads, signals and clocks
/// (they belong to the language's runtime, which aborts), `poll` and `ioctl` (they ask about the
/// terminal and change nothing), `exit_group` (it cannot fail), `close` (no data hangs on it
/// after fsync, and the runtime does not report it).
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
];

/// Calls whose errors must be told: exit status 0 would acknowledge what may be lost. A loop tells
/// them too, and goes on where the work itself is not touched.
const MUST_FAIL: &[&str] = &["fsync", "rename", "renameat", "renameat2"];

/// Crashes that are tolerated, by a text of the message, each with its reason. The invariants hold
/// after them like after a kill.
const TOLERATED: &[(&str, &str)] = &[(
    "/notify-",
    "the library that watches folders wakes its thread by a write of eight bytes to an eventfd and \
     panics when that fails; the kernel has no such error for it, only the injection does",
)];

fn one(fields: Value) -> Value {
    let mut task =
        json!({"id": "A", "title": "Make A", "mine": 1.50, "big": 12_345_678_901_234_567_890_u64});
    if let (Some(task), Some(fields)) = (task.as_object_mut(), fields.as_object()) {
        task.extend(fields.clone());
    }
    json!({"project": "proof", "tasks": [task, {"id": "Z", "title": "Another", "status": "pending"}]})
}

fn pending() -> Value {
    one(json!({"status": "pending"}))
}

fn claimed_elsewhere() -> Value {
    let claim = json!({"worker": "elsewhere:1:00000000", "attempt": 1, "host": "ffffffff",
        "boot": "ffffffff", "start": 1, "since": "2026-01-01T00:00:00Z"});
    one(json!({"status": "in_progress", "attempts": 1, "claim": claim}))
}

/// A claim as a loop leaves it that is killed in the middle of an attempt.
fn claimed_by_the_dead() -> Value {
    let sandbox = Sandbox::new().queue("q.json", &pending()).script("A", "hang");
    let running = sandbox.spawn(["run", "q.json", "--task-id", "A"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    running.signal(Signal::KILL);
    drop(running);
    // A busy machine takes its time; a temp file may be left until the next holder of the lock.
    wait_until("nothing of the attempt lives", || sandbox.strays().is_empty());
    sandbox.read("q.json")
}

/// Whether `strace` may trace here; said loudly when not.
fn can_trace() -> bool {
    let sandbox = Sandbox::new();
    let works = sandbox
        .shell("strace -o ../works -e inject=getcwd:error=EIO pwd -P; grep -q INJECTED ../works");
    if !works {
        say("SKIPPED: strace is missing here, or may not trace");
    }
    works
}

/// A point: the n-th call of a name.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Point {
    call: String,
    number: usize,
}

fn traced(sandbox: &Sandbox, inject: &str, arguments: &[&str]) -> (Ran, String) {
    let program = sandbox.program.to_string_lossy().into_owned();
    let mut all = vec!["-qq", "-o", "../trace"];
    if !inject.is_empty() {
        all.extend(["-e", inject]);
    }
    all.push(&program);
    all.extend(arguments);
    let ran = sandbox.spawn_as(Path::new("strace"), &[], &all).ends();
    let trace = fs::read(sandbox.path("../trace")).unwrap_or_default();
    (ran, String::from_utf8_lossy(&trace).into_owned())
}

/// All calls of a run from the first that concerns the sandbox, as points.
fn points(transition: &Transition) -> Vec<Point> {
    let sandbox = Sandbox::new().queue("q.json", &(transition.before)());
    let (ran, trace) = traced(&sandbox, "", transition.arguments);
    assert_eq!(ran.status, 0, "{}: {ran}", transition.name);
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut all = Vec::new();
    let mut begun = false;
    for line in trace.lines() {
        let Some((call, rest)) = line.split_once('(') else { continue };
        if call.is_empty() || !call.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_') {
            continue;
        }
        let number = counts.entry(call).or_default();
        *number += 1;
        begun = begun
            || rest.contains("q.json") && call != "execve"
            || rest.contains("fresh\"") && call != "execve";
        if begun && call != "exit_group" {
            all.push(Point { call: call.to_owned(), number: *number });
        }
    }
    all
}

/// The points for the short run: all of a verb, a sample of a loop, which makes many more calls.
fn chosen(transition: &Transition, chance: &mut Chance, most: usize) -> Vec<Point> {
    let mut all = points(transition);
    if !is_long() {
        while all.len() > most {
            all.remove(chance.below(all.len()));
        }
    }
    all
}

fn status_of(queue: &Value, id: &str) -> String {
    let tasks = queue["tasks"].as_array().into_iter().flatten();
    let found = tasks.into_iter().find(|task| task["id"] == id);
    found.map_or_else(String::new, |task| task["status"].as_str().unwrap_or("?").to_owned())
}

/// What must hold after whatever was done to the transition; another process goes on.
fn recovers(transition: &Transition, sandbox: &Sandbox, about: &str) -> Result<(), String> {
    let fail = |what: String| Err(format!("{} {about}: {what}", transition.name));
    let bytes = sandbox.bytes("q.json");
    let Ok(queue) = serde_json::from_slice::<Value>(&bytes) else {
        return fail("the file is not whole".to_owned());
    };
    let status = status_of(&queue, "A");
    if !transition.states.contains(&status.as_str()) {
        return fail(format!("A is {status:?}: {queue}"));
    }
    let text = String::from_utf8_lossy(&bytes);
    if !text.contains("12345678901234567890") || !text.contains("1.5") {
        return fail(format!("foreign fields changed: {text}"));
    }
    let next = sandbox.run(["edit", "Z", "q.json", "--description", "after"]);
    if next.status != 0 {
        return fail(format!("the next process fails: {next}"));
    }
    let again = sandbox.spawn_as(&sandbox.program, &[], transition.arguments).ends();
    let refused = transition.once && again.status != 0;
    if again.status != 0 && !refused {
        return fail(format!("a second time it fails: {again}"));
    }
    let queue = sandbox.read("q.json");
    let end = status_of(&queue, "A");
    if transition.states.last() != Some(&end.as_str()) {
        return fail(format!("in the end A is {end:?}"));
    }
    let whole = "for f in $(find fresh -name '*.json'); do jq -e . $f >../whole || exit 1; done";
    if transition.name == "init" && !sandbox.shell(whole) {
        return fail("what was made is not whole".to_owned());
    }
    if transition.name == "add" && status_of(&queue, "N") != "pending" {
        return fail("N was not added".to_owned());
    }
    let tasks = queue["tasks"].as_array().cloned().unwrap_or_default();
    for (key, number) in queue["summary"].as_object().into_iter().flatten() {
        let counted = tasks.iter().filter(|task| task["status"] == key.as_str()).count();
        let counts =
            key.contains('_') || ["pending", "blocked", "complete"].contains(&key.as_str());
        if counts && number.as_u64() != u64::try_from(counted).ok() {
            return fail(format!("the summary says {number} {key}, there are {counted}"));
        }
    }
    let mut left = Vec::new();
    for entry in fs::read_dir(sandbox.path("")).into_iter().flatten().flatten() {
        left.extend(entry.file_name().into_string().ok().filter(|name| name.ends_with(".tmp")));
    }
    if !left.is_empty() {
        return fail(format!("temp files were left: {left:?}"));
    }
    if !holds_within(Duration::from_secs(5), || sandbox.strays().is_empty()) {
        return fail("processes were left".to_owned());
    }
    if sandbox.oracle().overlaps().is_empty() {
        Ok(())
    } else {
        fail("ran twice at once".to_owned())
    }
}

/// Kills `transition` before each chosen call; gives how many died.
fn killed(
    transition: &Transition,
    program: Option<&Path>,
    fault: &str,
    most: usize,
) -> Result<usize, String> {
    let mut chance = Chance::of(transition.name);
    let before = (transition.before)();
    let (mut died, mut all) = (0, 0);
    for point in chosen(transition, &mut chance, most) {
        let mut sandbox = Sandbox::new().queue("q.json", &before);
        if let Some(program) = program {
            sandbox.program = program.into();
            sandbox.variables.push(("WORKLOOP_FAULT".to_owned(), fault.to_owned()));
        }
        let Point { call, number } = &point;
        let inject = format!("inject={call}:signal=KILL:when={number}");
        let (_, trace) = traced(&sandbox, &inject, transition.arguments);
        all += 1;
        died += usize::from(trace.contains("killed by SIGKILL"));
        sandbox.variables.clear();
        recovers(transition, &sandbox, &format!("killed before {call} {number}"))?;
    }
    say(&format!("{}: {died} of {all} kills hit", transition.name));
    // A loop waits for threads and reads the table of all processes, so that its last calls have
    // other numbers in each run; a verb makes the same calls each time.
    let least = if transition.arguments[0] == "run" { 3 } else { 6 };
    if died * 10 < all * least {
        return Err(format!("{}: only {died} of {all} kills hit", transition.name));
    }
    Ok(died)
}

#[track_caller]
fn survives_kills(names: &[&str], most: usize) {
    if !can_trace() {
        return;
    }
    for name in names {
        let transition = TRANSITIONS.iter().find(|one| one.name == *name).expect("in the list");
        let died = killed(transition, None, "", most);
        assert!(died.as_ref().is_ok_and(|died| *died > 10), "{died:?}");
    }
}

#[test]
fn killed_verbs_of_one_kind() {
    survives_kills(&["init", "add", "edit"], 75);
}

#[test]
fn killed_verbs_of_the_other_kind() {
    survives_kills(&["block", "retry", "reset", "release"], 60);
}

#[test]
fn killed_loops() {
    survives_kills(&["claim, start and record", "take-over"], 40);
}

#[test]
fn a_twin_that_writes_in_place_is_caught() {
    let (true, Some(program)) = (can_trace(), twin()) else { return };
    let block = &TRANSITIONS[3];
    let caught = killed(block, Some(program), "write-in-place", usize::MAX);
    say(&format!("write-in-place: {caught:?}"));
    assert!(caught.is_err_and(|why| why.contains("not whole")));
}

/// One error in the place of one call.
fn with_error(transition: &Transition, point: &Point, error: &str) -> Result<bool, String> {
    let sandbox = Sandbox::new().queue("q.json", &(transition.before)());
    let Point { call, number } = point;
    let inject = format!("inject={call}:error={error}:when={number}");
    let (ran, trace) = traced(&sandbox, &inject, transition.arguments);
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
    let is_loop = transition.arguments[0] == "run";
    if ran.status == 0 && delivered && MUST_FAIL.contains(&call.as_str()) && !is_loop {
        return Err(format!("{} {about}: the error was swallowed: {ran}", transition.name));
    }
    recovers(transition, &sandbox, &about)?;
    Ok(delivered)
}

#[test]
fn errors_are_told_and_harm_nothing() {
    if !can_trace() {
        return;
    }
    let mut chance = Chance::of("errors");
    let (mut delivered, mut all) = (0, 0);
    let mut broken = Vec::new();
    for transition in TRANSITIONS {
        let mut pairs: Vec<(Point, &str)> = points(transition)
            .into_iter()
            .filter(|point| WITH_ERRORS.contains(&point.call.as_str()))
            .flat_map(|point| ERRORS.map(|error| (point.clone(), error)))
            .collect();
        while !is_long() && pairs.len() > 16 {
            pairs.remove(chance.below(pairs.len()));
        }
        for (point, error) in pairs {
            all += 1;
            match with_error(transition, &point, error) {
                Ok(was) => delivered += usize::from(was),
                Err(why) => broken.push(why),
            }
        }
    }
    say(&format!("errors: {delivered} of {all} were delivered"));
    assert!(broken.is_empty(), "{} of {all}:\n{}", broken.len(), broken.join("\n"));
    assert!(delivered * 10 > all * 7, "only {delivered} of {all} errors were delivered");
}

/// The new text is on the disk before it is renamed, and the rename before it is acknowledged.
fn order(sandbox: &Sandbox) -> Vec<&'static str> {
    let program = sandbox.program.to_string_lossy().into_owned();
    let trace = "trace=fsync,rename,renameat,renameat2,write";
    let all = [
        "-y",
        "-qq",
        "-o",
        "../trace",
        "-e",
        trace,
        &program,
        "block",
        "A",
        "q.json",
        "--because",
        "x",
    ];
    sandbox.spawn_as(Path::new("strace"), &[], &all).ends().exits(0);
    let text = fs::read_to_string(sandbox.path("../trace")).unwrap_or_default();
    let kind = |line: &str| match line {
        line if line.starts_with("fsync(") && line.contains(".tmp>") => Some("sync file"),
        line if line.starts_with("fsync(") => Some("sync folder"),
        line if line.starts_with("rename") => Some("rename"),
        line if line.starts_with("write(1<") => Some("say"),
        _ => None,
    };
    let mut order: Vec<_> = text.lines().filter_map(kind).collect();
    order.dedup();
    order
}

#[test]
fn the_order_of_a_write() {
    if !can_trace() {
        return;
    }
    let right = ["sync file", "rename", "sync folder", "say"];
    let sandbox = Sandbox::new().queue("q.json", &pending());
    assert_eq!(order(&sandbox), right);
    for fault in ["no-file-sync", "no-dir-sync", "write-in-place"] {
        let Some(program) = twin() else { return };
        let mut sandbox = Sandbox::new().queue("q.json", &pending());
        sandbox.program = program.into();
        sandbox.variables.push(("WORKLOOP_FAULT".to_owned(), fault.to_owned()));
        assert_ne!(order(&sandbox), right, "the fault {fault} was not noticed");
    }
}

/// A person saves the file while the new text is being synced; gives what is there in the end.
fn edited_meanwhile(sandbox: &Sandbox) -> Value {
    let program = sandbox.program.to_string_lossy().into_owned();
    let inject = "inject=fsync:delay_enter=600000:when=1";
    let all =
        ["-qq", "-o", "../trace", "-e", inject, &program, "block", "A", "q.json", "--because", "x"];
    let running = sandbox.spawn_as(Path::new("strace"), &[], &all);
    let temp = |name: &str| name.starts_with(".q.json.") && name.ends_with(".tmp");
    wait_until("the new text is written", || {
        let entries = fs::read_dir(sandbox.path("")).into_iter().flatten().flatten();
        entries.into_iter().any(|entry| entry.file_name().to_str().is_some_and(temp))
    });
    assert!(sandbox.shell("jq '.by_hand = 7' q.json >t && mv t q.json"));
    running.ends().exits(0);
    sandbox.read("q.json")
}

#[test]
fn an_edit_during_a_write_is_kept() {
    if !can_trace() {
        return;
    }
    let sandbox = Sandbox::new().queue("q.json", &pending());
    let queue = edited_meanwhile(&sandbox);
    assert_eq!((&queue["by_hand"], status_of(&queue, "A").as_str()), (&json!(7), "blocked"));
    let Some(program) = twin() else { return };
    let mut sandbox = Sandbox::new().queue("q.json", &pending());
    sandbox.program = program.into();
    sandbox.variables.push(("WORKLOOP_FAULT".to_owned(), "no-second-look".to_owned()));
    assert!(edited_meanwhile(&sandbox)["by_hand"].is_null(), "no-second-look was not noticed");
}
