//! Reports of queues and journals that are made in memory, in every format.

mod drawn;
mod figures;
mod formats;
mod rows;
mod sources;
mod styles;
mod words;

use super::attempts::{Attempts, Line};
use super::{Format, Found, Input, Journals, Left, Report, Style, build};
use crate::plan::Minutes;
use crate::views::attempts::MeasureView;
use crate::views::dates::{At, ForecastView};
use crate::views::flag::FlagKind;
use crate::views::sample::{hostile, now, seen};
use quick_xml::events::Event as Xml;
use serde_json::{Value, json};

const STYLES: [Style; 5] =
    [Style::Synthesis, Style::Readiness, Style::Deployment, Style::Lessons, Style::Retrospective];

fn line(at: &str, event: &str, task: &str, attempt: u32, data: &Value) -> Line {
    let at = format!("2026-01-19T{at}:00.000Z");
    let line = json!({"v": 1, "seq": 1, "at": at, "event": event, "queue": "q.json", "task": task,
        "worker": "w", "attempt": attempt, "data": data});
    serde_json::from_value(line).expect("a line")
}

fn journal() -> Vec<Line> {
    let none = json!({});
    let failed = json!({"verdict": "FAIL", "reason": "step t: s3cret-word", "reason_code": "tests_failed", "cost_usd": 0.25});
    let passed = json!({"verdict": "PASS", "cost_usd": 0.5, "tokens": 100});
    let veto =
        json!({"hook": "before_task", "millis": 30_000, "reason_code": "freeze", "reason": "no"});
    vec![
        line("10:00", "claimed", "A", 1, &none),
        line("10:10", "retried", "A", 1, &failed),
        line("10:20", "claimed", "A", 2, &none),
        line("10:20", "claimed", "B", 1, &none),
        line("10:30", "completed", "A", 2, &passed),
        line("10:40", "completed", "B", 1, &passed),
        line("11:00", "claimed", "C", 1, &none),
        line("11:10", "blocked", "C", 1, &failed),
        line("11:11", "tampered", "C", 1, &none),
        line("11:11", "tampered", "GONE", 1, &none),
        line("11:12", "hook", "C", 1, &veto),
        line("11:12", "hook", "A", 1, &json!({"hook": "before_task", "millis": 90_000})),
        line("11:13", "hook", "C", 1, &json!({"hook": "after_task", "reason": "exit status 3"})),
        line("11:13", "hook", "C", 1, &json!({"hook": "of_a_newer_version"})),
    ]
}

/// Returns the findings of the last attempts of B and C.
fn found() -> Found {
    let value = json!({
        "measures": [
            {"step": "cover", "value": 71.5, "min": 80.0, "unit": "%"},
            {"step": "size", "value": 3.0},
        ],
        "items": {"passed": 3, "failed": 1, "skipped": 0, "compared": true, "new": ["a.py::one|two"],
            "lost": ["gone"], "flaky": ["b.py::slow"], "fixed": ["c"]},
        "findings": [{"code": "stub", "level": "fail", "path": "a.rs", "line": 3, "message": "a `stub`"}],
        "changed_with_permission": [{"path": "t.rs", "by": "declared"}],
    });
    let of = |key: &str| value[key].clone();
    let measure = |one: &Value| MeasureView {
        step: one["step"].as_str().expect("a step").to_owned(),
        measured: serde_json::from_value(one.clone()).expect("a measure"),
    };
    Found {
        measures: of("measures").as_array().expect("a list").iter().map(measure).collect(),
        items: Some(serde_json::from_value(of("items")).expect("items")),
        findings: serde_json::from_value(value.clone()).expect("findings"),
    }
}

fn queue() -> Value {
    json!({"phases": [{"phase": 1, "name": "Base"}], "tasks": [
        {"id": "A", "title": "a", "phase": 1, "status": "complete", "passes": true, "verification_verdict": "PASS", "estimated_minutes": 10, "files_actually_changed": ["new.rs", "old.rs"]},
        {"id": "B", "title": "b", "phase": 1, "status": "complete", "passes": true, "verification_verdict": "PASS", "estimated_minutes": 20},
        {"id": "C", "title": "c", "status": "blocked", "error": "step t: exit status 1", "deadline": "2026-01-19T12:00:00Z"},
        {"id": "D", "title": "d", "requires_approval": true},
        {"id": "E", "title": "e"},
    ]})
}

fn report(queue: &Value, since: Option<&str>, see: impl FnOnce(Report)) {
    let journals = Journals::new(vec![Attempts::read(journal().into_iter())], vec![0]);
    seen(&[("q.json", queue)], |sources| {
        let born = |path: &str| {
            if path == "new.rs" { "2026-01-19T10:05:00Z" } else { "2025-01-01T00:00:00Z" }
        };
        see(build(&Input {
            sources,
            journals: &journals,
            now: now(),
            since: since.and_then(crate::views::deadline::time),
            selected: &|_| true,
            found: &|_, attempt| (attempt == 1).then(found),
            output: &|_| Some("expected 1\ngot 2".to_owned()),
            born: &|_, path| crate::views::deadline::time(born(path)),
        }));
    });
}

#[test]
fn figures_are_those_of_the_journal() {
    report(&queue(), None, |report| {
        let value = serde_json::to_value(&report).expect("JSON");
        assert_eq!(
            value["summary"],
            json!({"total": 5, "pending": 2, "in_progress": 0, "blocked": 1, "complete": 2, "parked": 0})
        );
        assert_eq!((&value["attempts"], &value["minutes"]), (&json!(4), &json!(50.0)));
        assert_eq!((&value["busy_minutes"], &value["cost_usd"]), (&json!(40.0), &json!(1.5)));
        let metrics = &report.metrics;
        assert_eq!((metrics.attempts_passed, metrics.attempts_failed), (2, 2));
        assert_eq!((metrics.success_percent, metrics.first_pass), (Some(50.0), 1));
        assert_eq!((metrics.median_minutes, metrics.p95_minutes), (Some(20.0), Some(20.0)));
        assert_eq!((metrics.estimated_minutes, metrics.actual_minutes), (30.0, 40.0));
        assert_eq!(metrics.speedup, Some(1.25));
        assert_eq!(report.files_created, ["new.rs"]);
        assert_eq!(report.files_modified, ["old.rs"]);
        let phases: Vec<(usize, usize, &str, f64)> =
            report.phases.iter().map(|p| (p.tasks, p.complete, p.status, p.minutes)).collect();
        assert_eq!(phases, [(2, 2, "complete", 40.0), (3, 0, "blocked", 10.0)]);
        let lesson = &report.lessons[0];
        assert_eq!(
            (lesson.attempts, lesson.tasks.as_slice()),
            (2, &["A".to_owned(), "C".to_owned()][..])
        );
        assert_eq!(lesson.example.as_deref(), Some("step t: [masked]"));
        let flags: Vec<(FlagKind, Option<&str>)> =
            report.red_flags.iter().map(|flag| (flag.kind, flag.task.as_deref())).collect();
        assert_eq!(
            flags,
            [(FlagKind::PassedAfterFailures, Some("A")), (FlagKind::Late, Some("C"))]
        );
    });
    report(&queue(), Some("2026-01-19T10:35:00Z"), |report| {
        assert_eq!((report.attempts, report.minutes, report.cost_usd), (2, 30.0, Some(0.75)));
        assert_eq!(report.summary.total, 5);
        assert!(report.files_created.is_empty());
    });
}

/// Unknown authors are reported as unknown, a guess is not compared with the actual time, and a
/// question has its own command.
#[test]
fn a_report_claims_no_more_than_is_known() {
    let mut queue = queue();
    queue["tasks"][1]["files_ambiguous"] = json!(["both.rs", "old.rs"]);
    queue["tasks"][1].as_object_mut().expect("a task").remove("estimated_minutes");
    queue["tasks"][2]["error"] = json!("question: which port?");
    report(&queue, None, |report| {
        assert_eq!(report.files_ambiguous, ["both.rs"], "A alone had old.rs");
        let metrics = &report.metrics;
        assert_eq!((metrics.estimated_minutes, metrics.actual_minutes), (10.0, 20.0));
        let text = text(&report, Format::Markdown, Style::Synthesis);
        assert!(text.contains("the author is unknown:\n\n- both.rs\n"), "{text}");
        assert!(text.contains("`workloop answer C TEXT`"), "{text}");
    });
}

/// Measures and findings are in every format for people and in JSON, problems first.
#[test]
fn what_the_last_attempts_were_found_to_be_is_told() {
    report(&queue(), None, |report| {
        let value = serde_json::to_value(&report).expect("JSON");
        let c = &value["tasks"][2];
        assert_eq!(
            c["measures"][0],
            json!({"step": "cover", "value": 71.5, "min": 80.0, "unit": "%"})
        );
        assert_eq!(
            (&c["items"]["lost"], &c["findings"][0]["code"]),
            (&json!(["gone"]), &json!("stub"))
        );
        assert_eq!(c["changed_with_permission"][0]["by"], "declared");
        assert!(
            value["tasks"][0].get("measures").is_none(),
            "the second attempt of A has no folder"
        );
        assert_eq!(value["tampered"], 1, "what is of no task here does not count");
        let rows = json!([
            {"hook": "before_task", "runs": 2, "vetoes": 1, "failed": 0, "minutes": 2.0},
            {"hook": "after_task", "runs": 1, "vetoes": 0, "failed": 1, "minutes": 0.0},
        ]);
        assert_eq!(value["hooks"], rows);
        let text = text(&report, Format::Markdown, Style::Synthesis);
        for line in [
            "- hook before_task ran 2 times, vetoed 1\n",
            "- hook after_task ran 1 time, failed 1\n",
            "- B: 3 passed, 1 failed, 1 fixed, 1 lost, 1 flaky; flaky: b.py::slow\n",
            "- C: 3 passed, 1 failed, 1 fixed, 1 lost, 1 flaky; new failures: a.py::one\\|two; lost: gone; flaky: b.py::slow\n",
            "| C | cover | 71.5 % | at least 80 % | not enough |\n",
            "| C | size | 3 | - | ok |\n",
            "- C: fail: a.rs:3: a \\`stub\\` (stub)\n",
            "- C: t.rs (declared)\n",
            "1 change of what judges attempts",
        ] {
            assert!(text.contains(line), "{line} in {text}");
        }
        let order = |line: &str| text.find(line).expect("a line");
        assert!(order("| C | cover |") < order("| B | size |"), "what is not enough comes first");
    });
    report(&queue(), Some("2026-01-19T11:12:30Z"), |report| {
        assert_eq!((report.tampered, report.hooks.len()), (0, 1));
        assert_eq!(report.tasks[2].found, Found::default(), "its attempt ended before");
    });
}

#[test]
fn what_is_left_and_when_it_is_done_is_said_with_how_sure_that_is() {
    report(&queue(), None, |mut report| {
        assert_eq!((report.pace(7), report.metrics.speedup), (1, Some(1.25)));
        let at = |minutes| now().checked_add_signed(chrono::TimeDelta::minutes(minutes)).map(At);
        let left =
            Left { tasks: 1, stuck: 2, work_minutes: Minutes(90.0), loops: 1, ends_at: at(90) };
        report.left = Some(left);
        let said = text(&report, Format::Markdown, Style::Synthesis);
        assert!(said.contains("1 task is left for loops, 1 h 30 min of work one after the other; 2 more cannot run as things are (`workloop blockers`).\nWith 1 at a time that is done by 2026-01-19 16:30 UTC if every estimate holds; too few"), "{said}");
        let (p50_minutes, p90_minutes) = (Minutes(60.0), Minutes(600.0));
        report.forecast = Some(ForecastView {
            measured: 5,
            p50_minutes,
            p90_minutes,
            p50_at: at(60),
            p90_at: None,
        });
        let said = text(&report, Format::Markdown, Style::Readiness);
        assert!(said.contains("At the pace so far (1 at a time) that is done by 2026-01-19 16:00 UTC with even chances, beyond the calendar nine times out of ten."), "{said}");
        assert!(said.contains("| Done with even chances (p50) | 2026-01-19 16:00 UTC |"), "{said}");
        assert!(
            text(&report, Format::Html, Style::Synthesis)
                .contains("<p>1 task is left for loops, 1 h 30 min")
        );
        report.left = Some(Left { tasks: 0, stuck: 0, ..left });
        assert!(!text(&report, Format::Markdown, Style::Synthesis).contains("left for loops"));
    });
}

#[test]
fn the_synthesis_has_the_headings_of_its_contract() {
    report(&queue(), None, |report| {
        let text = text(&report, Format::Markdown, Style::Synthesis);
        let heads: Vec<&str> = text.lines().filter_map(|line| line.strip_prefix("## ")).collect();
        let expected = [
            "Summary",
            "Statistics",
            "Phase Breakdown",
            "Files Created",
            "Files Modified",
            "Validation",
            "Security",
            "Next Steps",
        ];
        assert_eq!(heads, expected);
        assert!(text.contains("| Phase | Tasks | Status | Time |\n"), "{text}");
        assert!(text.contains("| 1: Base | 2/2 | complete | 40 min |\n"), "{text}");
        assert!(
            text.contains("`workloop why C`") && text.contains("`workloop approve D`"),
            "{text}"
        );
        let readiness = self::text(&report, Format::Markdown, Style::Readiness);
        assert!(
            readiness.contains("**Verdict**: NOT READY")
                && readiness.contains("- [ ] Nothing is blocked"),
            "{readiness}"
        );
        let lessons = self::text(&report, Format::Markdown, Style::Lessons);
        assert!(
            lessons.contains("| tests_failed | 2 | A, C | step t: \\[masked\\] |\n"),
            "{lessons}"
        );
    });
}

fn text(report: &Report, format: Format, style: Style) -> String {
    String::from_utf8(report.render(format, style).expect("a report")).expect("UTF-8")
}

/// Returns the names of all elements; fails if the text is not well-formed.
fn elements(text: &str) -> Vec<String> {
    let mut reader = quick_xml::Reader::from_str(text);
    reader.config_mut().check_end_names = true;
    let mut names = Vec::new();
    let mut open = 0;
    loop {
        let event = reader.read_event().unwrap_or_else(|error| panic!("{error} in {text}"));
        let name = |name: &[u8]| String::from_utf8_lossy(name).into_owned();
        if let Xml::Start(tag) = &event {
            open += 1;
            tag.attributes().for_each(|attribute| drop(attribute.expect("an attribute")));
            names.push(name(tag.name().as_ref()));
        } else if let Xml::Empty(tag) = &event {
            names.push(name(tag.name().as_ref()));
        } else if let Xml::End(_) = &event {
            open -= 1;
        } else if let Xml::Eof = &event {
            break;
        }
    }
    assert_eq!(open, 0, "{text}");
    names
}

#[test]
fn every_form_takes_hostile_titles() {
    let titles = hostile();
    let status = |n: usize| ["blocked", "complete", "pending"][n % 3];
    let task = |(n, title): (usize, &String)| json!({"id": format!("T{n} {title}"), "title": title, "status": status(n), "error": title, "phase": title, "epic": title});
    let tasks: Vec<Value> = titles.iter().enumerate().map(task).collect();
    report(&json!({"tasks": tasks}), None, |report| {
        let count = |names: &[String], name: &str| names.iter().filter(|n| *n == name).count();
        let junit = elements(&text(&report, Format::Junit, Style::Synthesis));
        assert_eq!((count(&junit, "testsuite"), count(&junit, "testcase")), (1, titles.len()));
        assert_eq!((count(&junit, "failure"), count(&junit, "skipped")), (4, 3));
        let csv = text(&report, Format::Csv, Style::Synthesis);
        let mut reader = csv::Reader::from_reader(csv.as_bytes());
        let width = reader.headers().expect("a header").len();
        let rows: Vec<csv::StringRecord> =
            reader.records().map(|row| row.expect("a row")).collect();
        assert!(rows.len() == titles.len() && rows.iter().all(|row| row.len() == width));
        let formula = |cell: &str| cell.starts_with(['=', '+', '-', '@']);
        assert!(!rows.iter().any(|row| row.iter().any(formula)), "{csv}");
        assert!(csv.contains("'=1+1") && csv.contains("'@sum"), "{csv}");
        for style in STYLES {
            let page = text(&report, Format::Html, style);
            let names = elements(&page);
            assert_eq!(count(&names, "script"), 0);
            assert!(count(&names, "tr") > titles.len());
            let markdown = text(&report, Format::Markdown, style);
            let safe = |text: &str| {
                !text.contains(|c: char| c != '\n' && crate::platform::terminal::steers(c))
            };
            assert!(safe(&markdown) && safe(&page), "{markdown}");
            assert!(!markdown.contains("\n# two"), "{markdown}");
        }
    });
}

#[test]
fn a_page_of_ten_thousand_tasks_is_small() {
    let task = |n: usize| json!({"id": format!("TASK-{n:05}"), "title": "A title of the usual length for a task", "status": "complete"});
    let tasks: Vec<Value> = (0..10_000).map(task).collect();
    report(&json!({"tasks": tasks}), None, |report| {
        let page = text(&report, Format::Html, Style::Synthesis);
        assert!(page.len() < 2_000_000, "{}", page.len());
    });
}
