//! Tests lists, words, numbers, steps and fingerprints at their borders.

use super::*;
use crate::domain::{Field, Status};
use crate::queue::{Duplicate, as_written, fingerprint};
use serde_json::{Value, json};

fn tasks(list: &[&str]) -> Queue {
    parse(&format!("{{\"tasks\": [{}]}}", list.join(", ")))
}

#[test]
fn equal_strings_of_a_list_count_once_in_the_order_of_the_first() {
    let read = |ids: &[String]| {
        let list = json!(ids).to_string();
        let queue =
            tasks(&[&format!("{{\"id\": \"t\", \"dependencies\": {list}, \"tags\": {list}}}")]);
        let task = &queue.tasks()[0];
        assert_eq!(task.dependencies(), task.tags());
        task.dependencies().iter().map(ToString::to_string).collect::<Vec<_>>()
    };
    // Short lists are compared pair by pair, longer ones sorted, and huge ones in parts.
    for count in [1_usize, 2, 15, 16, 17, 40, 4095, 4096, 4097] {
        let all: Vec<String> = (0..count).map(|n| format!("a{n}")).collect();
        assert_eq!(read(&all), all, "{count}");
        let mut doubled = all.clone();
        doubled.extend(all.iter().rev().cloned());
        doubled.insert(1, "a0".into());
        assert_eq!(read(&doubled), all, "{count}");
    }
    let same = vec!["x".to_owned(); 20_000];
    assert_eq!(read(&same), ["x"]);
}

#[test]
fn the_most_frequent_word_of_a_state_is_written_and_the_first_of_equals() {
    let word = |words: &[&str], state: Status| {
        let one =
            |(at, word): (usize, &&str)| format!("{{\"id\": \"{at}\", \"status\": \"{word}\"}}");
        let all: Vec<String> = words.iter().enumerate().map(one).collect();
        tasks(&all.iter().map(String::as_str).collect::<Vec<_>>()).status_word(state)
    };
    for (words, state, expected) in [
        (&["done", "completed"][..], Status::Complete, "done"),
        (&["completed", "done"], Status::Complete, "completed"),
        (&["completed", "done", "done"], Status::Complete, "done"),
        (&["Done", "DONE", "DONE"], Status::Complete, "DONE"),
        (&[], Status::Complete, "complete"),
        (&["done"], Status::Pending, "pending"),
        (&["todo"], Status::Pending, "todo"),
        (&["failed"], Status::Blocked, "failed"),
        (&["doing"], Status::InProgress, "doing"),
        (&["icebox"], Status::Parked, "icebox"),
        (&["someday"], Status::Pending, "pending"),
    ] {
        assert_eq!(word(words, state), expected, "{words:?}");
    }
}

#[test]
fn a_word_whose_last_use_is_gone_stays_the_word_of_the_file() {
    let mut queue = tasks(&[r#"{"id": "a", "status": "todo"}"#]);
    step(&mut queue, 0, &claim(1));
    step(&mut queue, 0, &Transition::Interrupt { reason: "gone".into() });
    assert!(written(&queue).contains(r#""status": "todo""#), "{}", written(&queue));
}

#[test]
fn a_key_is_added_as_the_file_spells_it() {
    let queue = tasks(&[
        r#"{"id": "a", "iterations": 1}"#,
        r#"{"id": "b", "attempts": 1}"#,
        r#"{"id": "c"}"#,
    ]);
    assert_eq!(queue.key_for(Some(0), Field::Attempts), "iterations");
    assert_eq!(queue.key_for(Some(1), Field::Attempts), "attempts");
    // Of a file with both, the preferred spelling.
    assert_eq!(queue.key_for(Some(2), Field::Attempts), "attempts");
    assert_eq!(queue.key_for(None, Field::Attempts), "attempts");
    let queue = tasks(&[r#"{"id": "a", "iterations": 1}"#, r#"{"id": "c"}"#]);
    assert_eq!(queue.key_for(Some(1), Field::Attempts), "iterations");
    assert_eq!(queue.key_for(None, Field::Error), "error");
}

#[test]
fn the_state_of_a_new_task_is_where_most_tasks_have_it() {
    let of = |list: &[&str]| tasks(list).state_member(Status::Complete);
    assert_eq!(of(&[]), ("status", json!("complete")));
    assert_eq!(of(&[r#"{"id": "a", "passes": true}"#]), ("passes", json!(true)));
    assert_eq!(of(&[r#"{"id": "a", "completed": false}"#]), ("completed", json!(true)));
    assert_eq!(of(&[r#"{"id": "a", "state": "Done"}"#]), ("state", json!("Done")));
    let mixed = [r#"{"id": "a", "done": true}"#, r#"{"id": "b", "status": "done"}"#];
    assert_eq!(of(&mixed), ("status", json!("done")), "of equals the first in the order of keys");
    let more = [mixed[0], r#"{"id": "c", "done": false}"#, mixed[1]];
    assert_eq!(of(&more), ("done", json!(true)));
    // A blocked task has a word beside a flag that cannot express it, which decides nothing.
    let blocked = [r#"{"id": "a", "done": false}"#, r#"{"id": "b", "status": "blocked"}"#];
    assert_eq!(of(&blocked), ("done", json!(true)));
}

#[test]
fn a_task_from_outside_says_its_state_under_any_of_the_keys() {
    let says = |task: Value| Queue::says_state(task.as_object().expect("an object"));
    for key in ["status", "state", "passes", "done", "completed"] {
        assert!(says(json!({"id": "a", key: true})) || says(json!({"id": "a", key: "x"})), "{key}");
    }
    assert!(!says(json!({"id": "a", "title": "x"})));
    assert!(!says(json!({})));
}

#[test]
fn numbers_are_kept_as_they_were_written_where_the_value_is_the_same() {
    for (text, original, expected) in [
        ("1.5", "1.50", "1.50"),
        ("[1,2.0]", "[1, 2.00]", "[1,2.00]"),
        ("[1,2.0]", "[1.0, 2.00]", "[1,2.0]"),
        ("{\"a\":1e3}", "{\"a\": 1000.0}", "{\"a\":1000.0}"),
        ("1.5", "1.6", "1.5"),
        ("[1.5]", "[1.50, 2]", "[1.5]"),
        ("\"1.5\"", "\"1.5\"", "\"1.5\""),
        ("[\"1.5\", 2.5]", "[\"1.5\", 2.50]", "[\"1.5\", 2.50]"),
        ("[\"a\\\"1\", 2.5]", "[\"a\\\"1\", 2.50]", "[\"a\\\"1\", 2.50]"),
        ("-0.5", "-5e-1", "-5e-1"),
        ("x", "x", "x"),
        ("", "", ""),
    ] {
        assert_eq!(as_written(text, original), expected, "{text} {original}");
    }
}

#[test]
fn numbers_of_a_task_are_restored_key_by_key() {
    let mut queue = tasks(&[r#"{"id": "a", "estimated_hours": 1.5, "x": [1.0, 2], "y": 3.0}"#]);
    let original = r#"{"estimated_hours": 1.50, "x": [1.00, 2], "y": 4.0, "z": 1.0}"#;
    queue.keep_numbers(0, original).expect("kept");
    assert_eq!(
        queue.task_text(0),
        r#"{"id": "a", "estimated_hours": 1.50, "x": [1.00, 2], "y": 3.0}"#
    );
}

#[test]
fn steps_out_of_order_are_told_by_the_names_that_they_have() {
    let said = |steps: &str| {
        let queue = tasks(&[&format!("{{\"id\": \"a\", \"title\": \"x\", \"steps\": {steps}}}")]);
        let found = queue.findings().into_iter().find(|found| found.code == "step-order");
        found.map(|found| found.message.split(',').next().unwrap_or_default().to_owned())
    };
    let told = |step: &str, first: &str| Some(format!("step {step} is listed before step {first}"));
    assert_eq!(said(r#"[{"id": "p", "depends_on": "q"}, {"id": "q"}]"#), told("p", "q"));
    assert_eq!(said(r#"[{"title": "p", "depends_on": [2]}, {"title": "q"}]"#), told("p", "2"));
    assert_eq!(said(r#"[{"depends_on": [2]}, {}]"#), told("1", "2"));
    assert_eq!(
        said(r#"[{"step": 1}, {"number": 5, "dependencies": [6]}, {"number": 6}]"#),
        told("5", "6")
    );
    // Itself, an earlier one, none of them, and one of both.
    assert_eq!(said(r#"[{"id": "p", "depends_on": "p"}]"#), told("p", "p"));
    assert_eq!(said(r#"[{"id": "p"}, {"id": "q", "depends_on": "p"}]"#), None);
    assert_eq!(said(r#"[{"id": "p", "depends_on": "other"}]"#), None);
    assert_eq!(said(r#"[{"id": "p"}, {"id": "q", "depends_on": "p"}, {"id": "p"}]"#), None);
    assert_eq!(said(r#"[{"id": "p", "depends_on": null}, "q"]"#), None);
}

#[test]
fn tasks_that_steps_name_are_dependencies_of_their_task() {
    let queue = tasks(&[
        r#"{"id": "a", "steps": [{"id": "s1", "depends_on": ["T-1", "s2", "1"]}, {"name": "s2", "requires": "T-2"},
            {"title": "s3", "dependsOn": ["T-1", "T-3"]}]}"#,
    ]);
    let named = queue.tasks()[0].list(Field::Steps);
    assert_eq!(named.iter().map(ToString::to_string).collect::<Vec<_>>(), ["T-1", "T-3"]);
}

#[test]
fn the_same_work_is_found_by_its_words_its_own_print_or_the_list() {
    let print = fingerprint(json!({"title": "Fix the parser"}).as_object().expect("an object"));
    let text = format!(
        "{{\"fingerprints\": [\"0000000000000000\", 7, \"{print}\"], \"tasks\": [\
         {{\"id\": \"a\", \"description\": \"Add\\n  it\", \"title\": \"other\"}}, \
         {{\"id\": \"b\", \"title\": \"b\", \"fingerprint\": \"mine\"}}, \
         {{\"id\": \"c\", \"title\": \"c\", \"file\": \" src/c.rs \"}}]}}"
    );
    let queue = parse(&text);
    let of = |task: Value| queue.duplicate_of(task.as_object().expect("an object"));
    for (task, expected) in [
        (json!({"title": "ADD it"}), Some(Duplicate::Task(0))),
        (json!({"title": "other"}), None),
        (json!({"title": "new", "fingerprint": "mine"}), Some(Duplicate::Task(1))),
        (json!({"title": "b"}), Some(Duplicate::Task(1))),
        (json!({"title": "c"}), None),
        (json!({"title": "c", "file": "src/c.rs"}), Some(Duplicate::Task(2))),
        (json!({"description": " fix THE parser"}), Some(Duplicate::Listed)),
        (json!({"title": "x", "fingerprint": "0000000000000000"}), Some(Duplicate::Listed)),
        (json!({"title": "x", "fingerprint": ""}), None),
        (json!({"title": "x", "fingerprint": 7}), None),
    ] {
        assert_eq!(of(task.clone()), expected, "{task}");
    }
}

#[test]
fn keys_and_members_of_a_task_are_those_of_its_text() {
    let queue = tasks(&[r#"{"id": "a", "x": [1, 2], "\u0079": null, "x": 3}"#]);
    assert_eq!(queue.keys(0), ["id", "x", "y"]);
    assert_eq!(queue.member(0, "x"), Some("3"), "the last one counts");
    assert_eq!((queue.member(0, "y"), queue.member(0, "z")), (Some("null"), None));
    assert_eq!(queue.value(0, Field::Id), Some(json!("a")));
    assert_eq!(queue.value(0, Field::Title), None);
    assert_eq!(queue.text(0, Field::Id).as_deref(), Some("a"));
    assert_eq!(queue.title(0), "a");
    assert_eq!((queue.index_of("a"), queue.index_of("b")), (Some(0), None));
}

#[test]
fn a_refused_edit_says_why_and_changes_nothing() {
    let text = r#"{"tasks": [{"id": "a", "title": "x"}, {"id": "b"}]}"#;
    let mut queue = parse(text);
    let refused = [
        queue.set_key(0, "id", Some(&json!("b"))).unwrap_err(),
        queue.set_key(0, "id", None).unwrap_err(),
        queue.set_key(0, "id", Some(&json!(""))).unwrap_err(),
        queue.set_key(0, "title", Some(&json!(3))).unwrap_err(),
        queue.set_key(7, "title", Some(&json!("x"))).unwrap_err(),
        queue.append(json!({"id": "a"}).as_object().expect("an object")).unwrap_err(),
        queue.append(json!({"title": "x"}).as_object().expect("an object")).unwrap_err(),
        queue.append(json!({"id": "c", "tests": 3}).as_object().expect("an object")).unwrap_err(),
    ];
    let said: Vec<String> = refused.iter().map(ToString::to_string).collect();
    assert!(said[0].contains('b') && said[5].contains('a'), "{said:?}");
    assert!(
        said.iter().all(|text| !text.is_empty() && !text.starts_with(char::is_uppercase)),
        "{said:?}"
    );
    assert_eq!((written(&queue).as_str(), queue.revision()), (text, parse(text).revision()));
}
