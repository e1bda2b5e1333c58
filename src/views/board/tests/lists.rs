//! The check list by phases, and the lists of the kanban board.

use super::board;
use crate::config::BoardStyle;
use crate::views::sample;
use serde_json::{Value, json};

fn todo(queue: &Value) -> String {
    board(BoardStyle::Todo, &[("q.json", queue)])
}

/// Returns the headings of a check list, each with the ids below it.
fn groups(queue: &Value) -> Vec<String> {
    let text = todo(queue);
    let mut groups: Vec<String> = Vec::new();
    for line in text.lines() {
        if let Some(head) = line.strip_prefix("### ") {
            groups.push(head.to_owned());
        } else if let Some((_, task)) = line.split_once("] Task ") {
            let id = task.split(':').next().unwrap_or_default();
            groups.last_mut().expect("a heading").push_str(&format!(" [{id}]"));
        }
    }
    groups
}

fn task(id: &str, phase: Value) -> Value {
    json!({"id": id, "title": "t", "phase": phase})
}

#[test]
fn tasks_are_grouped_by_the_phases_of_the_file_and_then_by_others() {
    let listed = json!([{"phase": 2, "name": "Top"}, {"phase": 1, "name": "Base"}, {"phase": 9, "name": ""}]);
    let tasks = json!([
        task("A", json!(1)),
        task("B", json!("Top")),
        task("C", json!(10)),
        task("D", json!(4)),
        task("E", json!(null)),
        task("F", json!(2)),
    ]);
    assert_eq!(
        groups(&json!({"phases": listed, "tasks": tasks})),
        [
            "Phase 2: Top [B] [F]",
            "Phase 1: Base [A]",
            "Phase 9",
            "Phase 4 [D]",
            "Phase 10 [C]",
            "Tasks without a phase [E]",
        ],
        "numbers that no list orders are sorted by value"
    );
    let words = json!([task("A", json!("zebra")), task("B", json!(3)), task("C", json!("ant"))]);
    assert_eq!(
        groups(&json!({"tasks": words})),
        ["Phase zebra [A]", "Phase 3 [B]", "Phase ant [C]"],
        "words stay in the order in which they appear"
    );
    assert_eq!(groups(&json!({"tasks": []})), ["Tasks"]);
}

#[test]
fn a_phase_is_named_without_secrets_and_without_markup() {
    let queue = json!({"phases": [{"phase": "s3cret-word", "name": "*x*"}], "tasks": [task("A", json!("s3cret-word"))]});
    let text = todo(&queue);
    assert!(text.contains("\n### Phase \\[masked\\]: \\*x\\*\n"), "{text}");
    assert!(text.ends_with("\n**Current Phase**: Phase \\[masked\\] (\\*x\\*)\n"), "{text}");
}

#[test]
fn the_current_phase_is_the_first_with_work_left() {
    let current = |first: &str, second: &str, name: &str| {
        let mut tasks = json!([task("A", json!(1)), task("B", json!(2)), task("C", json!(null))]);
        tasks[0]["status"] = json!(first);
        tasks[1]["status"] = json!(second);
        let queue = json!({"phases": [{"phase": 1, "name": name}], "tasks": tasks});
        todo(&queue).lines().last().map(str::to_owned)
    };
    for (first, second, name, wanted) in [
        ("pending", "pending", "Base", "Phase 1 (Base)"),
        ("blocked", "complete", "", "Phase 1"),
        ("complete", "pending", "Base", "Phase 2"),
        ("parked", "in_progress", "Base", "Phase 2"),
        ("complete", "parked", "Base", "none, all are complete"),
    ] {
        let line = format!("**Current Phase**: {wanted}");
        assert_eq!(current(first, second, name), Some(line), "{first} {second}");
    }
}

/// A share is rounded to the nearest percent, but only all is a hundred.
#[test]
fn the_share_of_complete_tasks_is_rounded_but_never_up_to_all() {
    let share = |done: usize, all: usize| {
        let task = |n: usize| json!({"id": format!("T{n}"), "title": "t", "status": if n < done { "complete" } else { "parked" }});
        let tasks: Vec<Value> = (0..all).map(task).collect();
        todo(&json!({"tasks": tasks})).lines().last().map(str::to_owned)
    };
    for (done, all, percent) in
        [(0, 0, 0), (1, 3, 33), (2, 3, 67), (1, 8, 13), (200, 201, 99), (201, 201, 100)]
    {
        let line = format!("**Progress**: {done}/{all} tasks complete ({percent}%)");
        assert_eq!(share(done, all), Some(line));
    }
}

#[test]
fn each_list_says_what_matters_about_its_tasks() {
    let claim = json!({"worker": "w-1", "attempt": 2, "since": "2026-01-19T14:00:00Z"});
    let line = |more: Value| {
        let task = sample::task(more);
        let text = board(BoardStyle::Kanban, &[("q.json", &json!({"tasks": [task]}))]);
        let line = text.lines().find(|line| line.contains("**A** a")).expect("a card");
        line.replace("] **A** a", "]").trim_start_matches("- ").to_owned()
    };
    for (task, wanted) in [
        (json!({}), "[ ]"),
        (json!({"deadline": "2026-01-19T16:00:00Z"}), "[ ] — due 2026-01-19T16:00:00Z"),
        (json!({"attempts": 1}), "[ ] — after 1 attempt: to be tried again"),
        (json!({"attempts": 2, "error": "step *t*"}), "[ ] — after 2 attempts: step \\*t\\*"),
        (json!({"status": "in_progress"}), "[ ] — attempt 0 by a person"),
        (
            json!({"status": "in_progress", "attempts": 2, "claim": claim, "steps": ["dig"], "estimated_minutes": 60}),
            "[ ] — 0%; next: dig; ETA 2026-01-19 15:00Z by its estimate; attempt 2 by w-1",
        ),
        (json!({"status": "blocked", "dependencies": ["x"]}), "[ ] — blocked"),
        (
            json!({"dependencies": ["x"], "requires_approval": true}),
            "[ ] — waits for x: no loaded queue has such a task; workloop approve A",
        ),
        (json!({"status": "complete"}), "[x]"),
        (json!({"status": "complete", "completed_by": "anna"}), "[x] — by anna"),
        (json!({"status": "parked", "error": "later"}), "[ ]"),
    ] {
        assert_eq!(line(task.clone()), wanted, "{task}");
    }
}

#[test]
fn the_counts_of_one_queue_are_all_and_an_empty_one_has_no_share() {
    let text = board(BoardStyle::Kanban, &[("my_q.json", &json!({"tasks": []}))]);
    assert_eq!(
        text,
        "# Board\n\n\
         | Queue | Tasks | Done | Blocked | In progress | Ready | Waiting | Complete | Parked |\n\
         | --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |\n\
         | my_q.json | 0 | - | 0 | 0 | 0 | 0 | 0 | 0 |\n\
         \n## Blocked (0)\n\n## In progress (0)\n\n## Ready (0)\n\n## Waiting (0)\n\n## Complete (0)\n\n## Parked (0)\n"
    );
    let half = json!({"tasks": [{"id": "A", "title": "a", "status": "complete"}, {"id": "B", "title": "b"}]});
    let parked = json!({"tasks": [{"id": "C", "title": "c", "status": "parked"}]});
    let two = board(BoardStyle::Kanban, &[("a.json", &half), ("b.json", &parked)]);
    let rows: Vec<&str> = two.lines().filter(|line| line.starts_with("| ")).skip(2).collect();
    assert_eq!(
        rows,
        [
            "| a.json | 2 | 50% | 0 | 0 | 1 | 0 | 1 | 0 |",
            "| b.json | 1 | - | 0 | 0 | 0 | 0 | 0 | 1 |",
            "| all | 3 | 50% | 0 | 0 | 1 | 0 | 1 | 1 |",
        ]
    );
}
