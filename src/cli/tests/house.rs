//! A project with one task in each state, for the verbs that look at all of them.

use super::sandbox::{Sandbox, ago};
use serde_json::{Value, json};
use std::fs::File;
use std::time::UNIX_EPOCH;

/// The configuration that serves `queues/q.json` and `queues/two.json`.
pub(super) const BOTH: &str = "queues = [\"queues/q.json\", \"queues/two.json\"]\n";

/// The tasks: A is complete, B ready, C and E wait, D is blocked, F parked, and G waits for
/// approval.
pub(super) fn tasks() -> Vec<Value> {
    vec![
        json!({"id": "A", "title": "Lay the floor", "status": "complete", "attempts": 1,
               "type": "build"}),
        json!({"id": "B", "title": "Raise the walls", "dependencies": ["A"], "priority": 1,
               "type": "build", "estimated_minutes": 60, "phase": "1"}),
        json!({"id": "C", "title": "Put on the roof", "dependencies": ["B"], "tags": ["x"]}),
        json!({"id": "D", "title": "Dig the well", "status": "blocked", "attempts": 2,
               "error": "step test: exit status 1", "verification_verdict": "FAIL"}),
        json!({"id": "E", "title": "Draw water", "dependencies": ["D"]}),
        json!({"id": "F", "title": "Plant trees", "status": "parked"}),
        json!({"id": "G", "title": "Open the house", "requires_approval": true}),
    ]
}

/// Returns the project with these tasks.
pub(super) fn house() -> Sandbox {
    of(&tasks())
}

/// Returns a project with other tasks.
pub(super) fn of(tasks: &[Value]) -> Sandbox {
    Sandbox::new(json!(tasks))
}

/// Returns the project with these tasks in addition.
pub(super) fn house_and(more: &[Value]) -> Sandbox {
    of(&[&tasks(), more].concat())
}

/// Returns a task that a worker on another host claimed so many minutes ago.
pub(super) fn elsewhere(id: &str, minutes: i64) -> Value {
    json!({"id": id, "title": "Fetch stones", "status": "in_progress", "attempts": 1,
           "steps": ["load", "drive", "unload"],
           "claim": {"worker": "elsewhere:4711:0badcafe", "attempt": 1, "since": ago(minutes),
                     "host": "00000000", "boot": "00000000", "start": 1}})
}

/// Returns a task in progress without a claim: its worker is gone.
pub(super) fn left_behind(id: &str) -> Value {
    json!({"id": id, "title": "Mix mortar", "status": "in_progress", "attempts": 1})
}

/// Returns the project beside a second queue, in which the id B occurs too, and Z depends on a task
/// of the first.
pub(super) fn two_houses() -> Sandbox {
    house().config(BOTH).queue(
        "two",
        json!([
            {"id": "B", "title": "Another B", "priority": 0},
            {"id": "Z", "title": "Last of all", "dependencies": ["q:C"]},
        ]),
    )
}

/// The refusal of an id that exists in both queues.
pub(super) const AMBIGUOUS: &str = "error: task id `B` exists in 2 queues: q:B, two:B\nhint: write \
                                    queue:ID, or name one queue with --work-queue\n";

/// Returns the house beside a queue `broken.json` with this text. It was saved long ago, so that
/// nobody waits for the rest of it.
pub(super) fn beside_broken(text: &str) -> Sandbox {
    let sandbox = house().file("broken.json", text);
    let file = File::options().append(true).open(sandbox.path("broken.json")).expect("a file");
    file.set_modified(UNIX_EPOCH).expect("an old file");
    sandbox
}

/// Asserts how a verb refuses queues that cannot be used: a broken one, a missing one, one with an
/// id twice. Each refusal names the place, and nothing is written.
#[track_caller]
pub(super) fn refuses_bad_queues(verb: &str) {
    let text = "{\"tasks\": [\n  {\"id\": \"A\" \"title\": \"x\"}\n]}\n";
    let twice = "{\"tasks\": [{\"id\": \"A\"},\n{\"id\": \"A\"}]}\n";
    let sandbox = beside_broken(text).file("twice.json", twice);
    let fix = "hint: nothing was written; fix the file and run the command again\n";
    let syntax = "2:14: error[syntax]: expected `,` or `}`\n2 |   {\"id\": \"A\" \"title\": \"x\"}\n  |              \
                  ^\n";
    let duplicate = "2:8: error[id-duplicate]: the id `A` occurs twice (first in the task on line 1)\n2 | \
                     {\"id\": \"A\"}]}\n  |        ^\n";
    for (queue, exit, told) in [
        ("broken.json", 3, format!("broken.json:{syntax}{fix}")),
        ("twice.json", 3, format!("twice.json:{duplicate}{fix}")),
        ("nowhere.json", 2, "failed to find the queue nowhere.json\n".to_owned()),
    ] {
        let line = format!("{verb} --work-queue {queue}");
        sandbox.refuses(&line, exit, &format!("error: {told}"));
    }
}
