//! What boards show of one task: dates, dependencies, reasons, and who is told.

use super::super::Board;
use super::board;
use crate::config::BoardStyle;
use crate::domain::QueueIx;
use crate::plan::{Conditions, Node};
use crate::views::sample::{Beside, joined, now, seen, seen_beside, task};
use serde_json::{Value, json};

/// Returns the sections of the progress document, by task.
fn sections(tasks: &Value) -> Vec<String> {
    let text = board(BoardStyle::Progress, &[("q.json", &json!({"tasks": tasks}))]);
    let (sections, _) = text.split_once("\n# Reports\n").unwrap_or((&text, ""));
    sections.split("\n## ").skip(1).map(|part| part.trim_end().to_owned()).collect()
}

fn section(more: Value) -> String {
    let task = task(more);
    sections(&json!([task])).remove(0).strip_prefix("A: a\n\n").expect("its heading").to_owned()
}

fn claim(since: &str) -> Value {
    json!({"worker": "w", "attempt": 1, "since": since})
}

/// What was reported counts before the estimate, and only work that runs has an end by it.
#[test]
fn a_task_is_expected_when_it_says_or_by_its_estimate() {
    let runs = |since: &str, more: Value| {
        let runs = json!({"status": "in_progress", "attempts": 1, "claim": claim(since), "estimated_minutes": 90});
        joined(runs, more)
    };
    let eta = |task: Value| {
        section(task).lines().find_map(|line| line.strip_prefix("- ETA: ").map(str::to_owned))
    };
    for (what, task, wanted) in [
        (
            "runs",
            runs("2026-01-19T14:00:00Z", json!({})),
            Some("2026-01-19 15:30Z by its estimate"),
        ),
        (
            "with seconds",
            runs("2026-01-19T14:00:07Z", json!({})),
            Some("2026-01-19 15:30:07Z by its estimate"),
        ),
        ("since no time", runs("soon", json!({})), None),
        (
            "says so",
            runs("2026-01-19T14:00:00Z", json!({"progress": {"eta": "*noon*"}})),
            Some("\\*noon\\*"),
        ),
        ("ready, says so", json!({"progress": {"eta": "noon"}}), Some("noon")),
        ("ready", json!({"estimated_minutes": 90}), None),
        ("complete", json!({"status": "complete", "progress": {"eta": "noon"}}), None),
    ] {
        assert_eq!(eta(task).as_deref(), wanted, "{what}");
    }
}

#[test]
fn the_section_of_a_task_has_what_applies_to_its_state() {
    for (what, task, wanted) in [
        ("ready", json!({}), "- Status: WAITING (ready)"),
        ("parked", json!({"status": "parked"}), "- Status: WAITING (parked)"),
        ("blocked", json!({"status": "blocked"}), "- Status: BLOCKED\n- Blockers: blocked"),
        (
            "blocked by a secret",
            json!({"status": "blocked", "error": "s3cret-word"}),
            "- Status: BLOCKED\n- Blockers: \\[masked\\]",
        ),
        (
            "a person does it",
            json!({"status": "in_progress"}),
            "- Status: IN_PROGRESS\n- Progress: 0% complete\n- Blockers: None",
        ),
        (
            "reported",
            json!({"progress": {"percent": 7.9}}),
            "- Status: WAITING (ready)\n- Progress: 7% complete",
        ),
        (
            "approval",
            json!({"requires_approval": true}),
            "- Status: WAITING\n- Blockers: workloop approve A",
        ),
        (
            "unknown dependency",
            json!({"dependencies": ["x"]}),
            "- Status: WAITING\n- Dependencies: Waiting for x: no loaded queue has such a task",
        ),
        (
            "late",
            json!({"deadline": "2026-01-19T12:00:00Z"}),
            "- Status: WAITING (ready)\n- Late: was due 2026-01-19T12:00:00Z",
        ),
        ("not late yet", json!({"deadline": "2026-01-19T16:00:00Z"}), "- Status: WAITING (ready)"),
        (
            "steps",
            json!({"steps": ["dig", {"name": "fill *it*", "done": true}]}),
            "- Status: WAITING (ready)\n- Progress: 50% complete\n- Current Task: dig\n  - [ ] dig\n  - [x] fill \\*it\\*",
        ),
        (
            "complete",
            json!({"status": "complete", "steps": ["dig"]}),
            "- Status: COMPLETE\n- Progress: 100% complete\n  - [x] dig",
        ),
    ] {
        assert_eq!(section(task), wanted, "{what}");
    }
}

#[test]
fn a_complete_task_says_who_is_told_and_what_it_made_without_secrets() {
    let sections = sections(&json!([
        {"id": "A", "title": "a", "status": "complete", "notify": ["C", "team-s3cret-word"],
            "artifacts": ["a.md", 7, {"key": "s3cret-word"}]},
        {"id": "B", "title": "b", "dependencies": ["A"]},
        {"id": "C", "title": "c", "dependencies": ["A"]},
        {"id": "D", "title": "d", "status": "complete", "artifacts": "not a list", "notify": []},
    ]));
    assert_eq!(
        sections[0],
        "A: a\n\n- Status: COMPLETE\n- Progress: 100% complete\n- Notified: C, team-\\[masked\\], B\n\
         - Artifacts: a.md, 7, {\"key\":\"\\[masked\\]\"}"
    );
    assert_eq!(sections[3], "D: d\n\n- Status: COMPLETE\n- Progress: 100% complete");
}

/// Reasons besides other tasks are blockers; other tasks are dependencies.
#[test]
fn what_a_task_waits_for_is_a_dependency_or_a_blocker() {
    let paused = |conditions: &mut Conditions| {
        conditions.paused = [QueueIx::FIRST].into();
    };
    let beside = Beside { conditions: Some(&paused), ..Beside::default() };
    let queue = json!({"phases": [{"phase": 1, "name": "Base"}], "tasks": [
        {"id": "A", "title": "a", "dependencies": ["B", "Z"], "not_before": "2026-02-01T00:00:00Z",
            "requires_approval": true},
        {"id": "B", "title": "b", "agent": "manual"},
        {"id": "C", "title": "c", "attempts": 1, "max_iterations": 1},
        {"id": "D", "title": "d", "dependencies": ["D"]},
        {"id": "E", "title": "e", "child_tasks": ["B"]},
        {"id": "Z", "title": "z", "status": "complete"},
    ]});
    let cards: Vec<String> = seen_beside(&[("q.json", &queue)], &beside, |sources| {
        let board = Board { sources, order: &[QueueIx::FIRST], now: now() };
        let told = |node: u32| {
            let card = board.card(Node(node));
            let (all, open) = &card.depends;
            format!("{all}: {open:?}, {:?}", card.blockers())
        };
        (0..5).map(told).collect()
    });
    let paused = "\"queue q.json is paused\"";
    assert_eq!(
        cards,
        [
            format!("2: [\"B\"], [\"workloop approve A\", \"2026-02-01T00:00:00Z\", {paused}]"),
            format!("0: [], [\"a person does it; workloop done B completes it\", {paused}]"),
            format!(
                "0: [], [\"its budget is used up (1 of 1 attempt); workloop retry C gives a new one\", {paused}]"
            ),
            format!("0: [], [\"D -> D\", {paused}]"),
            "0: [], []".to_owned(),
        ]
    );
}

#[test]
fn the_report_of_a_task_has_its_note_or_else_its_summary() {
    let note = |more: Value| {
        let task = task(more);
        let text = board(BoardStyle::Progress, &[("q.json", &json!({"tasks": [task]}))]);
        let (_, report) = text.split_once("\n---\n").expect("a report");
        report.split_once("\n---\n").expect("its end").0.to_owned()
    };
    for (task, wanted) in [
        (json!({}), "-"),
        (json!({"progress": {"note": "slow\n---\n`x`"}}), "slow --- `x`"),
        (json!({"result_summary": "Laid s3cret-word."}), "Laid [masked]."),
        (json!({"progress": {"note": "slow"}, "result_summary": "Laid."}), "slow"),
        (json!({"result_summary": " \n "}), "-"),
    ] {
        assert_eq!(note(task.clone()), wanted, "{task}");
    }
}

#[test]
fn several_queues_have_their_own_headings_and_shares() {
    let (one, two) = (
        json!({"tasks": [{"id": "A", "title": "a", "status": "complete"}]}),
        json!({"tasks": [{"id": "B", "title": "b", "status": "parked"}]}),
    );
    let text = board(BoardStyle::Progress, &[("a_b.json", &one), ("c*.json", &two)]);
    let (sections, _) = text.split_once("\n# Reports\n").expect("reports");
    assert_eq!(
        sections,
        "# Progress\n\n# Progress of a_b.json\n\nOverall: 100% complete\n\n## A: a\n\n\
         - Status: COMPLETE\n- Progress: 100% complete\n\n# Progress of c\\*.json\n\n## B: b\n\n\
         - Status: WAITING (parked)\n"
    );
    assert_eq!(board(BoardStyle::Progress, &[("q.json", &json!({"tasks": []}))]), "# Progress\n");
}

#[test]
fn a_board_shows_its_queues_in_the_order_that_it_is_given() {
    let (one, two) = (
        json!({"tasks": [{"id": "A", "title": "a"}]}),
        json!({"tasks": [{"id": "B", "title": "b"}]}),
    );
    let texts = seen(&[("a.json", &one), ("b.json", &two)], |sources| {
        let order: Vec<QueueIx> = QueueIx::first(2).collect();
        let back: Vec<QueueIx> = order.iter().rev().copied().collect();
        let of = |order: &[QueueIx]| Board { sources, order, now: now() }.render(BoardStyle::Todo);
        [of(&back), of(&order[..1])]
    });
    let list = |id: &str| {
        let task = id.to_lowercase();
        format!("\n### Tasks\n\n- [ ] Task {id}: {task}\n\n**Progress**: 0/1 tasks complete (0%)\n")
    };
    assert_eq!(texts[0], format!("# Todo\n\n## b.json\n{}\n## a.json\n{}", list("B"), list("A")));
    assert_eq!(texts[1], format!("# Todo\n{}", list("A")));
}
