//! How loops and people find each other.

use super::{Q, Somewhere, change, claimed, edit, fails_at, fill, over_each_place, place, tasks};
use crate::domain::{EventKind, QueueIx, Status, Task, Transition};
use crate::platform::trouble;
use crate::store::control::{
    Asked, Control, Entry, Looping, Request, Serving, Stillness, Whom, Withdrawn,
};
use crate::store::{Actor, Opened, Patience, TaskKey};
use serde_json::{Map, json};
use std::path::{Path, PathBuf};

const FIRST: QueueIx = QueueIx::FIRST;

over_each_place![
    people_reach_the_loops_of_a_queue,
    a_request_to_all_queues_is_one_of_its_own,
    an_entry_that_was_deleted_is_made_again,
    an_edit_of_a_queue_at_rest_is_a_persons,
    queues_of_a_project_find_each_other,
    an_attempt_of_another_queue_of_the_project_counts,
    a_new_queue_is_watched_once,
    what_a_change_asks_does_not_wait_for_its_own_update,
    what_could_not_be_entered_or_taken_is_free,
];

fn enter(opened: &Opened, queue: &Path, name: &str) -> Box<dyn Entry> {
    let about = Looping { name: name.to_owned(), pid: std::process::id(), start: 0, jobs: 1 };
    opened.control.enter(&[queue], &about).unwrap()
}

fn asked(entry: &dyn Entry) -> Asked {
    entry.asked()[0]
}

fn people_reach_the_loops_of_a_queue(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let (opened, queue) = (at.opened(&[Q]).unwrap(), at.key(Q));
    let control: &dyn Control = &*opened.control;
    let paused = || control.asked(&queue, Request::Pause);
    assert_eq!((control.serving(&queue), paused()), (Vec::new(), None));
    assert_eq!(control.refusal(&queue).unwrap(), None);
    let mut entry = enter(&opened, &queue, "00000001");
    let serving = |still| Serving { pid: std::process::id(), still };
    assert_eq!((control.serving(&queue), control.group(&queue).1), (vec![serving(None)], 1));
    assert_eq!((asked(&*entry), entry.strays()), (Asked::default(), Vec::new()));
    control.ask(&queue, Request::Pause, Whom::Queue).unwrap();
    let pause = asked(&*entry).pause.unwrap();
    assert_eq!(paused(), Some(pause));
    // Each loop has to say that nothing runs, and that it judged what was written.
    let said = |judged| [Some(Stillness { asked: pause, judged })];
    let is_still = || (opened.store.is_still(FIRST), control.is_still(&queue));
    assert_eq!(is_still(), (false, false));
    entry.say(&said(false));
    assert_eq!(is_still(), (false, false));
    entry.say(&said(true));
    assert_eq!((is_still(), control.serving(&queue)), ((true, true), vec![serving(Some(pause))]));
    let other = enter(&opened, &queue, "00000002");
    assert_eq!((is_still(), control.serving(&queue).len()), ((false, false), 2));
    drop(other);
    assert_eq!(is_still(), (true, true));
    let withdrawn = control.withdraw(&queue, Whom::Queue).unwrap();
    assert_eq!(withdrawn, Withdrawn { count: 1, ..Withdrawn::default() });
    assert_eq!((is_still(), asked(&*entry)), ((false, false), Asked::default()));
    control.ask(&queue, Request::Stop, Whom::Queue).unwrap();
    assert!(asked(&*entry).stop && control.asked(&queue, Request::Stop).is_some());
    drop(entry);
    assert!(control.serving(&queue).is_empty());
    // A stop is meant for the loops that run when it is asked for.
    assert!(!asked(&*enter(&opened, &queue, "00000003")).stop);
}

fn a_request_to_all_queues_is_one_of_its_own(at: &dyn Somewhere) {
    fill(at, &["A"]);
    at.put("other.json", &json!({"tasks": []}).to_string());
    let (opened, queue, other) = (at.opened(&[Q]).unwrap(), at.key(Q), at.key("other.json"));
    let control: &dyn Control = &*opened.control;
    let entry = enter(&opened, &other, "00000001");
    control.ask(&queue, Request::Pause, Whom::Group).unwrap();
    control.ask(&queue, Request::Stop, Whom::Queue).unwrap();
    let of_other = asked(&*entry);
    assert!(of_other.pause.is_some() && !of_other.stop);
    assert!(control.asked(&queue, Request::Pause).is_some());
    let withdrawn = control.withdraw(&queue, Whom::Queue).unwrap();
    assert_eq!((withdrawn.count, withdrawn.group_is_asked), (1, true));
    assert!(asked(&*entry).pause.is_some());
    control.ask(&other, Request::Stop, Whom::Queue).unwrap();
    let withdrawn = control.withdraw(&queue, Whom::Group).unwrap();
    assert_eq!((withdrawn.count, withdrawn.group_is_asked), (2, false));
    assert_eq!(asked(&*entry), Asked::default());
}

fn an_entry_that_was_deleted_is_made_again(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let (opened, queue) = (at.opened(&[Q]).unwrap(), at.key(Q));
    let mut entry = enter(&opened, &queue, "00000001");
    at.forget();
    assert_eq!(opened.control.serving(&queue).len(), 0);
    entry.keep().unwrap();
    assert_eq!(opened.control.serving(&queue).len(), 1);
}

fn an_edit_of_a_queue_at_rest_is_a_persons(at: &dyn Somewhere) {
    fill(at, &["A", "B"]);
    let mut opened = at.opened(&[Q]).unwrap();
    change(&mut *opened.store, "A", &claimed(1)).unwrap();
    let mut entry = enter(&opened, &at.key(Q), "00000001");
    opened.control.ask(&at.key(Q), Request::Pause, Whom::Queue).unwrap();
    let pause = asked(&*entry).pause.unwrap();
    entry.say(&[Some(Stillness { asked: pause, judged: true })]);
    edit(at, |queue| queue["tasks"][1]["status"] = json!("complete"));
    let mut other = at.opened(&[Q]).unwrap().store;
    other.update(Patience::Limited, &mut |_| Ok(())).unwrap();
    assert_eq!(tasks(at)[1]["status"], "complete");
}

fn queues_of_a_project_find_each_other(at: &dyn Somewhere) {
    fill(at, &["A"]);
    at.put("other.json", &json!({"tasks": [{"id": "X", "title": "x"}]}).to_string());
    let (opened, root, other) = (at.opened(&[Q]).unwrap(), at.key(""), at.key("other.json"));
    let control: &dyn Control = &*opened.control;
    assert!(control.registered(&root).unwrap().is_empty());
    for queue in [&other, &at.key(Q), &other] {
        control.register(&root, queue).unwrap();
    }
    assert_eq!(control.registered(&root).unwrap(), [other.clone(), at.key(Q)]);
    let running = || {
        let runs = |task: &Task| task.status == Status::InProgress;
        let tasks = control.tasks(&other, &runs).unwrap();
        tasks.iter().map(|task| task.id.to_string()).collect::<Vec<_>>()
    };
    assert!(running().is_empty());
    change(&mut *at.open(&["other.json"]).unwrap(), "X", &claimed(1)).unwrap();
    assert_eq!(running(), ["X"]);
    at.put("other.json", "{");
    assert_eq!(running(), ["X"], "it cannot be read now");
    assert!(control.tasks(&at.key("none.json"), &|_| true).unwrap().is_empty());
}

fn an_attempt_of_another_queue_of_the_project_counts(at: &dyn Somewhere) {
    fill(at, &["A"]);
    at.put("other.json", &json!({"tasks": [{"id": "X", "title": "x"}]}).to_string());
    let mut opened = at.opened(&[Q]).unwrap();
    let root: PathBuf = at.key("");
    for queue in [at.key(Q), at.key("other.json")] {
        opened.control.register(&root, &queue).unwrap();
    }
    opened.store.share(vec![root]);
    change(&mut *opened.store, "A", &Transition::Park).unwrap();
    change(&mut *at.open(&["other.json"]).unwrap(), "X", &claimed(1)).unwrap();
    edit(at, |queue| queue["tasks"][0]["status"] = json!("complete"));
    opened.store.update(Patience::Limited, &mut |_| Ok(())).unwrap();
    assert_eq!(tasks(at)[0]["status"], "parked");
}

fn a_new_queue_is_watched_once(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let (opened, queue, root) = (at.opened(&[Q]).unwrap(), at.key(Q), at.key(""));
    let mut wake = opened.control.wake(&[&queue], 1, &[&root], Box::new(|| {}));
    assert!(wake.listen() && !wake.listen());
    let other = at.key("other.json");
    assert!(!wake.also(&[&queue]));
    assert!(wake.also(&[&queue, &other]) && !wake.also(&[&other]));
    wake.rearm();
}

/// A loop takes claims, and looks at the other queues of its project, while it makes a change. A
/// place with one lock for everything would wait here for itself.
fn what_a_change_asks_does_not_wait_for_its_own_update(at: &dyn Somewhere) {
    fill(at, &["A"]);
    at.put("other.json", &json!({"tasks": [{"id": "X", "title": "x"}]}).to_string());
    let Opened { mut store, claims, control } = at.opened(&[Q]).unwrap();
    let (queue, other, root) = (at.key(Q), at.key("other.json"), at.key(""));
    let key = TaskKey::new(&queue, "A");
    control.register(&root, &other).unwrap();
    let mut hold = None;
    let made = store.update(Patience::Limited, &mut |draft| {
        hold = claims.take(&queue, &key)?;
        assert_eq!(claims.last_owner(&queue, "A"), None);
        drop(claims.record(&queue, &key));
        assert_eq!(control.registered(&root)?, std::slice::from_ref(&other));
        assert_eq!(control.tasks(&other, &|_| true)?.len(), 1);
        draft.transition(place(draft, "A"), &claimed(1), &Actor::Person, Map::new())
    });
    assert_eq!(made.unwrap().len(), 1);
    assert!(hold.unwrap().is_valid().unwrap());
    assert_eq!(claims.last_owner(&queue, "A").unwrap().event, EventKind::Claimed);
}

/// What a full disk leaves of an entry or a hold is dropped by the function that failed, perhaps
/// while it has a lock.
fn what_could_not_be_entered_or_taken_is_free(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let (opened, queue) = (at.opened(&[Q]).unwrap(), at.key(Q));
    let key = TaskKey::new(&queue, "A");
    for number in 0..4 {
        fails_at(number);
        let about = Looping { name: "00000001".to_owned(), pid: 1, start: 0, jobs: 1 };
        drop(opened.control.enter(&[&queue], &about));
        drop(opened.claims.take(&queue, &key));
        trouble::at_each_moment(|_| Ok(()));
        assert!(opened.control.serving(&queue).is_empty(), "moment {number}");
        drop(enter(&opened, &queue, "00000001"));
        assert!(opened.claims.take(&queue, &key).unwrap().is_some(), "moment {number}");
    }
}
