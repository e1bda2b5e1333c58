//! Edits by others: which are taken and which are put back.

use super::{Q, Somewhere, change, claimed, edit, fill, over_each_place, passed, tasks};
use crate::domain::{EventKind, QueueIx, Status, Transition};
use crate::store::{Patience, QueueStore};
use serde_json::json;

const FIRST: QueueIx = QueueIx::FIRST;

over_each_place![
    an_edit_without_attempts_is_a_persons,
    an_edit_beside_an_attempt_is_put_back,
    a_task_that_is_added_beside_an_attempt_permits_itself_nothing,
    what_is_left_alone_is_judged_later,
    finished_work_that_was_set_back_waits_for_a_decision,
    an_edit_of_a_queue_that_is_only_read_counts_once_it_is_recorded,
    an_edit_found_by_a_write_that_failed_is_judged_by_the_next,
];

fn judge(store: &mut dyn QueueStore) -> Vec<EventKind> {
    let events = store.update(Patience::Limited, &mut |_| Ok(())).unwrap();
    events.iter().map(|event| event.event).collect()
}

fn an_edit_without_attempts_is_a_persons(at: &dyn Somewhere) {
    fill(at, &["A", "B"]);
    let mut store = at.open(&[Q]).unwrap();
    change(&mut *store, "B", &Transition::Park).unwrap();
    assert!(!store.is_unjudged());
    edit(at, |queue| queue["tasks"][0]["status"] = json!("complete"));
    assert!(store.read().unwrap() && store.is_unjudged());
    assert_eq!(judge(&mut *store), [EventKind::ExternalEdit]);
    assert!(!store.is_unjudged());
    assert_eq!(tasks(at)[0]["status"], "complete");
    assert_eq!(judge(&mut *at.open(&[Q]).unwrap()), [], "it is recorded now");
}

fn an_edit_beside_an_attempt_is_put_back(at: &dyn Somewhere) {
    fill(at, &["A", "B"]);
    let mut store = at.open(&[Q]).unwrap();
    change(&mut *store, "A", &claimed(1)).unwrap();
    edit(at, |queue| {
        queue["tasks"][1]["status"] = json!("complete");
        queue["tasks"][1]["title"] = json!("better");
        queue["tasks"].as_array_mut().unwrap().push(json!({"id": "C", "status": "complete"}));
    });
    // Another process judges it by the same evidence.
    let mut other = at.open(&[Q]).unwrap();
    assert!(judge(&mut *other).contains(&EventKind::ExternalEdit));
    let now = tasks(at);
    assert_eq!((&now[1]["status"], &now[1]["title"]), (&json!("pending"), &json!("better")));
    assert_eq!(now[2]["status"], "pending", "nobody verified a new task");
    // A removed task comes back.
    edit(at, |queue| drop(queue["tasks"].as_array_mut().unwrap().remove(1)));
    judge(&mut *store);
    assert_eq!(tasks(at).len(), 3);
}

fn a_task_that_is_added_beside_an_attempt_permits_itself_nothing(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let mut store = at.open(&[Q]).unwrap();
    change(&mut *store, "A", &claimed(1)).unwrap();
    edit(at, |queue| {
        let new = queue["tasks"].as_array_mut().unwrap();
        new.push(json!({"id": "B", "title": "b"}));
        new.push(json!({"id": "C", "title": "c", "files": ["check.sh"], "verify": "none"}));
        new.push(json!({"id": "D", "title": "d", "may_change_tests": true}));
        new.push(json!({"id": "E", "title": "e", "tests": ["t"], "discovered_by": "A"}));
    });
    judge(&mut *store);
    let now = tasks(at);
    let by = |task: usize| now[task].get("discovered_by").cloned().unwrap_or_default();
    assert_eq!(
        [by(1), by(2), by(3), by(4)],
        [json!(null), json!("unknown"), json!("unknown"), json!("A")]
    );
    assert_eq!((now[2].get("verify"), &now[2]["files"]), (None, &json!(["check.sh"])));
    // A person who adds one while nothing runs decides about it.
    change(&mut *store, "A", &Transition::Release).unwrap();
    edit(at, |queue| {
        let new = queue["tasks"].as_array_mut().unwrap();
        new.push(json!({"id": "F", "title": "f", "may_change_tests": true, "verify": "none"}));
    });
    judge(&mut *store);
    assert_eq!(tasks(at)[5].get("discovered_by"), None);
}

fn what_is_left_alone_is_judged_later(at: &dyn Somewhere) {
    fill(at, &["A", "B"]);
    let mut store = at.open(&[Q]).unwrap();
    change(&mut *store, "A", &claimed(1)).unwrap();
    store.recorded_mut().leave_alone([FIRST].into());
    edit(at, |queue| queue["tasks"][1]["status"] = json!("complete"));
    let edited = at.text(Q);
    store.read().unwrap();
    assert!(!store.is_unjudged());
    judge(&mut *store);
    assert_eq!(at.text(Q), edited);
    assert!(!store.look_when_still(FIRST).unwrap().is_empty());
    assert_eq!(tasks(at)[1]["status"], "pending");
}

fn finished_work_that_was_set_back_waits_for_a_decision(at: &dyn Somewhere) {
    fill(at, &["A", "B"]);
    let mut store = at.open(&[Q]).unwrap();
    change(&mut *store, "A", &claimed(1)).unwrap();
    let earlier = at.text(Q);
    change(&mut *store, "A", &passed()).unwrap();
    at.put(Q, &earlier);
    judge(&mut *store);
    assert_eq!(tasks(at)[0]["status"], "pending");
    let waits = store.undecided();
    assert_eq!(waits.len(), 1);
    // Others know too, and nothing of it can be claimed unnoticed.
    let mut other = at.open(&[Q]).unwrap();
    other.see_undecided().unwrap();
    assert_eq!(other.undecided(), waits);
    let task = other.recorded().undecided().next().unwrap();
    let state = other.recorded().state_before(&task).cloned().unwrap();
    let restored = other.update(Patience::Limited, &mut |draft| {
        assert!(draft.holds_any());
        let place = draft.undecided(&task).unwrap();
        draft.restore(place, &state)
    });
    assert_eq!(restored.unwrap().len(), 1);
    assert_eq!(other.queues()[FIRST].tasks()[0].status, Status::Complete);
    store.see_undecided().unwrap();
    assert!(store.undecided().is_empty());
    // Set back once more, and decided the other way.
    at.put(Q, &earlier);
    judge(&mut *store);
    store.decide(std::slice::from_ref(&task));
    other.see_undecided().unwrap();
    assert!(other.undecided().is_empty());
}

fn an_edit_of_a_queue_that_is_only_read_counts_once_it_is_recorded(at: &dyn Somewhere) {
    fill(at, &["A"]);
    at.put("other.json", r#"{"tasks": [{"id": "X", "title": "x"}, {"id": "Y", "title": "y"}]}"#);
    let mut server = at.open(&["other.json"]).unwrap();
    change(&mut *server, "X", &claimed(1)).unwrap();
    let mut reader = at.open(&[Q]).unwrap();
    reader.watch(&at.key("other.json"));
    let text = at.text("other.json").replace(r#""title": "y""#, r#""title": "y", "passes": true"#);
    at.put("other.json", &text);
    judge(&mut *reader);
    let seen = |store: &dyn QueueStore| store.queues()[QueueIx::new(1)].tasks()[1].status;
    assert_eq!(seen(&*reader), Status::Pending);
    assert_eq!(at.text("other.json"), text, "a reader changes nothing");
    change(&mut *server, "Y", &Transition::Park).unwrap();
    judge(&mut *reader);
    assert_eq!(seen(&*reader), Status::Parked);
}

fn an_edit_found_by_a_write_that_failed_is_judged_by_the_next(at: &dyn Somewhere) {
    use crate::platform::trouble;
    use std::io;
    fill(at, &["A", "B"]);
    let mut store = at.open(&[Q]).unwrap();
    change(&mut *store, "A", &claimed(1)).unwrap();
    edit(at, |queue| queue["tasks"][1]["status"] = json!("complete"));
    // The lines are written, and the text is not.
    let mut writes = 0;
    trouble::at_each_moment(move |moment| {
        writes += usize::from(moment == trouble::Moment::Before);
        if writes > 1 { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    });
    let failed = at.open(&[Q]).unwrap().update(Patience::Limited, &mut |_| Ok(()));
    trouble::at_each_moment(|_| Ok(()));
    assert!(failed.is_err());
    assert_eq!(tasks(at)[1]["status"], "complete");
    judge(&mut *at.open(&[Q]).unwrap());
    assert_eq!(tasks(at)[1]["status"], "pending");
}
