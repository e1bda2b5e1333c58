//! An edited copy of a task is merged into its current state.

use super::*;

fn base(sample: &Sample) -> Map<String, Value> {
    sample.task("A").as_object().cloned().expect("a task")
}

fn merged(
    sample: &mut Sample,
    base: &Map<String, Value>,
    text: &str,
) -> Result<(Vec<String>, bool), StoreError> {
    let edited = serde_json::from_str(text).expect("an object");
    merge(&mut sample.project, "A", base, (text, &edited))
}

#[test]
fn what_the_program_wrote_meanwhile_is_kept() {
    let mut sample = Sample::of(json!([task("A", &json!({"weight": 1, "gone": true}))]));
    let copy = base(&sample);
    sample.put(
        "q",
        &json!({"tasks": [in_state("A", "parked", &json!({"weight": 1, "gone": true}))]}),
    );
    let text = r#"{"id": "A", "title": "new", "status": "pending", "weight": 1.50, "more": 2.50}"#;
    let made = merged(&mut sample, &copy, text).expect("merged");
    assert_eq!(made, (words(&["A"]), true));
    let wanted = json!({"id": "A", "title": "new", "status": "parked", "weight": 1.5, "more": 2.5});
    assert_eq!(sample.task("A"), wanted);
    let text = String::from_utf8(sample.memory.text(&sample.path("q"))).expect("text");
    assert!(text.contains("1.50") && text.contains("2.50"), "{text}");
    assert_eq!(sample.events(), [event("edited", "A")]);
}

#[test]
fn a_copy_that_was_not_changed_writes_nothing() {
    let mut sample = Sample::of(json!([task("A", &json!({}))]));
    let copy = base(&sample);
    let text = json!(copy).to_string();
    assert_eq!(merged(&mut sample, &copy, &text).expect("merged"), (words(&["A"]), false));
    assert_eq!(sample.events(), []);
}

#[test]
fn a_conflict_shows_both_values() {
    let mut sample = Sample::of(json!([task("A", &json!({"x": 1, "y": 1}))]));
    let copy = base(&sample);
    sample.put("q", &json!({"tasks": [task("A", &json!({"x": [2], "z": "new"}))]}));
    for (text, why) in [
        (
            r#"{"id": "A", "title": "A", "status": "pending", "x": 3, "y": 1}"#,
            "`x` was also changed in the file: it is [2] there now, and you wrote 3",
        ),
        (
            r#"{"id": "A", "title": "A", "status": "pending", "y": 1}"#,
            "`x` was also changed in the file: it is [2] there now, and you wrote nothing",
        ),
        (
            r#"{"id": "A", "title": "A", "status": "pending", "x": 1, "y": {}}"#,
            "`y` was also changed in the file: it is nothing there now, and you wrote {}",
        ),
        (
            r#"{"id": "A", "title": "A", "status": "pending", "x": 1, "y": 1, "z": "old"}"#,
            "`z` was also changed in the file: it is \"new\" there now, and you wrote \"old\"",
        ),
    ] {
        refuses(&mut sample, |sample| merged(sample, &copy, text), why);
    }
}

#[test]
fn a_copy_is_held_to_the_rules_of_an_edit() {
    let mut sample = Sample::of(json!([task("A", &json!({}))]));
    let copy = base(&sample);
    for (text, why) in [
        (
            r#"{"id": "B", "title": "A", "status": "pending"}"#,
            "the id of task A cannot be changed: other tasks and the journal refer to it",
        ),
        (
            r#"{"id": "A", "title": "A", "status": "pending", "review": "yes"}"#,
            "`review` must be true or false",
        ),
    ] {
        refuses(&mut sample, |sample| merged(sample, &copy, text), why);
    }
}

#[test]
fn a_transition_is_made_of_each_named_task() {
    let mut sample = Sample::of(json!([task("A", &json!({})), task("B", &json!({"attempts": 1}))]));
    let because = || "the door is gone".to_owned();
    let block = Transition::Block { because: because() };
    assert_eq!(
        transition(&mut sample.project, &words(&["B", "A"]), &block).expect("blocked"),
        ["B", "A"]
    );
    assert_eq!(
        (&sample.task("A")["status"], &sample.task("A")["error"]),
        (&json!("blocked"), &json!(because()))
    );
    assert_eq!(sample.events(), [event("blocked", "B"), event("blocked", "A")]);
    let why = "task A is blocked: only open work can be blocked; legal now: retry, answer, done, park, cancel, reset";
    refuses(&mut sample, |sample| transition(&mut sample.project, &words(&["A"]), &block), why);
}
