//! `edit`: fields, keys, and dependencies that a person drops.

use super::*;

fn edits(sample: &mut Sample, id: &str, change: &Edit) -> Made {
    edit(&mut sample.project, id, change)
}

fn says(said: Vec<Said>) -> Edit {
    Edit { said, ..Edit::default() }
}

fn merges(text: &str) -> Edit {
    let members: Map<String, Value> = serde_json::from_str(text).expect("an object");
    Edit { merge: Some((text.to_owned(), members)), ..Edit::default() }
}

fn drops(ids: &[&str], because: &str) -> Edit {
    let drop = Dropped { ids: words(ids), because: Some(because.to_owned()) };
    Edit { drop, ..Edit::default() }
}

#[test]
fn later_parts_override_earlier_ones_and_the_journal_has_the_new_values() {
    let mut sample =
        Sample::of(json!([task("A", &json!({"note": "old", "gone": 1, "weight": 1}))]));
    let change = Edit {
        unset: words(&["note"]),
        said: vec![
            Said::Field(Field::Title, json!("said")),
            Said::Key("x".to_owned(), json!(null)),
        ],
        ..merges(r#"{"title": "merged", "gone": null, "weight": 2.50}"#)
    };
    assert_eq!(edits(&mut sample, "q:A", &change).expect("edited"), ["A"]);
    let text = String::from_utf8(sample.memory.text(&sample.path("q"))).expect("text");
    assert!(text.contains("2.50"), "{text}");
    let wanted = json!({"id": "A", "title": "said", "status": "pending", "weight": 2.5, "x": null});
    assert_eq!(sample.task("A"), wanted);
    assert_eq!(sample.events(), [event("edited", "A")]);
    let fields = json!({"title": "said", "gone": null, "weight": 2.5, "note": null, "x": null});
    assert_eq!(sample.last_data()["fields"], fields);
    assert_eq!(sample.last_data().get("dropped"), None);
}

#[test]
fn an_edit_without_effect_writes_nothing() {
    let mut sample = Sample::of(json!([task("A", &json!({}))]));
    for change in [
        Edit::default(),
        says(vec![Said::Field(Field::Title, json!("A"))]),
        merges(r#"{"id": "A"}"#),
    ] {
        assert_eq!(edits(&mut sample, "A", &change).expect("nothing to do"), ["A"]);
        assert_eq!(sample.events(), []);
    }
}

#[test]
fn a_key_to_remove_must_exist() {
    let mut sample = Sample::of(json!([task("A", &json!({"note": 1}))]));
    let change = Edit { unset: words(&["nota"]), ..Edit::default() };
    let wanted = "the task has no `nota`; it has id, title, status, note";
    refuses(&mut sample, |sample| edits(sample, "A", &change), wanted);
}

#[test]
fn what_the_program_writes_is_not_edited() {
    let mut sample = Sample::of(json!([task("A", &json!({"attempts": 1})), abandoned("B")]));
    let written = "the program writes that";
    let running = "the program writes that while the task is claimed";
    for (id, text, wanted) in [
        (
            "A",
            r#"{"id": "C"}"#,
            "the id of task A cannot be changed: other tasks and the journal refer to it"
                .to_owned(),
        ),
        (
            "A",
            r#"{"id": null}"#,
            "the id of task A cannot be changed: other tasks and the journal refer to it"
                .to_owned(),
        ),
        ("A", r#"{"claim": {}}"#, format!("claim of task A cannot be edited: {written}")),
        ("B", r#"{"status": "complete"}"#, format!("status of task B cannot be edited: {running}")),
        (
            "B",
            r#"{"title": "b", "attempts": 9, "error": "x", "claim": null}"#,
            format!("attempts, error, claim of task B cannot be edited: {running}"),
        ),
        ("B", r#"{"iterations": 9}"#, format!("iterations of task B cannot be edited: {running}")),
    ] {
        refuses(&mut sample, |sample| edits(sample, id, &merges(text)), &wanted);
    }
    // A value that is already there changes nothing, and a state that no worker has is a person's.
    edits(&mut sample, "B", &merges(r#"{"attempts": 2, "title": "new"}"#)).expect("edited");
    edits(&mut sample, "A", &merges(r#"{"status": "complete", "attempts": 0}"#)).expect("edited");
    assert_eq!(
        (&sample.task("A")["status"], &sample.task("B")["title"]),
        (&json!("complete"), &json!("new"))
    );
}

#[test]
fn a_key_that_holds_the_state_in_other_files_is_an_ordinary_key() {
    let mut sample = Sample::of(json!([abandoned("A")]));
    // In this file, `status` holds the state.
    edits(&mut sample, "A", &merges(r#"{"completed": true, "done": 3}"#)).expect("edited");
    assert_eq!(
        (&sample.task("A")["completed"], &sample.task("A")["status"]),
        (&json!(true), &json!("in_progress"))
    );
    let mut flags = Sample::of(
        json!([{"id": "B", "title": "b", "state": "running", "claim": abandoned("B")["claim"]}]),
    );
    let wanted =
        "state of task B cannot be edited: the program writes that while the task is claimed";
    refuses(&mut flags, |sample| edits(sample, "B", &merges(r#"{"state": "done"}"#)), wanted);
}

#[test]
fn a_value_that_cannot_be_used_is_refused_but_an_old_one_may_stay() {
    let tasks =
        json!([task("A", &json!({})), task("B", &json!({"verify": {"no": 1}, "phase": true}))]);
    let config = "[agents]\nstrict = true\n[agents.writer]\nrun = \"true\"\n[[verify]]\nname = \"test\"\nrun = \"true\"\n";
    let mut sample = Sample::with(config, tasks);
    for (id, text, wanted) in [
        ("A", r#"{"phase": {}}"#, "`phase` must be a name or a number"),
        (
            "A",
            r#"{"not_before": "tomorrow"}"#,
            "`not_before` must be a time such as 2026-01-19T14:35:45Z",
        ),
        ("A", r#"{"agent": "nobody"}"#, "unknown agent nobody; there are: writer"),
        (
            "A",
            r#"{"verify": ["defualt"]}"#,
            "unknown profile defualt (did you mean default?); there are: default",
        ),
        ("B", r#"{"review": 1}"#, "`review` must be true or false"),
    ] {
        refuses(&mut sample, |sample| edits(sample, id, &merges(text)), wanted);
    }
    edits(&mut sample, "B", &merges(r#"{"title": "c"}"#)).expect("edited");
    let mut old =
        Sample::with(config, json!([task("A", &json!({"agent": "nobody", "verify": "gone"}))]));
    edits(&mut old, "A", &merges(r#"{"title": "b"}"#)).expect("edited");
    let wanted = "unknown agent somebody; there are: writer";
    refuses(&mut old, |sample| edits(sample, "A", &merges(r#"{"agent": "somebody"}"#)), wanted);
}

#[test]
fn a_dropped_dependency_is_recorded_with_the_reason() {
    let mut sample = Sample::of(json!([
        task("A", &json!({"depends_on": ["B", "C"], "needs": ["C", "a text"], "requires": "C"})),
        task("B", &json!({})),
        task("C", &json!({})),
    ]));
    assert_eq!(edits(&mut sample, "A", &drops(&["C"], "it is gone")).expect("edited"), ["A"]);
    let first = json!({"id": "C", "because": "it is gone", "at": NOW});
    let after = sample.task("A");
    assert_eq!(
        (&after["depends_on"], &after["needs"], &after["requires"]),
        (&json!(["B"]), &json!(["a text"]), &json!([]))
    );
    assert_eq!(after["dropped_dependencies"], json!([first]));
    assert_eq!(sample.last_data()["dropped"], json!([first]));
    edits(&mut sample, "A", &drops(&["B"], "")).expect("edited");
    let second = json!({"id": "B", "because": "", "at": NOW});
    assert_eq!(sample.task("A")["dropped_dependencies"], json!([first, second]));
    assert_eq!(sample.last_data()["dropped"], json!([second]), "only the new one");
    refuses(
        &mut sample,
        |sample| edits(sample, "A", &drops(&["B"], "again")),
        "task A does not depend on B; it depends on a text",
    );
}

#[test]
fn a_number_is_dropped_like_the_text_that_names_it() {
    let mut sample = Sample::of(json!([
        {"id": 1, "title": "a", "status": "pending", "dependencies": [2, 3], "dropped_dependencies": "older"},
        {"id": 2, "title": "b", "status": "pending"},
        {"id": 3, "title": "c", "status": "pending"},
    ]));
    edits(&mut sample, "1", &drops(&["2", "3"], "no")).expect("edited");
    let queue = &sample.project.queues()[QueueIx::FIRST];
    assert_eq!(queue.value(0, Field::Dependencies), Some(json!([])));
    let record = |id: &str| json!({"id": id, "because": "no", "at": NOW});
    // What was written there by hand is kept.
    let all = json!(["older", record("2"), record("3")]);
    assert_eq!(queue.value(0, Field::DroppedDependencies), Some(all));
}

#[test]
fn a_dependency_that_is_not_there_is_not_dropped() {
    let mut sample = Sample::of(json!([
        task("A", &json!({"blocks": ["B"]})),
        task("B", &json!({})),
        task("C", &json!({"dependencies": ["A"], "steps": [{"id": "s", "depends_on": ["B"]}]})),
    ]));
    for (id, wanted) in [
        ("A", "task A does not depend on X; it depends on nothing"),
        ("C", "task C does not depend on X; it depends on A"),
    ] {
        refuses(&mut sample, |sample| edits(sample, id, &drops(&["X"], "y")), wanted);
    }
    let wanted = "task B waits for A, because `blocks` of A names it; edit that: workloop edit A";
    refuses(&mut sample, |sample| edits(sample, "B", &drops(&["A"], "y")), wanted);
    // One that is there does not help the other.
    let wanted = "task C does not depend on B; it depends on A";
    refuses(&mut sample, |sample| edits(sample, "C", &drops(&["A", "B"], "y")), wanted);
}

#[test]
fn the_command_for_the_other_task_can_be_copied() {
    let tasks = json!([task("its own", &json!({"blocks": ["B"]})), task("B", &json!({}))]);
    let mut sample = Sample::named(" --work-queue q.json", tasks);
    let wanted = "task B waits for its own, because `blocks` of its own names it; edit that: \
                  workloop edit 'its own' --work-queue q.json";
    refuses(&mut sample, |sample| edits(sample, "B", &drops(&["its own"], "y")), wanted);
}
