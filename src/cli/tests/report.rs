//! `report`: what was done, how it went and what is left.

use super::house::{house, of, refuses_bad_queues};
use super::sandbox::Sandbox;
use serde_json::{Value, json};

/// Returns the house after three attempts: A passed at the second one, D failed.
fn worked() -> Sandbox {
    let by = |event: &str, task: &str, attempt: u32, data: Value| {
        json!({"event": event, "task": task, "worker": "vm:1:0000000a", "attempt": attempt,
               "data": data})
    };
    house().journal(&[
        by("claimed", "A", 1, json!({})),
        by(
            "retried",
            "A",
            1,
            json!({"verdict": "FAIL", "reason": "step unit", "reason_code":
            "tests_failed", "cost_usd": 0.25}),
        ),
        by("claimed", "A", 2, json!({})),
        by("completed", "A", 2, json!({"verdict": "PASS", "cost_usd": 0.5, "tokens": 1000})),
        by("claimed", "D", 1, json!({})),
        by(
            "blocked",
            "D",
            1,
            json!({"verdict": "FAIL", "reason": "step test", "reason_code":
            "tests_failed"}),
        ),
    ])
}

/// Returns the report as JSON.
#[track_caller]
fn told(sandbox: &Sandbox, flags: &str) -> Value {
    sandbox.reads(&format!("report --json {flags}")).json("report")
}

/// Returns the row of a task.
fn row<'a>(report: &'a Value, id: &str) -> &'a Value {
    let tasks = report["tasks"].as_array().expect("a list");
    tasks.iter().find(|task| task["id"] == id).expect(id)
}

#[test]
fn the_json_counts_attempts_minutes_and_costs_by_the_journal() {
    let report = told(&worked(), "");
    for (key, value) in [
        ("schema_version", json!(1)),
        ("since", Value::Null),
        ("percent", json!(14)),
        ("attempts", json!(3)),
        ("minutes", json!(3.0)),
        ("busy_minutes", json!(3.0)),
        ("cost_usd", json!(0.75)),
        ("tokens", json!(1000)),
        ("tampered", json!(0)),
    ] {
        assert_eq!(report[key], value, "{key}");
    }
    let a = row(&report, "A");
    for (key, value) in [
        ("attempts", json!(2)),
        ("minutes", json!(2.0)),
        ("cost_usd", json!(0.75)),
        ("state", json!("complete")),
        ("started_at", json!("2026-01-19T10:00:00Z")),
        ("ended_at", json!("2026-01-19T10:03:00Z")),
    ] {
        assert_eq!(a[key], value, "{key}");
    }
    let metrics = &report["metrics"];
    for (key, value) in [
        ("attempts_passed", json!(1)),
        ("attempts_failed", json!(2)),
        ("success_percent", json!(33.333)),
        ("first_pass", json!(0)),
        ("median_minutes", json!(2.0)),
    ] {
        assert_eq!(metrics[key], value, "{key}");
    }
    let left = &report["left"];
    assert_eq!((&left["tasks"], &left["stuck"]), (&json!(3), &json!(1)));
    assert_eq!((&left["work_minutes"], &left["loops"]), (&json!(120), &json!(1)));
}

#[test]
fn a_queue_that_never_ran_has_zeros_without_a_sign() {
    let house = house();
    let ran = house.reads("report --json");
    assert!(!ran.out.contains(":-0"), "{}", ran.out);
    let report = ran.json("report");
    assert_eq!((&report["attempts"], &report["minutes"]), (&json!(0), &json!(0.0)));
    assert_eq!(report["cost_usd"], Value::Null);
    let csv = house.reads("report --format csv").printed();
    let minutes: Vec<&str> =
        csv.lines().skip(1).filter_map(|line| line.split(',').nth(10)).collect();
    assert_eq!(minutes, ["0"; 7], "{csv}");
    let junit = house.reads("report --format junit").printed();
    assert!(junit.contains("time=\"0.000\"") && !junit.contains("-0"), "{junit}");
    let text = house.reads("report").printed();
    assert!(text.contains("\n0 attempts, 0.0 s of work in 0.0 s, cost unknown.\n"), "{text}");
}

#[test]
fn only_attempts_that_ended_since_then_count() {
    let worked = worked();
    for (since, attempts, failed) in [
        ("2026-01-19T10:00:00Z", 3, 2),
        ("2026-01-19T10:01:01Z", 2, 1),
        ("2026-01-19T10:03:01Z", 1, 1),
        ("2026-01-19T10:06:00Z", 0, 0),
    ] {
        let report = told(&worked, &format!("--since {since}"));
        assert_eq!(report["since"], since);
        assert_eq!(report["attempts"], attempts, "{since}");
        assert_eq!(report["metrics"]["attempts_failed"], failed, "{since}");
    }
    let text = "error: \"soon\" is not a time\nhint: write a duration such as 2h, a time of day such as \
                22:00, a date such as 2026-01-19, or an RFC 3339 time such as 2026-01-19T14:35:45Z\n";
    worked.refuses("report --since soon", 2, text);
}

#[test]
fn filters_choose_the_tasks_of_the_report() {
    let worked = worked();
    let report = told(&worked, "--type build");
    let tasks = report["tasks"].as_array().expect("a list");
    let ids: Vec<&str> = tasks.iter().filter_map(|task| task["id"].as_str()).collect();
    assert_eq!(ids, ["A", "B"]);
    assert_eq!((&report["attempts"], &report["summary"]["total"]), (&json!(2), &json!(2)));
    worked.refuses("report --type x", 2, "error: no task has type x; there are: build\n");
}

#[test]
fn every_format_has_its_shape() {
    let worked = worked();
    let csv = worked.reads("report --format csv").printed();
    let mut lines = csv.lines();
    assert_eq!(
        lines.next(),
        Some(
            "id,queue,title,state,phase,epic,percent,attempts,started_at,ended_at,minutes,\
             estimated_minutes,cost_usd,tokens,verdict,reason_code,error,deadline,late,completed_by"
        )
    );
    assert_eq!(
        lines.next(),
        Some(
            "A,queues/q.json,Lay the floor,complete,,,100,2,2026-01-19T10:00:00Z,2026-01-19T10:03:00Z,2,30,\
             0.75,1000,,,,,false,"
        )
    );
    assert_eq!(lines.count(), 6);
    let junit = worked.reads("report --format junit").printed();
    let suites = "<testsuites name=\"workloop\" tests=\"7\" skipped=\"5\" failures=\"1\" errors=\"0\" \
                  time=\"180.000\">";
    assert!(junit.starts_with("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n"), "{junit}");
    assert!(junit.contains(suites), "{junit}");
    assert!(
        junit.contains("<failure message=\"step test: exit status 1\" type=\"tests_failed\">"),
        "{junit}"
    );
    let html = worked.reads("report --format html").printed();
    assert!(
        html.starts_with("<!DOCTYPE html>\n") && html.contains("<title>Report</title>"),
        "{html}"
    );
    let json = worked.reads("report --format json");
    assert_eq!(json.json("report")["attempts"], 3);
    let err = worked.reads("report --json --format csv").failed(2);
    assert!(err.starts_with("error: the argument '--json' cannot be used with '--format"), "{err}");
}

#[test]
fn every_style_has_its_heading_and_its_sections() {
    let worked = worked();
    for (style, title, section) in [
        ("synthesis", "# Report", "## Phase Breakdown"),
        ("readiness", "# Readiness", "## Criteria"),
        ("deployment", "# Deployment", "## Check List"),
        ("lessons", "# Lessons", "## Failed Attempts by Reason"),
        ("retrospective", "# Retrospective", "## What Went Well"),
    ] {
        let text = worked.reads(&format!("report --style {style}")).printed();
        assert!(text.starts_with(&format!("{title}\n")), "{style}: {text}");
        assert!(text.contains(&format!("\n{section}")), "{style}: {text}");
    }
    let synthesis = worked.reads("report").printed();
    assert_eq!(synthesis.lines().next(), Some("# Report"), "the default");
    let lessons = worked.reads("report --style lessons").printed();
    assert!(lessons.contains("\n2 attempts of 3 failed.\n"), "{lessons}");
    let err = worked.reads("report --style poem").failed(2);
    assert!(
        err.contains("[possible values: synthesis, readiness, deployment, lessons, retrospective]")
    );
}

#[test]
fn what_needs_a_person_is_named_with_its_command() {
    let text = house().reads("report").printed();
    let end = "## Next Steps\n\n- D is blocked (step test: exit status 1): `workloop why D`\n- G waits for \
               approval: `workloop approve G`\n- 1 task is ready: `workloop run`\n";
    assert!(text.ends_with(end), "{text}");
}

#[test]
fn a_title_breaks_no_format() {
    let sandbox = of(&[json!({"id": "=1+1", "title": "a,\"b\"\n<b>|`x`\u{1b}[2J"})]);
    let csv = sandbox.reads("report --format csv").printed();
    assert!(csv.contains("\n'=1+1,queues/q.json,\"a,\"\"b\"\"\n<b>|`x`␛[2J\","), "{csv}");
    for format in ["html", "junit"] {
        let text = sandbox.reads(&format!("report --format {format}")).printed();
        assert!(!text.contains("<b>|") && !text.contains('\u{1b}'), "{format}: {text}");
    }
    let text = sandbox.reads("report --style deployment").printed();
    assert!(!text.contains('\u{1b}'), "{text}");
}

#[test]
fn the_output_of_the_step_that_failed_last_is_in_the_report_of_a_test_server() {
    let step = json!({"kind": "verify", "name": "unit", "outcome": {"kind": "exited", "code": 1},
                      "millis": 5, "log": "verify-1.out"});
    let output = format!("{}\nwall is s3cret-word and crooked\n\n", "x".repeat(5_000));
    let sandbox = house()
        .reported("D", 2, json!({"verdict": "FAIL", "reason": "step unit", "steps": [step]}))
        .attempt("D", 2, &[("verify-1.out", &output)])
        .var("DOOR_KEY", "s3cret-word");
    let junit = sandbox.reads("report --format junit").printed();
    assert!(junit.contains("\nwall is [masked] and crooked<"), "{junit}");
    assert!(!junit.contains(&"x".repeat(2_000)), "only its end");
    let none = house().reported("D", 2, json!({"verdict": "FAIL", "steps": []}));
    assert!(none.reads("report --format junit").printed().contains("type=\"blocked\""));
}

#[test]
fn bad_queues_are_refused_with_their_place() {
    refuses_bad_queues("report");
    refuses_bad_queues("report --format html");
}
