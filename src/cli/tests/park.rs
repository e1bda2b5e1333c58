//! `park` and `unpark`.

use super::house::{
    AMBIGUOUS, elsewhere, house, house_and, left_behind, refuses_bad_queues, two_houses,
};
use super::sandbox::Sandbox;
use crate::platform::lock::DirLock;
use serde_json::json;
use std::time::Duration;

/// Returns the status of a task of `queues/q.json`.
fn status(sandbox: &Sandbox, id: &str) -> String {
    sandbox.task(id).get("status").map_or_else(String::new, |status| status.to_string())
}

#[test]
fn parking_writes_the_status_the_summary_and_an_event() {
    let house = house();
    assert_eq!(house.run("park B C B").printed(), "B: parked\nC: parked\n", "each id once");
    assert_eq!(
        (status(&house, "B"), status(&house, "C")),
        ("\"parked\"".into(), "\"parked\"".into())
    );
    let queue: serde_json::Value =
        serde_json::from_str(&house.text("queues/q.json")).expect("JSON");
    assert_eq!(
        queue["summary"],
        json!({"total": 7, "pending": 2, "in_progress": 0, "blocked": 1, "complete": 1, "parked": 3})
    );
    let events = house.events();
    let told: Vec<_> = events.iter().map(|event| (&event["event"], &event["task"])).collect();
    assert_eq!(told, [(&json!("parked"), &json!("B")), (&json!("parked"), &json!("C"))]);
    assert_eq!(house.run("unpark B F").printed(), "B: pending again\nF: pending again\n");
    assert_eq!(status(&house, "F"), "\"pending\"");
    assert_eq!(house.events().last().map(|event| event["event"].clone()), Some(json!("unparked")));
}

#[test]
fn only_the_values_that_change_are_touched() {
    let text = "{\n\t\"note\" : 1.50,\n\t\"tasks\": [ {\"id\":7, \"x\": \"\\u00e9\", \"status\" : \"todo\" } ]}";
    let sandbox = house().file("queues/q.json", text);
    assert_eq!(sandbox.run("park 7").printed(), "7: parked\n");
    let written = |status: &str, pending: u32, parked: u32| {
        let summary = format!(
            "\"summary\": {{\"total\":1,\"pending\":{pending},\"in_progress\":0,\"blocked\":0,\
             \"complete\":0,\"parked\":{parked}}},\n\t"
        );
        text.replace("\"todo\"", status).replace("\"tasks\"", &format!("{summary}\"tasks\""))
    };
    assert_eq!(sandbox.text("queues/q.json"), written("\"parked\"", 0, 1));
    assert_eq!(sandbox.run("unpark 7").printed(), "7: pending again\n");
    assert_eq!(sandbox.text("queues/q.json"), written("\"pending\"", 1, 0));
}

#[test]
fn an_illegal_transition_is_refused_with_the_legal_ones_and_nothing_is_written() {
    let house = house_and(&[elsewhere("R", 1)]);
    let park = "only work that is not complete can be parked";
    for (line, text) in [
        ("park F", format!("F is parked: {park}; legal now: unpark, done, reset")),
        ("park A", format!("A is complete: {park}; legal now: reset")),
        // The first task could be parked; none is.
        ("park B A", format!("A is complete: {park}; legal now: reset")),
        ("unpark A", "A is complete: it is not parked; legal now: reset".to_owned()),
        (
            "unpark F D",
            "D is blocked: it is not parked; legal now: retry, answer, done, park, cancel, reset"
                .to_owned(),
        ),
        (
            "unpark B",
            "B is pending: it is not parked; legal now: run, done, block, park, cancel, reset"
                .to_owned(),
        ),
        (
            "unpark R",
            "R is in_progress: it is not parked; legal now: cancel, block, park, release, progress"
                .to_owned(),
        ),
    ] {
        house.refuses(line, 2, &format!("error: task {text}\n"));
    }
}

#[test]
fn a_task_in_progress_can_be_parked_and_loses_its_claim() {
    let house = house_and(&[elsewhere("R", 1), left_behind("S")]);
    assert_eq!(house.run("park R S").printed(), "R: parked\nS: parked\n");
    let task = house.task("R");
    assert_eq!((task.get("claim"), &task["status"]), (None, &json!("parked")));
    assert_eq!(task["attempts"], 1, "attempts never decrease");
}

#[test]
fn ids_that_are_nowhere_or_twice_are_refused() {
    let house = house();
    house.refuses("park nope", 2, "error: there is no task `nope` in queues/q.json\n");
    house.refuses("park B nope", 2, "error: there is no task `nope` in queues/q.json\n");
    house.refuses("park b", 2, "error: there is no task `b` in queues/q.json; did you mean `B`?\n");
    house.refuses("park queues/q.json", 2, "error: no task is named, only queues\n");
    let err = house.run("park").failed(2);
    assert!(err.contains("\n  <ID|-|QUEUE>...\n"), "{err}");
    let both = two_houses();
    both.refuses("park B", 2, AMBIGUOUS);
    assert_eq!(both.run("park two:B Z").printed(), "two:B: parked\nZ: parked\n");
    assert_eq!(both.task("B").get("status"), None, "the task of the other queue");
    assert!(both.text("queues/two.json").matches("\"parked\"").count() >= 2);
    assert_eq!(both.run("unpark Z queues/two.json").printed(), "Z: pending again\n");
}

#[test]
fn quietly_it_prints_nothing_and_a_strange_id_steers_no_terminal() {
    let house = house_and(&[json!({"id": "x\u{1b}[2J y", "title": "t"})]);
    assert_eq!(house.run("park B -q").printed(), "");
    assert_eq!(house.run("park 'x\u{1b}[2J y'").printed(), "x␛[2J y: parked\n");
    let err = house.reads("park 'n\u{1b}]0;t\u{7}'").failed(2);
    assert_eq!(err, "error: there is no task `n␛]0;t␇` in queues/q.json\n");
}

#[test]
fn several_queues_without_a_choice_are_refused_for_a_verb_that_writes() {
    let sandbox = house().queue("b", json!([]));
    let text = "error: failed to choose a queue: there are 2:\n  queues/b.json\n  \
                queues/q.json\nhint: name one, or list those to serve under queues in workloop.toml\n";
    sandbox.refuses("park B", 2, text);
    let none = Sandbox::empty();
    let text = "error: failed to find a queue: none in queues/ or tasks/ of DIR\nhint: workloop init \
                writes a first queue\n";
    none.refuses("park B", 2, text);
    none.refuses("status", 2, text);
}

#[test]
fn a_queue_can_be_named_by_its_project_and_its_name() {
    let sandbox = Sandbox::empty()
        .queue("work_queue_shed", json!([{"id": "A"}]))
        .queue("work_queue_shed_roof", json!([{"id": "A"}]));
    assert_eq!(sandbox.run("park A --project shed").printed(), "A: parked\n");
    assert_eq!(sandbox.run("park A --project shed --queue roof").printed(), "A: parked\n");
    sandbox.refuses("park A --project shad", 2, "error: there is no project shad\n");
    let known = "error: there is no queue wall; there are: work_queue_shed, work_queue_shed_roof\n";
    sandbox.refuses("park A --project shed --queue wall", 2, known);
}

#[test]
fn a_broken_configuration_refuses_a_verb_that_writes() {
    let text = "error: failed to read the configuration\nDIR/workloop.toml:1:1: unknown key landin; \
                did you mean landing?\n1 | landin = 3\n  | ^\n";
    house().config("landin = 3\n").refuses("park B", 2, text);
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("park A");
    refuses_bad_queues("unpark A");
}

#[test]
fn a_lock_that_somebody_holds_is_waited_for_and_then_named() {
    let house = house();
    let before = house.text("queues/q.json");
    let folder = house.path("queues");
    let lock = DirLock::acquire(&folder, Some(Duration::ZERO), &mut |_, _| {}).expect("a lock");
    let err = house.run("park B --lock-timeout 0").failed(4);
    let lines: Vec<&str> = err.lines().collect();
    assert!(lines[0].starts_with("error: could not lock DIR/queues within 0 s: held by "), "{err}");
    assert_eq!(
        lines[1..],
        [
            "hint: --lock-timeout waits longer; a script that holds the lock and calls workloop deadlocks"
        ]
    );
    assert_eq!(house.text("queues/q.json"), before);
    assert_eq!(house.reads("status -q").exit, 0, "a reader needs no lock");
    drop(lock);
    assert_eq!(house.run("park B --lock-timeout 0").printed(), "B: parked\n");
}
