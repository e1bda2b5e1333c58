//! How loops and people find each other.

use super::{Q, Somewhere, change, claimed, edit, fill, for_each_store, tasks};
use crate::domain::{QueueIx, Status, Task, Transition};
use crate::store::control::{Asked, Control, Entry, Looping, Stillness};
use crate::store::{Opened, Patience};
use serde_json::json;
use std::path::{Path, PathBuf};

const FIRST: QueueIx = QueueIx::FIRST;

for_each_store![
    people_reach_the_loops_of_a_queue,
    an_entry_that_was_deleted_is_made_again,
    an_edit_of_a_queue_at_rest_is_a_persons,
    queues_of_a_project_find_each_other,
    an_attempt_of_another_queue_of_the_project_counts,
    a_new_queue_is_watched_once,
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
    assert_eq!((control.loops(&queue), control.paused(&queue)), (0, None));
    let mut entry = enter(&opened, &queue, "00000001");
    assert_eq!(control.loops(&queue), 1);
    assert_eq!((asked(&*entry), entry.strays()), (Asked::default(), Vec::new()));
    at.pause(Q, true);
    let pause = asked(&*entry).pause.unwrap();
    assert_eq!(control.paused(&queue), Some(pause));
    // Each loop has to say that nothing runs, and that it judged what was written.
    let said = |judged| [Some(Stillness { asked: pause, judged })];
    assert!(!opened.store.is_still(FIRST));
    entry.say(&said(false));
    assert!(!opened.store.is_still(FIRST));
    entry.say(&said(true));
    assert!(opened.store.is_still(FIRST));
    let other = enter(&opened, &queue, "00000002");
    assert!(!opened.store.is_still(FIRST) && control.loops(&queue) == 2);
    drop(other);
    assert!(opened.store.is_still(FIRST));
    at.pause(Q, false);
    assert!(!opened.store.is_still(FIRST) && asked(&*entry) == Asked::default());
    at.stop(Q);
    assert!(asked(&*entry).stop);
    drop(entry);
    assert_eq!(control.loops(&queue), 0);
}

fn an_entry_that_was_deleted_is_made_again(at: &dyn Somewhere) {
    fill(at, &["A"]);
    let (opened, queue) = (at.opened(&[Q]).unwrap(), at.key(Q));
    let mut entry = enter(&opened, &queue, "00000001");
    at.forget();
    assert_eq!(opened.control.loops(&queue), 0);
    entry.keep().unwrap();
    assert_eq!(opened.control.loops(&queue), 1);
}

fn an_edit_of_a_queue_at_rest_is_a_persons(at: &dyn Somewhere) {
    fill(at, &["A", "B"]);
    let mut opened = at.opened(&[Q]).unwrap();
    change(&mut *opened.store, "A", &claimed(1)).unwrap();
    let mut entry = enter(&opened, &at.key(Q), "00000001");
    at.pause(Q, true);
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
