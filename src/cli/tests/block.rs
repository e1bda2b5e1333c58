use super::sandbox::Sandbox;
use serde_json::{Value, json};

fn tasks() -> Value {
    json!([
        {"id": "A", "title": "Walls"},
        {"id": "B", "title": "Roof", "status": "in_progress", "attempts": 1},
        {"id": "C", "title": "Ground", "status": "complete"},
        {"id": "D", "title": "Door", "status": "parked"},
    ])
}

#[test]
fn a_blocked_task_records_the_reason_in_one_line_and_nothing_else_changes() {
    let sandbox = Sandbox::new(tasks());
    let before = sandbox.task("A");
    assert_eq!(
        sandbox.run("block A --because '  the\n mill\tis closed '").printed(),
        "A: blocked\n"
    );
    let mut wanted = before;
    wanted.insert("status".to_owned(), json!("blocked"));
    wanted.insert("error".to_owned(), json!("the mill is closed"));
    assert_eq!(sandbox.task("A"), wanted);
    let fields = json!({"status": "blocked", "error": "the mill is closed"});
    let event =
        json!({"event": "blocked", "queue": "q.json", "task": "A", "data": {"fields": fields}});
    assert_eq!(sandbox.events(), [event]);
}

#[test]
fn several_tasks_are_blocked_together_or_not_at_all() {
    let sandbox = Sandbox::new(tasks());
    for (line, text) in [
        (
            "block A C --because x",
            "error: task C is complete: only open work can be blocked; legal now: reset\n",
        ),
        (
            "block D A --because x",
            "error: task D is parked: only open work can be blocked; legal now: unpark, done, reset\n",
        ),
        ("block A nope --because x", "error: there is no task `nope` in queues/q.json\n"),
        ("block queues/q.json --because x", "error: no task is named, only queues\n"),
        ("block A --because ' \n\t'", "error: --because needs a reason\n"),
        ("block A --because ''", "error: --because needs a reason\n"),
    ] {
        sandbox.refuses(line, 2, text);
    }
    assert_eq!(sandbox.run("block A B A --because x").printed(), "A: blocked\nB: blocked\n");
    assert_eq!(sandbox.task("B")["status"], "blocked");
}

#[test]
fn a_reason_is_required() {
    let err = Sandbox::new(tasks()).run("block A").failed(2);
    assert!(
        err.starts_with(
            "error: the following required arguments were not provided:\n  --because <TEXT>\n"
        ),
        "{err}"
    );
}

#[test]
fn a_quiet_verb_prints_nothing_and_blocks_all_the_same() {
    let sandbox = Sandbox::new(tasks());
    assert_eq!(sandbox.run("-q block A --because x").printed(), "");
    assert_eq!(sandbox.task("A")["status"], "blocked");
}

#[test]
fn an_id_in_two_queues_needs_its_queue() {
    let sandbox = Sandbox::new(tasks()).queue("other", tasks());
    let both = "queues/other.json queues/q.json";
    let text = "error: task id `A` exists in 2 queues: other:A, q:A\n\
                hint: write queue:ID, or name one queue with --work-queue\n";
    sandbox.refuses(&format!("block A {both} --because x"), 2, text);
    let line = format!("block q:A {both} --because x");
    assert_eq!(sandbox.run(&line).printed(), "q:A: blocked\n");
    assert_eq!(sandbox.task("A")["status"], "blocked");
    assert!(!sandbox.text("queues/other.json").contains("blocked"));
    let text = "error: failed to choose a queue: there are 2:\n\
                \x20 queues/other.json\n\
                \x20 queues/q.json\n\
                hint: name one, or list those to serve under queues in workloop.toml\n";
    sandbox.refuses("block A --because x", 2, text);
}
