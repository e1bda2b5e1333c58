//! The transitions to test. A new transition needs a line in [`TRANSITIONS`].

use super::Workshop;
use crate::processes;
use crate::sandbox::wait_until;
use rustix::process::Signal;
use serde_json::{Value, json};

/// Which process is harmed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Traced {
    /// The program in its normal build.
    Verb,
    /// A loop, with its attempt in the same thread.
    Loop,
    /// The supervisor of a loop.
    Supervisor,
}

/// One transition: how it is made, and the state of the task before and after it.
pub(super) struct Transition {
    pub(super) name: &'static str,
    pub(super) traced: Traced,
    pub(super) arguments: &'static [&'static str],
    pub(super) before: fn(&Workshop) -> Value,
    /// What the agent of `A` does.
    pub(super) script: &'static str,
    /// The statuses of `A` that may occur; the last one is the final one.
    pub(super) states: &'static [&'static str],
    /// Whether a second run is refused because it is done.
    pub(super) once: bool,
    /// The conditions of the twin, if the twin makes the transition.
    pub(super) conditions: &'static str,
}

impl Transition {
    /// A verb that may be repeated.
    const fn verb(name: &'static str, arguments: &'static [&'static str]) -> Self {
        Self {
            name,
            traced: Traced::Verb,
            arguments,
            before: pending,
            script: "",
            states: &["pending"],
            once: false,
            conditions: "one-thread",
        }
    }

    /// A loop on the only task.
    const fn run(name: &'static str, traced: Traced, before: fn(&Workshop) -> Value) -> Self {
        let arguments = &["run", "q.json", "--task-id", "A"];
        let states = &["pending", "in_progress", "complete"];
        Self { traced, before, states, ..Self::verb(name, arguments) }
    }
}

/// The attempt for which what judges it is recorded.
pub(super) const JUDGED: &str = "claim what a file judges";

pub(super) const TRANSITIONS: &[Transition] = &[
    Transition::verb("init", &["init", "fresh"]),
    Transition {
        once: true,
        ..Transition::verb("add", &["add", "--id", "N", "--title", "New work", "q.json"])
    },
    Transition::verb("edit", &["edit", "A", "--priority", "high", "q.json"]),
    Transition {
        states: &["pending", "blocked"],
        once: true,
        ..Transition::verb("block", &["block", "A", "q.json", "--because", "later"])
    },
    Transition {
        states: &["pending", "complete"],
        once: true,
        ..Transition::verb("done", &["done", "A", "q.json", "--by", "me", "--note", "by hand"])
    },
    Transition {
        before: |_| one(&json!({"status": "blocked", "attempts": 3, "error": "no"})),
        states: &["blocked", "pending"],
        ..Transition::verb("retry", &["retry", "A", "q.json"])
    },
    Transition {
        before: |_| one(&json!({"status": "complete", "attempts": 1, "passes": true})),
        states: &["complete", "pending"],
        ..Transition::verb("reset", &["reset", "A", "q.json"])
    },
    Transition {
        before: claimed_elsewhere,
        states: &["in_progress", "pending"],
        once: true,
        ..Transition::verb("release", &["release", "--force", "A", "q.json"])
    },
    Transition::run("claim, start and record", Traced::Loop, pending),
    Transition {
        script: "fail 1",
        ..Transition::run("record a failure and try again", Traced::Loop, pending)
    },
    Transition {
        script: r#"result {"status": "needs_input", "question": "which?"}"#,
        states: &["pending", "in_progress", "blocked"],
        once: true,
        ..Transition::run("record a question", Traced::Loop, pending)
    },
    // What judges is recorded before the attempt, and removed after it.
    Transition::run(JUDGED, Traced::Loop, judged_by_a_file),
    Transition::run("take-over", Traced::Loop, claimed_by_the_dead),
    Transition::run("attempt under a supervisor", Traced::Supervisor, pending),
];

/// Returns the transition of that name.
pub(super) fn named(name: &str) -> &'static Transition {
    TRANSITIONS.iter().find(|one| one.name == name).expect("in the list")
}

fn one(fields: &Value) -> Value {
    let mut task =
        json!({"id": "A", "title": "Make A", "mine": 1.50, "big": 12_345_678_901_234_567_890_u64});
    if let (Some(task), Some(fields)) = (task.as_object_mut(), fields.as_object()) {
        task.extend(fields.clone());
    }
    let other = json!({"id": "Z", "title": "Another", "status": "pending"});
    json!({"project": "proof", "tasks": [task, other]})
}

pub(super) fn pending(_: &Workshop) -> Value {
    one(&json!({"status": "pending"}))
}

fn judged_by_a_file(_: &Workshop) -> Value {
    one(&json!({"status": "pending", "verify": "file"}))
}

fn claimed_elsewhere(_: &Workshop) -> Value {
    let claim = json!({"worker": "elsewhere:1:00000000", "attempt": 1, "host": "ffffffff",
        "boot": "ffffffff", "start": 1, "since": "2026-01-01T00:00:00Z"});
    one(&json!({"status": "in_progress", "attempts": 1, "claim": claim}))
}

/// Creates a claim as left by a loop that was killed in the middle of an attempt.
fn claimed_by_the_dead(workshop: &Workshop) -> Value {
    let sandbox = workshop.sandbox().queue("q.json", &pending(workshop)).script("A", "hang");
    let running = sandbox.spawn(["run", "q.json", "--task-id", "A"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    running.signal(Signal::KILL);
    drop(running);
    // A busy machine needs time; a temp file may stay until the next holder of the lock.
    wait_until("nothing of the attempt lives", || {
        processes::marked_with(&sandbox.path("")).is_empty()
    });
    sandbox.read("q.json")
}
