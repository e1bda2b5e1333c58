//! How verbs name tasks: by the plain id where it is unique, else with the queue.

use super::sandbox::Sandbox;
use serde_json::{Value, json};

/// Returns two queues that both have A, in this state; B is in one of them.
fn both(state: &Value) -> Sandbox {
    let task = |id: &str| {
        let mut task = json!({"id": id, "title": id});
        task.as_object_mut().expect("a task").extend(state.as_object().expect("fields").clone());
        task
    };
    Sandbox::new(json!([task("A"), task("B")]))
        .queue("other", json!([task("A")]))
        .config("queues = [\"queues/*.json\"]\n")
}

#[test]
fn a_verb_that_writes_names_what_it_changed() {
    let (pending, blocked) = (json!({}), json!({"status": "blocked", "error": "x"}));
    let parked = json!({"status": "parked"});
    for (state, verb, done) in [
        (&pending, "block --because x", "blocked"),
        (&pending, "cancel --yes", "cancelled and parked"),
        (&pending, "done", "complete, not verified"),
        (&pending, "park", "parked"),
        (&json!({"requires_approval": true}), "approve", "approved"),
        (&blocked, "retry", "pending again, with a new budget"),
        (&blocked, "reset", "pending, as if never run"),
        (&parked, "unpark", "pending again"),
    ] {
        let sandbox = both(state);
        let text = sandbox.run(&format!("{verb} q:A other:A B")).printed();
        let wanted = format!("q:A: {done}\nother:A: {done}\nB: {done}\n");
        assert_eq!(text, wanted, "{verb}");
    }
}

#[test]
fn a_verb_for_all_tasks_names_each_of_them() {
    let blocked = json!({"status": "blocked", "error": "x", "attempts": 1});
    for (verb, done) in [
        ("retry --failed", "pending again, with a new budget"),
        ("reset --all --yes", "pending, as if never run"),
    ] {
        let text = both(&blocked).run(verb).printed();
        let wanted = format!("other:A: {done}\nq:A: {done}\nB: {done}\n");
        assert_eq!(text, wanted, "{verb}");
    }
}

#[test]
fn verbs_of_one_task_name_it_too() {
    let blocked = json!({"status": "blocked", "error": "x"});
    let text = both(&blocked).run("answer other:A yes").printed();
    assert_eq!(text, "other:A: answered, pending again\n");
    assert_eq!(both(&blocked).run("edit q:A --title t").printed(), "q:A: edited\n");
    assert_eq!(both(&blocked).run("edit B --title t").printed(), "B: edited\n");
}
