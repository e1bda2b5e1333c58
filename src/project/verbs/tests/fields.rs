//! Under which key, and how, a field that a person names is written.

use super::super::fields::{id_text, keys};
use super::*;

/// Returns the keys that a field changes in task `id`, or in a new task if it is empty.
fn changed(tasks: &Value, id: &str, said: Said) -> Value {
    let sample = Sample::of(tasks.clone());
    let queue = &sample.project.queues()[QueueIx::FIRST];
    let index = (!id.is_empty()).then(|| queue.index_of(id).expect("a task"));
    json!(keys(queue, index, &[said]))
}

fn field(field: Field, value: &Value) -> Said {
    Said::Field(field, value.clone())
}

#[test]
fn a_field_is_written_in_the_spelling_of_the_task_or_else_of_the_file() {
    let tasks = json!([
        task("A", &json!({"depends_on": ["B"], "blockedBy": [], "agent_type": "x"})),
        task("B", &json!({"dependencies": [], "due": "2026-01-01"})),
        task("C", &json!({})),
    ]);
    for (id, said, wanted) in [
        // Other spellings of a list would add to it, so they are removed.
        (
            "A",
            field(Field::Dependencies, &json!(["C"])),
            json!([["blockedBy", null], ["depends_on", ["C"]]]),
        ),
        ("B", field(Field::Dependencies, &json!(["C"])), json!([["dependencies", ["C"]]])),
        ("C", field(Field::Dependencies, &json!(["B"])), json!([["dependencies", ["B"]]])),
        ("C", field(Field::Agent, &json!("y")), json!([["agent_type", "y"]])),
        ("", field(Field::Deadline, &json!("z")), json!([["due", "z"]])),
        ("", field(Field::Tags, &json!(["t"])), json!([["tags", ["t"]]])),
        // A key is written exactly as it was typed.
        ("A", Said::Key("dependencies".to_owned(), json!([1])), json!([["dependencies", [1]]])),
    ] {
        assert_eq!(changed(&tasks, id, said.clone()), wanted, "{id} {said:?}");
    }
}

#[test]
fn one_path_is_a_file_and_several_are_files_unless_the_task_has_one_of_them() {
    let tasks = json!([
        task("file", &json!({"file": "a"})),
        task("files", &json!({"files": ["a", "b"]})),
        task("modify", &json!({"files_to_modify": ["a"]})),
        task("both", &json!({"file": "a", "files": ["b"]})),
        task("none", &json!({})),
    ]);
    let (one, two) = (words(&["x"]), words(&["x", "y"]));
    for (id, paths, wanted) in [
        ("file", &one, json!([["file", "x"]])),
        ("file", &two, json!([["file", null], ["files", ["x", "y"]]])),
        ("files", &one, json!([["files", ["x"]]])),
        ("files", &two, json!([["files", ["x", "y"]]])),
        ("modify", &one, json!([["files_to_modify", ["x"]]])),
        ("both", &one, json!([["files", null], ["file", "x"]])),
        ("both", &two, json!([["file", null], ["files", ["x", "y"]]])),
        ("none", &one, json!([["file", "x"]])),
        ("none", &two, json!([["files", ["x", "y"]]])),
        ("", &one, json!([["file", "x"]])),
    ] {
        let found = changed(&tasks, id, Said::Files(paths.clone()));
        assert_eq!(found, wanted, "{id} {paths:?}");
    }
}

#[test]
fn phases_are_numbers_where_the_file_numbers_them() {
    let numbered = json!([
        task("A", &json!({"phase": null, "track": "t", "epic": -1, "parent": 7})),
        task("B", &json!({"phase": 1, "track": 3})),
    ]);
    for (name, given, wanted) in [
        (Field::Phase, "2", json!(2)),
        (Field::Phase, "-2", json!(-2)),
        (Field::Phase, "two", json!("two")),
        (Field::Phase, "2.5", json!("2.5")),
        (Field::Epic, "4", json!(4)),
        // The first value decides, and it is a name here.
        (Field::Track, "2", json!("2")),
        (Field::Sprint, "2", json!("2")),
        (Field::Title, "2", json!("2")),
    ] {
        let found = changed(&numbered, "A", field(name, &json!(given)));
        assert_eq!(found[0][1], wanted, "{name:?} {given}");
    }
    let named = json!([task("A", &json!({}))]);
    assert_eq!(changed(&named, "A", field(Field::Phase, &json!("2")))[0][1], "2");
}

#[test]
fn a_task_is_named_by_a_number_where_its_id_is_one() {
    let numbers = json!([{"id": 1, "title": "a"}, {"id": 2, "title": "b"}]);
    let list = |ids: Value| changed(&numbers, "1", field(Field::Dependencies, &ids))[0][1].clone();
    assert_eq!(list(json!(["2", "x", "02"])), json!([2, "x", "02"]));
    // An id that is new is written like those that are there.
    assert_eq!(list(json!(["9"])), json!([9]));
    assert_eq!(changed(&numbers, "1", field(Field::Parent, &json!("2")))[0][1], json!(2));
    let mixed = json!([{"id": 1, "title": "a"}, {"id": "2", "title": "b"}]);
    let parent = |id: &str| changed(&mixed, "1", field(Field::Parent, &json!(id)))[0][1].clone();
    assert_eq!((parent("1"), parent("2"), parent("9")), (json!(1), json!("2"), json!("9")));
}

#[test]
fn an_id_is_a_text_or_a_number() {
    for (value, wanted) in [
        (json!("A"), Some("A")),
        (json!(7), Some("7")),
        (json!(-1), Some("-1")),
        (json!(null), None),
        (json!(true), None),
        (json!(["A"]), None),
        (json!({"id": "A"}), None),
    ] {
        assert_eq!(id_text(&value).as_deref(), wanted, "{value}");
    }
}
