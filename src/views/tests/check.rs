//! `check`: positions, totals, limits and the words of every finding.

use super::{fits, parsed, queue, with};
use crate::plan::{Graph, QueueTasks};
use crate::queue::{Position, Queue, Refused, Severity};
use crate::views::check::{self, CODES, CheckView, FindingView, Findings};
use crate::views::style::Look;
use serde_json::json;
use std::path::Path;

#[test]
fn findings_have_a_place_and_the_line() {
    let tasks = json!([{"id": "A", "title": "a", "depends_on": ["nobody"]}]);
    let queues = [queue("q.json", &tasks)];
    let view = with(&queues, &[], |sources, _| {
        let tasks = [QueueTasks {
            name: "q",
            path: queues[0].path(),
            root: Path::new("/project"),
            tasks: queues[0].tasks(),
            phases: &[],
        }];
        let graph = sources.readiness.graph();
        let checked = check::Checked {
            queues: &queues,
            shown: sources.shown,
            served: 1,
            graph,
            tasks: &tasks,
        };
        let mut found = Findings::default();
        checked.findings(&mut found);
        CheckView::new(found)
    });
    fits("check", &parsed(&view));
    let text = check::text(&view, "1 queue of 1 task", Look::PLAIN);
    assert!(text.starts_with("q.json:1:"), "{text}");
    assert!(text.contains("error[unknown-id]: A: nobody: no loaded queue"), "{text}");
    assert!(text.contains("\n1 | …emo") && text.contains("^\n"), "{text}");
    assert!(text.ends_with("1 error, 0 warnings in 1 queue of 1 task\n"), "{text}");
}

fn found(severity: Severity, line: Option<u32>, column: Option<u32>, message: &str) -> FindingView {
    let view = FindingView::placeless("config", "q\u{1b}.json", message);
    FindingView { severity, line, column, ..view }
}

fn text(found: Vec<FindingView>, look: Look) -> String {
    let mut all = Findings::default();
    found.into_iter().for_each(|one| all.add(one));
    check::text(&CheckView::new(all), "2 queues", look)
}

/// The form is that of compilers, so that an editor can jump to the place.
#[test]
fn a_finding_is_told_as_far_as_its_place_is_known() {
    let (error, warning) = (Severity::Error, Severity::Warning);
    for (given, wanted) in [
        (
            found(error, Some(3), Some(7), "m"),
            "q␛.json:3:7: error[config]: m\n1 error, 0 warnings in 2 queues\n",
        ),
        (
            found(error, Some(3), None, "m"),
            "q␛.json:3: error[config]: m\n1 error, 0 warnings in 2 queues\n",
        ),
        (
            found(warning, None, Some(7), "a\nb"),
            "q␛.json: warning[config]: a b\n0 errors, 1 warning in 2 queues\n",
        ),
    ] {
        assert_eq!(text(vec![given], Look::PLAIN), wanted);
    }
    assert_eq!(text(Vec::new(), Look::PLAIN), "nothing found in 2 queues\n");
}

#[test]
fn the_task_is_named_unless_the_message_does_so() {
    let of = |task: &str, message: &str| {
        let view = found(Severity::Error, None, None, message);
        text(vec![FindingView { task: Some(task.to_owned()), ..view }], Look::PLAIN)
    };
    assert!(of("A-1", "is wrong").starts_with("q␛.json: error[config]: A-1: is wrong\n"));
    assert!(of("A-1", "A-1 is wrong").starts_with("q␛.json: error[config]: A-1 is wrong\n"));
    assert!(of("A\n1", "is wrong").starts_with("q␛.json: error[config]: A 1: is wrong\n"));
}

#[test]
fn an_excerpt_is_below_its_finding_and_a_severity_has_its_colour() {
    let position = Position { line: 2, column: 5 };
    let view = found(Severity::Warning, None, None, "m").at(position, "2 | x\u{1b}\n  | ^".into());
    let look = Look { color: true, width: None };
    assert_eq!(
        text(vec![view, found(Severity::Error, None, None, "n")], look),
        "q␛.json: \u{1b}[1m\u{1b}[31merror[config]\u{1b}[0m: n\n\
         q␛.json:2:5: \u{1b}[1m\u{1b}[33mwarning[config]\u{1b}[0m: m\n2 | x␛\n  | ^\n\
         1 error, 1 warning in 2 queues\n"
    );
}

#[test]
fn findings_come_by_file_line_and_column() {
    let at = |file: &str, line, column| {
        let view = FindingView::placeless("config", file, format!("{file}{line:?}{column:?}"));
        FindingView { line, column, ..view }
    };
    let mut all = Findings::default();
    for one in [
        at("b", None, None),
        at("a", Some(10), Some(1)),
        at("a", Some(9), Some(12)),
        at("a", Some(9), Some(2)),
        at("a", None, None),
    ] {
        all.add(one);
    }
    let places: Vec<(String, Option<u32>, Option<u32>)> =
        CheckView::new(all).findings.into_iter().map(|f| (f.queue, f.line, f.column)).collect();
    let place = |file: &str, line, column| (file.to_owned(), line, column);
    assert_eq!(
        places,
        [
            place("a", None, None),
            place("a", Some(9), Some(2)),
            place("a", Some(9), Some(12)),
            place("a", Some(10), Some(1)),
            place("b", None, None),
        ]
    );
}

/// Of each kind in each file a thousand are listed. The others are counted, and all of them are in
/// the totals.
#[test]
fn a_thousand_of_a_kind_are_listed_and_the_others_counted() {
    let mut all = Findings::default();
    let mut add = |code, file: &str, severity, times: usize| {
        for _ in 0..times {
            let view = FindingView::placeless(code, file, "m");
            all.add(FindingView { severity, ..view });
        }
    };
    add("config", "b.json", Severity::Error, 1_001);
    add("no-queue", "b.json", Severity::Warning, 1_003);
    add("config", "a.json", Severity::Error, 1_000);
    add("config", "a.json", Severity::Warning, 1_002);
    let view = CheckView::new(all);
    assert_eq!((view.findings.len(), view.totals()), (4_000, (2_001, 2_005)));
    let more = json!([
        {"severity": "warning", "code": "config", "queue": "a.json", "count": 2},
        {"severity": "error", "code": "config", "queue": "b.json", "count": 1},
        {"severity": "warning", "code": "no-queue", "queue": "b.json", "count": 3},
    ]);
    assert_eq!(parsed(&view)["more"], more);
    let text = check::text(&view, "2 queues", Look::PLAIN);
    let end = "a.json: warning[config]: and 2 more of this kind\n\
               b.json: error[config]: and 1 more of this kind\n\
               b.json: warning[no-queue]: and 3 more of this kind\n\
               2001 errors, 2005 warnings in 2 queues\n";
    assert!(text.ends_with(end), "{}", &text[text.len() - 300..]);
}

#[test]
fn a_code_has_its_usual_severity_and_an_unknown_one_is_an_error() {
    for (code, severity, _) in CODES {
        assert_eq!(FindingView::placeless(code, "q", "m").severity, *severity, "{code}");
    }
    assert_eq!(FindingView::placeless("no-such-code", "q", "m").severity, Severity::Error);
    let codes: Vec<&str> = CODES.iter().map(|(code, ..)| *code).collect();
    let known = crate::queue::CODES.iter().map(|(code, ..)| *code);
    assert!(!known.into_iter().any(|code| codes.contains(&code)), "a code has one meaning");
}

#[test]
fn a_queue_that_is_refused_is_one_finding_at_its_place() {
    let refused: Refused =
        Queue::parse(Path::new("q.json"), b"{\"tasks\":\n [,]}".to_vec()).expect_err("not JSON");
    let view = FindingView::refused("q.json", &refused);
    assert_eq!((view.severity, view.line, view.column), (Severity::Error, Some(2), Some(3)));
    assert_eq!(view.message, refused.reason);
    assert_eq!(view.excerpt, "2 |  [,]}\n  |   ^");
}

/// Tasks of other queues are only referred to: their own findings are theirs.
#[test]
fn only_the_served_queues_are_checked_and_each_finding_has_its_task() {
    let queues = [
        queue(
            "a.json",
            &json!([{"id": "A", "title": "a", "dependencies": ["B", "A"], "estimated_minutes": "soon"}]),
        ),
        queue(
            "b.json",
            &json!([{"id": "B", "title": "b", "dependencies": ["nobody"], "estimated_minutes": "soon"}]),
        ),
    ];
    let names = ["a", "b"];
    let tasks: Vec<QueueTasks<'_>> = queues
        .iter()
        .zip(names)
        .map(|(queue, name)| QueueTasks {
            name,
            path: queue.path(),
            root: Path::new("/project"),
            tasks: queue.tasks(),
            phases: &[],
        })
        .collect();
    let graph = Graph::build(&tasks);
    let shown = ["a.json".to_owned(), "b.json".to_owned()];
    let findings = |served: usize| {
        let checked =
            check::Checked { queues: &queues, shown: &shown, served, graph: &graph, tasks: &tasks };
        let mut all = Findings::default();
        checked.findings(&mut all);
        let row = |found: FindingView| (found.queue, found.code, found.task.unwrap_or_default());
        CheckView::new(all).findings.into_iter().map(row).collect::<Vec<_>>()
    };
    let first = findings(1);
    assert!(first.iter().all(|(file, ..)| file == "a.json"), "{first:?}");
    let has = |all: &[(String, &str, String)], code: &str, task: &str| {
        all.iter().filter(|(_, of, about)| *of == code && about == task).count()
    };
    assert_eq!(
        (has(&first, "self-dependency", "A"), has(&first, "estimate-unreadable", "A")),
        (1, 1),
        "{first:?}"
    );
    let both = findings(2);
    assert_eq!(
        (has(&both, "unknown-id", "B"), has(&both, "estimate-unreadable", "B")),
        (1, 1),
        "{both:?}"
    );
}
