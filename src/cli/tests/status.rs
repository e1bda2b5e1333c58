//! `status`: counts, open tasks, and what needs a person.

use super::house::{elsewhere, house, house_and, left_behind, of, refuses_bad_queues, two_houses};
use crate::domain::Usage;
use crate::platform::ids::CountingIds;
use crate::store::Ledgers;
use chrono::Local;
use serde_json::{Value, json};

const NEEDS: &str = "Needs you
  -  D  step test: exit status 1  workloop why D, then workloop retry D
  -  G  Open the house            workloop approve G

";

const OPEN: &str =
    "queues/q.json (project demo): 7 tasks: 1 complete, 1 ready, 3 waiting, 1 blocked, 1 parked (14%)
  blocked      D  Dig the well
  ready        B  Raise the walls
  waiting      C  Put on the roof  B (ready)
  waiting      E  Draw water       D (blocked)
  waiting      G  Open the house
";

#[test]
fn what_needs_a_person_comes_first_then_counts_and_open_tasks() {
    let house = house();
    let text = format!("{NEEDS}{OPEN}");
    assert_eq!(house.reads("status").printed(), text);
    assert_eq!(house.reads("status queues/q.json -q").printed(), text);
    let one = "queues/q.json (project demo): 1 task: 1 waiting\n  waiting      C  Put on the roof  B (ready)\n";
    assert_eq!(house.reads("status --tag x").printed(), one);
    assert_eq!(of(&[]).reads("status").printed(), "queues/q.json (project demo): 0 tasks\n");
    house.refuses("status --type x", 2, "error: no task has type x; there are: build\n");
}

#[test]
fn the_json_has_every_task_with_every_field_of_the_contract() {
    let json = house().reads("status --json").json("status");
    let queue = &json["queues"][0];
    assert_eq!(json["queues"].as_array().map(Vec::len), Some(1));
    assert_eq!((&queue["path"], &queue["project"]), (&json!("queues/q.json"), &json!("demo")));
    assert_eq!(
        queue["summary"],
        json!({"total": 7, "pending": 4, "in_progress": 0, "blocked": 1, "complete": 1, "parked": 1})
    );
    assert_eq!((&queue["ready"], &queue["waiting"]), (&json!(1), &json!(3)));
    let tasks = queue["tasks"].as_array().expect("a list");
    let words = |key: &str| -> Vec<&str> { tasks.iter().filter_map(|t| t[key].as_str()).collect() };
    assert_eq!(words("id"), ["A", "B", "C", "D", "E", "F", "G"]);
    assert_eq!(
        words("state"),
        ["complete", "ready", "waiting", "blocked", "waiting", "parked", "waiting"]
    );
    assert_eq!(
        words("status"),
        ["complete", "pending", "pending", "blocked", "pending", "parked", "pending"]
    );
    assert_eq!(
        tasks[6]["waiting_for"],
        json!([{"kind": "approval", "what": "workloop approve G"}])
    );
    assert_eq!(
        tasks[3],
        json!({"id": "D", "title": "Dig the well", "status": "blocked", "state": "blocked",
               "priority": null, "attempts": 2, "started_at": null, "ended_at": null,
               "duration_s": null, "worker": null, "waiting_for": [],
               "error": "step test: exit status 1", "reason_code": null, "completed_by": null,
               "completed_at": null})
    );
    let needs = json["needs_you"].as_array().expect("a list");
    let of = |key: &str| needs.iter().map(|need| need[key].clone()).collect::<Vec<_>>();
    assert_eq!(of("need"), ["blocked", "approval"]);
    assert_eq!(of("command"), ["workloop why D, then workloop retry D", "workloop approve G"]);
}

#[test]
fn the_table_shows_all_tasks_and_excludes_json() {
    let house = house();
    let table = house.reads("status --table --type build").printed();
    assert_eq!(
        table,
        "queues/q.json: 2 tasks: 1 complete, 1 ready
┌────────┬────────────────────┬────────────┬───────┬─────┬──────────┬───────┐
│ Window ┆ Subtask            ┆ Status     ┆ Start ┆ End ┆ Duration ┆ Notes │
╞════════╪════════════════════╪════════════╪═══════╪═════╪══════════╪═══════╡
│ -      ┆ A  Lay the floor   ┆ ✓ complete ┆ -     ┆ -   ┆ -        ┆ -     │
│ -      ┆ B  Raise the walls ┆ ○ ready    ┆ -     ┆ -   ┆ -        ┆ -     │
└────────┴────────────────────┴────────────┴───────┴─────┴──────────┴───────┘
"
    );
    let rows = house.reads("status --table").printed();
    assert_eq!(rows.lines().filter(|line| line.starts_with("│ - ")).count(), 7);
    let err = house.reads("status --table --json").failed(2);
    assert!(
        err.starts_with("error: the argument '--table' cannot be used with '--json'\n"),
        "{err}"
    );
    let err = house.reads("status --watch --exit-code").failed(2);
    assert!(err.contains("'--watch' cannot be used with '--exit-code'"), "{err}");
}

#[test]
fn with_exit_code_it_ends_like_wait_and_quietly_prints_nothing() {
    let cases = [
        (vec![], 0),
        (vec![json!({"id": "A", "status": "complete"})], 0),
        (vec![json!({"id": "A", "status": "parked"})], 0),
        (vec![json!({"id": "A"})], 7),
        (vec![json!({"id": "A", "requires_approval": true})], 7),
        (vec![json!({"id": "A", "status": "blocked"})], 5),
        (vec![json!({"id": "A", "status": "blocked"}), json!({"id": "B", "needs": "A"})], 5),
        (vec![json!({"id": "A", "needs": ["B"]}), json!({"id": "B", "needs": ["A"]})], 5),
        (vec![json!({"id": "A", "depends_on": ["nowhere"]})], 5),
        // While something can still run, it is not over.
        (vec![json!({"id": "A", "status": "blocked"}), json!({"id": "B"})], 7),
        (vec![json!({"id": "A", "status": "blocked"}), elsewhere("R", 1)], 7),
        (
            vec![
                json!({"id": "A", "status": "blocked"}),
                json!({"id": "B", "not_before": "2999-01-01T00:00:00Z"}),
            ],
            7,
        ),
        (vec![json!({"id": "A", "needs": ["F"]}), json!({"id": "F", "status": "parked"})], 5),
    ];
    for (tasks, exit) in cases {
        let sandbox = of(&tasks);
        assert_eq!(sandbox.reads("status --exit-code -q").failed(exit), "", "{tasks:?}");
        let ran = sandbox.reads("status --exit-code");
        assert_eq!((ran.exit, ran.err.as_str()), (exit, ""), "{tasks:?}");
        assert!(ran.out.contains("queues/q.json (project demo): "), "{tasks:?}");
        let ran = sandbox.reads("status --exit-code --json -q");
        assert_eq!(ran.exit, exit, "{tasks:?}");
        assert_eq!(ran.json("status")["schema_version"], 1, "{tasks:?}");
        assert_eq!(sandbox.reads("status").exit, 0, "{tasks:?}");
    }
    let house = house();
    assert_eq!(house.reads("status --exit-code -q --type build").failed(7), "");
    assert_eq!(house.reads("status --exit-code -q queues/q.json --tag x").failed(7), "");
}

#[test]
fn a_running_task_is_told_with_its_phase_and_its_worker() {
    let sandbox = house_and(&[elsewhere("R", 65), left_behind("S")]);
    let text = sandbox.reads("status").printed();
    let count = "9 tasks: 1 complete, 1 in progress, 2 ready, 3 waiting, 1 blocked, 1 parked (";
    assert!(text.contains(count), "{text}");
    let row = text.lines().find(|line| line.starts_with("  in_progress  R ")).expect(&text);
    assert!(row.contains("Fetch stones"), "{row}");
    assert!(row.contains("attempt 1, agent, 1:05:0"), "{row}");
    assert!(row.ends_with("silent for 1 h 5 min"), "{row}");
    assert!(text.contains("\n  ready        S  Mix mortar"), "{text}");
    let json = sandbox.reads("status --json").json("status");
    assert_eq!(json["queues"][0]["tasks"][7]["worker"], "elsewhere:4711:0badcafe");
    assert_eq!(json["queues"][0]["summary"]["in_progress"], 2);
}

#[test]
fn every_queue_has_its_section_and_a_shared_id_its_reference() {
    let text = two_houses().reads("status").printed();
    let heads: Vec<&str> = text.lines().filter(|line| line.contains(" tasks: ")).collect();
    assert_eq!(
        heads,
        [
            "queues/q.json (project demo): 7 tasks: 1 complete, 1 ready, 3 waiting, 1 blocked, 1 parked (14%)",
            "queues/two.json (project demo): 2 tasks: 1 ready, 1 waiting",
        ]
    );
    for row in ["ready        q:B", "ready        two:B", "waiting      Z", "C (waiting)"] {
        assert!(text.contains(row), "{row}: {text}");
    }
    let json = two_houses().reads("status --json queues/two.json").json("status");
    assert_eq!(json["queues"].as_array().map(Vec::len), Some(1));
    assert_eq!(json["queues"][0]["tasks"][0]["id"], "two:B");
}

#[test]
fn after_two_hundred_open_tasks_the_others_are_counted() {
    let tasks = |many: u32| (1..=many).map(|n| json!({"id": format!("T{n}")})).collect::<Vec<_>>();
    let listed = |many: u32| {
        let text = of(&tasks(many)).reads("status").printed();
        let rows = text.lines().filter(|line| line.starts_with("  ready ")).count();
        (rows, text.lines().last().expect("a line").to_owned())
    };
    assert_eq!(listed(200), (200, "  ready        T200  T200".to_owned()));
    assert_eq!(listed(201), (200, "  (1 more open task; --table shows all)".to_owned()));
    assert_eq!(listed(202).1, "  (2 more open tasks; --table shows all)");
    let json = of(&tasks(201)).reads("status --json").json("status");
    assert_eq!(json["queues"][0]["tasks"].as_array().map(Vec::len), Some(201));
}

#[test]
fn a_status_that_is_unknown_and_a_task_that_is_missing_need_a_person() {
    let sandbox = of(&[
        json!({"id": "odd", "title": "o\u{1b}[2J", "status": "wip"}),
        json!({"id": "a b", "title": "two\nlines", "depends_on": ["nowhere"]}),
    ]);
    assert_eq!(
        sandbox.reads("status").printed(),
        "Needs you
  -  odd  its status `wip` is unknown                workloop why odd
  -  a b  nowhere: no loaded queue has such a task  workloop why 'a b'

queues/q.json (project demo): 2 tasks: 2 waiting
  waiting      odd  o␛[2J
  waiting      a b  two lines
"
        .replace("unknown                w", "unknown               w")
    );
}

#[test]
fn money_spent_today_is_shown_against_the_limit_of_the_day() {
    let limit = |usd: u32| format!("[limits.day]\ncost_usd = {usd}\n");
    let sandbox = house().config(&limit(50));
    assert_eq!(sandbox.reads("status").printed(), format!("{NEEDS}{OPEN}"), "nothing is spent");
    let used = Usage { attempts: 2, minutes: 3.0, cost_usd: 1.5, ..Usage::default() };
    let today = Local::now().format("%Y-%m-%d").to_string();
    let written = Ledgers::of(&sandbox.path("")).change(&CountingIds::default(), |ledger| {
        ledger.turn_to(&today);
        ledger.settle("c", "claude default ", used);
    });
    written.expect("written");
    let text = sandbox.reads("status").printed();
    assert!(text.contains("today: 2 attempts, 3 min, 1.50 USD of 50"), "{text}");
    let json = sandbox.reads("status --json").json("status");
    let spent = &json["spent"][0];
    assert_eq!((&spent["attempts"], &spent["cost_usd"]), (&json!(2), &json!(1.5)));
    assert_eq!((&spent["cost_limit_usd"], spent.get("reached")), (&json!(50.0), None));
    let over = sandbox.config(&limit(1)).reads("status --json").json("status");
    assert!(over["spent"][0]["reached"].is_string(), "{over}");
}

#[test]
fn tests_that_passed_only_at_the_second_try_are_counted_over_the_journal() {
    let verified = |items: Value| {
        json!({"event": "verified", "task": "A", "worker": "vm:1:0000000a", "attempt": 1,
               "data": {"verdict": "PASS", "flaky": items}})
    };
    let item = |name: &str| json!({"step": "unit", "item": name});
    let sandbox = house()
        .journal(&[verified(json!([item("t::a")])), verified(json!([item("t::b"), item("t::a")]))]);
    let json = sandbox.reads("status --json").json("status");
    let row = |name: &str, times: u32| json!({"step": "unit", "item": name, "times": times, "last_at": "2026-01-19T10:01:00.000Z"});
    assert_eq!(json["flaky"], json!([row("t::a", 2), row("t::b", 1)]));
    let json = sandbox.reads("why A --json").json("why");
    assert_eq!(json["flaky"], json!([row("t::a", 2), row("t::b", 1)]));
    assert_eq!(sandbox.reads("why B --json").json("why").get("flaky"), None);
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("status");
    refuses_bad_queues("status --table");
}
