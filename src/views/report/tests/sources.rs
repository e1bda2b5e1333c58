//! What a report takes from queues, journals and folders.

use super::super::attempts::{Attempts, Line};
use super::super::model::{Found, HookRow, PhaseRow, TaskRow};
use super::super::{Format, Input, Journals, Report, Style, build};
use super::rows::{task, whole};
use super::text;
use crate::domain::{EventKind, HookPoint};
use crate::views::mask::Mask;
use crate::views::sample::{at, joined, now, report as attempt_report, seen};
use serde_json::{Value, json};

fn line(minute: u32, event: &str, task: Option<&str>, more: &Value) -> Line {
    let line = json!({"at": format!("2026-01-19T10:{minute:02}:00.000Z"), "event": event,
        "queue": "q.json", "task": task, "worker": "w", "attempt": 1});
    serde_json::from_value(joined(line, more.clone())).expect("a line")
}

fn report(queue: &Value, journal: Vec<Line>, since: Option<&str>) -> Report {
    let journals = Journals::new(vec![Attempts::read(journal.into_iter())], vec![0]);
    seen(&[("q.json", queue)], |sources| {
        build(&Input {
            sources,
            journals: &journals,
            now: now(),
            since: since.map(at),
            selected: &|_| true,
            found: &|_, _| None,
            output: &|_| None,
            born: &|_, _| None,
        })
    })
}

#[test]
fn lines_that_no_attempt_can_be_made_of_are_passed_over() {
    let none = json!({});
    let read = Attempts::read(
        [
            line(0, "completed", Some("A"), &none),
            line(1, "verified", Some("A"), &json!({"data": {"cost_usd": 1.0}})),
            line(2, "claimed", None, &none),
            line(3, "claimed", Some("A"), &json!({"at": "soon"})),
            line(4, "claimed", Some("A"), &json!({"attempt": null, "worker": null})),
            line(5, "of_a_newer_version", Some("A"), &none),
            line(6, "interrupted", Some("A"), &json!({"data": {"tokens": 7, "reason": "stop"}})),
            line(7, "completed", Some("A"), &none),
        ]
        .into_iter(),
    );
    let list = read.of("q.json", "A");
    assert_eq!(list.len(), 1, "{list:?}");
    let one = &list[0];
    assert_eq!((one.number, one.worker.as_str(), one.millis()), (0, "", 120_000));
    assert_eq!((one.end, one.verdict, one.tokens), (Some(EventKind::Interrupted), None, Some(7)));
    assert_eq!((one.reason.as_deref(), one.cost_usd), (Some("stop"), None));
}

/// An attempt that ended at the given time still counts, and so does one that runs.
#[test]
fn attempts_count_from_the_first_that_ended_since_then() {
    let none = json!({});
    let again = json!({"attempt": 2});
    let third = json!({"attempt": 3});
    let queue = json!({"tasks": [{"id": "A", "title": "a", "cost_usd": 9, "tokens": 99,
        "started_at": "2026-01-01T00:00:00Z", "files_actually_changed": ["x"]}]});
    let journal = || {
        vec![
            line(0, "claimed", Some("A"), &none),
            line(10, "retried", Some("A"), &json!({"data": {"cost_usd": 1.0, "tokens": 5}})),
            line(20, "claimed", Some("A"), &again),
            line(30, "retried", Some("A"), &again),
            line(40, "claimed", Some("A"), &third),
        ]
    };
    let of = |since: Option<&str>| {
        let report = report(&queue, journal(), since);
        let row = &report.tasks[0];
        (
            row.attempts,
            row.minutes,
            row.cost_usd,
            row.tokens,
            row.started_at.clone(),
            report.files_modified.len(),
        )
    };
    let began = |time: &str| Some(format!("2026-01-19T{time}Z"));
    assert_eq!(of(None), (3, 20.0, Some(1.0), Some(5), began("10:00:00"), 1));
    assert_eq!(
        of(Some("2026-01-19T10:10:00Z")),
        (3, 20.0, Some(1.0), Some(5), began("10:00:00"), 1)
    );
    assert_eq!(of(Some("2026-01-19T10:10:01Z")), (2, 10.0, None, None, began("10:20:00"), 1));
    assert_eq!(of(Some("2026-01-19T12:00:00Z")), (1, 0.0, None, None, began("10:40:00"), 1));
    let silent = report(&queue, Vec::new(), None);
    let row = &silent.tasks[0];
    assert_eq!((row.cost_usd, row.tokens), (Some(9.0), Some(99)), "the sums of the queue");
    assert_eq!(row.started_at.as_deref(), Some("2026-01-01T00:00:00Z"));
    let since = report(&queue, Vec::new(), Some("2026-01-19T12:00:00Z"));
    let row = &since.tasks[0];
    assert_eq!((row.cost_usd, row.tokens, &row.started_at), (None, None, &None));
    assert_eq!(since.files_modified, Vec::<String>::new());
}

#[test]
fn a_row_has_what_its_task_says_without_secrets() {
    let secret = "s3cret-word";
    let queue = json!({"tasks": [
        {"id": "A", "title": secret, "status": "complete", "phase": secret, "epic": secret, "deadline": secret,
            "discovered_by": secret, "completed_by": secret, "landed_commit": secret, "error": secret,
            "completed_at": "2026-01-19T09:00:00Z", "files_actually_changed": [secret], "files_ambiguous": [secret, "b", 3]},
        {"id": "B", "title": "b", "status": "blocked", "completed_at": "2026-01-19T09:00:00Z"},
    ]});
    let report = report(&queue, Vec::new(), None);
    let value = serde_json::to_value(&report).expect("JSON");
    let row = &value["tasks"][0];
    for key in [
        "title",
        "phase",
        "epic",
        "deadline",
        "discovered_by",
        "completed_by",
        "landed_commit",
        "error",
    ] {
        assert_eq!(row[key], "[masked]", "{key}");
    }
    assert_eq!(row["ended_at"], "2026-01-19T09:00:00Z");
    assert_eq!(value["tasks"][1]["ended_at"], Value::Null, "what is blocked did not end by that");
    assert_eq!(value["files_modified"], json!(["[masked]"]));
    assert_eq!(value["files_ambiguous"], json!(["b"]), "one task certainly changed the other");
    assert!(!value.to_string().contains(secret), "{value}");
}

#[test]
fn complete_tasks_are_counted_by_their_verdicts() {
    let task = |id: &str, verdict: Value| json!({"id": id, "title": "t", "status": "complete", "verification_verdict": verdict});
    let queue = json!({"tasks": [
        task("A", json!("PASS")),
        task("B", json!("SKIPPED")),
        task("C", json!("FAIL")),
        task("D", json!("BLOCKED")),
        task("E", json!(null)),
        {"id": "F", "title": "t", "verification_verdict": "PASS"},
    ]});
    let found = report(&queue, Vec::new(), None).validation;
    assert_eq!((found.pass, found.skipped, found.unknown), (1, 1, 3));
}

#[test]
fn a_phase_has_the_state_of_its_tasks() {
    let status = |tasks: &[&str]| {
        let task = |(n, status): (usize, &&str)| json!({"id": format!("T{n}"), "title": "t", "phase": 1, "status": status});
        let tasks: Vec<Value> = tasks.iter().enumerate().map(task).collect();
        let queue = json!({"phases": [{"phase": 1, "name": "Base"}], "tasks": tasks});
        report(&queue, Vec::new(), None).phases[0].status
    };
    for (tasks, wanted) in [
        (&[][..], "pending"),
        (&["pending"], "pending"),
        (&["parked"], "pending"),
        (&["complete", "complete"], "complete"),
        (&["complete", "pending"], "in_progress"),
        (&["complete", "parked"], "in_progress"),
        (&["in_progress", "pending"], "in_progress"),
        (&["in_progress", "blocked"], "blocked"),
        (&["complete", "blocked"], "blocked"),
    ] {
        assert_eq!(status(tasks), wanted, "{tasks:?}");
    }
}

#[test]
fn a_task_belongs_to_a_phase_by_number_or_by_name_and_others_follow() {
    let task = |id: &str, phase: Value| json!({"id": id, "title": "t", "phase": phase});
    let queue = json!({
        "phases": [{"phase": 1, "name": "Base"}, {"phase": 2, "name": ""}],
        "tasks": [task("A", json!("Base")), task("B", json!(1)), task("C", json!("Roof")), task("D", json!(null))],
    });
    let row = |phase: Option<&str>, name: Option<&str>, tasks| PhaseRow {
        queue: "q.json".to_owned(),
        phase: phase.map(str::to_owned),
        name: name.map(str::to_owned),
        tasks,
        complete: 0,
        status: "pending",
        minutes: 0.0,
    };
    assert_eq!(
        report(&queue, Vec::new(), None).phases,
        [
            row(Some("1"), Some("Base"), 2),
            row(Some("2"), None, 0),
            row(Some("Roof"), None, 1),
            row(None, None, 1),
        ]
    );
}

#[test]
fn hooks_around_a_run_and_of_selected_tasks_are_counted() {
    let hook = |minute, task: Option<&str>, data: Value| {
        line(minute, "hook", task, &json!({"data": data}))
    };
    let journal = vec![
        hook(0, None, json!({"hook": "before_run", "millis": 1_000})),
        hook(
            1,
            Some("A"),
            json!({"hook": "before_run", "millis": 59_000, "reason": "x", "reason_code": "no"}),
        ),
        hook(2, Some("GONE"), json!({"hook": "before_run", "millis": 1})),
        hook(3, None, json!({"hook": "after_run", "reason": "x"})),
        hook(4, None, json!({"hook": "of_a_newer_version"})),
        hook(5, None, json!({})),
    ];
    let queue = json!({"tasks": [{"id": "A", "title": "a"}]});
    let row = |hook, runs, vetoes, failed, minutes| HookRow { hook, runs, vetoes, failed, minutes };
    assert_eq!(
        report(&queue, journal, None).hooks,
        [row(HookPoint::BeforeRun, 2, 1, 0, 1.0), row(HookPoint::AfterRun, 1, 0, 1, 0.0)]
    );
}

#[test]
fn the_findings_of_an_attempt_are_taken_without_secrets() {
    let secret = "s3cret-word";
    let items = json!({"passed": 1, "failed": 0, "skipped": 0, "new": [secret], "old": [secret],
        "fixed": [secret], "lost": [secret], "flaky": [secret]});
    let step = json!({"name": "cover", "outcome": {"kind": "exited", "code": 0}, "millis": 1, "log": "",
        "checked": {"verdict": "PASS", "items": items, "measure": {"value": 3.0}}});
    let finding = json!({"code": "secret", "level": "fail", "path": "a", "message": secret});
    let of = attempt_report(json!({"steps": [step], "findings": [finding],
        "changed_with_permission": [{"path": "t", "by": "declared"}]}));
    let found = Found::of(&of, &Mask::new(&[("DOOR_KEY".into(), secret.into())]));
    let hidden = json!(["[masked]"]);
    assert_eq!(
        serde_json::to_value(&found).expect("JSON"),
        json!({"measures": [{"step": "cover", "value": 3.0}],
            "items": {"passed": 1, "failed": 0, "skipped": 0, "missing": 0, "compared": false, "new": hidden,
                "old": hidden, "fixed": hidden, "lost": hidden, "flaky": hidden},
            "findings": [{"code": "secret", "level": "fail", "path": "a", "message": "[masked]"}],
            "changed_with_permission": [{"path": "t", "by": "declared"}]})
    );
    assert_eq!(Found::of(&attempt_report(json!({})), &Mask::default()), Found::default());
}

/// Returns the lines of the synthesis about the tests and measures of this task.
fn verified(state: &'static str, items: Value, measures: usize) -> Vec<String> {
    let measured = json!({"steps": [{"name": "m|1", "outcome": {"kind": "exited", "code": 0}, "millis": 1, "log": "",
        "checked": {"measure": {"value": 1.0}}}]});
    let one = Found::of(&attempt_report(measured), &Mask::default()).measures.remove(0);
    let found = Found {
        items: serde_json::from_value(items).expect("items"),
        measures: vec![one; measures],
        ..Found::default()
    };
    let report = whole(vec![TaskRow { found, ..task("A", state) }]);
    let text = text(&report, Format::Markdown, Style::Synthesis);
    let part = text.split_once("## Validation\n").expect("a part").1;
    let part = part.split_once("\n## ").expect("the next").0;
    part.lines().skip(3).filter(|line| !line.is_empty()).map(str::to_owned).collect()
}

#[test]
fn tests_are_listed_if_something_is_wrong_with_them() {
    let items = |more: Value| joined(json!({"passed": 3, "failed": 0, "skipped": 0}), more);
    let nine: Vec<String> = (1..=9).map(|n| format!("t_{n}")).collect();
    let head = "The tests and findings of the last attempts:";
    for (what, state, items, wanted) in [
        ("none", "blocked", json!(null), None),
        ("green", "blocked", items(json!({})), None),
        (
            "red",
            "blocked",
            items(json!({"failed": 9, "new": nine})),
            Some(
                "- A: 3 passed, 9 failed; new failures: t_1, t_2, t_3, t_4, t_5, t_6, t_7, t_8 and 1 more",
            ),
        ),
        (
            "lost",
            "ready",
            items(json!({"lost": ["*x*"], "fixed": ["f"]})),
            Some("- A: 3 passed, 1 fixed, 1 lost; lost: \\*x\\*"),
        ),
        (
            "red but complete",
            "complete",
            items(json!({"failed": 1, "new": ["x"], "lost": ["y"]})),
            None,
        ),
        (
            "flaky and complete",
            "complete",
            items(json!({"flaky": ["z"], "old": ["x"]})),
            Some("- A: 3 passed, 1 flaky; flaky: z"),
        ),
    ] {
        let wanted: Vec<String> =
            wanted.map_or_else(Vec::new, |line| vec![head.to_owned(), line.to_owned()]);
        assert_eq!(verified(state, items, 0), wanted, "{what}");
    }
}

#[test]
fn two_hundred_measures_are_in_the_table_and_the_others_counted() {
    let lines = verified("complete", json!(null), 201);
    assert_eq!(lines[0], "What the last attempts measured:");
    assert_eq!(
        lines[1..4],
        [
            "| Task | Step | Value | Must be |  |",
            "| --- | --- | ---: | --- | --- |",
            "| A | m\\|1 | 1 | - | ok |"
        ]
    );
    assert_eq!((lines.len(), lines[203].as_str()), (204, "and 1 more."));
    assert_eq!(verified("complete", json!(null), 200).len(), 203);
}
