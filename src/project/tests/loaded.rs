//! What belongs to a loaded project, and changes that are made to all its tasks or to none.

use super::*;
use crate::domain::Transition;
use crate::queue::Queue;
use crate::store::{Actor, TaskKey};
use serde_json::Map;
use std::path::Path;

fn park(draft: &mut crate::store::Draft<'_>, place: Place) -> Result<(), StoreError> {
    draft.transition(place, &Transition::Park, &Actor::Person, Map::new())
}

fn two(tasks: Value) -> Sample {
    let other = json!({"tasks": [task("X", &json!({}))]});
    Sample::new("", &[("q", json!({ "tasks": tasks }))], &[("other", other)])
}

#[test]
fn one_change_is_made_to_all_named_tasks() {
    let mut sample = Sample::of(json!([task("A", &json!({})), task("B", &json!({}))]));
    assert_eq!(sample.project.each(&words(&["B", "q:A"]), park).expect("parked"), ["B", "A"]);
    assert_eq!(
        (&sample.task("A")["status"], &sample.task("B")["status"]),
        (&json!("parked"), &json!("parked"))
    );
    let parked = |id: &str| ("parked".to_owned(), id.to_owned());
    assert_eq!(sample.events(), [parked("B"), parked("A")]);
    assert_eq!(sample.project.each(&[], park).expect("nothing"), [] as [&str; 0]);
}

#[test]
fn nothing_is_written_if_one_task_cannot_be_changed() {
    let done = json!({"status": "complete", "passes": true});
    let tasks = json!([task("A", &json!({})), task("D", &done)]);
    for (ids, why) in [
        (
            ["A", "D"],
            "task D is complete: only work that is not complete can be parked; legal now: reset",
        ),
        (["A", "no-such"], "there is no task `no-such` in q.json"),
        // The second change meets what the first one left.
        (
            ["A", "A"],
            "task A is parked: only work that is not complete can be parked; legal now: unpark, done, reset",
        ),
    ] {
        let mut sample = Sample::of(tasks.clone());
        let before = sample.memory.text(&sample.path("q"));
        assert_eq!(refusal(sample.project.each(&words(&ids), park)), why);
        assert_eq!(sample.memory.text(&sample.path("q")), before, "{ids:?}");
        assert_eq!(sample.events(), []);
    }
}

#[test]
fn a_queue_is_loaded_as_soon_as_a_task_refers_to_it() {
    let mut sample = two(json!([task("A", &json!({}))]));
    assert_eq!(sample.project.queues().len(), 1);
    assert!(!sample.project.follow());
    for (field, name) in
        [("dependencies", "other:X"), ("blocks", "other.json#X"), ("needs", "other:X")]
    {
        let mut sample = two(json!([task("A", &json!({}))]));
        sample.put("q", &json!({"tasks": [task("A", &json!({field: [name]}))]}));
        sample.project.store_mut().read().expect("read");
        assert!(sample.project.follow(), "{name}");
        assert!(!sample.project.follow(), "it is loaded already");
        let (set, queues) = sample.parts();
        assert_eq!((set.served(), queues.len()), (1, 2));
        assert!(set.serves(QueueIx::FIRST) && !set.serves(SECOND));
        assert_eq!(sample.project.served().len(), 1);
        let other = set.queue(SECOND);
        assert_eq!(
            (other.name(), other.stem(), other.shown().to_string()),
            ("other", "other", "other.json".to_owned())
        );
        assert_eq!(other.task("X"), TaskKey::new(&sample.path("other"), "X"));
    }
    // A queue that does not exist, or text that names none.
    for name in ["nowhere:X", "nowhere.json#X", "X", "a plan", ":", "#"] {
        sample.put("q", &json!({"tasks": [task("A", &json!({"needs": [name]}))]}));
        sample.project.store_mut().read().expect("read");
        assert!(!sample.project.follow(), "{name}");
    }
}

#[test]
fn an_id_of_the_own_queue_with_a_colon_refers_to_no_other_queue() {
    let tasks =
        json!([task("A", &json!({"dependencies": ["other:X"]})), task("other:X", &json!({}))]);
    assert_eq!(two(tasks).project.queues().len(), 1);
}

#[test]
fn a_queue_that_cannot_be_read_is_left_out() {
    let tasks = json!([task("A", &json!({"dependencies": ["other:X"]}))]);
    let served = [("q", json!({ "tasks": tasks }))];
    let mut sample = Sample::new("", &served, &[("other", json!("no queue"))]);
    assert_eq!(sample.project.queues().len(), 1);
    sample.put("other", &json!({"tasks": [task("X", &json!({}))]}));
    assert!(sample.project.follow());
    assert_eq!(sample.place("other:X").queue, SECOND);
}

#[test]
fn the_files_that_loops_write_are_the_queues_and_the_board() {
    let tasks = json!({"tasks": [task("A", &json!({"dependencies": ["other:X"]}))]});
    let served = [("q", tasks)];
    let others = [("other", json!({"tasks": [task("X", &json!({}))]}))];
    let sample = Sample::new("", &served, &others);
    let queues = [sample.path("q"), sample.path("other")];
    assert_eq!(sample.project.set().own_files(), queues);
    let with_board = |path: &str| {
        let config = format!("[board]\npath = \"{path}\"\n");
        let sample = Sample::new(&config, &served, &others);
        let files = sample.project.set().own_files();
        let root = sample.dir.path().canonicalize().expect("a folder");
        assert_eq!(files.len(), 3);
        files[2].strip_prefix(root).expect("inside").to_owned()
    };
    assert_eq!(with_board("BOARD.md"), Path::new("BOARD.md"));
    // A folder that does not exist has no real path yet.
    assert!(with_board("no/such/BOARD.md").ends_with("no/such/BOARD.md"));
}

#[test]
fn the_board_is_known_by_its_real_path() {
    let sample = Sample::of(json!([]));
    let root = sample.dir.path().canonicalize().expect("a folder");
    std::fs::create_dir(root.join("docs")).expect("made");
    std::os::unix::fs::symlink(root.join("docs"), root.join("link")).expect("linked");
    let mut set = sample.project.set().as_ref().clone();
    set.config.board.path = Some(root.join("link/BOARD.md"));
    assert_eq!(set.own_files(), [sample.path("q"), root.join("docs/BOARD.md")]);
}

#[test]
fn a_person_needs_no_claim_and_an_agent_has_its_limit() {
    let sample = Sample::with(
        "[agents.default]\nrun = \"true\"\n[agents.Test-Writer]\nrun = \"true\"\nmax_parallel = 2\n\
         [types]\nchore = { agent = \"human\" }\n",
        json!([
            task("plain", &json!({})),
            task("named", &json!({"agent": "test writer"})),
            task("other", &json!({"agent": "No One"})),
            task("manual", &json!({"agent": "manual"})),
            task("typed", &json!({"type": "chore"})),
            task("gate", &json!({"type": "gate", "agent": "Some-Body"})),
            {"id": "claimed", "title": "c", "status": "in_progress", "agent": "manual",
             "claim": {"worker": "h:1:00000000", "attempt": 1, "since": ""}},
        ]),
    );
    let set = sample.project.set();
    for (id, name, most, manual, persons) in [
        ("plain", "default", None, false, false),
        ("named", "Test-Writer", Some(2), false, false),
        ("other", "default", None, false, false),
        ("manual", "manual", None, true, true),
        ("typed", "", None, true, true),
        ("gate", "somebody", None, false, false),
        ("claimed", "manual", None, true, false),
    ] {
        let place = sample.place(id);
        let task = &sample.project.queues()[place.queue].tasks()[place.task];
        let limit = set.limit(task);
        assert_eq!(
            (limit.name.as_str(), limit.max_parallel, limit.manual),
            (name, most, manual),
            "{id}"
        );
        assert_eq!(set.is_persons(task), persons, "{id}");
    }
    let unknown =
        Sample::with("[agents.a]\nrun = \"true\"\n", json!([task("A", &json!({"agent": "B-b"}))]));
    let limit = unknown.project.set().limit(&unknown.project.queues()[0].tasks()[0]);
    assert_eq!((limit.name.as_str(), limit.manual), ("bb", false), "the task is blocked later");
}

#[test]
fn the_planner_gets_each_queue_with_its_name_path_and_root() {
    let other =
        json!({"project": "p", "phases": [{"id": "one"}], "tasks": [task("X", &json!({}))]});
    let sample = Sample::new("", &[("q", json!({"tasks": []})), ("other", other)], &[]);
    let (set, queues) = sample.parts();
    let tasks = set.tasks(queues);
    let root = sample.dir.path().canonicalize().expect("a folder");
    let shown: Vec<_> = tasks.iter().map(|one| (one.name, one.path, one.tasks.len())).collect();
    assert_eq!(
        shown,
        [("q", sample.path("q").as_path(), 0), ("other", sample.path("other").as_path(), 1)]
    );
    assert!(tasks.iter().all(|one| one.root == root));
    assert_eq!(set.all_roots().collect::<Vec<_>>(), [root.as_path(), root.as_path()]);
    assert_eq!(set.each_served().collect::<Vec<_>>(), [QueueIx::FIRST, SECOND]);
    assert_eq!(set.state(SECOND), *set.queue(SECOND).state());
}

#[test]
fn a_project_can_be_split_into_its_names_and_its_store() {
    let sample = Sample::of(json!([task("A", &json!({}))]));
    let (set, store) = sample.project.into_parts();
    assert_eq!((set.served(), store.queues().len()), (1, 1));
    let ids: Vec<_> =
        store.queues().iter().flat_map(Queue::tasks).map(|task| task.id.to_string()).collect();
    assert_eq!(ids, ["A"]);
}

#[test]
fn a_change_that_is_made_again_because_the_file_was_saved_meanwhile_counts_once() {
    let mut sample = Sample::of(json!([task("A", &json!({})), task("B", &json!({}))]));
    let (memory, path) = (sample.memory.clone(), sample.path("q"));
    let mut calls = 0;
    let made = sample.project.each(&words(&["A", "B"]), |draft, place| {
        calls += 1;
        if calls == 1 {
            let tasks = json!([task("B", &json!({})), task("A", &json!({"title": "new"}))]);
            memory.put(&path, json!({ "tasks": tasks }).to_string());
        }
        park(draft, place)
    });
    assert_eq!((made.expect("parked"), calls), (words(&["A", "B"]), 4));
    let after = sample.task("A");
    assert_eq!((&after["title"], &after["status"]), (&json!("new"), &json!("parked")));
    assert_eq!(sample.events().len(), 2);
}
