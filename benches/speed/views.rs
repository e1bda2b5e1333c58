//! Measures boards and reports of many attempted tasks, and what a board adds to a change.

use super::Plan;
use super::report::{Report, Target};
use super::sample::{Sample, seconds, time};
use super::scratch::{Scratch, WORKLOOP, id};
use serde_json::{Value, json};
use std::fmt::Write as _;
use workloop::domain::AttemptReport;
use workloop::store::attempts::AttemptFolder;
use workloop::store::{StateDir, TaskKey};

const COUNT: usize = 10_000;
/// The number of tasks of the queue on which a board is written at each change.
const FEW: usize = 400;

pub(crate) fn measure(plan: &Plan, report: &mut Report) {
    let scratch = worked(COUNT);
    let times = plan.times(9);
    for format in ["md", "json", "html", "csv", "junit"] {
        let words = ["report", "--format", format, "q.json"];
        let ours = Sample::of(times, || scratch.run(WORKLOOP, &words));
        let what = format!("report --format {format}, {COUNT} tasks, s");
        report.row(&what, &ours.shown(), ours.median(), Target::Most(1.0));
    }
    for style in ["kanban", "progress", "todo"] {
        let words = ["board", "--style", style, "q.json"];
        let ours = Sample::of(times, || scratch.run(WORKLOOP, &words));
        report.note(&format!("board --style {style}, {COUNT} tasks"), &ours.shown());
    }
    added(plan, report);
}

/// Measures what the board adds to a change of a task.
fn added(plan: &Plan, report: &mut Report) {
    let [without, with] = [worked(FEW), worked(FEW)];
    let config = std::fs::read_to_string(with.file("workloop.toml")).expect("a configuration");
    with.put("workloop.toml", format!("{config}[board]\npath = \"BOARD.md\"\n").as_bytes());
    let last = id(FEW - 1);
    let change = |scratch: &Scratch| {
        seconds(|| {
            scratch.run(WORKLOOP, &["park", &last, "--work-queue", "q.json"]);
            scratch.run(WORKLOOP, &["unpark", &last, "--work-queue", "q.json"]);
        }) / 2.0
    };
    let mut works: Vec<Box<dyn FnMut() -> f64 + '_>> =
        vec![Box::new(|| change(&without)), Box::new(|| change(&with))];
    // Once to warm the file cache.
    for work in &mut works {
        work();
    }
    let samples = Sample::in_turn(plan.times(30), &mut works);
    let [without, with] = [samples[0].median(), samples[1].median()];
    let what = format!("a board adds to a change of one of {FEW} tasks, ms");
    let more = (with - without).max(0.0);
    report.row(&what, &time(more), more * 1e3, Target::Most(1.0));
}

/// Creates a queue after a night: of ten tasks, eight are complete, one is blocked and one is
/// pending. All but the last were attempted and have journal lines and folders.
fn worked(count: usize) -> Scratch {
    let mut tasks = Vec::with_capacity(count);
    let mut journal = String::new();
    let scratch = Scratch::new();
    let path = scratch.file("q.json");
    let state = StateDir::beside(&path);
    for number in 0..count {
        let (id, minute) = (id(number), number % 600);
        let mut task = json!({"id": id, "title": format!("Task {number}"), "phase": number % 7,
            "estimated_minutes": 5, "description": "Words about it. ".repeat(50)});
        let status = ["complete", "blocked", "pending"][(number % 10).saturating_sub(7)];
        task["status"] = json!(status);
        if status != "pending" {
            let at =
                |minute: usize| format!("2026-01-19T{:02}:{:02}:00.000Z", minute / 60, minute % 60);
            let ended = if status == "complete" { "completed" } else { "blocked" };
            for (event, at) in [("claimed", at(minute)), (ended, at(minute + 3))] {
                let line = json!({"v": 1, "seq": 1, "at": at, "event": event, "queue": "q.json",
                    "task": id, "worker": format!("host:1:{:08x}", number % 40), "attempt": 1});
                let _ok = writeln!(journal, "{line}");
            }
            attempt(&state, &TaskKey::new(&path, &id), (&at(minute), &at(minute + 3)));
        }
        tasks.push(task);
    }
    let text = serde_json::to_vec_pretty(&json!({"project": "bench", "tasks": tasks}));
    scratch.put("q.json", &text.expect("JSON"));
    std::fs::write(state.root().join("events.jsonl"), journal).expect("a journal");
    scratch
}

fn attempt(state: &StateDir, key: &TaskKey, (from, to): (&str, &str)) {
    let step = json!({"name": "test", "outcome": {"kind": "exited", "code": 0}, "millis": 900, "log": "",
        "checked": {"measure": {"value": 91.5, "min": 80.0}}});
    let report: Value = json!({"v": 1, "task": "T", "attempt": 1, "worker": "host:1:0badcafe",
        "started_at": from, "ended_at": to, "outcome": {"kind": "exited", "code": 0},
        "verdict": "PASS", "reason": null, "steps": [step], "files_changed": ["src/a.rs"]});
    let report: AttemptReport = serde_json::from_value(report).expect("a report");
    let folder = AttemptFolder::new(state, key, 1);
    folder.create().and_then(|()| folder.put_report(&report)).expect("a folder of an attempt");
}
