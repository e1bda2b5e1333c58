//! `why ID`: the state of one task, and the reasons.

use super::house::{
    AMBIGUOUS, elsewhere, house, house_and, left_behind, of, refuses_bad_queues, two_houses,
};
use super::sandbox::ago;
use serde_json::{Value, json};

/// Returns the text about a task of the house.
fn told(id: &str) -> String {
    house().reads(&format!("why {id}")).printed()
}

#[test]
fn each_state_is_told_with_what_is_in_the_way() {
    let never = "There has been no attempt yet.\n";
    for (id, text) in [
        (
            "A",
            "Lay the floor\nIt is complete in queues/q.json.\nIt holds up nothing.\nThere was 1 attempt, but \
               its folder is gone.\n",
        ),
        (
            "C",
            "Put on the roof\nIt is waiting in queues/q.json:\n  - it depends on B (ready)\nIt holds up \
               nothing.\n",
        ),
        (
            "D",
            "Dig the well\nIt is blocked in queues/q.json and needs a person: step test: exit status 1.\nIt \
               holds up 1 task: E.\nThere were 2 attempts, but none has a folder any more.\n",
        ),
        (
            "E",
            "Draw water\nIt is waiting in queues/q.json:\n  - it depends on D (blocked: step test: exit \
               status 1)\nIt holds up nothing.\n",
        ),
        ("F", "Plant trees\nIt is parked in queues/q.json, not to be run.\nIt holds up nothing.\n"),
        (
            "G",
            "Open the house\nIt is waiting in queues/q.json:\n  - a person must approve it: workloop approve \
               G\nIt holds up nothing.\n",
        ),
    ] {
        let end = if text.contains("attempt") { "" } else { never };
        assert_eq!(told(id), format!("{id}  {text}{end}"));
    }
}

#[test]
fn a_ready_task_has_its_rank_and_what_it_holds_up() {
    assert_eq!(
        told("B"),
        "B  Raise the walls\nIt is ready in queues/q.json: nothing is in its way.\nIts rank: priority 1, 1 h 30 \
         min on the longest path from it, 1 task depends on it.\nIt holds up 1 task: C.\nThere has been \
         no attempt yet.\n"
    );
}

#[test]
fn the_json_has_every_field_of_the_contract() {
    let json = house().reads("why C --json").json("why");
    let waiting = json!([{"kind": "dependency", "what": "B (ready)"}]);
    for (key, value) in [
        ("schema_version", json!(1)),
        ("id", json!("C")),
        ("queue", json!("queues/q.json")),
        ("title", json!("Put on the roof")),
        ("status", json!("pending")),
        ("state", json!("waiting")),
        ("waiting_for", waiting),
        ("holds_up", json!([])),
        ("attempts", json!([])),
        ("rank", Value::Null),
        ("worker", Value::Null),
    ] {
        assert_eq!(json[key], value, "{key}");
    }
    let json = house().reads("why D --json").json("why");
    assert_eq!((&json["state"], &json["holds_up"]), (&json!("blocked"), &json!(["E"])));
    assert_eq!((&json["error"], &json["started"]), (&json!("step test: exit status 1"), &json!(2)));
    let rank = &house().reads("why B --json").json("why")["rank"];
    assert_eq!(rank, "priority 1, 1 h 30 min on the longest path from it, 1 task depends on it");
}

#[test]
fn a_claim_of_another_host_is_named_and_a_lost_one_makes_the_task_ready() {
    let sandbox = house_and(&[elsewhere("R", 30), left_behind("S")]);
    let text = sandbox.reads("why R").printed();
    let lines: Vec<&str> = text.lines().collect();
    assert!(
        lines[1].starts_with(
            "It is in progress in queues/q.json: worker elsewhere:4711:0badcafe has it for attempt 1 since "
        ),
        "{text}"
    );
    assert!(lines[2].starts_with("Now: attempt 1, agent, "), "{text}");
    assert_eq!(
        lines[3],
        "  - it is claimed elsewhere: the claim of another machine (elsewhere:4711:0badcafe)"
    );
    let json = sandbox.reads("why R --json").json("why");
    assert_eq!(json["live"]["phase"], "agent");
    let ran = json["live"]["running_s"].as_u64().expect("a number");
    assert!((1800..1830).contains(&ran), "{ran}");
    assert_eq!(json["waiting_for"][0]["kind"], "foreign_claim");
    let json = sandbox.reads("why S --json").json("why");
    assert_eq!((&json["status"], &json["state"]), (&json!("in_progress"), &json!("ready")));
    assert_eq!(json["worker"], Value::Null);
}

#[test]
fn attempts_are_listed_with_what_they_found() {
    let sandbox = of(&[json!({"id": "A", "title": "a", "status": "pending", "attempts": 2,
                              "error": "step unit: exit status 1"})])
    .reported("A", 1, json!({"verdict": "FAIL", "reason": "step unit: exit status 1"}))
    .reported("A", 2, json!({}));
    let json = sandbox.reads("why A --json").json("why");
    let attempts = json["attempts"].as_array().expect("a list");
    let of = |key: &str| attempts.iter().map(|one| one[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("attempt"), [1, 2]);
    assert_eq!(of("verdict"), ["FAIL", "PASS"]);
    assert_eq!(of("reason"), [json!("step unit: exit status 1"), Value::Null]);
    assert_eq!(of("outcome"), ["exit status 0", "exit status 0"]);
    let text = sandbox.reads("why A").printed();
    assert!(text.contains("\nAttempts so far: 2.\n"), "{text}");
    assert!(text.contains("step unit: exit status 1"), "{text}");
}

#[test]
fn a_task_that_waits_for_time_or_itself_or_nobody_says_so() {
    let sandbox = of(&[
        json!({"id": "late", "not_before": "2999-01-01T00:00:00Z"}),
        json!({"id": "X", "depends_on": ["Y"]}),
        json!({"id": "Y", "depends_on": ["X"]}),
        json!({"id": "lost", "depends_on": ["nowhere"]}),
        json!({"id": "odd", "status": "wip"}),
        json!({"id": "mine", "agent": "manual"}),
        json!({"id": "list", "requires_approval": ["look", "sign"]}),
    ]);
    for (id, kind, text) in [
        ("late", "not_before", "it must not start before 2999-01-01T00:00:00Z"),
        ("X", "cycle", "it waits for itself in a cycle: X -> Y -> X"),
        (
            "lost",
            "unknown",
            "it depends on a task that does not exist: nowhere: no loaded queue has such a task",
        ),
        ("odd", "invalid", "it cannot be run as it is: its status `wip` is unknown"),
        ("mine", "manual", "a person does it; workloop done mine completes it"),
        ("list", "approval", "a person must approve it: workloop approve list"),
    ] {
        let out = sandbox.reads(&format!("why {id}")).printed();
        assert_eq!(out.lines().nth(2), Some(format!("  - {text}").as_str()), "{out}");
        let json = sandbox.reads(&format!("why {id} --json")).json("why");
        assert_eq!(json["waiting_for"][0]["kind"], kind, "{id}");
    }
}

#[test]
fn ids_are_found_in_every_queue_and_an_ambiguous_one_is_refused() {
    let both = two_houses();
    both.refuses("why B", 2, AMBIGUOUS);
    for line in ["why two:B", "why B --work-queue queues/two.json", "why B queues/two.json"] {
        let text = both.reads(line).printed();
        assert!(
            text.starts_with("two:B  Another B\nIt is ready in queues/two.json: "),
            "{line}: {text}"
        );
    }
    let text = both.reads("why q:B").printed();
    assert!(text.contains("\nIt holds up 2 tasks: C and Z.\n"), "{text}");
    let text = both.reads("why Z").printed();
    assert!(text.contains("\n  - it depends on C (waiting)\n"), "{text}");
    both.refuses(
        "why Bb",
        2,
        "error: there is no task `Bb` in queues/q.json, queues/two.json; did you mean `B`?\n",
    );
    house().refuses("why nope", 2, "error: there is no task `nope` in queues/q.json\n");
}

#[test]
fn suggested_commands_name_the_queue_if_it_was_named() {
    let sandbox = two_houses();
    let text = sandbox.reads("why G queues/q.json").printed();
    let command = "  - a person must approve it: workloop approve G --work-queue queues/q.json\n";
    assert!(text.contains(command), "{text}");
    let strange = of(&[json!({"id": "a\u{1b}[1m b", "requires_approval": true})]);
    let text = strange.reads("why 'a\u{1b}[1m b'").printed();
    assert!(text.starts_with("a␛[1m b  a␛[1m b\nIt is waiting in queues/q.json:\n"), "{text}");
    assert!(text.contains(": workloop approve 'a␛[1m b'\n"), "{text}");
}

#[test]
fn a_person_who_completed_it_is_named() {
    let sandbox =
        of(&[json!({"id": "A", "title": "a", "status": "complete", "completed_by": "mina",
        "completed_at": ago(10), "completion_note": "by hand"})]);
    let json = sandbox.reads("why A --json").json("why");
    assert_eq!(
        (&json["completed_by"], &json["completion_note"]),
        (&json!("mina"), &json!("by hand"))
    );
    let text = sandbox.reads("why A").printed();
    let line = text.lines().nth(1).expect("a line");
    assert!(line.starts_with("It is complete in queues/q.json: mina completed it at "), "{text}");
    assert!(line.ends_with(": by hand."), "{text}");
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("why A");
}
