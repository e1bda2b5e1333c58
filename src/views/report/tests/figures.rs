//! The figures of a report: metrics, red flags, lessons, and the pace.

use super::super::attempts::Attempt;
use super::super::measures::{busy, flags, lessons, metrics};
use super::super::model::{Lesson, Metrics, TaskRow};
use super::rows::{attempt, task, whole};
use crate::domain::EventKind;
use crate::plan::Source;
use crate::views::flag::{Flag, FlagKind};
use crate::views::mask::Mask;

use EventKind::{AttemptLost, Blocked, Completed, Interrupted, Retried};

/// Returns each attempt with the index of its task.
fn of(all: &[(usize, Attempt)]) -> Vec<(usize, &Attempt)> {
    all.iter().map(|(task, attempt)| (*task, attempt)).collect()
}

fn busy_of(spans: &[(i64, Option<i64>)]) -> f64 {
    let all: Vec<(usize, Attempt)> =
        spans.iter().map(|&(from, to)| (0, attempt(from, to, Completed))).collect();
    busy(&of(&all))
}

/// Time in which two attempts ran counts once, and that in which none ran not at all.
#[test]
fn busy_time_is_the_time_in_which_something_ran() {
    for (what, spans, minutes) in [
        ("none", &[][..], 0.0),
        ("one", &[(0, Some(10))], 10.0),
        ("one that runs", &[(0, None)], 0.0),
        ("apart", &[(0, Some(10)), (20, Some(25))], 15.0),
        ("side by side", &[(0, Some(10)), (0, Some(10))], 10.0),
        ("overlapping", &[(5, Some(15)), (0, Some(10))], 15.0),
        ("one inside another", &[(0, Some(30)), (5, Some(10)), (20, Some(40))], 40.0),
        ("touching", &[(0, Some(10)), (10, Some(20))], 20.0),
        ("with the clock set back", &[(10, Some(5)), (20, Some(21))], 1.0),
    ] {
        assert_eq!(busy_of(spans), minutes, "{what}");
    }
}

#[test]
fn an_attempt_passed_or_failed_or_neither() {
    for (end, passed, failed) in [
        (Completed, true, false),
        (Retried, false, true),
        (Blocked, false, true),
        (AttemptLost, false, true),
        (Interrupted, false, false),
        (EventKind::Released, false, false),
        (EventKind::Parked, false, false),
    ] {
        let one = attempt(0, Some(1), end);
        assert_eq!((one.passed(), one.failed(), one.millis()), (passed, failed, 60_000), "{end:?}");
    }
    let runs = attempt(0, None, Completed);
    assert_eq!((runs.passed(), runs.failed(), runs.millis()), (false, false, 0));
    assert_eq!(attempt(5, Some(3), Completed).millis(), 0, "the clock was set back");
}

fn done(minutes: f64, attempts: usize) -> TaskRow {
    TaskRow { minutes, attempts, ..task("D", "complete") }
}

#[test]
fn nothing_is_measured_where_nothing_ran() {
    assert_eq!(metrics(&[], &[]), Metrics::default());
    let by_hand = [done(0.0, 0), task("R", "ready")];
    assert_eq!(metrics(&by_hand, &[]), Metrics::default(), "a person's work is no measure");
}

#[test]
fn metrics_count_what_attempts_completed() {
    let estimated = |source, estimated_minutes, minutes, attempts| TaskRow {
        estimate_source: source,
        estimated_minutes,
        ..done(minutes, attempts)
    };
    let tasks = [
        estimated(Source::Given, 10.0, 10.0, 1),
        estimated(Source::Given, 20.0, 30.0, 2),
        estimated(Source::Default, 99.0, 50.0, 1),
        estimated(Source::History, 99.0, 20.0, 3),
        done(0.0, 0),
        TaskRow { minutes: 77.0, attempts: 1, ..task("B", "blocked") },
    ];
    let day = 24 * 60;
    let all = [
        (0, attempt(0, Some(10), Completed)),
        (1, attempt(0, Some(10), Retried)),
        (1, attempt(10, Some(30), Completed)),
        (2, attempt(30, Some(80), Completed)),
        (5, attempt(2 * day - 10, Some(2 * day), Interrupted)),
        (5, attempt(2 * day, None, Completed)),
    ];
    assert_eq!(
        metrics(&tasks, &of(&all)),
        Metrics {
            attempts_passed: 3,
            attempts_failed: 1,
            success_percent: Some(75.0),
            first_pass: 2,
            first_pass_percent: Some(50.0),
            median_minutes: Some(20.0),
            p95_minutes: Some(50.0),
            complete_per_day: Some(2.0),
            estimated_minutes: 30.0,
            actual_minutes: 40.0,
            speedup: Some(1.111),
        }
    );
}

#[test]
fn medians_and_limits_are_times_that_some_task_took() {
    let measured = |minutes: &[f64]| {
        let tasks: Vec<TaskRow> = minutes.iter().map(|minutes| done(*minutes, 1)).collect();
        let found = metrics(&tasks, &[]);
        (found.median_minutes, found.p95_minutes)
    };
    assert_eq!(measured(&[3.0]), (Some(3.0), Some(3.0)));
    assert_eq!(measured(&[4.0, 1.0]), (Some(1.0), Some(4.0)));
    assert_eq!(measured(&[9.0, 1.0, 4.0]), (Some(4.0), Some(9.0)));
    let twenty: Vec<f64> = (1..=20).map(f64::from).collect();
    assert_eq!(measured(&twenty), (Some(10.0), Some(19.0)));
    let more: Vec<f64> = (1..=21).map(f64::from).collect();
    assert_eq!(measured(&more), (Some(11.0), Some(20.0)));
}

fn flag(kind: FlagKind, task: Option<&str>, text: &str) -> Flag {
    Flag { kind, task: task.map(str::to_owned), text: text.to_owned() }
}

fn flags_of(row: TaskRow, ends: &[EventKind]) -> Vec<Flag> {
    let all: Vec<(usize, Attempt)> =
        ends.iter().map(|end| (0, attempt(0, Some(1), *end))).collect();
    let row = TaskRow { attempts: ends.len(), ..row };
    let tasks = [row];
    flags(&tasks, &of(&all), &Metrics::default())
}

#[test]
fn a_task_that_failed_three_times_is_flagged_until_it_is_complete() {
    let red = || TaskRow { error: Some("step t".to_owned()), ..task("A", "blocked") };
    assert_eq!(flags_of(red(), &[Retried, Retried]), []);
    assert_eq!(flags_of(red(), &[Retried, Interrupted, Retried]), []);
    let repeated = |text: &str| vec![flag(FlagKind::RepeatedFailures, Some("A"), text)];
    assert_eq!(
        flags_of(red(), &[Retried, AttemptLost, Blocked]),
        repeated("3 attempts failed: step t")
    );
    assert_eq!(
        flags_of(task("A", "ready"), &[Retried; 4]),
        repeated("4 attempts failed: no reason is recorded")
    );
    let after = |text: &str| vec![flag(FlagKind::PassedAfterFailures, Some("A"), text)];
    let complete = || task("A", "complete");
    assert_eq!(flags_of(complete(), &[Completed]), []);
    assert_eq!(
        flags_of(complete(), &[Retried, Completed]),
        after("complete after 1 failed attempt")
    );
    assert_eq!(
        flags_of(complete(), &[Retried, Retried, Retried, Completed]),
        after("complete after 3 failed attempts")
    );
    assert_eq!(flags_of(complete(), &[Retried, Blocked]), [], "a person completed it");
}

#[test]
fn a_task_is_slow_or_late_by_what_was_said_about_it() {
    let took = |source, minutes, estimated_minutes| TaskRow {
        estimate_source: source,
        minutes,
        estimated_minutes,
        ..task("A", "complete")
    };
    let slow = |text: &str| vec![flag(FlagKind::Slow, Some("A"), text)];
    for (what, row, wanted) in [
        ("three times", took(Source::Given, 30.0, 10.0), vec![]),
        ("more", took(Source::Given, 30.6, 10.0), slow("took 31 min, estimated 10 min")),
        (
            "more than measured",
            took(Source::History, 40.0, 10.0),
            slow("took 40 min, estimated 10 min"),
        ),
        ("more than a guess", took(Source::Default, 99.0, 10.0), vec![]),
        ("without an estimate", took(Source::Given, 99.0, 0.0), vec![]),
    ] {
        assert_eq!(flags_of(row, &[Completed]), wanted, "{what}");
    }
    assert_eq!(flags_of(took(Source::Given, 99.0, 10.0), &[]), [], "no attempt took that time");
    let late = TaskRow { late: true, deadline: Some("Friday".to_owned()), ..task("A", "ready") };
    assert_eq!(flags_of(late, &[]), [flag(FlagKind::Late, Some("A"), "was due Friday")]);
}

/// Few attempts say nothing about how often attempts fail.
#[test]
fn a_project_in_which_most_attempts_fail_is_flagged() {
    let of = |passed: usize, failed: usize| {
        let share = passed as f64 * 100.0 / (passed + failed) as f64;
        let metrics = Metrics {
            attempts_passed: passed,
            attempts_failed: failed,
            success_percent: Some(share),
            ..Metrics::default()
        };
        flags(&[], &[], &metrics)
    };
    assert_eq!(of(1, 3), []);
    assert_eq!(of(2, 3), [flag(FlagKind::Failing, None, "3 of 5 attempts failed")]);
    assert_eq!(of(3, 3), [], "half of them is not most");
}

#[test]
fn lessons_are_sorted_by_how_often_a_reason_occurred() {
    let failed = |code: Option<&str>, reason: Option<&str>| Attempt {
        code: code.map(str::to_owned),
        reason: reason.map(str::to_owned),
        ..attempt(0, Some(1), Retried)
    };
    let tasks = [task("A", "ready"), task("B", "ready")];
    let all = [
        (0, failed(Some("timeout"), Some("first"))),
        (0, failed(Some("scope"), None)),
        (1, failed(Some("timeout"), Some("s3cret-word"))),
        (1, failed(Some("timeout"), None)),
        (1, failed(None, None)),
        (0, Attempt { code: Some("timeout".to_owned()), ..attempt(0, Some(1), Completed) }),
    ];
    let mask = Mask::new(&[("DOOR_KEY".into(), "s3cret-word".into())]);
    let lesson = |code: Option<&str>, attempts, tasks: &[&str], example: Option<&str>| Lesson {
        reason_code: code.map(str::to_owned),
        attempts,
        tasks: tasks.iter().map(|id| (*id).to_owned()).collect(),
        example: example.map(str::to_owned),
    };
    assert_eq!(
        lessons(&tasks, &of(&all), &mask),
        [
            lesson(Some("timeout"), 3, &["A", "B"], Some("[masked]")),
            lesson(None, 1, &["B"], None),
            lesson(Some("scope"), 1, &["A"], None),
        ]
    );
}

#[test]
fn the_pace_is_how_many_attempts_ran_at_a_time() {
    let mut report = whole(Vec::new());
    assert_eq!((report.pace(4), report.pace(0)), (4, 1));
    for (speedup, pace) in [(0.2, 1), (1.4, 1), (1.5, 2), (7.6, 8)] {
        report.metrics.speedup = Some(speedup);
        assert_eq!(report.pace(4), pace, "{speedup}");
    }
}
