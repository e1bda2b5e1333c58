//! Tests where a change shows in the text: every decision about style, line by line.

use super::*;
use crate::domain::{Field, Status, Write};
use serde_json::{Value, json};

const FOLDER: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/fixtures/queues");

fn fixture(name: &str) -> Queue {
    let path = Path::new(FOLDER).join(name);
    let bytes = std::fs::read(&path).unwrap();
    Queue::parse(&path, bytes).unwrap()
}

#[test]
fn every_fixture_is_written_back_as_it_was() {
    for entry in std::fs::read_dir(FOLDER).unwrap() {
        let path = entry.unwrap().path();
        let bytes = std::fs::read(&path).unwrap();
        let queue = Queue::parse(&path, bytes.clone()).unwrap();
        assert!(queue.to_bytes() == bytes, "{}", path.display());
        assert!(!queue.findings().iter().any(|f| f.code == "schema"), "{}", path.display());
    }
}

/// Returns the lines that differ, as a unified diff without context.
fn diff(before: &str, after: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) =
        (before.split('\n').collect(), after.split('\n').collect());
    let mut table = vec![vec![0_u32; new.len() + 1]; old.len() + 1];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            table[i][j] = if old[i] == new[j] {
                table[i + 1][j + 1] + 1
            } else {
                table[i + 1][j].max(table[i][j + 1])
            };
        }
    }
    let (mut i, mut j, mut out) = (0, 0, String::new());
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || i < old.len() && table[i + 1][j] >= table[i][j + 1] {
            out += &format!("-{}\n", old[i]);
            i += 1;
        } else {
            out += &format!("+{}\n", new[j]);
            j += 1;
        }
    }
    out
}

fn change(queue: &mut Queue, changes: impl FnOnce(&mut Queue)) -> String {
    let before = written(queue);
    changes(queue);
    diff(&before, &written(queue))
}

#[test]
fn a_claim_and_a_completion_in_a_file_of_several_lines() {
    let mut queue = fixture("bakery-features.json");
    insta::assert_snapshot!("bakery_claim", change(&mut queue, |q| step(q, 1, &claim(1))));
    insta::assert_snapshot!("bakery_complete", change(&mut queue, |q| step(q, 1, &complete())));
    insta::assert_snapshot!("bakery_bare_claim", change(&mut queue, |q| step(q, 3, &claim(1))));
}

#[test]
fn tabs_padded_lists_blank_lines_and_own_words() {
    let mut queue = fixture("garden-tasks.json");
    insta::assert_snapshot!("garden_claim", change(&mut queue, |q| step(q, 1, &claim(1))));
    insta::assert_snapshot!("garden_complete", change(&mut queue, |q| step(q, 1, &complete())));
    let task =
        json!({"id": "water", "title": "Water", "depends_on": ["plant"], "empty": [], "x": {}});
    let added = |q: &mut Queue| {
        q.append(task.as_object().unwrap()).unwrap();
    };
    insta::assert_snapshot!("garden_append", change(&mut queue, added));
}

#[test]
fn windows_line_ends_stay() {
    let mut queue = fixture("harbour-crlf.json");
    step(&mut queue, 0, &claim(1));
    step(&mut queue, 0, &complete());
    queue.append(json!({"id": "x", "tags": ["a"]}).as_object().unwrap()).unwrap();
    queue.refresh(now());
    let text = written(&queue);
    assert_eq!(text.matches('\n').count(), text.matches("\r\n").count());
    assert!(text.contains("            \"status\": \"done\",\r\n"), "{text}");
    assert!(
        text.contains("    \"summary\": {\r\n        \"total\": 3,\r\n        \"pending\": 1,\r\n")
    );
    assert!(text.contains("        },\r\n        {\r\n            \"id\": \"x\",\r\n            \"tags\": [\r\n                \"a\"\r\n            ]\r\n        }\r\n    ]\r\n}\r\n"));
}

#[test]
fn a_file_on_one_line_stays_on_one_line() {
    let mut queue = fixture("one-line.json");
    step(&mut queue, 0, &claim(1));
    step(&mut queue, 0, &complete());
    queue.append(json!({"id": "c", "dependsOn": ["a", "b"]}).as_object().unwrap()).unwrap();
    queue.refresh(now());
    insta::assert_snapshot!("one_line", written(&queue));
    let mut queue = fixture("line-per-task.json");
    step(&mut queue, 0, &claim(1));
    step(&mut queue, 0, &complete());
    queue
        .append(json!({"id": "c", "dependencies": ["shelve", "index"]}).as_object().unwrap())
        .unwrap();
    queue.refresh(now());
    insta::assert_snapshot!("line_per_task", written(&queue));
}

#[test]
fn non_ascii_text_follows_the_file() {
    let error = |queue: &mut Queue| {
        queue.apply(0, &vec![(Field::Error, Write::Set(json!("naïve 🍰\u{1b}")))]).unwrap();
        queue.text(0, Field::Error).unwrap()
    };
    let mut queue = fixture("escapes.json");
    assert_eq!(error(&mut queue), "naïve 🍰\u{1b}");
    assert!(queue.task_text(0).contains(r#""error": "na\u00efve \ud83c\udf70\u001b""#));
    assert!(queue.task_text(0).contains(r"\/ \"));
    assert_eq!(queue.index_of("menü"), Some(0));
    let mut queue = fixture("raw-unicode.json");
    assert_eq!(error(&mut queue), "naïve 🍰\u{1b}");
    assert!(queue.task_text(0).contains(r#""error": "naïve 🍰\u001b""#));
    let mut queue = parse(r#"{"tasks": [{"id": "a\u001b"}]}"#);
    error(&mut queue);
    assert!(queue.task_text(0).contains("naïve 🍰"), "an escape of ASCII says nothing");
}

#[test]
fn numbers_and_doubled_keys_stay_as_written() {
    let mut queue = fixture("numbers-and-doubles.json");
    let keep = [r#""a": 1.50, "b": 7e242, "c": 10000000000000000000001, "d": -0, "e": 1E+2,"#];
    step(&mut queue, 0, &claim(1));
    for part in keep {
        assert!(queue.task_text(0).contains(part));
    }
    let text = written(&queue);
    for (key, value) in [("a", json!(1.5)), ("e", json!(100)), ("evidence", json!([1, 2]))] {
        queue.set_key(0, key, Some(&value)).unwrap();
    }
    assert_eq!(text, written(&queue), "equal values are left as they are written");
    queue.set_key(0, "evidence", None).unwrap();
    assert!(!queue.task_text(0).contains("evidence"));
}

#[test]
fn keys_are_removed_with_their_comma_and_line() {
    let text = "{\"tasks\": [\n  {\n    \"a\": 1,\n    \"id\": \"x\",\n    \"b\": 2\n  }\n]}";
    let removed = |keys: &[&str]| {
        let mut queue = parse(text);
        for key in keys {
            queue.set_key(0, key, None).unwrap();
        }
        queue.task_text(0).to_owned()
    };
    assert_eq!(removed(&["a"]), "{\n    \"id\": \"x\",\n    \"b\": 2\n  }");
    assert_eq!(removed(&["b"]), "{\n    \"a\": 1,\n    \"id\": \"x\"\n  }");
    assert_eq!(removed(&["a", "b", "c"]), "{\n    \"id\": \"x\"\n  }");
}

#[test]
fn the_first_tasks_of_an_empty_list() {
    let mut queue = fixture("empty-list.json");
    queue.refresh(now());
    for id in ["one", "two"] {
        queue.append(json!({"id": id, "files": ["a", "b"]}).as_object().unwrap()).unwrap();
    }
    queue.refresh(now());
    insta::assert_snapshot!("empty_list", written(&queue));
    for text in
        ["{\"tasks\":[]}", "{\"tasks\": [ ], \"x\": 1}", "{\n\t\"x\": 1,\n\t\"tasks\": [\n\t]\n}"]
    {
        let mut queue = parse(text);
        queue.append(json!({"id": "one"}).as_object().unwrap()).unwrap();
        queue.append(json!({"id": "two"}).as_object().unwrap()).unwrap();
        queue.refresh(now());
        let value: Value = serde_json::from_slice(&queue.to_bytes()).unwrap();
        assert_eq!(value["tasks"][1]["id"], "two");
        assert_eq!(value["summary"]["total"], 2);
        let read = parse(&written(&queue));
        assert_eq!(read.locate(1, Some(Field::Id), None), queue.locate(1, Some(Field::Id), None));
    }
}

#[test]
fn a_summary_keeps_its_keys_and_their_order() {
    let refreshed = |summary: &str| {
        let text = format!(
            "{{\n  \"summary\": {summary},\n  \"tasks\": [{{\"id\": \"a\", \"status\": \"done\"}}]\n}}"
        );
        let mut queue = parse(&text);
        queue.refresh(now());
        let value: Value = serde_json::from_slice(&queue.to_bytes()).unwrap();
        value["summary"].to_string()
    };
    let table = [
        (
            r#"{"done": 0, "archived": 3, "total": 1.0, "failed": 0, "todo": 7, "x": null}"#,
            r#"{"done":1,"archived":3,"total":1.0,"failed":0,"todo":0,"x":null,"in_progress":0,"parked":0}"#,
        ),
        (
            r#"{"complete": 0, "completed": 0, "blocked": 1, "failed": 9}"#,
            r#"{"complete":1,"completed":1,"blocked":0,"failed":9,"total":1,"pending":0,"in_progress":0,"parked":0}"#,
        ),
        ("{}", r#"{"total":1,"pending":0,"in_progress":0,"blocked":0,"complete":1,"parked":0}"#),
        ("null", r#"{"total":1,"pending":0,"in_progress":0,"blocked":0,"complete":1,"parked":0}"#),
        ("\"in words\"", "\"in words\""),
    ];
    for (before, after) in table {
        assert_eq!(refreshed(before), after);
    }
}

/// A comma before the next task on its line must not lead to a second comma after the last task.
#[test]
fn a_new_task_keeps_to_commas_that_come_first() {
    let text = "{\"tasks\": [\n    {\"id\": \"a\"}\n  , {\"id\": \"b\"}\n]}";
    let mut queue = parse(text);
    queue.append(json!({"id": "c"}).as_object().unwrap()).unwrap();
    assert_eq!(written(&queue), text.replace("\"b\"}", "\"b\"}\n  , {\"id\": \"c\"}"));
}

#[test]
fn a_summary_behind_the_list_is_kept_there() {
    let text = "{\n  \"tasks\": [\n    {\"id\": \"a\"}\n  ],\n  \"summary\": {\n    \"total\": 9\n  }\n}\n";
    let mut queue = parse(text);
    queue.refresh(now());
    assert_eq!(
        written(&queue),
        text.replace(
            "9\n",
            "1,\n    \"pending\": 1,\n    \"in_progress\": 0,\n    \"blocked\": 0,\n    \
             \"complete\": 0,\n    \"parked\": 0\n"
        )
    );
    queue.append(json!({"id": "b"}).as_object().unwrap()).unwrap();
    queue.refresh(now());
    assert!(written(&queue).contains("\"total\": 2,"));
}

#[test]
fn fingerprints_sequence_and_time_are_kept_where_the_file_has_them() {
    let mut queue = fixture("bakery-features.json");
    let task = json!({"id": "NEW-1", "description": "Bake", "file": "x", "status": "pending"});
    queue.append(task.as_object().unwrap()).unwrap();
    queue.refresh(now());
    let value: Value = serde_json::from_slice(&queue.to_bytes()).unwrap();
    assert_eq!(value["sequence"], 5);
    assert_eq!(
        value["fingerprints"],
        json!([crate::queue::fingerprint(task.as_object().unwrap())])
    );
    assert_eq!(value["last_updated"], "2026-02-03T04:05:06Z");
    assert_eq!(value["updated_by"], "workloop");
    assert!(written(&queue).contains("\"fingerprints\": [\n    \""));
    let error = queue.append(task.as_object().unwrap()).unwrap_err();
    assert_eq!(error.to_string(), "there is already a task `NEW-1`");
}

#[test]
fn a_refused_change_leaves_everything_as_it_was() {
    let mut queue = fixture("bakery-features.json");
    let before = (written(&queue), queue.revision(), queue.tasks().to_vec());
    let refusals: [(&str, Option<Value>, &str); 6] = [
        ("id", None, "this task has no `id`; give it one"),
        ("id", Some(json!("OVEN-001")), "there is already a task `OVEN-001`"),
        ("id", Some(json!([7])), "an id must be a string or a whole number, not a list"),
        ("dependencies", Some(json!(true)), "`dependencies` must be a list of ids"),
        ("passes", Some(json!("yes")), "`passes` must be true or false"),
        (
            "claim",
            Some(json!({"worker": "x"})),
            "`claim` must be an object with worker, attempt and since",
        ),
    ];
    for (key, value, text) in refusals {
        let error = queue.set_key(1, key, value.as_ref()).unwrap_err();
        assert_eq!(error.to_string(), text);
    }
    assert!(queue.set_key(99, "x", None).is_err());
    assert!(queue.append(json!({"title": "x"}).as_object().unwrap()).is_err());
    assert!(queue.append(json!({"id": "x", "tests": 7}).as_object().unwrap()).is_err());
    assert_eq!(before, (written(&queue), queue.revision(), queue.tasks().to_vec()));
}

#[test]
fn revision_and_structure_rise_with_what_they_stand_for() {
    let mut queue = fixture("bakery-features.json");
    let (revision, structure) = (queue.revision(), queue.structure());
    step(&mut queue, 1, &claim(1));
    assert!(queue.revision() > revision);
    assert_eq!(queue.structure(), structure);
    queue.set_key(1, "priority", Some(&json!(3))).unwrap();
    assert_ne!(queue.structure(), structure);
    queue.set_key(1, "priority", Some(&json!("P1"))).unwrap();
    assert_eq!(queue.structure(), structure);
    let revision = queue.revision();
    queue.apply(1, &vec![(Field::Status, Write::Status(Status::InProgress))]).unwrap();
    assert_eq!(queue.revision(), revision, "nothing to change");
    queue.set_key(1, "id", Some(&json!("DOUGH-9"))).unwrap();
    assert_eq!((queue.index_of("DOUGH-9"), queue.index_of("DOUGH-001")), (Some(1), None));
}

#[test]
fn one_changed_task_is_a_handful_of_slices() {
    let mut text = "{\"tasks\": [".to_owned();
    text += &(0..1000).map(|n| format!("{{\"id\": \"{n}\"}}")).collect::<Vec<_>>().join(", ");
    text += "]}";
    let mut queue = parse(&text);
    queue.set_key(500, "x", Some(&json!(1))).unwrap();
    assert_eq!(queue.pieces().count(), 3);
    queue.refresh(now());
    assert_eq!(queue.pieces().count(), 4);
}

#[test]
fn slices_stay_few_when_every_task_changes() {
    for start in [0, 3] {
        let mut text = "{\n  \"tasks\": [".to_owned();
        text +=
            &(0..start).map(|n| format!("\n    {{\"id\": \"{n}\"}}")).collect::<Vec<_>>().join(",");
        text += "],\n  \"summary\": {\"total\": 0}\n}";
        let mut queue = parse(&text);
        for n in start..1200 {
            queue
                .append(json!({"id": n.to_string(), "status": "todo"}).as_object().unwrap())
                .unwrap();
        }
        for index in 0..1200 {
            step(&mut queue, index, &claim(1));
            assert!(queue.pieces().count() < 1100);
        }
        let again = parse(&written(&queue));
        assert_eq!((again.tasks(), again.counts()), (queue.tasks(), queue.counts()));
        assert_eq!(again.locate(1199, None, None), queue.locate(1199, None, None));
        assert!(written(&queue).contains("\"in_progress\": 1200"));
        assert_eq!(queue.findings(), again.findings());
    }
}

#[test]
fn a_list_of_fingerprints_grows_by_one_element() {
    let table = [("[\"x\"]", "[\"x\", "), ("[ \"x\",\n\"y\"  ]", "[ \"x\",\n\"y\",\n"), ("7", "7")];
    for (before, after) in table {
        let mut queue = parse(&format!("{{\"fingerprints\": {before}, \"tasks\": []}}"));
        queue.append(json!({"id": "a", "fingerprint": "print"}).as_object().unwrap()).unwrap();
        assert!(written(&queue).starts_with(&format!("{{\"fingerprints\": {after}")), "{before}");
        assert_eq!(written(&queue).matches("\"print\"").count(), if before == "7" { 1 } else { 2 });
    }
}

#[test]
fn work_that_stands_in_the_queue_already_is_known() {
    use crate::queue::Duplicate;
    let text = r#"{"fingerprints": ["0011223344556677"], "tasks": [
        {"id": "a", "description": "Fix the parser", "file": "p.rs"}, {"id": "b", "fingerprint": "own"}]}"#;
    let queue = parse(text);
    let known = |task: Value| queue.duplicate_of(task.as_object().unwrap());
    let same = json!({"description": " fix  the PARSER", "file": "p.rs"});
    assert_eq!(known(same), Some(Duplicate::Task(0)));
    assert_eq!(known(json!({"description": "fix the parser"})), None);
    assert_eq!(known(json!({"title": "x", "fingerprint": "own"})), Some(Duplicate::Task(1)));
    assert_eq!(known(json!({"fingerprint": "0011223344556677"})), Some(Duplicate::Listed));
}

#[test]
fn one_line_heads_with_wide_characters_are_no_trouble() {
    for text in [
        "{\"é\": \"éééééééééééé\", \"tasks\": [{\"é\": 1,\n \"id\": \"ü\"}]}",
        "{\"tasks\": [{\"ééé\": 1,\r\n \"id\": \"ü\"}]}",
    ] {
        let mut queue = parse(text);
        step(&mut queue, 0, &claim(1));
        step(&mut queue, 0, &complete());
        queue.append(json!({"id": "é", "x": [1]}).as_object().unwrap()).unwrap();
        queue.refresh(now());
        assert_eq!(parse(&written(&queue)).tasks(), queue.tasks());
    }
}

#[test]
fn a_new_queue_is_a_queue() {
    let text = crate::queue::new_queue_text("a \"b\"");
    let mut queue = parse(&text);
    queue.refresh(now());
    assert_eq!((written(&queue), queue.project()), (text, Some("a \"b\"")));
    assert_eq!(queue.findings(), []);
}
