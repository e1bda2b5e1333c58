//! The queues of the repository run as README describes.

use crate::sandbox::{Sandbox, all_end_well};
use serde_json::{Value, json};
use std::time::{Duration, Instant};

/// Resets a queue to its state before the first run, in case it was run in the working copy.
fn pristine(sandbox: Sandbox, name: &str) -> Sandbox {
    let mut queue = sandbox.read(name);
    let tasks = queue["tasks"].as_array_mut().expect("tasks");
    for task in tasks.iter_mut().filter_map(Value::as_object_mut) {
        if task.get("completed_at").is_some_and(|at| at.as_str() < Some("2026-11")) {
            continue;
        }
        let runtime = [
            "attempts",
            "budget_used",
            "last_attempt",
            "started_at",
            "completed_at",
            "passes",
            "verification_verdict",
            "files_actually_changed",
            "error",
            "claim",
            "artifacts",
            "result_summary",
            "notes_for",
            "progress",
        ];
        task.retain(|key, _| !runtime.contains(&key.as_str()));
        task.insert("status".into(), json!("pending"));
    }
    let complete = tasks.iter().filter(|task| task["status"] == "complete").count();
    let (total, pending) = (tasks.len(), tasks.len() - complete);
    queue["summary"] = json!({"total": total, "pending": pending, "in_progress": 0,
        "blocked": 0, "complete": complete, "parked": 0});
    sandbox.queue(name, &queue)
}

fn demo() -> Sandbox {
    pristine(Sandbox::on_disk().copy("queues", "queues"), "queues/demo.json")
}

#[test]
fn the_demo_ends_with_everything_verified() {
    let sandbox = demo();
    let start = Instant::now();
    sandbox.run(["run", "queues/demo.json"]).exits(0);
    assert!(start.elapsed() < Duration::from_secs(30), "{:?}", start.elapsed());
    let queue = sandbox.read("queues/demo.json");
    assert_eq!(queue["summary"]["complete"], 10);
    assert_eq!(queue["summary"]["total"], 10);
    for task in queue["tasks"].as_array().expect("tasks") {
        assert_eq!(
            (&task["status"], &task["passes"]),
            (&json!("complete"), &json!(true)),
            "{task}"
        );
        assert_eq!(task["attempts"], if task["id"] == "passages" { 2 } else { 1 }, "{task}");
        assert!(task["claim"].is_null(), "{task}");
    }
    let won =
        sandbox.shell("sh target/demo/game.sh <target/demo/play/walkthrough.txt | grep -q won");
    assert!(won, "the game that was built is won");
    sandbox.nothing_left();
    the_failed_verification_is_in_the_log(&sandbox);
    another_run_reports_that_all_is_complete(&sandbox);
}

fn the_failed_verification_is_in_the_log(sandbox: &Sandbox) {
    let log = ["log", "passages", "--attempt", "1", "--work-queue", "queues/demo.json"];
    sandbox.run(log).exits(0).says("no way back from cellar");
    let verification = sandbox.bytes("queues/.workloop/verification.log");
    let text = String::from_utf8_lossy(&verification);
    assert!(text.contains("passages") && text.contains("FAIL") && text.contains("PASS"), "{text}");
}

fn another_run_reports_that_all_is_complete(sandbox: &Sandbox) {
    let before = sandbox.bytes("queues/demo.json");
    sandbox.run(["run", "queues/demo.json"]).exits(0).says("complete");
    assert_eq!(sandbox.bytes("queues/demo.json"), before);
    sandbox.run(["reset", "--all", "--yes", "queues/demo.json"]).exits(0);
    assert_eq!(sandbox.read("queues/demo.json")["summary"]["pending"], 10);
    sandbox.run(["run", "queues/demo.json"]).exits(0);
    assert_eq!(sandbox.read("queues/demo.json")["summary"]["complete"], 10);
}

#[test]
fn two_loops_share_the_demo() {
    let sandbox = demo();
    let loops = [(); 2].map(|()| sandbox.spawn(["run", "queues/demo.json"]));
    all_end_well(loops);
    let queue = sandbox.read("queues/demo.json");
    assert_eq!(queue["summary"]["complete"], 10);
    let attempts: u64 = queue["tasks"]
        .as_array()
        .expect("tasks")
        .iter()
        .filter_map(|t| t["attempts"].as_u64())
        .sum();
    assert_eq!(attempts, 11, "nothing was done twice");
    sandbox.nothing_left();
}

#[test]
fn the_samples_pass_the_check() {
    let sandbox = Sandbox::on_disk().copy("queues", "queues");
    for sample in ["queues/sample-bugs.json", "queues/sample-features.json", "queues/demo.json"] {
        let before = sandbox.bytes(sample);
        sandbox.run(["check", sample]).exits(0);
        assert_eq!(sandbox.bytes(sample), before, "{sample}");
    }
}

#[test]
fn each_paper_runs_to_its_end_with_three_loops() {
    let names = [
        "000-one-master",
        "001-typed-agents",
        "002-many-windows",
        "003-one-feature",
        "004-two-loops",
    ];
    for name in names {
        let path = format!("queues/papers/{name}.json");
        let sandbox = pristine(Sandbox::on_disk().copy("queues", "queues"), &path);
        let text = sandbox.read(&path);
        let before = ids(&text);
        let loops = [(); 3].map(|()| sandbox.spawn(["run", &path]));
        all_end_well(loops);
        let queue = sandbox.read(&path);
        assert_eq!(queue["summary"]["complete"], before.len(), "{name}");
        assert_eq!(ids(&queue), before, "{name}");
        sandbox.nothing_left();
    }
}

fn ids(queue: &Value) -> Vec<String> {
    let tasks = queue["tasks"].as_array().expect("tasks");
    tasks.iter().map(|task| task["id"].as_str().unwrap_or_default().to_owned()).collect()
}

#[test]
fn unknown_keys_and_formatting_stay() {
    let sandbox = demo();
    let text = String::from_utf8(sandbox.bytes("queues/demo.json")).expect("UTF-8");
    let marked =
        text.replacen("\"tasks\"", "\"x-number\": 1.50,\n  \"x\": [1,  2],\n  \"tasks\"", 1);
    let sandbox = sandbox.file("queues/demo.json", &marked);
    sandbox.run(["run", "queues/demo.json", "--max-iterations", "1"]).exits(6);
    let after = String::from_utf8(sandbox.bytes("queues/demo.json")).expect("UTF-8");
    assert!(after.contains("\"x-number\": 1.50,\n  \"x\": [1,  2],\n  \"tasks\""), "{after}");
    let lost: Vec<&str> =
        marked.lines().filter(|line| !after.lines().any(|kept| kept == *line)).collect();
    assert!(lost.len() <= 6, "lines that one transition changed: {lost:#?}");
    assert_eq!(sandbox.read("queues/demo.json")["summary"]["complete"], 1);
}
