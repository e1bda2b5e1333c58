//! Which answers of an agent reach which tasks.

use super::super::answers::give;
use super::*;

/// A task that asked `to`, in this state.
fn asking(status: &str, to: &str) -> Value {
    json!({"id": "B", "title": "b", "status": status, "verification_verdict": "BLOCKED",
        "error": "question: which?",
        "open_question": {"code": "question", "text": "which of them?", "to": to}})
}

/// Gives these answers and notes. Returns the task that asked, and the events.
fn given(asker: Value, answers: Value, notes: Value) -> (Value, Vec<Noted>) {
    let case = Case::new("", json!([claimed("A", 1), asker]));
    let mut finished = case.failed("A");
    finished.result.answers = serde_json::from_value(answers).unwrap();
    finished.result.notes_for = serde_json::from_value(notes).unwrap();
    let mut queues = case.queues();
    let mut draft = Draft::new(&mut queues, at(0));
    give(&mut draft, case.place("A"), &finished).unwrap();
    (written(&draft, case.place("B")), events(draft))
}

#[test]
fn an_answer_returns_the_task_that_asked() {
    let both = (json!({"B": "this one"}), json!({"B": "read the other"}));
    for (answers, notes) in [
        (json!({"B": "this one"}), json!({})),
        (json!({}), json!({"B": "this one"})),
        // Of both, the answer counts.
        both,
        (json!({"B": "this one", "C": "nobody"}), json!({"D": "nobody"})),
    ] {
        let (task, events) = given(asking("blocked", "A"), answers, notes);
        assert_eq!(task["status"], "pending");
        let answer = json!({"question": "which of them?", "answer": "this one",
            "at": "2020-09-13T12:26:40Z", "by": "A"});
        assert_eq!(task["answers"], json!([answer]));
        let [(kind, data)] = events.as_slice() else { panic!("{events:?}") };
        assert_eq!((kind.as_str(), &data["answered_by"]), ("answered", &json!("A")));
    }
}

#[test]
fn what_was_asked_of_somebody_else_waits() {
    let plain = json!({"id": "B", "title": "b", "status": "blocked"});
    for (why, asker, text) in [
        ("another task was asked", asking("blocked", "C"), "this one"),
        ("it does not wait any more", asking("pending", "A"), "this one"),
        ("the answer is empty", asking("blocked", "A"), " \n"),
        ("nothing was asked", plain, "this one"),
    ] {
        let (task, events) = given(asker.clone(), json!({"B": text}), json!({}));
        assert_eq!((task, events), (asker, Vec::new()), "{why}");
    }
}
