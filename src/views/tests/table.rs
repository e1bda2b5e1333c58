//! `status --table`, and the colours of states.

use super::status::first;
use crate::plan::{Node, State};
use crate::views::known::{Known, Traces};
use crate::views::sample::{Beside, seen_beside, shown, wide};
use crate::views::style::Look;
use crate::views::table;
use serde_json::json;

/// On a narrow terminal a state is only its symbol, and each state has its own.
#[test]
fn the_table_has_a_symbol_for_each_state_and_the_window_of_work_by_loops() {
    let known =
        |_: Node| Known { traces: Traces { window: Some(3), ..Traces::default() }, live: None };
    let beside = Beside { known: Some(&known), ..Beside::default() };
    let tasks = json!({"tasks": [
        {"id": "A", "title": "a", "status": "complete", "started_at": "2026-01-19T14:00:00Z", "completed_at": "2026-01-19T14:00:07Z"},
        {"id": "B", "title": "b", "status": "in_progress"},
        {"id": "C", "title": "c", "status": "blocked", "error": "question: which?"},
        {"id": "D", "title": "d"},
        {"id": "E", "title": "e", "dependencies": ["D"]},
        {"id": "F", "title": "f", "status": "parked"},
        {"id": "G", "title": "g", "status": "complete", "completed_by": "anna"},
    ]});
    let draw = |look: Look| {
        seen_beside(&[("q.json", &tasks)], &beside, |sources| {
            table::status(&sources.written_status(&|_| true, false), look)
        })
    };
    let cells = |text: &str, at: &[char]| -> Vec<Vec<String>> {
        let row = |line: &str| line.split(at).map(|cell| cell.trim().to_owned()).collect();
        text.lines().filter(|line| line.contains("  ")).map(row).collect()
    };
    let wide_rows = cells(&draw(Look::PLAIN), &['│', '┆']);
    let column =
        |at: usize| -> Vec<&str> { wide_rows[1..].iter().map(|row| row[at].as_str()).collect() };
    assert_eq!(column(1), ["3", "3", "3", "3", "3", "3", "-"], "a person has no window");
    assert_eq!(
        column(3),
        [
            "✓ complete",
            "▶ in progress",
            "✗ question",
            "○ ready",
            "· waiting",
            "– parked",
            "✓ complete"
        ]
    );
    assert_eq!(column(4)[0], shown("2026-01-19T14:00:00Z"));
    assert_eq!(column(6), ["7.0 s", "-", "-", "-", "-", "-", "-"]);
    assert_eq!(column(7), ["-", "by a person", "which?", "-", "D (ready)", "-", "by anna"]);
    let narrow = draw(wide(60));
    let signs: Vec<char> = narrow
        .lines()
        .skip(2)
        .filter_map(|line| line.chars().find(|letter| "✓▶✗○·–".contains(*letter)))
        .collect();
    assert_eq!(signs, ['✓', '▶', '✗', '○', '·', '–', '✓'], "{narrow}");
    assert!(!narrow.contains("complete  ") && !narrow.contains('│'), "{narrow}");
}

#[test]
fn a_state_has_its_colour_and_a_question_another_one_than_a_failure() {
    let look = Look { color: true, width: None };
    let painted = |status: &str, error: &str| {
        let task = json!({"id": "A", "title": "a", "status": status, "error": error});
        look.paint(first(&task, &Beside::default()).style(), "x")
    };
    for (status, error, wanted) in [
        ("pending", "", "\u{1b}[32mx\u{1b}[0m"),
        ("in_progress", "", "\u{1b}[36mx\u{1b}[0m"),
        ("complete", "", "\u{1b}[2mx\u{1b}[0m"),
        ("parked", "", "\u{1b}[33mx\u{1b}[0m"),
        ("blocked", "step t: exit status 1", "\u{1b}[31mx\u{1b}[0m"),
        ("blocked", "question: which?", "\u{1b}[1m\u{1b}[33mx\u{1b}[0m"),
    ] {
        assert_eq!(painted(status, error), wanted, "{status} {error}");
    }
    assert_eq!(look.paint(crate::views::style::of_state(State::Waiting), "x"), "x");
}
