//! What a change makes of the text of a queue and of its journal, without any store.

use crate::domain::{
    ClaimToken, Completion, Event, EventKind, Field, QueueIx, Status, Transition, Verdict,
    WorkerId, Write,
};
use crate::queue::Queue;
use crate::store::draft::runtime_hash;
use crate::store::{Actor, Draft, Place, StoreError, TaskRef, queue_name};
use chrono::{DateTime, TimeZone, Utc};
use serde_json::{Map, Value, json};
use std::collections::HashSet;
use std::path::Path;

const FIRST: Place = Place { queue: QueueIx::FIRST, task: 0 };

fn noon() -> DateTime<Utc> {
    Utc.with_ymd_and_hms(2026, 1, 19, 12, 0, 0).single().expect("a time")
}

fn queue(content: &Value) -> Vec<Queue> {
    let path = Path::new("/project/queues/q.json");
    vec![Queue::parse(path, content.to_string().into_bytes()).expect("a queue")]
}

fn one(task: &Value) -> Vec<Queue> {
    queue(&json!({"tasks": [task]}))
}

/// Returns the first task as it is in the text.
fn text(queues: &[Queue]) -> Value {
    serde_json::from_str(queues[QueueIx::FIRST].task_text(0)).expect("a task")
}

fn data(value: Value) -> Map<String, Value> {
    serde_json::from_value(value).expect("an object")
}

fn hash(queues: &[Queue]) -> String {
    runtime_hash(&queues[QueueIx::FIRST], 0)
}

/// Makes a change. Returns its only event, without the hashes before and after the change, which
/// must be those of the text.
fn event(queues: &mut [Queue], change: impl FnOnce(&mut Draft<'_>)) -> Event {
    let was = hash(queues);
    let mut draft = Draft::new(queues, noon());
    change(&mut draft);
    let mut events = draft.into_events();
    assert_eq!(events.len(), 1, "{events:?}");
    let (ix, mut event) = events.remove(0);
    assert_eq!((ix, event.queue.as_str(), event.v, event.seq), (QueueIx::FIRST, "q.json", 1, 0));
    assert_eq!(event.at, "2026-01-19T12:00:00.000Z");
    if event.task.is_some() {
        assert_eq!(event.data.remove("was"), Some(json!(was)));
        assert_eq!(event.data.remove("is"), Some(json!(hash(queues))));
    }
    event
}

#[test]
fn a_transition_is_written_and_recorded() {
    let mut queues = one(&json!({"id": "A", "status": "pending"}));
    let said = event(&mut queues, |draft| {
        assert_eq!((draft.now(), draft.queues().len()), (noon(), 1));
        let note = data(json!({"note": "n"}));
        draft.transition(FIRST, &Transition::Park, &Actor::Person, note).unwrap();
        assert_eq!(draft.task(FIRST).status, Status::Parked);
    });
    assert_eq!(text(&queues), json!({"id": "A", "status": "parked"}));
    assert_eq!((said.event, said.task.as_deref()), (EventKind::Parked, Some("A")));
    assert_eq!((said.worker, said.attempt), (None, None));
    let fields = json!({"status": "parked"});
    assert_eq!(Value::Object(said.data), json!({"note": "n", "fields": fields}));
}

#[test]
fn a_refused_transition_changes_nothing() {
    let mut queues = one(&json!({"id": "A", "status": "pending"}));
    let before = hash(&queues);
    let mut draft = Draft::new(&mut queues, noon());
    let refused = draft.transition(FIRST, &Transition::Unpark, &Actor::Loop, Map::new());
    assert!(matches!(refused, Err(StoreError::Illegal(_))), "{refused:?}");
    assert_eq!(draft.runtime_hash(FIRST), before);
    assert!(draft.into_events().is_empty());
    assert_eq!(text(&queues), json!({"id": "A", "status": "pending"}));
}

#[test]
fn an_event_says_who_made_the_change() {
    let token = ClaimToken { worker: WorkerId::new("h:1:00000000"), attempt: 2 };
    for (actor, worker, attempt, by) in [
        (Actor::Person, None, None, None),
        (Actor::Loop, None, None, Some(json!("workloop"))),
        (Actor::Worker(token), Some("h:1:00000000"), Some(2), None),
    ] {
        let mut queues = one(&json!({"id": "A"}));
        let said = event(&mut queues, |draft| {
            draft.record(FIRST, EventKind::Paused, &actor, data(json!({"x": 1})));
        });
        assert_eq!((said.worker.as_deref(), said.attempt), (worker, attempt));
        assert_eq!((said.data.get("by"), said.data.get("x")), (by.as_ref(), Some(&json!(1))));
    }
}

#[test]
fn only_verified_work_is_recorded_as_a_whole() {
    let complete = |verdict| {
        let mut queues = one(&json!({"id": "A", "title": "t", "status": "in_progress",
            "attempts": 1, "progress": 5}));
        let said = event(&mut queues, |draft| {
            let done = Transition::Complete(verdict, Completion::default());
            draft.transition(FIRST, &done, &Actor::Loop, Map::new()).unwrap();
        });
        assert_eq!(said.event, EventKind::Completed);
        said.data.get("state").cloned()
    };
    let state = complete(Verdict::Pass).expect("a state");
    let expected = json!({"status": "complete", "attempts": 1, "progress": 5,
        "completed_at": "2026-01-19T12:00:00Z", "passes": true, "verification_verdict": "PASS",
        "files_actually_changed": []});
    assert_eq!(state, expected, "the runtime fields, and no others");
    assert_eq!(complete(Verdict::Skipped), None);
    // A task that passed earlier has no state in other events.
    let mut queues = one(&json!({"id": "A", "status": "complete", "verification_verdict": "PASS"}));
    let said = event(&mut queues, |draft| {
        draft.record(FIRST, EventKind::Progress, &Actor::Loop, Map::new());
    });
    assert_eq!(said.data.get("state"), None);
}

#[test]
fn more_fields_are_written_with_a_transition() {
    let mut queues = one(&json!({"id": "A", "status": "pending"}));
    let said = event(&mut queues, |draft| {
        let more = vec![(Field::CostUsd, Write::Set(json!(0.5)))];
        let by = (&Actor::Person, Map::new());
        draft.transition_and(FIRST, &Transition::Park, more, by).unwrap();
    });
    assert_eq!(text(&queues)["cost_usd"], 0.5);
    assert_eq!(said.data["fields"], json!({"status": "parked", "cost_usd": 0.5}));
}

#[test]
fn a_task_is_added_once() {
    let mut queues = one(&json!({"id": "A"}));
    let mut draft = Draft::new(&mut queues, noon());
    let place = draft.add(QueueIx::FIRST, &data(json!({"id": "B", "title": "b"}))).unwrap();
    assert_eq!(place, Place { task: 1, ..FIRST });
    let again = draft.add_by(&Actor::Loop, QueueIx::FIRST, &data(json!({"id": "B"})));
    assert!(matches!(again, Err(StoreError::Edit(_))), "{again:?}");
    let place = draft.add_by(&Actor::Loop, QueueIx::FIRST, &data(json!({"id": "C"}))).unwrap();
    assert_eq!(draft.task(place).id.as_str(), "C");
    let events: Vec<(EventKind, Option<String>, Option<Value>)> = draft
        .into_events()
        .into_iter()
        .map(|(_, event)| (event.event, event.task, event.data.get("by").cloned()))
        .collect();
    let added = |id: &str, by| (EventKind::Added, Some(id.to_owned()), by);
    assert_eq!(events, [added("B", None), added("C", Some(json!("workloop")))]);
}

#[test]
fn an_edit_of_a_person_is_recorded_if_it_changes_something() {
    let mut queues = one(&json!({"id": "A", "title": "a", "x": 1}));
    let changes = [("title".to_owned(), Some(json!("b"))), ("x".to_owned(), None)];
    let said = event(&mut queues, |draft| {
        draft.edit(FIRST, &changes, data(json!({"note": "n"}))).unwrap();
    });
    assert_eq!(text(&queues), json!({"id": "A", "title": "b"}));
    assert_eq!(said.event, EventKind::Edited);
    let expected = json!({"note": "n", "fields": {"title": "b", "x": null}});
    assert_eq!(Value::Object(said.data), expected);
    let mut draft = Draft::new(&mut queues, noon());
    draft.edit(FIRST, &changes, Map::new()).unwrap();
    draft.set_key(FIRST, "y", Some(&json!(2))).unwrap();
    assert!(draft.into_events().is_empty());
    assert_eq!(text(&queues), json!({"id": "A", "title": "b", "y": 2}));
}

#[test]
fn numbers_stay_as_a_person_wrote_them() {
    let mut queues = one(&json!({"id": "A", "x": 1.5}));
    let mut draft = Draft::new(&mut queues, noon());
    draft.keep_numbers(FIRST, r#"{"id": "A", "x": 1.50}"#).unwrap();
    assert_eq!(queues[QueueIx::FIRST].member(0, "x"), Some("1.50"));
}

#[test]
fn verified_work_is_restored_from_the_journal() {
    let mut queues = one(&json!({"id": "A", "title": "t", "status": "pending", "error": "why",
        "progress": 5}));
    let state = json!({"status": "complete", "attempts": 2, "passes": true,
        "verification_verdict": "PASS"});
    let said = event(&mut queues, |draft| draft.restore(FIRST, &data(state.clone())).unwrap());
    let expected = json!({"id": "A", "title": "t", "status": "complete", "attempts": 2,
        "passes": true, "verification_verdict": "PASS"});
    assert_eq!(text(&queues), expected, "what the journal does not have is removed");
    assert_eq!(said.event, EventKind::Restored);
    assert_eq!(Value::Object(said.data), json!({"fields": state, "by": "workloop"}));
}

#[test]
fn an_edit_is_put_back_and_both_values_are_recorded() {
    let mut queues = one(&json!({"id": "A", "status": "complete", "passes": true, "title": "t"}));
    let kept = [("status".to_owned(), Some(json!("pending"))), ("passes".to_owned(), None)];
    for beside in [true, false] {
        let mut again = queues.clone();
        let said = event(&mut again, |draft| draft.put_back(FIRST, &kept, beside));
        assert_eq!(text(&again), json!({"id": "A", "status": "pending", "title": "t"}));
        assert_eq!(said.event, EventKind::ExternalEdit);
        let back = json!({"status": {"kept": "pending", "found": "complete"},
            "passes": {"kept": null, "found": true}});
        let expected = json!({"put_back": back, "beside": beside, "status": "pending",
            "by": "workloop"});
        assert_eq!(Value::Object(said.data), expected);
    }
    let mut draft = Draft::new(&mut queues, noon());
    draft.put_back(FIRST, &[], true);
    assert!(draft.into_events().is_empty());
}

#[test]
fn phases_are_put_back_once() {
    let with = |barrier: bool| json!({"phases": [{"phase": 1, "barrier": barrier}], "tasks": [{"id": "A", "phase": 1}]});
    let (mut queues, recorded) = (queue(&with(false)), queue(&with(true)));
    let said =
        event(&mut queues, |draft| draft.put_back_phases(QueueIx::FIRST, &recorded[FIRST.queue]));
    assert!(queues[FIRST.queue].phases()[0].barrier);
    assert_eq!((said.event, said.task), (EventKind::ExternalEdit, None));
    let expected = json!({"put_back": {"phases": {"kept": "the phases", "found": "others"}}});
    assert_eq!(Value::Object(said.data), expected);
    let mut draft = Draft::new(&mut queues, noon());
    draft.put_back_phases(QueueIx::FIRST, &recorded[FIRST.queue]);
    assert!(draft.into_events().is_empty());
}

#[test]
fn finished_work_that_was_set_back_is_open_and_its_budget_stays_used() {
    let claim = json!({"worker": "h:1:00000000", "attempt": 1, "since": ""});
    let mut queues = one(&json!({"id": "A", "status": "complete", "claim": claim}));
    let keys = [("attempts".to_owned(), Some(json!(2)))];
    let said = event(&mut queues, |draft| draft.reopen(FIRST, &keys).unwrap());
    assert_eq!(text(&queues), json!({"id": "A", "status": "pending", "attempts": 2}));
    assert_eq!(said.event, EventKind::ExternalEdit);
    assert_eq!(Value::Object(said.data), json!({"set_back": true, "by": "workloop"}));
}

#[test]
fn a_removed_task_is_appended_as_it_was() {
    let mut queues = one(&json!({"id": "A"}));
    let task = data(json!({"id": "B", "x": 1.5}));
    let mut draft = Draft::new(&mut queues, noon());
    draft.add_again(QueueIx::FIRST, &task, r#"{"id": "B", "x": 1.50}"#).unwrap();
    let events = draft.into_events();
    assert_eq!(queues[QueueIx::FIRST].member(1, "x"), Some("1.50"));
    let (_, said) = &events[0];
    assert_eq!((said.event, said.task.as_deref()), (EventKind::ExternalEdit, Some("B")));
    let expected = json!({"task": {"kept": "the task", "found": null}});
    assert_eq!((events.len(), said.data.get("put_back")), (1, Some(&expected)));
}

#[test]
fn what_is_undecided_is_held_as_long_as_its_task_exists() {
    let mut queues = queue(&json!({"tasks": [{"id": "A"}, {"id": "B"}]}));
    let at = |id: &str| TaskRef {
        queue: QueueIx::FIRST,
        id: crate::domain::TaskId::new(id).expect("not empty"),
    };
    let mut draft = Draft::new(&mut queues, noon());
    assert!(!draft.holds_any());
    draft.hold(HashSet::from([at("B"), at("gone")]));
    assert!(draft.holds_any());
    assert_eq!(draft.undecided(&at("A")), None);
    assert_eq!(draft.undecided(&at("B")), Some(Place { task: 1, ..FIRST }));
    assert_eq!(draft.undecided(&at("gone")), None);
}

#[test]
fn a_summary_is_mended_even_if_nothing_else_is_written() {
    let mut queues = queue(&json!({"summary": {"total": 9, "pending": 9}, "tasks": [{"id": "A"}]}));
    let mut draft = Draft::new(&mut queues, noon());
    draft.mend_summary(QueueIx::FIRST);
    assert!(draft.into_events().is_empty());
    let all: Value = serde_json::from_slice(&queues[QueueIx::FIRST].to_bytes()).unwrap();
    let summary = &all["summary"];
    assert_eq!((&summary["total"], &summary["pending"]), (&json!(1), &json!(1)));
}

#[test]
fn the_hash_is_that_of_the_runtime_fields_alone() {
    let hash = |text: &str| {
        let path = Path::new("/q.json");
        let text = format!("{{\"tasks\": [{text}]}}");
        runtime_hash(&Queue::parse(path, text.into_bytes()).expect("a queue"), 0)
    };
    let plain = hash(r#"{"id": "A", "status": "pending"}"#);
    assert_eq!(plain.len(), 16);
    for same in [
        r#"{"id": "B", "title": "t", "status": "pending", "scope": ["a"]}"#,
        r#"{ "status" : "pending" , "id":"A"}"#,
        r#"{"id": "A", "status": "pending", "error": null, "claim": null}"#,
    ] {
        assert_eq!(hash(same), plain, "{same}");
    }
    for other in [
        r#"{"id": "A"}"#,
        r#"{"id": "A", "status": "parked"}"#,
        r#"{"id": "A", "status": "pending", "attempts": 0}"#,
        r#"{"id": "A", "status": "pending", "error": ""}"#,
    ] {
        assert_ne!(hash(other), plain, "{other}");
    }
    let pair = |a: &str, b: &str| hash(&format!(r#"{{"id": "A", {a}, {b}}}"#));
    let (passes, error) = (r#""passes": true"#, r#""error": "x""#);
    assert_eq!(pair(passes, error), pair(error, passes), "the order of the keys does not count");
    assert_eq!(
        hash(r#"{"id": "A", "claim": {"a":1,"b":2}}"#),
        hash(r#"{"id": "A", "claim": { "a": 1, "b": 2 }}"#)
    );
    assert_eq!(queue_name(&one(&json!({"id": "A"}))[QueueIx::FIRST]), "q.json");
}

#[test]
fn phases_that_were_not_there_choose_no_verification() {
    let none = json!({"tasks": [{"id": "A", "phase": 1}]});
    let new = json!({"phases": [{"phase": 1, "barrier": true, "verify": ["weak"]}, {"phase": 2}],
        "tasks": [{"id": "A", "phase": 1}]});
    let (mut queues, recorded) = (queue(&new), queue(&none));
    let said =
        event(&mut queues, |draft| draft.put_back_phases(QueueIx::FIRST, &recorded[FIRST.queue]));
    let found = &queues[FIRST.queue];
    assert!(found.phases()[0].barrier && found.phases().len() == 2);
    assert!(found.phase_profiles().names(&found.tasks()[0]).is_empty());
    let expected = json!({"put_back": {"phases.verify": {"kept": null, "found": "profiles"}}});
    assert_eq!(Value::Object(said.data), expected);
    let mut draft = Draft::new(&mut queues, noon());
    draft.put_back_phases(QueueIx::FIRST, &recorded[FIRST.queue]);
    assert!(draft.into_events().is_empty());
}
