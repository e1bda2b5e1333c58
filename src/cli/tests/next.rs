//! `next`: the ready tasks, in the order of the claims.

use super::house::{house, of, refuses_bad_queues, two_houses};
use serde_json::json;

const RANK: &str = "priority 1, 1 h 30 min on the longest path from it, 1 task depends on it";
const PLAIN: &str = "no priority, 30 min on the longest path from it, nothing depends on it";

#[test]
fn only_what_a_loop_would_claim_is_shown_with_the_reason_of_its_rank() {
    let house = house();
    let text = format!("1  B  Raise the walls\n   {RANK}\n");
    assert_eq!(house.reads("next").printed(), text);
    assert_eq!(house.reads("next queues/q.json --all").printed(), text);
    assert_eq!(house.reads("next -q").printed(), text, "it is the answer, not a remark");
    assert_eq!(
        house.reads("next --json").json("next"),
        json!({"schema_version": 1, "ready": 1, "tasks": [
            {"id": "B", "queue": "queues/q.json", "title": "Raise the walls", "rank": 1, "reason": RANK},
        ]})
    );
}

#[test]
fn ten_tasks_are_shown_and_the_number_of_the_others() {
    let ready = |many: u32| -> Vec<_> {
        (1..=many).map(|n| json!({"id": format!("T{n}"), "title": format!("t{n}")})).collect()
    };
    let entry = |n: u32| format!("{n:>2}  {:<3}  t{n}\n    {PLAIN}\n", format!("T{n}"));
    let ten: String = (1..=10).map(entry).collect();
    assert_eq!(of(&ready(10)).reads("next").printed(), ten);
    let many = of(&ready(11));
    assert_eq!(many.reads("next").printed(), format!("{ten}(1 more; --all shows them)\n"));
    assert_eq!(many.reads("next --all").printed(), format!("{ten}{}", entry(11)));
    let json = many.reads("next --json").json("next");
    assert_eq!(
        (json["ready"].as_u64(), json["tasks"].as_array().map(Vec::len)),
        (Some(11), Some(10))
    );
    let json = many.reads("next --json --all").json("next");
    assert_eq!((&json["tasks"][10]["id"], &json["tasks"][10]["rank"]), (&json!("T11"), &json!(11)));
}

#[test]
fn filters_choose_among_the_ready_tasks_and_a_mistyped_one_is_told() {
    let house = house();
    assert!(house.reads("next --type build").printed().starts_with("1  B  "));
    let waits = "nothing is ready: 0 of 1 complete; 1 waiting for another queue or worker (B): \
                 workloop why B\n";
    assert_eq!(house.reads("next --tag x").printed(), waits);
    assert_eq!(
        house.reads("next --tag x --json").json("next"),
        json!({"schema_version": 1, "ready": 0, "tasks": []})
    );
    for (line, text) in [
        ("next --type bild", "no task has type bild; there are: build; did you mean build?"),
        ("next --tag y --tag z", "no task has tag y or z; there are: x"),
        ("next --epic e", "no task has epic e; no task has any"),
        ("next --track t", "no task has track t; no task has any"),
        ("next --phase 1 --tag x", "no task has all of phase 1, tag x"),
    ] {
        house.refuses(line, 2, &format!("error: {text}\n"));
    }
}

#[test]
fn without_a_ready_task_the_reason_is_told() {
    for (tasks, told) in [
        (vec![], "nothing to do: no task is in scope"),
        (vec![json!({"id": "A", "status": "done"})], "nothing to do: the task is complete"),
        (
            vec![json!({"id": "A", "needs": ["B"]}), json!({"id": "B", "needs": ["A"]})],
            "0 of 2 complete; 2 cannot continue (A, B): workloop why A",
        ),
        (
            vec![json!({"id": "A", "status": "wip"})],
            "0 of 1 complete; 1 cannot continue (A: status `wip` is unknown): workloop why A",
        ),
        (
            vec![json!({"id": "A", "agent": "Human"}), json!({"id": "B", "type": "manual"})],
            "0 of 2 complete; 2 waiting for a person (A, B): workloop done A",
        ),
        (vec![json!({"id": "A", "status": "parked"})], "nothing to do: 1 parked"),
    ] {
        let told = format!("nothing is ready: {told}\n");
        assert_eq!(of(&tasks).reads("next").printed(), told, "{tasks:?}");
    }
}

#[test]
fn priorities_of_all_spellings_have_one_order() {
    let sandbox = of(&[
        json!({"id": "none"}),
        json!({"id": "low", "priority": "low"}),
        json!({"id": "two", "priority": 2}),
        json!({"id": "p1", "priority": "P1"}),
        json!({"id": "zero", "priority": 0}),
    ]);
    let json = sandbox.reads("next --json").json("next");
    let tasks = json["tasks"].as_array().expect("a list");
    let ids: Vec<&str> = tasks.iter().filter_map(|task| task["id"].as_str()).collect();
    assert_eq!(ids, ["zero", "p1", "two", "low", "none"]);
}

#[test]
fn several_queues_have_one_order_and_shared_ids_are_told_apart() {
    let both = two_houses();
    let text = "1  two:B  Another B\n   priority 0, 30 min on the longest path from it, nothing \
                depends on it\n2  q:B    Raise the walls\n   priority 1, 2 h on the longest path \
                from it, 1 task depends on it\n";
    assert_eq!(both.reads("next").printed(), text);
    assert!(both.reads("next queues/two.json").printed().starts_with("1  two:B  Another B\n"));
    let json = both.reads("next --work-queue queues/q.json --json").json("next");
    assert_eq!(
        (&json["tasks"][0]["id"], &json["tasks"][0]["queue"]),
        (&json!("q:B"), &json!("queues/q.json"))
    );
    assert_eq!(json["tasks"][1], json!(null), "only the named queue is meant");
}

#[test]
fn a_title_steers_no_terminal_and_breaks_no_line() {
    let sandbox = of(&[json!({"id": "A\n2", "title": "x\u{1b}]0;pwned\u{7}\u{202e}\ny"})]);
    let text = format!("1  A 2  x␛]0;pwned␇\\u{{202e}} y\n   {PLAIN}\n");
    assert_eq!(sandbox.reads("next").printed(), text);
    let ran = sandbox.reads("next --json");
    assert!(!ran.out.contains(['\u{1b}', '\u{7}', '\u{202e}']), "{}", ran.out);
    assert_eq!(ran.json("next")["tasks"][0]["title"], "x\u{1b}]0;pwned\u{7}\u{202e}\ny");
}

#[test]
fn a_broken_configuration_is_a_warning_for_a_verb_that_reads() {
    let house = house().config("landin = 3\n");
    let ran = house.reads("next queues/q.json");
    assert_eq!(ran.exit, 0);
    assert_eq!(ran.out, format!("1  B  Raise the walls\n   {RANK}\n"));
    let told = "warning: failed to read the configuration\nDIR/workloop.toml:1:1: unknown key landin; did \
                you mean landing?\n1 | landin = 3\n  | ^\n";
    assert_eq!(ran.err, told);
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("next");
}
