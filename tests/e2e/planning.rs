//! The decisions of the planner, judged by what runs: filters, dropped dependencies, gates, epics,
//! and that nothing waits for ever.

use crate::fake_agent::{CONFIG, Moment};
use crate::sandbox::{Sandbox, queue, task};
use serde_json::{Value, json};

fn ids(list: &Value) -> Vec<&str> {
    let list = list.as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|task| task["id"].as_str().or_else(|| task.as_str())).collect()
}

#[test]
fn filters_mean_the_same_everywhere() {
    let list = json!({"tasks": [
        {"id": "A", "title": "a", "status": "pending", "phase": "one", "track": "x", "type": "docs", "tags": ["t", "u"], "epic": "E"},
        {"id": "B", "title": "b", "status": "pending", "phase": "two", "track": "y", "type": "test", "tags": ["v"]},
        {"id": "C", "title": "c", "status": "pending", "dependencies": ["B"]},
    ]});
    let filters =
        [("--phase", "one"), ("--track", "X"), ("--type", "docs"), ("--tag", "u"), ("--epic", "E")];
    for (flag, value) in filters {
        let sandbox = Sandbox::new().queue("q.json", &list);
        let next = sandbox.run(["next", "q.json", "--json", flag, value]).exits(0).json();
        assert_eq!(ids(&next["tasks"]), ["A"], "next {flag}");
        let status = sandbox.run(["status", "q.json", "--json", flag, value]).exits(0).json();
        assert_eq!(ids(&status["queues"][0]["tasks"]), ["A"], "status {flag}");
        let plan = sandbox.run(["plan", "q.json", "--json", flag, value]).exits(0).json();
        assert_eq!(plan["waves"], json!([["A"]]), "plan {flag}");
        sandbox.run(["run", "q.json", flag, value]).exits(0);
        assert_eq!(sandbox.oracle().started(), ["A"], "run {flag}");
        assert_eq!(sandbox.status("B"), "pending");
    }
    let sandbox = Sandbox::new().queue("q.json", &list);
    sandbox.run(["run", "q.json", "--tag", "v", "--phase", "one"]).exits(2);
    assert!(sandbox.oracle().started().is_empty(), "a task must match both filters");
}

#[test]
fn a_dropped_dependency_frees_its_task() {
    let sandbox =
        Sandbox::new().queue("q.json", &queue(&[("A", &[]), ("B", &["A"])])).script("A", "nothing");
    sandbox.run(["block", "A", "--because", "no access", "q.json"]).exits(0);
    sandbox.run(["check", "q.json"]).says("dependency-blocked");
    sandbox.run(["run", "q.json"]).exits(5);
    sandbox.run(["edit", "B", "--drop-dependency", "A", "q.json"]).exits(2);
    let because = ["edit", "B", "--drop-dependency", "A", "--because", "a stub will do", "q.json"];
    sandbox.run(because).exits(0);
    let check = sandbox.run(["check", "q.json"]).exits(0);
    assert!(!check.stdout.contains("dependency-blocked"), "{check}");
    let next = sandbox.run(["next", "q.json", "--json"]).exits(0).json();
    assert_eq!(ids(&next["tasks"]), ["B"]);
    sandbox.run(["run", "q.json"]).exits(5);
    assert_eq!(sandbox.oracle().started(), ["B"]);
    let record = task(&sandbox.read("q.json"), "B")["dropped_dependencies"][0].clone();
    assert_eq!((&record["id"], &record["because"]), (&json!("A"), &json!("a stub will do")));
    let events = sandbox.run(["events", "--json", "q.json"]).exits(0).stdout;
    let edited = events.lines().find(|line| line.contains("\"edited\"")).expect("an event");
    assert!(edited.contains("a stub will do"), "{edited}");
}

#[test]
fn the_gate_of_a_phase_is_verified_without_an_agent() {
    let config = format!(
        "{CONFIG}\n[[verify]]\nprofile = \"whole\"\nname = \"all made\"\nrun = 'test -e made/A && test -e made/B && echo \"end gate 1 0 $(date +%s%N)\" >>oracle/log'\n"
    );
    let list = json!({
        "phases": [{"phase": 1, "gate": ["whole"]}, {"phase": 2}],
        "tasks": [
            {"id": "C", "title": "c", "status": "pending", "phase": 2},
            {"id": "A", "title": "a", "status": "pending", "phase": 1},
            {"id": "B", "title": "b", "status": "pending", "phase": 1},
        ],
    });
    let sandbox = Sandbox::new().config(&config).queue("q.json", &list);
    sandbox.run(["run", "q.json", "--jobs", "3"]).exits(0);
    let read = sandbox.read("q.json");
    let gate = task(&read, "gate-1");
    assert_eq!((&gate["type"], &gate["status"]), (&json!("gate"), &json!("complete")));
    let oracle = sandbox.oracle();
    assert_eq!(oracle.starts("gate-1"), 0, "no agent ran for the gate");
    let gate = oracle.first(Moment::End, "gate");
    assert!(gate.is_some() && gate > oracle.first(Moment::End, "A"));
    assert!(gate > oracle.first(Moment::End, "B") && gate < oracle.first(Moment::Start, "C"));
}

#[test]
fn a_gate_that_fails_keeps_its_phase_shut() {
    let config = format!(
        "{CONFIG}\n[[verify]]\nprofile = \"whole\"\nname = \"never\"\nrun = 'exit 1'\n[limits]\nattempts = 2\n"
    );
    let list = json!({
        "phases": [{"phase": 1, "gate": "whole"}, {"phase": 2}],
        "tasks": [
            {"id": "A", "title": "a", "status": "pending", "phase": 1},
            {"id": "C", "title": "c", "status": "pending", "phase": 2},
        ],
    });
    let sandbox = Sandbox::new().config(&config).queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(5).closes_with(&["gate-1"]);
    assert_eq!(sandbox.oracle().started(), ["A"]);
    sandbox.run(["why", "C", "q.json"]).exits(0).says("gate-1");
}

#[test]
fn an_epic_ends_and_stops_with_its_children() {
    let list = json!({"tasks": [
        {"id": "E", "title": "epic", "status": "pending", "child_tasks": ["A", "B"]},
        {"id": "A", "title": "a", "status": "pending"},
        {"id": "B", "title": "b", "status": "pending", "dependencies": ["A"]},
        {"id": "F", "title": "f", "status": "pending"},
        {"id": "C", "title": "c", "status": "pending", "parent": "F", "max_attempts": 1},
        {"id": "D", "title": "d", "status": "pending", "dependencies": ["E"]},
    ]});
    let sandbox = Sandbox::new().queue("q.json", &list).script("C", "nothing");
    sandbox.run(["run", "q.json"]).exits(5);
    let status = |id| sandbox.status(id);
    assert_eq!(["E", "A", "B", "D"].map(status), ["complete"; 4]);
    assert_eq!(["C", "F"].map(status), ["blocked"; 2]);
    let oracle = sandbox.oracle();
    assert_eq!(oracle.starts("E") + oracle.starts("F"), 0, "no agent runs for an epic");
    assert!(oracle.first(Moment::Start, "D") > oracle.first(Moment::End, "B"));
    sandbox.rescript("C", "");
    sandbox.run(["retry", "C", "q.json"]).exits(0);
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(["C", "F"].map(status), ["complete"; 2]);
}

#[test]
fn no_ready_task_waits_for_ever() {
    let mut tasks: Vec<Value> = (0..6)
        .map(|n| json!({"id": format!("U{n}"), "title": "urgent", "status": "pending", "priority": 0, "files": ["src/"]}))
        .collect();
    tasks.insert(
        0,
        json!({"id": "L", "title": "late", "status": "pending", "priority": 9, "files": ["src/a"]}),
    );
    let config = format!("{CONFIG}\n[limits]\nconsecutive_failures = 100\nattempts = 3\n");
    let sandbox = Sandbox::new()
        .config(&config)
        .queue("q.json", &json!({"tasks": tasks}))
        .script("default", "nothing")
        .script("L", "");
    sandbox.run(["run", "q.json", "--jobs", "2"]).exits(5);
    let oracle = sandbox.oracle();
    assert_eq!(oracle.starts("L"), 1, "it had its turn");
    assert_eq!(oracle.started().len(), 6 * 3 + 1, "after every more urgent attempt");
    assert_eq!(oracle.started().last(), Some(&"L"));
}

#[test]
fn what_took_how_long_is_expected_of_the_next() {
    let of =
        |id: &str, kind: &str| json!({"id": id, "title": id, "status": "pending", "type": kind});
    let sandbox = Sandbox::new()
        .queue("q.json", &json!({"tasks": [of("A", "docs"), of("B", "docs")]}))
        .script("default", "sleep 0.05");
    sandbox.run(["run", "q.json"]).exits(0);
    for (id, kind) in [("C", "docs"), ("D", "test")] {
        let task = of(id, kind).to_string();
        sandbox.run_with(["add", "-", "q.json"], &task).exits(0);
    }
    let plan = sandbox.run(["plan", "q.json", "--json", "--actual"]).exits(0).json();
    assert_eq!(plan["estimate_counts"], json!({"given": 0, "history": 1, "default": 1}));
    let work = plan["work_minutes"].as_f64().expect("a number");
    assert!((30.0..31.0).contains(&work), "{work}");
    assert_eq!(ids(&plan["actual"]["tasks"]), ["A", "B"]);
    // The loop ranks by the same times: the longer path first.
    sandbox.run(["run", "q.json", "--dry-run"]).exits(0).says("D  D\nC  C");
}
