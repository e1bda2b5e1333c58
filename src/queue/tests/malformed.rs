//! Tests that files which are not queues are refused, with a position.

use super::*;
use crate::queue::{CODES, Severity};

#[test]
fn the_table_of_malformed_files() {
    let list = |inner: &str| format!("{{\n  \"tasks\": [{inner}]\n}}");
    let deep = list(&format!("{{\"id\": \"a\", \"x\": {}{}}}", "[".repeat(125), "]".repeat(125)));
    let cases: &[(&str, &str, u32, u32)] = &[
        ("", "empty", 1, 1),
        (" \n", "empty", 1, 1),
        ("  17", "not-an-object", 1, 3),
        ("hello", "syntax", 1, 1),
        ("{}", "no-task-list", 1, 1),
        ("{\"tasks\": {}}", "no-task-list", 1, 11),
        ("{\"tasks\": null}", "no-task-list", 1, 11),
        ("{\"tasks\": [], \"features\": []}", "two-task-lists", 1, 15),
        ("{\"tasks\": [", "syntax", 1, 12),
        ("{\"tasks\": [{\"id\": \"a\"}", "syntax", 1, 23),
        ("{\"tasks\": [{\"id\": \"a", "syntax", 1, 19),
        ("{\"tasks\": []", "syntax", 1, 13),
        ("{\"tasks\": []}}", "syntax", 1, 14),
        ("{\"tasks\": []}\n{}", "syntax", 2, 1),
        ("{\"tasks\": [],}", "syntax", 1, 14),
        ("{\n\t\"tasks\": [\n\t\t{\"id\": \"é\" \"title\": 1}]}", "syntax", 3, 14),
        ("{\"tasks\": [{\"id\": NaN}]}", "syntax", 1, 19),
        ("{\"tasks\": [{\"id\": \"a\", \"x\": -Infinity}]}", "syntax", 1, 30),
        ("{\"tasks\": [{\"id\": \"a\", \"x\": 1e999}]}", "number-range", 1, 29),
        ("{\"tasks\": [{\"id\": \"a\", 'x': 1}]}", "syntax", 1, 24),
        ("{\"tasks\": [{\"id\": \"a\tb\"}]}", "syntax", 1, 21),
        ("{\"tasks\": [{\"id\": \"\\ud800\"}]}", "syntax", 1, 20),
        ("{\"tasks\": [1]}", "task-not-object", 1, 12),
        ("{\"tasks\": [{\"id\": \"a\"}, null]}", "task-not-object", 1, 25),
        ("{\"tasks\": [{}]}", "id-missing", 1, 12),
        ("{\"tasks\": [{\"title\": \"x\"}]}", "id-missing", 1, 12),
        ("{\"tasks\": [{\"id\": null}]}", "id-invalid", 1, 19),
        ("{\"tasks\": [{\"id\": \"\"}]}", "id-invalid", 1, 19),
        ("{\"tasks\": [\n{\"id\": \"a\"},\n{\"id\": \"\\u0061\"}]}", "id-duplicate", 3, 8),
        (&deep, "too-deep", 2, 154),
        ("\u{feff}{\"tasks\": []}", "byte-order-mark", 1, 1),
    ];
    refused_at(cases);
    assert_eq!(refused(b"{\"tasks\": [{\"id\": \"\xff\"}]}").code, "encoding");
    assert_eq!(refused(b"\xff\xfe{\0").code, "encoding");
    assert_eq!(refused(&vec![b' '; crate::queue::MAX_BYTES + 1]).code, "too-large");
    assert!(refused(b"").is_syntax() && refused(b"{\"tasks\": [").is_syntax());
    assert!(!refused(b"{}").is_syntax());
}

/// Checks that each text is refused with this code at this position.
fn refused_at(cases: &[(&str, &str, u32, u32)]) {
    for (text, code, line, column) in cases {
        let error = refused(text.as_bytes());
        let place = (error.code, error.position.line, error.position.column);
        assert_eq!(place, (*code, *line, *column), "{text}\n{error}");
        let known = CODES.iter().find(|(known, ..)| known == code).unwrap();
        assert_eq!(known.1, Severity::Error);
        assert!(error.reason.starts_with(|c: char| !c.is_uppercase()), "{error}");
    }
}

#[test]
fn the_table_of_malformed_files_of_other_forms() {
    refused_at(&[
        ("[1]", "task-not-object", 1, 2),
        ("[{}]", "id-missing", 1, 2),
        ("[]\n{}", "syntax", 2, 1),
        ("true", "not-an-object", 1, 1),
        ("{\"queue\": [{\"id\": \"a\"}], \"jobs\": [{\"id\": \"b\"}]}", "two-task-lists", 1, 26),
        ("{\"queue\": [\"a\"], \"jobs\": {\"id\": \"b\"}}", "no-task-list", 1, 1),
        ("{\"queue\": [{\"id\": \"a\"}, 7]}", "task-not-object", 1, 25),
        ("{\"a\": {\"tasks\": [{\"id\": 1}]}}", "no-task-list", 1, 2),
        ("{\"tasks\": [{\"id\": 1.5}]}", "id-invalid", 1, 19),
        ("{\"tasks\": [{\"id\": 1.0}]}", "id-invalid", 1, 19),
        ("{\"tasks\": [{\"id\": 1e3}]}", "id-invalid", 1, 19),
        ("{\"tasks\": [{\"id\": -1}]}", "id-invalid", 1, 19),
        ("{\"tasks\": [{\"id\": 01}]}", "syntax", 1, 20),
        ("{\"tasks\": [{\"id\": 1}, {\"id\": \"1\"}]}", "id-duplicate", 1, 30),
    ]);
}

#[test]
fn nesting_of_127_is_read() {
    let task = |deep: usize| {
        format!("[{{\"id\": \"a\", \"x\": {}{}}}]", "[".repeat(deep), "]".repeat(deep))
    };
    for key in ["tasks", "features", "jobs"] {
        let text = format!("{{\"{key}\": {}}}", task(124));
        assert_eq!(written(&parse(&text)), text);
        assert_eq!(
            refused(text.replace("[[", "[[[").replace("]]", "]]]").as_bytes()).code,
            "too-deep"
        );
    }
    assert_eq!(written(&parse(&task(125))), task(125));
    assert_eq!(refused(task(126).as_bytes()).code, "too-deep");
}

#[test]
fn a_refusal_says_what_is_there_and_what_is_read() {
    let form = "a queue is a list of tasks, `[{\"id\": \"T-1\", \"title\": \"…\"}]`, by itself or \
                under `tasks`";
    let cases = [
        ("{}", format!("there is no list of tasks in this file: the object is empty; {form}")),
        (
            r#"{"name": "x", "tags": ["a"]}"#,
            format!("there is no list of tasks in this file: it has `name`, `tags`; {form}"),
        ),
        (
            r#"{"main": {"tasks": [{"id": 1}]}}"#,
            format!("the tasks are nested too deeply in the file, under `main.tasks`; {form}"),
        ),
        (
            r#"{"phases": [{"name": "x"}, {"subtasks": [{"id": "a"}]}]}"#,
            format!("the tasks are nested too deeply in the file, under `phases[].subtasks`; {form}"),
        ),
        (
            r#"{"tasks": {"build": {"title": "x"}}}"#,
            "`tasks` must be a list of tasks, not an object; write its values as a list, each with \
             its key as `id`"
                .to_owned(),
        ),
        (r#""all""#, format!("the file holds a string; {form}")),
        (
            "{\"id\": 1}\n{\"id\": 2}\n",
            format!("expected nothing more after the closing `}}`: one value per line is not JSON; {form}"),
        ),
        (
            "{\n  // mine\n  \"tasks\": []}",
            "expected a key in double quotes (JSON has no comments)".to_owned(),
        ),
        ("# mine\n[]", "expected a value (JSON has no comments)".to_owned()),
        (
            r#"{"tasks": [] /* all done */}"#,
            "expected `,` or `}` (JSON has no comments)".to_owned(),
        ),
        (
            r#"{"tasks": [{"id": 1.5}]}"#,
            "an id must be a string or a whole number such as 7, not 1.5; write it in quotes if it \
             is a name"
                .to_owned(),
        ),
    ];
    for (text, reason) in cases {
        assert_eq!(refused(text.as_bytes()).reason, reason, "{text}");
    }
}

#[test]
fn a_refusal_shows_the_line() {
    let text = "{\n  \"tasks\": [\n    {\"id\": \"a\",, \"status\": \"todo\"}\n  ]\n}\n";
    assert_eq!(
        refused(text.as_bytes()).to_string(),
        "q.json:3:16: error[syntax]: expected a key in double quotes\n\
         3 |     {\"id\": \"a\",, \"status\": \"todo\"}\n  |                ^"
    );
    assert_eq!(refused(b"").to_string(), "q.json:1:1: error[empty]: the file is empty");
}

#[test]
fn a_key_of_the_other_list_that_is_no_list_is_a_foreign_key() {
    let text = "{\"features\": {\"dark\": true}, \"tasks\": [{\"id\": \"a\"}]}";
    assert_eq!(parse(text).tasks().len(), 1);
}

#[test]
fn of_a_list_that_stands_twice_the_last_one_counts() {
    let text =
        "{\"tasks\": [{\"id\": \"a\"}, {\"id\": \"b\"}], \"tasks\": [{\"id\": \"c\"}], \"x\": 1}";
    let mut queue = parse(text);
    assert_eq!(queue.tasks().len(), 1);
    assert_eq!(written(&queue), text);
    queue.set_key(0, "n", Some(&1.into())).unwrap();
    assert_eq!(written(&queue), text.replace("\"c\"", "\"c\", \"n\": 1"));
    assert_eq!(queue.findings().iter().filter(|f| f.code == "duplicate-key").count(), 1);
}
