//! What is said if no task is ready.

use super::sandbox::Sandbox;
use serde_json::{Value, json};

/// Returns what `next` prints if no task is ready.
fn next(tasks: &Value) -> String {
    Sandbox::new(tasks.clone()).reads("next").printed()
}

#[test]
fn the_reason_is_what_a_run_would_print_at_its_end() {
    for (tasks, wanted) in [
        (json!([]), "nothing is ready: nothing to do: no task is in scope\n"),
        (
            json!([{"id": "A", "title": "a", "status": "complete", "passes": true}]),
            "nothing is ready: nothing to do: the task is complete\n",
        ),
        (
            json!([{"id": "A", "title": "a", "status": "nearly"}]),
            "nothing is ready: 0 of 1 complete; 1 cannot continue (A: status `nearly` is unknown): \
             workloop why A\n",
        ),
        (
            json!([{"id": "A", "title": "a", "status": "pending", "requires_approval": true}]),
            "nothing is ready: 0 of 1 complete; 1 waiting for a person (A): workloop approve A\n",
        ),
        (
            json!([{"id": "A", "title": "a", "status": "parked"}]),
            "nothing is ready: nothing to do: 1 parked\n",
        ),
    ] {
        assert_eq!(next(&tasks), wanted, "{tasks}");
    }
}
