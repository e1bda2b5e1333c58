//! Compares what people see during and after a run with the journal.

use crate::fake_agent::CONFIG;
use crate::sandbox::{Sandbox, queue, wait_until};
use chrono::DateTime;
use serde_json::{Value, json};

fn events(sandbox: &Sandbox) -> Vec<Value> {
    let text = std::fs::read_to_string(sandbox.path(".workloop/events.jsonl")).unwrap_or_default();
    text.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

/// Returns the seconds from the claim of a task to the event `end`, computed from the journal
/// alone.
fn seconds(sandbox: &Sandbox, id: &str, end: &str) -> i64 {
    let events = events(sandbox);
    let at = |kind: &str| {
        let event = events.iter().find(|event| event["task"] == id && event["event"] == kind);
        let at = event.and_then(|event| event["at"].as_str()).expect(kind);
        DateTime::parse_from_rfc3339(at).expect("a time")
    };
    (at(end) - at("claimed")).num_seconds()
}

#[test]
fn a_run_can_be_looked_at_while_it_runs_and_afterwards() {
    let config =
        format!("{CONFIG}\n[limits]\nattempts = 1\nprogress_every = \"1s\"\nuntouched = false\n");
    let list = queue(&[("A", &[]), ("B", &[]), ("C", &["B"])]);
    let sandbox = Sandbox::new()
        .config(&config)
        .queue("q.json", &list)
        .script("A", "say first\nsay laying the floor\nawait go")
        .script("B", "nothing");
    let running = sandbox.spawn(["run", "q.json", "--jobs", "2", "--show-output"]);
    let has = |kind: &str| events(&sandbox).iter().any(|event| event["event"] == kind);
    wait_until("A is silent and B blocked", || has("silent") && has("blocked"));

    let status = sandbox.run(["status", "q.json"]).exits(0);
    status
        .says("Needs you\n")
        .says("workloop retry B --work-queue q.json\n")
        .says(": laying the floor");
    let stuck = sandbox.run(["stuck", "q.json", "--json"]).exits(0).json();
    let signs = stuck["stuck"].as_array().expect("a list");
    let has_sign = |id: &str, sign: &str| {
        assert!(signs.iter().any(|one| one["id"] == id && one["sign"] == sign), "{stuck}");
    };
    has_sign("A", "silent");
    has_sign("C", "behind");
    assert!(sandbox.shell("touch go"));

    let ran = running.ends().exits(5);
    let ran = ran.says("A | laying the floor\n").says("A has printed nothing for");
    let ran = ran.says("FAIL     B  Make B (").says("workloop log B --work-queue q.json");
    let ran = ran.says("1 of 3 complete, 2 attempts, ");
    ran.closes_with(&["2 cannot continue (B)"]);

    let tasks = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
    let of = |id: &str| {
        let all = tasks["queues"][0]["tasks"].as_array().expect("tasks");
        all.iter().find(|task| task["id"] == id).expect("a task").clone()
    };
    let lasted = of("A")["duration_s"].as_i64().expect("a duration");
    assert!((lasted - seconds(&sandbox, "A", "completed")).abs() <= 1, "{tasks}");
    assert!(of("B")["ended_at"].is_string() && of("C")["started_at"].is_null(), "{tasks}");
    assert_eq!(tasks["needs_you"][0]["need"], "blocked", "{tasks}");

    let table = sandbox.run(["status", "q.json", "--table"]).exits(0);
    let table = table.says("Window ").says(" Subtask ").says(" Duration ").says("✗ blocked");
    assert!(!table.stdout.contains("priority"), "{table}");
    let since = sandbox.run(["since", "1h", "q.json"]).exits(0);
    let since = since.says("Complete   A\n").says("Failed     1 of 2 attempts: 1 ");
    assert!(since.stdout.lines().count() <= 15, "{since}");
    let log = sandbox.run(["events", "q.json", "--style", "log"]).exits(0);
    log.says(": SUBTASK A complete (").says(" - Window ").says("SUBTASK B blocked (");
    let last = sandbox.run(["events", "q.json", "-n", "2"]).exits(0);
    assert_eq!(last.stdout.lines().count(), 2, "{last}");
    let why = sandbox.run(["why", "B", "q.json"]).exits(0);
    why.says("verify-1.out\n").says("agent 0.");
}

#[test]
fn tasks_of_two_queues_with_one_id_are_told_apart() {
    let list = queue(&[("A", &[])]);
    let sandbox = Sandbox::new()
        .config("[agents.default]\nrun = \"true\"\n[[verify]]\nrun = \"true\"\n")
        .queue("q.json", &list)
        .queue("r.json", &list);
    sandbox.run(["run", "q.json", "r.json"]).exits(0);
    let since = sandbox.run(["since", "1h", "q.json", "r.json", "--json"]).exits(0).json();
    let mut completed: Vec<&str> =
        since["completed"].as_array().expect("a list").iter().filter_map(Value::as_str).collect();
    completed.sort_unstable();
    assert_eq!(completed, ["q:A", "r:A"], "{since}");
    sandbox.run(["reset", "A", "--work-queue", "r.json"]).exits(0);
    let since = sandbox.run(["since", "1h", "q.json", "r.json", "--json"]).exits(0).json();
    assert_eq!(since["completed"], json!(["q:A"]), "{since}");
}

#[test]
fn one_queue_of_several_is_named_in_suggestions() {
    let list = json!({"tasks": [{"id": "A", "title": "a", "max_iterations": 1}]});
    let sandbox = Sandbox::new()
        .config("[agents.default]\nrun = \"false\"\n[[verify]]\nrun = \"true\"\n")
        .queue("queues/q.json", &list)
        .queue("queues/r.json", &list);
    sandbox
        .run(["run", "queues/q.json"])
        .exits(5)
        .says("workloop retry A --work-queue queues/q.json");
    // All of them are found without flags.
    let all = sandbox.run(["status"]).exits(0).says("then workloop retry q:A");
    assert!(!all.stdout.contains("--work-queue"), "{all}");
}
