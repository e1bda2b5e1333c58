//! Tests what `check` finds in a single file.

use super::*;
use crate::domain::Field;
use crate::queue::{CODES, Position, Severity, excerpt};

fn said(text: &str) -> Vec<String> {
    let queue = parse(text);
    let findings = queue.findings();
    for finding in &findings {
        let known = CODES.iter().find(|(code, ..)| *code == finding.code).unwrap();
        assert_eq!(known.1, finding.severity);
        assert!(!queue.excerpt(finding.position).is_empty());
    }
    let line = |f: &crate::queue::Finding| {
        let task = f.task.as_ref().map_or("-", |id| id.as_str());
        format!("{} {} {} {}", f.position, f.code, task.escape_debug(), f.message)
    };
    findings.iter().map(line).collect()
}

#[test]
fn each_finding_has_a_place_and_says_what_to_do() {
    let text = r#"{
  "project": 7, "summary": {"total": 3, "blocked": 0, "complete": 1},
  "notes": {"a": 1, "a": 2},
  "tasks": [
    {"id": "a", "title": "A", "status": "someday", "status": "later", "priority": "urgent"},
    {"id": "b", "status": "done", "passes": false, "attempts": 1, "iterations": 2},
    {"id": " c\n", "title": "C", "status": "done", "passes": false,
     "verification_verdict": "SKIPPED", "estimated_hours": "soon", "effort": "huge"},
    {"id": "d", "title": "é", "dependencies": {}, "tests": ["x",
      3], "claim": {"worker": "w"}}
  ]
}"#;
    let expected = [
        "2:14 schema - `project` must be a string",
        "2:28 summary-untrue - `total` says 3, the tasks say 4; `complete` says 1, the tasks say 2; the next change corrects it",
        "3:21 duplicate-key - the key `a` occurs twice in this object; the last one counts",
        "5:52 duplicate-key a the key `status` occurs twice in this object; the last one counts",
        "5:62 status-unknown a the status `later` is unknown; the task is not run",
        "5:83 priority-unreadable a the priority cannot be read, so the task ranks last; write a whole number, P0 to P9, critical, high, medium or low",
        "6:12 no-description b the task has neither `title` nor `description`; describe what to do",
        "6:45 complete-not-passed b the task is complete, but `passes` is false; look at it, then `workloop reset` it or set `passes`",
        "6:67 two-spellings b `attempts` and `iterations` are two spellings of one field; `attempts` counts, remove the other",
        "7:12 id-characters  c\\n the id contains control characters, or begins or ends with a blank; change it",
        "8:60 estimate-unreadable  c\\n `estimated_hours` cannot be read; write a number, [low, high] or \"2-3\"",
        "8:78 estimate-unreadable  c\\n `effort` cannot be read; write S, M, L or XL",
        "9:47 field-unusable d `dependencies` must be a list of ids; until then the task is not run",
        "10:7 schema d `tests.1` must be a path or a list of paths",
        "10:20 field-unusable d `claim` must be an object with worker, attempt and since; until then the task is not run",
    ];
    let said = said(text);
    for (ours, theirs) in said.iter().zip(expected) {
        assert_eq!(ours, theirs);
    }
    assert_eq!(said.len(), expected.len(), "{said:#?}");
}

#[test]
fn a_summary_that_counts_nothing_is_said_to() {
    assert_eq!(
        said(r#"{"summary": ["x"], "tasks": []}"#),
        ["1:13 summary-not-counts - `summary` is a list, so it cannot hold counts"]
    );
    assert_eq!(said(r#"{"summary": null, "tasks": []}"#), Vec::<String>::new());
}

#[test]
fn a_budget_of_no_attempt_is_said_to_be_one() {
    let said = said(r#"{"tasks": [{"id": "a", "title": "t", "max_iterations": 0}]}"#);
    let expected = "1:56 budget-zero a `max_iterations` is 0, which counts as 1; `workloop park` \
                    keeps a task from being run";
    assert_eq!(said, [expected]);
}

#[test]
fn places_follow_the_edits() {
    let text = "{\n  \"tasks\": [\n    {\n      \"id\": \"a\",\n      \"title\": \"é\", \"depends_on\": [\"b\", \"ü\"]\n    },\n    {\"id\": \"b\"}\n  ],\n  \"x\": {\"a\": 1, \"a\": 2}\n}\n";
    let mut queue = parse(text);
    let at = |line, column| Position { line, column };
    assert_eq!(queue.locate(0, None, None), at(3, 5));
    assert_eq!(queue.locate(0, Some(Field::Title), None), at(5, 16));
    assert_eq!(queue.locate(0, Some(Field::Dependencies), Some("ü")), at(5, 41));
    assert_eq!(queue.locate(0, Some(Field::Dependencies), Some("nowhere")), at(5, 35));
    assert_eq!(queue.locate(1, Some(Field::Priority), None), at(7, 5));
    assert_eq!(queue.excerpt(at(7, 5)), "7 |     {\"id\": \"b\"}\n  |     ^");
    assert_eq!(queue.excerpt(at(99, 1)), "");
    let one = parse("{\"tasks\": [{\"id\": \"a\", \"dependencies\": [], \"blocked_by\": \"b\"}]}");
    assert_eq!(one.locate(0, Some(Field::Dependencies), Some("b")), at(1, 58));
    step(&mut queue, 0, &claim(1));
    let again = parse(&written(&queue));
    for index in 0..2 {
        for field in Field::all() {
            let (ours, theirs) =
                (queue.locate(index, Some(field), None), again.locate(index, Some(field), None));
            assert_eq!(ours, theirs, "{field:?}");
        }
    }
    assert_eq!(queue.findings(), again.findings());
    assert_eq!(queue.findings().last().unwrap().severity, Severity::Warning);
}

#[test]
fn places_in_one_long_line_are_those_that_counting_finds() {
    let task = |n: usize| format!("{{\"id\":\"{}{n}\"}}", ["é", "z", "\u{1f980}", "ü"][n % 4]);
    let tasks: Vec<String> = (0..400).map(task).collect();
    let text = format!("{{\"x\":\"é\",\n\"tasks\":[{}]}}\r\n\n", tasks.join(","));
    let queue = parse(&text);
    let line = text.lines().nth(1).unwrap();
    for (index, task) in tasks.iter().enumerate() {
        let before = line.split_once(task.as_str()).unwrap().0.chars().count();
        let place = queue.locate(index, None, None);
        assert_eq!(place, Position { line: 2, column: before as u32 + 1 });
        assert_eq!(queue.excerpt(place), excerpt(line, place));
    }
    for column in [0, 1, 2, 4_000, 20_000] {
        let place = Position { line: 2, column };
        assert_eq!(queue.excerpt(place), excerpt(line, place));
    }
    assert_eq!(queue.excerpt(Position { line: 3, column: 1 }), "");
}

#[test]
fn the_schema_is_not_run_over_what_it_says_nothing_of() {
    let many = vec!["1"; 20_000].join(",");
    let task =
        format!(r#"{{"id": "a", "title": "t", "mine": [{many}], "tests": ["x", 7, {many}]}}"#);
    let found = parse(&format!(r#"{{"tasks": [{task}]}}"#)).findings();
    assert!(found.iter().all(|finding| finding.code == "schema"), "{found:?}");
    assert!(found[0].message.starts_with("`tests.1` must be"), "{}", found[0].message);
    // Only the first ten thousand elements of a long list are checked. All but one of them are
    // wrong.
    assert_eq!(found.len(), 9_999);
}
