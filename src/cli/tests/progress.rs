//! `progress`: what an attempt or a person reports about a task.

use super::house::{elsewhere, house, house_and, refuses_bad_queues, two_houses};
use super::sandbox::Sandbox;
use serde_json::{Map, Value, json};

/// Returns the house in which R runs on another host.
fn running() -> Sandbox {
    house_and(&[elsewhere("R", 1)])
}

/// Returns the recorded progress without its time.
fn recorded(sandbox: &Sandbox, id: &str) -> Value {
    let mut progress = sandbox.task(id)["progress"].as_object().cloned().unwrap_or_else(Map::new);
    assert!(progress.remove("at").is_some_and(|at| at.is_string()), "{progress:?}");
    Value::Object(progress)
}

#[test]
fn reports_are_merged_over_earlier_ones() {
    let sandbox = running();
    let done = "R: progress recorded\n";
    assert_eq!(sandbox.run("progress R --percent 40 --next 'the walls'").printed(), done);
    assert_eq!(recorded(&sandbox, "R"), json!({"percent": 40, "next": "the walls"}));
    assert_eq!(sandbox.run("progress R --percent 0 --eta '20 min' -q").printed(), "");
    assert_eq!(
        recorded(&sandbox, "R"),
        json!({"percent": 0, "next": "the walls", "eta": "20 min"})
    );
    assert_eq!(sandbox.run("progress R queues/q.json --percent 100 --note ''").printed(), done);
    assert_eq!(
        recorded(&sandbox, "R"),
        json!({"percent": 100, "next": "the walls", "eta": "20 min", "note": ""})
    );
    let last = sandbox.events().pop().expect("an event");
    assert_eq!((&last["event"], &last["task"]), (&json!("progress"), &json!("R")));
    assert_eq!(last.get("worker"), None, "a person did it");
}

#[test]
fn steps_that_are_done_add_up_and_replace_a_percentage() {
    let sandbox = running();
    sandbox.run("progress R --percent 10").printed();
    sandbox.run("progress R --step 3 --step 1 --note half").printed();
    assert_eq!(recorded(&sandbox, "R"), json!({"steps_done": [1, 3], "note": "half"}));
    sandbox.run("progress R --step 1").printed();
    assert_eq!(recorded(&sandbox, "R")["steps_done"], json!([1, 3]));
    for (line, text) in [
        ("progress R --step 4", "task R has no step 4; its steps are 1 to 3"),
        ("progress R --step 1 --step 9", "task R has no step 9; its steps are 1 to 3"),
        (
            "progress B --step 1",
            "task B lists no steps; use --percent, or add a list `steps` to it",
        ),
    ] {
        sandbox.refuses(line, 2, &format!("error: {text}\n"));
    }
    for line in
        ["progress R --step 0", "progress R --step 1 --percent 2", "progress R --percent 101"]
    {
        assert_eq!(sandbox.reads(line).exit, 2, "{line}");
    }
}

#[test]
fn a_report_that_says_nothing_or_names_no_task_is_refused() {
    let sandbox = running();
    sandbox.refuses(
        "progress R",
        2,
        "error: give at least one of --percent, --step, --next, --eta and --note\n",
    );
    let unnamed = "error: name the task: outside an attempt its id is unknown\n";
    sandbox.refuses("progress --percent 3", 2, unnamed);
    sandbox.refuses(
        "progress nope --note x",
        2,
        "error: there is no task `nope` in queues/q.json\n",
    );
    two_houses().refuses(
        "progress B --note x",
        2,
        "error: task id `B` exists in 2 queues: q:B, two:B\nhint: write queue:ID, or name one queue \
         with --work-queue\n",
    );
}

/// Returns the project as the attempt of this worker sees it.
fn inside(worker: &str, attempt: &str) -> Sandbox {
    running()
        .var("WORKLOOP_TASK_ID", "R")
        .var("WORKLOOP_QUEUE", "DIR/queues/q.json")
        .var("WORKLOOP_WORKER", worker)
        .var("WORKLOOP_ATTEMPT", attempt)
}

#[test]
fn inside_an_attempt_task_and_queue_are_known() {
    let sandbox = inside("elsewhere:4711:0badcafe", "1").queue("other", json!([]));
    assert_eq!(sandbox.run("progress --percent 7").printed(), "R: progress recorded\n");
    assert_eq!(recorded(&sandbox, "R"), json!({"percent": 7}));
    let last = sandbox.events().pop().expect("an event");
    assert_eq!((&last["worker"], &last["attempt"]), (&json!("elsewhere:4711:0badcafe"), &json!(1)));
}

#[test]
fn an_attempt_that_lost_its_claim_may_not_report() {
    for (worker, attempt) in [("other:1:00000001", "1"), ("elsewhere:4711:0badcafe", "2")] {
        let text = format!("error: task R is no longer claimed by attempt {attempt}\n");
        inside(worker, attempt).refuses("progress --percent 7", 2, &text);
    }
    // Without a number there is no token to compare: it is a person's report.
    let sandbox = inside("other:1:00000001", "first");
    assert_eq!(sandbox.run("progress --percent 7").printed(), "R: progress recorded\n");
    assert_eq!(sandbox.events().pop().expect("an event").get("worker"), None);
}

#[test]
fn a_task_that_is_named_inside_an_attempt_is_a_persons_report() {
    let sandbox = inside("other:1:00000001", "1");
    assert_eq!(sandbox.run("progress R --note hello").printed(), "R: progress recorded\n");
    assert_eq!(recorded(&sandbox, "R"), json!({"note": "hello"}));
}

#[test]
fn a_named_queue_is_taken_before_that_of_the_attempt() {
    let sandbox = inside("elsewhere:4711:0badcafe", "1").queue("two", json!([{"id": "X"}]));
    let text = "error: there is no task `R` in queues/two.json\n";
    sandbox.refuses("progress --note x --work-queue queues/two.json", 2, text);
    sandbox.refuses("progress --note x --project p", 2, "error: there is no project p\n");
    sandbox.refuses(
        "progress --note x --queue p",
        2,
        "error: there is no queue p; there are: q, two\n",
    );
}

#[test]
fn progress_is_shown_by_status() {
    let sandbox = running();
    sandbox.run("progress R --percent 40 --next 'more\u{1b}[2J stones'").printed();
    let text = sandbox.reads("status").printed();
    let row = text.lines().find(|line| line.contains("  R  ")).expect(&text);
    assert!(row.contains("40%") && row.contains("more␛[2J stones"), "{row}");
    let house = house();
    house.run("progress A --note x").printed();
    assert_eq!(house.task("A")["status"], "complete", "a report changes no state");
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("progress A --percent 1");
}
