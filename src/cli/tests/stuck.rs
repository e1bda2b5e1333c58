//! `stuck`: the tasks that make no progress, each with the evidence.

use super::house::{elsewhere, house, house_and, left_behind, of, refuses_bad_queues, two_houses};
use super::sandbox::Sandbox;
use serde_json::{Value, json};

/// Returns sign, id, evidence and command of all stuck tasks.
fn signs(sandbox: &Sandbox, line: &str) -> Vec<[String; 4]> {
    let json = sandbox.reads(line).json("stuck");
    let list = json["stuck"].as_array().expect("a list").clone();
    let word = |one: &Value, key: &str| one[key].as_str().expect(key).to_owned();
    let keys = ["sign", "id", "evidence", "command"];
    list.iter().map(|one| keys.map(|key| word(one, key))).collect()
}

fn row(words: [&str; 4]) -> [String; 4] {
    words.map(str::to_owned)
}

#[test]
fn a_task_behind_a_blocked_one_is_stuck_and_one_that_only_waits_is_not() {
    let house = house();
    let behind = "waits for D (blocked: step test: exit status 1)";
    assert_eq!(house.reads("stuck").printed(), format!("E  {behind}\n   workloop why E\n"));
    assert_eq!(
        house.reads("stuck --json").json("stuck"),
        json!({"schema_version": 1, "stuck": [{
            "id": "E", "queue": "queues/q.json", "worker": null, "sign": "behind", "evidence": behind,
            "command": "workloop why E",
        }]})
    );
    assert_eq!(house.reads("stuck --tag x").printed(), "nothing looks stuck\n");
    assert_eq!(signs(&house, "stuck --json --type build"), [] as [[String; 4]; 0]);
    assert_eq!(of(&[]).reads("stuck").printed(), "nothing looks stuck\n");
    house.refuses("stuck --tag y", 2, "error: no task has tag y; there are: x\n");
}

#[test]
fn every_reason_that_only_a_person_can_remove_counts() {
    let sandbox = of(&[
        json!({"id": "parked", "status": "parked"}),
        json!({"id": "after", "depends_on": ["parked"]}),
        json!({"id": "X", "depends_on": ["Y"]}),
        json!({"id": "Y", "depends_on": ["X"]}),
        json!({"id": "lost", "depends_on": ["nowhere"]}),
        json!({"id": "later", "not_before": "2999-01-01T00:00:00Z"}),
        json!({"id": "mine", "agent": "manual"}),
        json!({"id": "asks", "requires_approval": true}),
        json!({"id": "waits", "depends_on": ["mine", "asks", "later"]}),
    ]);
    let of =
        |id: &str, evidence: &str| row(["behind", id, evidence, &format!("workloop why {id}")]);
    assert_eq!(
        signs(&sandbox, "stuck --json"),
        [
            of("after", "waits for parked (parked)"),
            of("X", "waits for X -> Y -> X"),
            of("Y", "waits for X -> Y -> X"),
            of("lost", "waits for nowhere: no loaded queue has such a task"),
        ]
    );
}

#[test]
fn at_most_four_reasons_are_named() {
    let blocked = |n: u32| json!({"id": format!("D{n}"), "status": "blocked", "error": "no"});
    let mut tasks: Vec<Value> = (1..=6).map(blocked).collect();
    tasks.push(json!({"id": "five", "depends_on": ["D1", "D2", "D3", "D4", "D5"]}));
    tasks.push(json!({"id": "four", "depends_on": ["D1", "D2", "D3", "D4"]}));
    let found = signs(&of(&tasks), "stuck --json");
    let of = |n: u32| format!("D{n} (blocked: no)");
    let named = [1, 2, 3, 4].map(of);
    assert_eq!(
        found[1][2],
        format!("waits for {}, {}, {} and {}", named[0], named[1], named[2], named[3])
    );
    assert!(found[0][2].starts_with("waits for D1 (blocked: no), "), "{}", found[0][2]);
    assert!(!found[0][2].contains("D5"), "{}", found[0][2]);
}

#[test]
fn workers_that_are_gone_come_first_and_silent_ones_second() {
    let sandbox = house_and(&[elsewhere("R", 60), left_behind("S")])
        .config("[limits]\nprogress_every = \"30m\"\n");
    assert_eq!(
        signs(&sandbox, "stuck --json"),
        [
            row([
                "worker_gone",
                "S",
                "its worker is gone, and no loop has picked it up",
                "workloop why S"
            ]),
            row(["silent", "R", "agent: nothing printed for 1 h", "workloop log R"]),
            row([
                "behind",
                "E",
                "waits for D (blocked: step test: exit status 1)",
                "workloop why E"
            ]),
        ]
    );
    let json = sandbox.reads("stuck --json").json("stuck");
    assert_eq!(json["stuck"][1]["worker"], "elsewhere:4711:0badcafe");
    assert_eq!(json["stuck"][0]["worker"], Value::Null);
    let sandbox = house_and(&[elsewhere("R", 29)]).config("[limits]\nprogress_every = \"30m\"\n");
    assert_eq!(signs(&sandbox, "stuck --json").len(), 1, "29 minutes of silence are no sign");
}

#[test]
fn an_attempt_that_takes_longer_than_nearly_all_is_slow() {
    let done = |n: u32| {
        json!({"id": format!("T{n}"), "status": "complete", "attempts": 1,
               "last_attempt": "2026-01-19T10:00:00Z", "completed_at": "2026-01-19T10:10:00Z"})
    };
    let with = |many: u32, minutes: i64| {
        let mut tasks: Vec<Value> = (0..many).map(done).collect();
        tasks.push(elsewhere("R", minutes));
        of(&tasks).config("[limits]\nprogress_every = \"20h\"\n")
    };
    let found = signs(&with(5, 30), "stuck --json");
    let evidence = found[0][2].as_str();
    assert!(evidence.starts_with("runs for 30:0"), "{evidence}");
    assert!(evidence.ends_with("; 95 % of 5 tasks took at most 10:00"), "{evidence}");
    assert_eq!(found[0][0], "slow");
    assert_eq!(found[0][3], "workloop log R");
    for (many, minutes) in [(4, 30), (5, 9)] {
        assert!(signs(&with(many, minutes), "stuck --json").is_empty(), "{many}, {minutes}");
    }
}

#[test]
fn attempts_that_fail_again_without_a_new_change_are_a_sign() {
    let pending = json!({"id": "A", "title": "a", "attempts": 2});
    let failed = |change: &str| json!({"verdict": "FAIL", "fingerprint": {"change": change}});
    let tried = |second: &str| {
        of(std::slice::from_ref(&pending)).reported("A", 1, failed("f00d")).reported(
            "A",
            2,
            failed(second),
        )
    };
    let same = "the last 2 attempts failed with the same change";
    assert_eq!(
        signs(&tried("f00d"), "stuck --json"),
        [row(["same_change", "A", same, "workloop why A"])]
    );
    assert!(signs(&tried("beef"), "stuck --json").is_empty());
    let passed = of(&[json!({"id": "A", "status": "complete", "attempts": 2})])
        .reported("A", 1, failed("f00d"))
        .reported("A", 2, failed("f00d"));
    assert!(signs(&passed, "stuck --json").is_empty(), "a complete task needs nothing");
}

#[test]
fn commands_name_the_queue_that_was_named_and_quote_strange_ids() {
    let sandbox = of(&[
        json!({"id": "D", "status": "blocked"}),
        json!({"id": "a b\n\u{1b}c", "depends_on": ["D"]}),
    ])
    .queue("other", json!([]));
    let text = sandbox.reads("stuck --work-queue queues/q.json").printed();
    assert_eq!(
        text,
        "a b ␛c  waits for D (blocked)\n        workloop why 'a b ␛c' --work-queue queues/q.json\n"
    );
    let both = two_houses();
    let found = signs(&both, "stuck --json");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0][1], "E");
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("stuck");
}
