//! The dates of `plan`: the end, targets, groups, days and deadlines.

use super::plan::{empty, undated};
use crate::plan::Minutes;
use crate::views::dates::{self, At, Dates, Day, Due, ForecastView, GroupRow, Groups, Target};
use crate::views::deadline::Lateness;
use crate::views::plan::PlanView;
use crate::views::sample::{at, wide};
use crate::views::style::Look;
use chrono::Local;
use serde_json::{Value, json};

fn date(text: &str) -> String {
    at(text).with_timezone(&Local).format("%a %Y-%m-%d %H:%M").to_string()
}

fn text(dates: &Dates, look: Look) -> String {
    let mut text = String::new();
    dates::text(dates, look, &mut text);
    text
}

const START: &str = "2026-01-19T09:00:00Z";
const END: &str = "2026-01-20T12:30:00Z";

#[test]
fn the_end_is_told_as_planned_and_as_measured() {
    assert_eq!(text(&undated(), Look::PLAIN), "", "nothing ends");
    let end = Some(At(at(END)));
    let planned = Dates { ends_at: end, planned_loops: 0, ..undated() };
    let head = |loops: &str, hours: &str| {
        format!(
            "\nDates with {loops}, from {}{hours}\n  as planned     {}\n",
            date(START),
            date(END)
        )
    };
    assert_eq!(text(&planned, Look::PLAIN), head("1 loop", ""));
    let forecast = ForecastView {
        measured: 1,
        p50_minutes: Minutes(1.0),
        p90_minutes: Minutes(2.0),
        p50_at: end,
        p90_at: None,
    };
    let measured =
        Dates { hours_per_day: 7.5, planned_loops: 2, forecast: Some(forecast), ..planned };
    assert_eq!(
        text(&measured, Look::PLAIN),
        format!(
            "{}  even chances   {}  (p50)\n  nine of ten    beyond the calendar  (p90, by 1 measured task)\n",
            head("2 loops", ", 7.5 hours a day"),
            date(END)
        )
    );
}

#[test]
fn a_target_is_made_with_so_many_loops_or_with_none() {
    let of = |loops: Option<usize>, p90: bool| {
        let (at, end) = (At(at(START)), Some(At(at(END))));
        let target = Target { at, loops, ends_at: end, p90_at: end.filter(|_| p90) };
        text(&Dates { target: Some(target), ..undated() }, Look::PLAIN)
    };
    let (by, end) = (date(START), date(END));
    assert_eq!(of(Some(1), false), format!("\nBy {by}: 1 loop makes it; then it is done {end}.\n"));
    assert_eq!(
        of(Some(3), true),
        format!(
            "\nBy {by}: 3 loops make it; then it is done {end}; nine times out of ten by {end}.\n"
        )
    );
    assert_eq!(
        of(None, false),
        format!(
            "\nBy {by}: no number of loops makes it; the best is done {end}. Move the date, leave tasks \
             out, or cut the longest chain.\n"
        )
    );
}

fn row(name: Option<&str>, tasks: usize) -> GroupRow {
    GroupRow {
        name: name.map(str::to_owned),
        tasks,
        complete: 1,
        open: 1,
        stuck: 0,
        phases: 2,
        waves: 3,
        width: 4,
        work_minutes: Minutes(90.0),
        parallel_minutes: Minutes(60.0),
        speedup: 1.5,
        ends_at: None,
        p90_at: None,
        due_at: None,
        lateness: None,
    }
}

#[test]
fn groups_are_aligned_with_what_is_late_at_the_end() {
    let (end, due) = (Some(At(at(END))), Some(At(at(START))));
    let late = GroupRow {
        ends_at: end,
        due_at: due,
        lateness: Some(Lateness::Late),
        ..row(Some("日本"), 10)
    };
    let fine = GroupRow { due_at: due, lateness: Some(Lateness::OnTime), ..row(None, 2) };
    let groups = Groups { by: "epic".to_owned(), rows: vec![late, fine], total: row(None, 12) };
    let dates = Dates { groups: Some(groups), ..undated() };
    assert_eq!(
        text(&dates, Look::PLAIN),
        format!(
            "\nBy epic\n\
             \x20         Tasks  Done  At once  Phases  One by one  Together  Speedup  Ends\n\
             \x20 日本       10     1        4       2  1 h 30 min       1 h     1.50  {} will be late, due {}\n\
             \x20 (none)      2     1        4       2  1 h 30 min       1 h     1.50  -\n\
             \x20 total      12     1        4       2  1 h 30 min       1 h     1.50  -\n",
            date(END),
            date(START)
        )
    );
    let many = |rows: usize| {
        let groups = Groups {
            by: "tag".to_owned(),
            rows: vec![row(Some("x"), 1); rows],
            total: row(None, 1),
        };
        text(&Dates { groups: Some(groups), ..undated() }, Look::PLAIN)
    };
    assert_eq!(many(40).lines().count(), 44, "a blank line, two heads, forty groups and the total");
    assert!(many(41).ends_with("-\n  (1 more)\n"));
}

#[test]
fn a_day_has_what_ends_before_what_begins() {
    let day = |date: &str, starts: &[&str], ends: &[&str]| {
        let ids = |ids: &[&str]| ids.iter().map(|id| (*id).to_owned()).collect();
        Day { date: date.to_owned(), starts: ids(starts), ends: ids(ends) }
    };
    let days = vec![
        day("2026-01-19", &["A", "B"], &["A"]),
        day("2026-01-20", &["C"], &["B", "C"]),
        day("someday", &[], &["D"]),
    ];
    let dates = Dates { days: Some(days), ..undated() };
    assert_eq!(
        text(&dates, Look::PLAIN),
        "\nDay by day\n   1  Mon 2026-01-19  A  B …\n   2  Tue 2026-01-20  B (done)  C\n   3  someday  D (done)\n"
    );
    let many = vec![day("2026-01-19", &["A"], &[]); 41];
    let text = text(&Dates { days: Some(many), ..undated() }, Look::PLAIN);
    assert!(text.contains("\n  40  Mon") && text.ends_with("A …\n  (1 more)\n"), "{text}");
}

fn due(task: &str, lateness: Lateness, hour: u32) -> Due {
    Due {
        task: task.to_owned(),
        deadline: format!("{hour} o'clock\u{1b}"),
        at: At(at(&format!("2026-01-19T{hour:02}:00:00Z"))),
        lateness,
        ends_at: None,
        p50_at: None,
        p90_at: None,
    }
}

/// What is worst comes first, and of those the one that is due first.
#[test]
fn deadlines_are_sorted_by_how_late_they_are() {
    let end = Some(At(at(END)));
    let deadlines = vec![
        due("A", Lateness::OnTime, 10),
        Due { ends_at: end, p90_at: end, ..due("B", Lateness::Late, 12) },
        Due { ends_at: end, ..due("C", Lateness::Late, 11) },
        due("日本", Lateness::AtRisk, 9),
        due("E", Lateness::Stuck, 9),
        due("F", Lateness::Overdue, 8),
    ];
    let dates = Dates { deadlines, ..undated() };
    let end = date(END);
    assert_eq!(
        text(&dates, Look::PLAIN),
        format!(
            "\nDeadlines\n\
             \x20 F     overdue       due 8 o'clock␛\n\
             \x20 C     will be late  due 11 o'clock␛, planned {end}\n\
             \x20 B     will be late  due 12 o'clock␛, planned {end}, p90 {end}\n\
             \x20 E     cannot run    due 9 o'clock␛\n\
             \x20 日本  may be late   due 9 o'clock␛\n\
             \x20 A     on time       due 10 o'clock␛\n"
        )
    );
    let narrow = text(&dates, wide(40));
    assert!(narrow.contains("\n  C     will be late  due 11 o'clock␛,…\n"), "{narrow}");
    let painted = text(&dates, Look { color: true, width: None });
    for colour in
        ["\u{1b}[31moverdue ", "\u{1b}[31mcannot run", "\u{1b}[33mmay be late", "\u{1b}[32mon time"]
    {
        assert!(painted.contains(colour), "{painted:?}");
    }
    let many = Dates { deadlines: vec![due("A", Lateness::Late, 9); 42], ..undated() };
    assert!(text(&many, Look::PLAIN).ends_with("  (2 more)\n"));
}

#[test]
fn the_data_of_a_plan_has_dates_as_text_and_no_key_for_what_was_not_asked() {
    let end = Some(At(at("2026-01-20T12:30:00.750Z")));
    let dates = Dates { ends_at: end, deadlines: vec![due("A", Lateness::AtRisk, 9)], ..undated() };
    let view = PlanView { report: empty(), dates, actual: None };
    let value = serde_json::to_value(&view).expect("JSON");
    let part = |key: &str| value.get(key).cloned().unwrap_or(json!("absent"));
    for (key, wanted) in [
        ("starts_at", json!(START)),
        ("ends_at", json!(END)),
        ("hours_per_day", json!(24.0)),
        ("planned_loops", json!(1)),
        ("forecast", Value::Null),
        ("groups", json!("absent")),
        ("days", json!("absent")),
        ("target", json!("absent")),
        (
            "deadlines",
            json!([{"task": "A", "deadline": "9 o'clock\u{1b}", "at": START, "lateness": "at_risk",
            "ends_at": null, "p50_at": null, "p90_at": null}]),
        ),
        ("actual", json!("absent")),
    ] {
        assert_eq!(part(key), wanted, "{key}");
    }
}
