//! `add`: ids, states, duplicates, and what is no task.

use super::*;

fn added(sample: &mut Sample, object: &str) -> Made {
    add(&mut sample.project, &words(&[object]), &[], None)
}

fn keys_of(sample: &Sample, id: &str) -> Vec<String> {
    sample.task(id).as_object().expect("a task").keys().cloned().collect()
}

#[test]
fn a_new_task_gets_the_next_id_and_a_state_where_they_usually_are() {
    let mut sample = Sample::of(json!([task("T-007", &json!({}))]));
    let object = r#"{"type": "bug", "description": "all of it", "title": "new"}"#;
    assert_eq!(added(&mut sample, object).expect("added"), ["T-008"]);
    assert_eq!(keys_of(&sample, "T-008"), ["id", "title", "description", "status", "type"]);
    let wanted = json!({"id": "T-008", "title": "new", "description": "all of it",
        "status": "pending", "type": "bug"});
    assert_eq!(sample.task("T-008"), wanted);
    assert_eq!(sample.events(), [event("added", "T-008")]);
}

#[test]
fn a_task_may_bring_its_id_and_its_state() {
    let mut sample = Sample::of(json!([task("T-1", &json!({})), task("T-2", &json!({}))]));
    let object = r#"{"status": "parked", "title": "t", "id": "own"}"#;
    assert_eq!(added(&mut sample, object).expect("added"), ["own"]);
    // The id is first, and the rest stays as it was given.
    assert_eq!(keys_of(&sample, "own"), ["id", "status", "title"]);
    assert_eq!(sample.task("own")["status"], "parked");
    // `null` is no id and no state.
    let object = r#"{"id": null, "status": null, "title": "u"}"#;
    assert_eq!(added(&mut sample, object).expect("added"), ["T-3"]);
    assert_eq!(sample.task("T-3")["status"], "pending");
}

#[test]
fn the_first_task_of_a_file_is_the_first_of_its_kind() {
    let mut sample = Sample::of(json!([]));
    assert_eq!(added(&mut sample, r#"{"title": "t"}"#).expect("added"), ["T-001"]);
    let mut numbered = Sample::of(json!([{"id": 1, "title": "a"}, {"id": 2, "title": "b"}]));
    assert_eq!(added(&mut numbered, r#"{"title": "t"}"#).expect("added"), ["3"]);
    let queue = &numbered.project.queues()[QueueIx::FIRST];
    assert_eq!(queue.raw(2, Field::Id), Some("3"), "a number among numbers");
}

#[test]
fn the_state_is_written_as_the_file_writes_it() {
    let mut todo = Sample::of(json!([{"id": "A", "title": "a", "state": "Todo"}]));
    assert_eq!(added(&mut todo, r#"{"title": "t"}"#).expect("added"), ["T-001"]);
    assert_eq!(todo.task("T-001"), json!({"id": "T-001", "title": "t", "state": "Todo"}));
    let mut flags = Sample::of(json!([{"id": "A", "title": "a", "done": true}]));
    assert_eq!(added(&mut flags, r#"{"title": "t"}"#).expect("added"), ["T-001"]);
    assert_eq!(flags.task("T-001"), json!({"id": "T-001", "title": "t", "done": false}));
}

#[test]
fn flags_override_the_object() {
    let mut sample = Sample::of(json!([]));
    let said = [
        Said::Field(Field::Title, json!("flag")),
        Said::Files(words(&["a.rs", "b.rs"])),
        Said::Key("custom".to_owned(), json!({"deep": [1]})),
    ];
    let object = words(&[r#"{"id": "A", "title": "object", "priority": 3}"#]);
    assert_eq!(add(&mut sample.project, &object, &said, None).expect("added"), ["A"]);
    let wanted = json!({"id": "A", "title": "flag", "status": "pending", "priority": 3,
        "files": ["a.rs", "b.rs"], "custom": {"deep": [1]}});
    assert_eq!(sample.task("A"), wanted);
}

#[test]
fn numbers_stay_as_they_were_written() {
    let mut sample = Sample::of(json!([]));
    let object =
        r#"{"id": "A", "title": "t", "weight": 1.50, "big": 123456789012345678901234567890}"#;
    added(&mut sample, object).expect("added");
    let text = String::from_utf8(sample.memory.text(&sample.path("q"))).expect("text");
    assert!(text.contains("1.50") && text.contains("123456789012345678901234567890"), "{text}");
}

#[test]
fn work_that_was_found_names_its_origin_and_is_added_once() {
    let mut sample = Sample::of(json!([task("A", &json!({}))]));
    let object = words(&[r#"{"title": "Fix  the Door", "file": "door.rs"}"#]);
    let found = |sample: &mut Sample, by: &str| add(&mut sample.project, &object, &[], Some(by));
    assert_eq!(found(&mut sample, "q:A").expect("added"), ["T-001"]);
    let written = sample.task("T-001");
    assert_eq!(written["discovered_by"], "A", "the id, however it was named");
    let print = written["fingerprint"].as_str().expect("a fingerprint");
    assert!(print.len() == 16 && print.chars().all(|c| c.is_ascii_hexdigit()), "{print}");
    let same = "task T-001 is the same work: it has the same text and the same file";
    refuses(&mut sample, |sample| found(sample, "A"), same);
    refuses(
        &mut sample,
        |sample| added(sample, r#"{"title": "fix the door", "file": "door.rs"}"#),
        same,
    );
    // Another file is other work.
    added(&mut sample, r#"{"title": "fix the door", "file": "window.rs"}"#).expect("added");
    let unknown = "there is no task `no-such` in q.json";
    let object = words(&[r#"{"title": "more"}"#]);
    refuses(&mut sample, |sample| add(&mut sample.project, &object, &[], Some("no-such")), unknown);
}

#[test]
fn work_that_was_removed_from_the_file_is_not_added_again() {
    let queue = json!({"fingerprints": ["0123456789abcdef"], "tasks": [task("A", &json!({}))]});
    let mut sample = Sample::new("", &[("q", queue)], &[]);
    let text = "the same work was added before and removed: fingerprints still lists it";
    let object = r#"{"title": "t", "fingerprint": "0123456789abcdef"}"#;
    refuses(&mut sample, |sample| added(sample, object), text);
}

#[test]
fn what_is_no_task_is_refused() {
    let config = "[agents]\nstrict = true\n[agents.writer]\nrun = \"true\"\n\
                  [[verify]]\nname = \"test\"\nrun = \"true\"\n";
    let mut sample = Sample::with(config, json!([task("A", &json!({}))]));
    let words = "a task needs a title or a description";
    for (object, wanted) in [
        ("{}", words),
        (r#"{"title": " \n"}"#, words),
        (r#"{"title": 5, "description": ""}"#, words),
        (r#"{"title": "t", "claim": null}"#, "a new task cannot already be claimed"),
        (r#"{"title": "t", "id": "A"}"#, "there is already a task `A`"),
        // An id that is in use is reported before the text that is the same.
        (r#"{"title": "A", "id": "A"}"#, "there is already a task `A`"),
        (r#"{"title": "A"}"#, "task A is the same work: it has the same text and the same file"),
        (
            r#"{"title": "t", "max_iterations": -1}"#,
            "`max_iterations` must be a whole number, 0 or more",
        ),
        (r#"{"title": "t", "phase": {}}"#, "`phase` must be a name or a number"),
        (
            r#"{"title": "t", "agent": "wrtier"}"#,
            "unknown agent wrtier (did you mean writer?); there are: writer",
        ),
        (
            r#"{"title": "t", "agent": "writer", "verify": "quick"}"#,
            "unknown profile quick; there are: default",
        ),
    ] {
        refuses(&mut sample, |sample| added(sample, object), wanted);
    }
    added(&mut sample, r#"{"title": "t", "agent": "writer", "verify": "default"}"#).expect("added");
}

#[test]
fn any_name_may_be_written_before_something_is_configured() {
    let mut sample = Sample::of(json!([]));
    added(&mut sample, r#"{"title": "t", "agent": "later", "verify": "later"}"#).expect("added");
}

#[test]
fn all_objects_are_added_or_none() {
    let mut sample = Sample::of(json!([task("T-1", &json!({}))]));
    let objects = words(&[r#"{"title": "one"}"#, r#"{"title": ""}"#]);
    let wanted = "a task needs a title or a description";
    refuses(&mut sample, |sample| add(&mut sample.project, &objects, &[], None), wanted);
    let objects = words(&[r#"{"title": "one"}"#, r#"{"title": "two"}"#, r#"{"title": "ONE"}"#]);
    let wanted = "task T-2 is the same work: it has the same text and the same file";
    refuses(&mut sample, |sample| add(&mut sample.project, &objects, &[], None), wanted);
    let made = add(&mut sample.project, &objects[..2], &[], None).expect("added");
    assert_eq!(made, ["T-2", "T-3"]);
    assert_eq!(add(&mut sample.project, &[], &[], None).expect("nothing"), [] as [&str; 0]);
}
