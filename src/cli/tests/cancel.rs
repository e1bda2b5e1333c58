use super::sandbox::Sandbox;
use serde_json::json;

fn sandbox() -> Sandbox {
    Sandbox::new(json!([
        {"id": "A", "title": "Walls"},
        {"id": "B", "title": "Roof", "status": "in_progress", "attempts": 2},
        {"id": "C", "title": "Ground", "status": "complete"},
    ]))
}

#[test]
fn a_cancelled_task_is_parked_and_says_why() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run("cancel B").printed(), "B: cancelled and parked\n");
    let task = sandbox.task("B");
    let of = |key: &str| task.get(key).cloned();
    assert_eq!(of("status"), Some(json!("parked")));
    assert_eq!(of("error"), Some(json!("cancelled")));
    assert_eq!(of("attempts"), Some(json!(2)), "attempts never decrease");
    assert_eq!(of("claim"), None);
    let events = sandbox.events();
    assert_eq!(
        (events.len(), &events[0]["event"], &events[0]["task"]),
        (1, &json!("cancelled"), &json!("B"))
    );
}

#[test]
fn several_tasks_are_cancelled_only_if_that_is_confirmed() {
    let sandbox = sandbox();
    let text = "error: this would cancel 2 tasks, but there is no terminal to ask on\n\
                hint: --yes does it without asking\n";
    sandbox.refuses("cancel A B", 2, text);
    // One task that is named twice is one task.
    assert_eq!(sandbox.run("cancel A A").printed(), "A: cancelled and parked\n");
    let text =
        "error: task A is parked: there is nothing to cancel; legal now: unpark, done, reset\n";
    sandbox.refuses("cancel B A --yes", 2, text);
    assert_eq!(sandbox.run("cancel B --yes -q").printed(), "");
    assert_eq!(sandbox.task("B")["status"], "parked");
}

#[test]
fn finished_work_and_unknown_tasks_cannot_be_cancelled() {
    let sandbox = sandbox();
    for (line, text) in [
        ("cancel C", "error: task C is complete: there is nothing to cancel; legal now: reset\n"),
        ("cancel c", "error: there is no task `c` in queues/q.json; did you mean `C`?\n"),
        ("cancel '\u{1b}[2J'", "error: there is no task `␛[2J` in queues/q.json\n"),
        (
            "cancel A --work-queue no.json",
            "error: failed to find the queue no.json; did you mean queues/q.json?\n",
        ),
    ] {
        sandbox.refuses(line, 2, text);
    }
}
