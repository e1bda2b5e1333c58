//! Reading and writing queues and their journals.

use super::{Q, Somewhere, change, claimed, fails_at, fill, over_each_place, passed, place, tasks};
use crate::domain::{EventKind, QueueIx, Status, Transition};
use crate::platform::trouble;
use crate::store::{Actor, Patience, StoreError, new_event};
use chrono::DateTime;
use serde_json::{Map, json};
use std::sync::{Arc, Mutex};

const FIRST: QueueIx = QueueIx::FIRST;

over_each_place![
    a_queue_is_opened_as_written,
    a_handle_reads_what_another_one_wrote,
    an_update_keeps_every_other_byte,
    a_change_that_fails_writes_nothing,
    notes_wait_and_are_numbered,
    each_line_of_the_journal_names_the_text_before_and_after,
    a_broken_text_is_refused_with_its_position_and_kept,
    a_newer_format_is_read_and_not_written,
    handles_that_write_at_once_lose_nothing,
    an_observer_sees_each_change,
    a_write_that_fails_between_its_steps_is_void,
    a_queue_that_is_only_read_is_never_written,
];

fn a_queue_is_opened_as_written(at: &dyn Somewhere) {
    assert!(at.open(&["none.json"]).is_err());
    fill(at, &["A", "B"]);
    let mut store = at.open(&[Q]).unwrap();
    assert_eq!(store.queues()[FIRST].tasks().len(), 2);
    assert_eq!(store.key(FIRST), at.key(Q));
    assert!(!store.read().unwrap() && store.is_recorded());
    store.check_writable().unwrap();
    store.maintain(Patience::Limited).unwrap();
    assert!(at.events(Q).is_empty());
}

fn a_handle_reads_what_another_one_wrote(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let (mut one, mut two) = (at.open(&[Q]).unwrap(), at.open(&[Q]).unwrap());
    change(&mut *one, "A", &Transition::Park).unwrap();
    assert!(two.read().unwrap());
    assert_eq!(two.queues()[FIRST].tasks()[0].status, Status::Parked);
    // An update reads by itself.
    change(&mut *two, "A", &Transition::Unpark).unwrap();
    assert!(change(&mut *one, "A", &Transition::Unpark).is_err(), "it is pending already");
}

fn an_update_keeps_every_other_byte(at: &dyn Somewhere) {
    let text = "{ \"mine\":[1.50, 7e242],\n\t\"tasks\" : [ {\"id\":\"A\",\"title\":\"a\",\
                \"x\" : {\"b\":1,\"a\":9007199254740993},\"status\":\"pending\"}\n] }\n";
    at.put(Q, text);
    let mut store = at.open(&[Q]).unwrap();
    change(&mut *store, "A", &Transition::Park).unwrap();
    let after = at.text(Q);
    for part in [
        "{ \"mine\":[1.50, 7e242],\n\t",
        "\t\"tasks\" : [ {\"id\":\"A\",",
        "\"x\" : {\"b\":1,\"a\":9007199254740993}",
    ] {
        assert!(after.contains(part), "{after}");
    }
    assert!(after.contains("\"status\":\"parked\""), "{after}");
}

fn a_change_that_fails_writes_nothing(at: &dyn Somewhere) {
    fill(at, &["A", "B"]);
    let before = at.text(Q);
    let mut store = at.open(&[Q]).unwrap();
    let failed = store.update(Patience::Limited, &mut |draft| {
        draft.transition(place(draft, "A"), &Transition::Park, &Actor::Person, Map::new())?;
        Err(StoreError::Rejected("no".to_owned()))
    });
    assert!(matches!(failed, Err(StoreError::Rejected(_))));
    assert_eq!((at.text(Q), at.events(Q).len()), (before, 0));
    // The handle forgot the change too.
    assert_eq!(store.queues()[FIRST].tasks()[0].status, Status::Pending);
    change(&mut *store, "B", &Transition::Park).unwrap();
    assert_eq!(
        (&tasks(at)[0]["status"], &tasks(at)[1]["status"]),
        (&json!("pending"), &json!("parked"))
    );
}

fn notes_wait_and_are_numbered(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let before = at.text(Q);
    let mut store = at.open(&[Q]).unwrap();
    let note = |kind| new_event(kind, DateTime::UNIX_EPOCH, Q.to_owned(), Map::new());
    store.note_later(FIRST, note(EventKind::LoopStarted));
    assert!(at.events(Q).is_empty());
    let noted = store.note(Patience::Limited, FIRST, vec![note(EventKind::LoopFinished)]).unwrap();
    assert_eq!(noted.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2]);
    store.note_later(FIRST, note(EventKind::LoopStarted));
    store.recorded_mut().leave_alone([FIRST].into());
    assert!(store.note_waiting().unwrap().is_empty());
    store.recorded_mut().leave_alone([].into());
    assert_eq!(store.note_waiting().unwrap()[0].seq, 3);
    assert_eq!((at.text(Q), at.events(Q).len()), (before, 3));
}

fn each_line_of_the_journal_names_the_text_before_and_after(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let mut store = at.open(&[Q]).unwrap();
    for transition in [claimed(1), passed()] {
        change(&mut *store, "A", &transition).unwrap();
    }
    let events = at.events(Q);
    let kinds: Vec<EventKind> = events.iter().map(|event| event.event).collect();
    assert_eq!(kinds, [EventKind::Claimed, EventKind::Completed]);
    assert_eq!(events[0].data["after"], events[1].data["before"]);
    assert_eq!(events[1].data["after"], json!(store.queues()[FIRST].text_hash()));
    assert_eq!(events.iter().map(|event| event.seq).collect::<Vec<_>>(), [1, 2]);
    assert!(store.is_recorded() && at.open(&[Q]).unwrap().is_recorded());
}

fn a_broken_text_is_refused_with_its_position_and_kept(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let whole = at.text(Q);
    let mut store = at.open(&[Q]).unwrap();
    at.put(Q, "{\"tasks\": [\n  {\"id\": }\n]}");
    let refused = store.read().unwrap_err();
    let StoreError::Refused(refused) = &refused else { panic!("{refused:?}") };
    assert!(refused.to_string().contains(":2:"), "{refused}");
    assert!(change(&mut *store, "A", &Transition::Park).is_err());
    assert_eq!(at.text(Q), "{\"tasks\": [\n  {\"id\": }\n]}");
    assert_eq!(store.queues()[FIRST].tasks().len(), 1, "the last good state remains");
    at.put(Q, &whole);
    change(&mut *store, "A", &Transition::Park).unwrap();
}

fn a_newer_format_is_read_and_not_written(at: &dyn Somewhere) {
    at.put(Q, r#"{"workloop_format": 99, "tasks": [{"id": "A", "title": "a"}]}"#);
    let mut store = at.open(&[Q]).unwrap();
    assert!(matches!(store.check_writable(), Err(StoreError::Newer { found: 99, .. })));
    let refused = change(&mut *store, "A", &Transition::Park);
    assert!(matches!(refused, Err(StoreError::Newer { .. })), "{refused:?}");
}

fn handles_that_write_at_once_lose_nothing(at: &dyn Somewhere) {
    const HANDLES: usize = 4;
    const EACH: usize = 5;
    fill(at, &[]);
    std::thread::scope(|scope| {
        for handle in 0..HANDLES {
            scope.spawn(move || {
                let mut store = at.open(&[Q]).unwrap();
                for number in 0..EACH {
                    let task = json!({"id": format!("{handle}-{number}"), "title": "t"});
                    let task = task.as_object().unwrap();
                    let add = store
                        .update(Patience::Unlimited, &mut |draft| draft.add(FIRST, task).map(drop));
                    add.unwrap();
                }
            });
        }
    });
    assert_eq!(tasks(at).len(), HANDLES * EACH);
    let numbers: Vec<u64> = at.events(Q).iter().map(|event| event.seq).collect();
    assert_eq!(numbers, (1..=(HANDLES * EACH) as u64).collect::<Vec<_>>());
}

fn an_observer_sees_each_change(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let mut store = at.open(&[Q]).unwrap();
    let seen = Arc::new(Mutex::new(Vec::new()));
    let told = Arc::clone(&seen);
    store.on_change(Box::new(move |queues| {
        told.lock().unwrap().push(queues[FIRST].tasks()[0].status);
        Vec::new()
    }));
    change(&mut *store, "A", &Transition::Park).unwrap();
    assert!(change(&mut *store, "A", &Transition::Park).is_err());
    change(&mut *store, "A", &Transition::Unpark).unwrap();
    assert_eq!(*seen.lock().unwrap(), [Status::Parked, Status::Pending]);
}

fn a_write_that_fails_between_its_steps_is_void(at: &dyn Somewhere) {
    let mut held = 0;
    for number in 0..8 {
        fill(at, &["A"]);
        let mut store = at.open(&[Q]).unwrap();
        change(&mut *store, "A", &Transition::Park).unwrap();
        let before = at.text(Q);
        fails_at(number);
        let made = change(&mut *store, "A", &Transition::Unpark);
        trouble::at_each_moment(|_| Ok(()));
        if made.is_ok() {
            continue;
        }
        held += 1;
        assert_eq!(at.text(Q), before, "moment {number}");
        // Nothing was edited, so nothing is judged, whatever the journal says.
        let mut other = at.open(&[Q]).unwrap();
        let events = other.update(Patience::Limited, &mut |_| Ok(())).unwrap();
        assert!(events.is_empty(), "moment {number}: {events:?}");
        change(&mut *other, "A", &Transition::Unpark).unwrap();
        assert_eq!(tasks(at)[0]["status"], "pending");
    }
    assert!(held > 1, "the steps of a write fail one by one");
}

fn a_queue_that_is_only_read_is_never_written(at: &dyn Somewhere) {
    fill(at, &["A"]);
    at.put("other.json", r#"{"tasks": [{"id": "B", "title": "b", "status": "pending"}]}"#);
    let mut store = at.open(&[Q]).unwrap();
    assert!(!store.watch(&at.key("none.json")) && store.watch(&at.key("other.json")));
    let second = QueueIx::new(1);
    assert_eq!(store.key(second), at.key("other.json"));
    at.put("other.json", r#"{"tasks": [{"id": "B", "title": "b", "status": "complete"}]}"#);
    assert!(store.read().unwrap());
    assert_eq!(store.queues()[second].tasks()[0].status, Status::Complete);
    // A broken one stays as it was last read.
    at.put("other.json", "{");
    change(&mut *store, "A", &Transition::Park).unwrap();
    assert_eq!(store.queues()[second].tasks().len(), 1);
    assert_eq!(at.text("other.json"), "{");
}
