//! `wait`: for scripts, until nothing is left to wait for.

use super::house::{AMBIGUOUS, elsewhere, house, house_and, of, refuses_bad_queues, two_houses};
use serde_json::{Value, json};

#[test]
fn what_is_over_ends_at_once_with_the_status_of_a_run() {
    for (tasks, exit, told) in [
        (vec![], 0, "nothing to do: no task is in scope"),
        (vec![json!({"id": "A", "status": "done"})], 0, "the task is complete"),
        (
            vec![json!({"id": "A", "status": "done"}), json!({"id": "B", "status": "done"})],
            0,
            "all 2 tasks are complete",
        ),
        (vec![json!({"id": "A", "status": "parked"})], 0, "nothing to do: 1 parked"),
        (
            vec![json!({"id": "A", "status": "blocked"})],
            5,
            "0 of 1 complete; 1 cannot continue (A): workloop why A, then workloop retry A",
        ),
        (
            vec![json!({"id": "A", "status": "blocked"}), json!({"id": "B", "needs": ["A"]})],
            5,
            "0 of 2 complete; 2 cannot continue (A): workloop why A, then workloop retry A",
        ),
        (
            vec![json!({"id": "A", "needs": ["B"]}), json!({"id": "B", "needs": ["A"]})],
            5,
            "0 of 2 complete; 2 cannot continue (A, B): workloop why A",
        ),
        (
            vec![json!({"id": "A", "requires_approval": true})],
            7,
            "0 of 1 complete; 1 waiting for a person (A): workloop approve A",
        ),
        (
            vec![json!({"id": "A", "agent": "human"}), json!({"id": "B", "status": "done"})],
            7,
            "1 of 2 complete; 1 waiting for a person (A): workloop done A",
        ),
        (
            vec![json!({"id": "A", "status": "wip"})],
            5,
            "0 of 1 complete; 1 cannot continue (A: status `wip` is unknown): workloop why A",
        ),
    ] {
        let sandbox = of(&tasks);
        let text = format!("{told}\n");
        assert_eq!(sandbox.reads("wait").failed(exit), text, "{tasks:?}");
        assert_eq!(sandbox.reads("wait -q --timeout 1h").failed(exit), text, "{tasks:?}");
    }
}

#[test]
fn only_the_named_tasks_are_waited_for() {
    let house = house();
    let complete = "the task is complete\n";
    for line in ["wait A", "wait --task-id A", "wait A queues/q.json", "wait A --task-id A"] {
        assert_eq!(house.reads(line).failed(0), complete, "{line}");
    }
    let blocked = "1 of 2 complete; 1 cannot continue (D): workloop why D, then workloop retry D\n";
    assert_eq!(house.reads("wait D --task-id A").failed(5), blocked);
    let person = "0 of 1 complete; 1 waiting for a person (G): workloop approve G\n";
    assert_eq!(house.reads("wait G").failed(7), person);
    assert_eq!(house.reads("wait F").failed(0), "nothing to do: 1 parked\n");
    house.refuses("wait A nope", 2, "error: there is no task `nope` in queues/q.json\n");
    let both = two_houses();
    both.refuses("wait B", 2, AMBIGUOUS);
    both.refuses(
        "wait two:A",
        2,
        "error: there is no task `two:A` in queues/q.json, queues/two.json\n",
    );
}

#[test]
fn the_json_is_the_status_of_what_was_waited_for() {
    let ran = house().reads("wait A D --json");
    assert_eq!(ran.exit, 5);
    assert!(ran.err.starts_with("1 of 2 complete; "), "{}", ran.err);
    let json = ran.json("status");
    let tasks = json["queues"][0]["tasks"].as_array().expect("a list");
    let ids: Vec<&str> = tasks.iter().filter_map(|task| task["id"].as_str()).collect();
    assert_eq!(ids, ["A", "D"]);
    assert_eq!(json["queues"][0]["summary"]["total"], 2);
    let ran = house().reads("wait B --json --timeout 1ms");
    assert_eq!((ran.exit, ran.out.as_str()), (6, ""), "nothing is over");
}

#[test]
fn without_a_loop_a_wait_for_ready_work_times_out() {
    let house = house();
    // The note is left out if the time is over at the first look.
    let note = "no loop serves these queues now; waiting 1ms for one\n";
    let over =
        "timed out after 1ms: 1 of 6 complete; 1 parked; no loop serves the remaining tasks\n";
    let err = house.reads("wait --timeout 1ms").failed(6);
    assert_eq!(err.strip_prefix(note).unwrap_or(&err), over);
    assert_eq!(house.reads("wait --timeout 1ms -q").failed(6), over);
    let one = "timed out after 0ns: 0 of 1 complete; no loop serves the remaining tasks\n";
    assert_eq!(house.reads("wait B --timeout 0s").failed(6), one);
    let err = house.reads("wait --timeout soon").failed(2);
    assert!(err.starts_with("error: invalid value 'soon' for '--timeout <TIME>': "), "{err}");
}

#[test]
fn until_gone_only_loops_count() {
    let house = house();
    let text = "no loop serves these queues: 1 of 6 complete; 1 parked\n";
    assert_eq!(house.reads("wait --until gone").failed(0), text);
    assert_eq!(house.reads("wait --until gone --timeout 1h queues/q.json").failed(0), text);
    let json = house.reads("wait --until gone --json").json("status");
    assert_eq!(json["queues"][0]["summary"]["total"], 7);
    let ran = two_houses().reads("wait --until gone queues/two.json");
    assert_eq!(ran.failed(0), "no loop serves these queues: 0 of 2 complete\n");
}

#[test]
fn until_idle_ready_work_that_nobody_serves_is_told() {
    let house = house();
    let text = "1 of 6 complete; 1 parked; 1 ready, but no loop serves them: workloop run\n";
    assert_eq!(house.reads("wait --until idle").failed(7), text);
    let named = house.queue("other", json!([])).reads("wait --until idle queues/q.json").failed(7);
    assert!(
        named.ends_with("no loop serves them: workloop run --work-queue queues/q.json\n"),
        "{named}"
    );
    let done = of(&[json!({"id": "A", "status": "done"})]);
    assert_eq!(done.reads("wait --until idle").failed(0), "the task is complete\n");
    // An attempt on another host may still run.
    let far = house_and(&[elsewhere("R", 1)]);
    let err = far.reads("wait --until idle --timeout 1ms -q").failed(6);
    assert!(err.starts_with("timed out after 1ms: "), "{err}");
    let manual = json!({"id": "M", "agent": "manual", "status": "in_progress"});
    let ran = of(&[manual]).reads("wait --until idle --timeout 1ms -q");
    assert_ne!(ran.exit, 6, "a person's work keeps no loop busy: {ran:?}");
}

#[test]
fn a_wrong_purpose_is_refused_with_the_possible_ones() {
    let err = house().reads("wait --until done").failed(2);
    assert!(err.contains("[possible values: complete, idle, gone]"), "{err}");
    let none: Option<&Value> = None;
    assert_eq!(house().reads("wait A --json").json("status").get("error"), none);
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("wait");
    refuses_bad_queues("wait A --until gone");
}
