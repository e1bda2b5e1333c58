//! `state.md`: the part of each queue, and how the parts of several programs are merged.

use super::super::{Board, state};
use crate::domain::QueueIx;
use crate::plan::{Order, QueueTasks};
use crate::views::sample::{now, seen};
use serde_json::{Value, json};
use std::path::Path;

/// Renders the part of a queue with these tasks; a task without a budget has three attempts.
fn part(tasks: &Value) -> String {
    seen(&[("my_q.json", &json!({"tasks": tasks}))], |sources| {
        let (queues, shown) = (sources.queues, sources.shown);
        let tasks = [QueueTasks {
            name: &shown[0],
            path: queues[0].path(),
            root: Path::new("/project"),
            tasks: queues[0].tasks(),
            phases: queues[0].phases(),
        }];
        let order = Order::new(sources.readiness.graph(), &tasks, sources.estimates);
        let board = Board { sources, order: &[QueueIx::FIRST], now: now() };
        state::part(&board, QueueIx::FIRST, 3, &order)
    })
}

/// Returns the line of a part that begins so.
fn line(part: &str, begin: &str) -> Option<String> {
    let lines: Vec<&str> = part.lines().filter(|line| line.starts_with(begin)).collect();
    assert!(lines.len() < 2, "{part}");
    lines.first().map(|line| (*line).to_owned())
}

#[test]
fn a_part_has_the_counts_what_runs_what_ended_last_and_what_comes_next() {
    let claim = json!({"worker": "w", "attempt": 2, "since": "2026-01-19T14:00:00Z"});
    let text = part(&json!([
        {"id": "A_1", "title": "*Floor*", "status": "complete", "attempts": 1, "verification_verdict": "PASS", "passes": true, "completed_at": "2026-01-19T10:00:00Z", "error": "old"},
        {"id": "B", "title": "Walls", "status": "in_progress", "attempts": 2, "claim": claim, "verification_verdict": "FAIL"},
        {"id": "C", "title": "Roof", "status": "blocked", "attempts": 3, "verification_verdict": "FAIL", "last_attempt": "2026-01-19T11:00:00Z", "error": "step t: s3cret-word"},
        {"id": "D", "title": "Door", "attempts": 1},
        {"id": "E", "title": "Fence", "status": "parked"},
    ]));
    assert_eq!(
        text,
        "## my_q.json\n\n\
         - Tasks: 5; 1 complete, 1 in progress, 1 pending, 1 blocked, 1 parked\n\
         - Task: B Walls: attempt 2 of 3, the last one FAIL\n\
         - Last verdict: FAIL of C Roof: attempt 3 of 3: step t: \\[masked\\]\n\
         - Next: D Door: attempt 2 of 3\n"
    );
}

#[test]
fn nothing_runs_ended_or_is_ready_in_an_empty_queue() {
    assert_eq!(
        part(&json!([])),
        "## my_q.json\n\n- Tasks: 0; 0 complete, 0 in progress, 0 pending, 0 blocked, 0 parked\n\
         - Next: nothing is ready\n"
    );
}

/// The verdict of a task that runs is that of an earlier attempt, and its first one has none.
#[test]
fn a_running_task_names_the_verdict_of_the_attempt_before() {
    let task = |attempts: u32, verdict: Value| {
        let text = part(&json!([{"id": "A", "title": "a", "status": "in_progress",
            "attempts": attempts, "verification_verdict": verdict}]));
        assert_eq!(line(&text, "- Last verdict"), None, "it did not end");
        line(&text, "- Task: ").expect("it runs")
    };
    for (attempts, verdict, wanted) in [
        (1, json!("FAIL"), "- Task: A a: attempt 1 of 3"),
        (2, json!(null), "- Task: A a: attempt 2 of 3"),
        (2, json!("BLOCKED"), "- Task: A a: attempt 2 of 3, the last one BLOCKED"),
    ] {
        assert_eq!(task(attempts, verdict), wanted);
    }
}

#[test]
fn the_last_verdict_is_that_of_the_attempt_which_ended_last() {
    let done = |id: &str, at: &str| {
        json!({"id": id, "title": "t", "status": "complete", "attempts": 1, "passes": true,
            "verification_verdict": "PASS", "completed_at": at, "last_attempt": "2026-01-19T08:00:00Z"})
    };
    let failed = |id: &str, at: &str, status: &str| {
        json!({"id": id, "title": "t", "status": status, "attempts": 1, "verification_verdict": "FAIL",
            "last_attempt": at})
    };
    let last = |tasks: Value| line(&part(&tasks), "- Last verdict: ");
    let pass = |id: &str| Some(format!("- Last verdict: PASS of {id} t: attempt 1 of 3"));
    let fail = |id: &str| Some(format!("- Last verdict: FAIL of {id} t: attempt 1 of 3"));
    let (ten, eleven) = ("2026-01-19T10:00:00Z", "2026-01-19T11:00:00Z");
    for (what, tasks, wanted) in [
        ("completed last", json!([done("A", eleven), failed("B", ten, "blocked")]), pass("A")),
        ("failed last", json!([done("A", ten), failed("B", eleven, "pending")]), fail("B")),
        (
            "with an offset",
            json!([done("A", ten), failed("B", "2026-01-19T11:30:00+02:00", "blocked")]),
            pass("A"),
        ),
        (
            "with fractions",
            json!([done("A", "2026-01-19T10:00:00.5Z"), failed("B", ten, "blocked")]),
            pass("A"),
        ),
        ("at the same time", json!([done("A", ten), done("B", ten)]), pass("B")),
        (
            "a person parked the last",
            json!([done("A", ten), failed("B", eleven, "parked")]),
            pass("A"),
        ),
        ("without a time", json!([failed("A", "soon", "blocked")]), None),
        (
            "without a verdict",
            json!([{"id": "A", "title": "t", "status": "blocked", "last_attempt": ten}]),
            None,
        ),
    ] {
        assert_eq!(last(tasks), wanted, "{what}");
    }
}

#[test]
fn a_file_has_the_parts_in_order_and_those_of_other_programs_stay() {
    let part = |name: &str, what: &str| format!("## {name}\n\n- Next: {what}\n");
    let mine = |name: &str, what: &str| {
        let shown = crate::views::markdown::inline(name);
        (name.to_owned(), part(&shown, what))
    };
    let old = format!(
        "# State\n\n{}\n{}\n{}",
        part("b.json", "old"),
        part("c.json", "theirs"),
        part("\\_d.json", "theirs")
    );
    let all = state::merged(&[mine("b.json", "new"), mine("a.json", "first")], &old, &|_| true);
    let whole = |parts: &[String]| format!("# State\n\n{}", parts.join("\n"));
    let theirs = || part("\\_d.json", "theirs");
    let (first, new) = (part("a.json", "first"), part("b.json", "new"));
    assert_eq!(all, whole(&[theirs(), first, new.clone(), part("c.json", "theirs")]));
    let gone = state::merged(&[mine("b.json", "new")], &old, &|name| name == "_d.json");
    assert_eq!(gone, whole(&[theirs(), new]), "what does not exist any more is left out");
    let again = state::merged(&[mine("b.json", "new"), mine("a.json", "first")], &all, &|_| true);
    assert_eq!(again, all, "nothing changes");
    assert_eq!(state::merged(&[], "a person's notes", &|_| true), "# State\n\n");
}
