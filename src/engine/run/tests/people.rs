//! What people and other loops do to the tasks of a running loop.

use super::WhenEmpty;
use super::ends::{End, carries, fails, interrupted, passes};
use super::play::{CONFIG, Play, task, with};
use crate::domain::{Transition, Verdict};
use crate::engine::attempt::CameTo;
use crate::project::Scope;
use crate::project::verbs;
use serde_json::{Map, Value, json};
use std::fs;

/// Returns the state of a task after a person made this transition of it while its attempt ran, and
/// what was begun.
fn during(transition: Transition) -> (String, Vec<String>) {
    let play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .then(move |at| at.person("A", &transition))
        .waits(2)
        .then(|at| {
            assert!(at.is_cancelled("A"), "the loop ends what is not its own any more");
            assert_eq!(at.site.begun.borrow().len(), 1, "its processes may still run");
            at.end("A", interrupted());
        });
    let ran = play.go();
    (ran.status("A"), ran.begun())
}

#[test]
fn a_verb_that_takes_a_task_away_ends_its_attempt() {
    let once = ["A in 0", "B in 0"].map(str::to_owned).to_vec();
    let because = "not now".to_owned();
    assert_eq!(during(Transition::Cancel), ("parked".to_owned(), once.clone()));
    assert_eq!(during(Transition::Park), ("parked".to_owned(), once.clone()));
    assert_eq!(during(Transition::Block { because }), ("blocked".to_owned(), once));
    // The attempt has its lock until it is over, so another task is claimed before.
    let again = ["A in 0", "B in 0", "A in 0"].map(str::to_owned).to_vec();
    assert_eq!(during(Transition::Release), ("complete".to_owned(), again));
}

#[test]
fn an_attempt_at_another_task_goes_on() {
    let mut play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .stays("B")
        .then(|at| at.person("A", &Transition::Cancel))
        .then(|at| {
            assert!(at.is_cancelled("A") && !at.is_cancelled("B"));
            at.end("A", interrupted());
            at.end("B", passes());
        });
    play.chosen.jobs = 2;
    let ran = play.go();
    assert_eq!((ran.status("B"), ran.end().0), ("complete".to_owned(), 0));
}

#[test]
fn a_task_that_a_person_puts_back_is_done_in_the_same_run() {
    let retry = |at: &super::outside::Outside| {
        let details = |_, _: &str| Map::new();
        verbs::retry(&mut at.site.open(), &["A".to_owned()], None, &details).unwrap();
    };
    let mut play = Play::with("untouched = false\nattempts = 1\n", json!([task("A")]))
        .ends("A", [fails()])
        .waits(3)
        .then(retry)
        .waits(3)
        .then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    let ran = play.go();
    assert_eq!((ran.begun().len(), ran.status("A")), (2, "complete".to_owned()));
    assert_eq!((&ran.task("A")["attempts"], &ran.task("A")["budget_used"]), (&json!(2), &json!(1)));
}

#[test]
fn a_task_that_a_person_did_is_not_done_again() {
    let done = |at: &super::outside::Outside| {
        let note = None;
        let done = Transition::Done { by: "jo".to_owned(), note, verdict: Verdict::Skipped };
        at.person("B", &done);
    };
    let needs = with(task("C"), json!({"dependencies": ["A", "B"]}));
    let play = Play::new(json!([task("A"), task("B"), needs])).stays("A").then(done);
    let ran = play.then(|at| at.end("A", passes())).go();
    assert_eq!(ran.begun(), ["A in 0", "C in 0"]);
    assert_eq!(ran.task("B")["completed_by"], "jo");
}

/// Returns a task that process 9 has claimed.
fn theirs(id: &str) -> Value {
    let claim = json!({"worker": "h:9:00000000", "attempt": 1, "since": "", "host": "0123abcd",
        "boot": "4567cdef", "start": 1});
    with(task(id), json!({"status": "in_progress", "attempts": 1, "claim": claim}))
}

#[test]
fn a_run_waits_for_another_loop_whose_task_its_own_ones_need() {
    let needs = with(task("B"), json!({"dependencies": ["A"]}));
    let mut play = Play::new(json!([theirs("A"), needs])).waits(5).then(|at| {
        assert_eq!(*at.site.begun.borrow(), Vec::<String>::new());
        at.person("A", &Transition::Release);
    });
    play.chosen.alive = vec![9];
    let ran = play.go();
    assert_eq!(ran.said("waits"), ["waiting for tasks of other workers"]);
    assert_eq!((ran.begun().join(", "), ran.end().0), ("A in 0, B in 0".to_owned(), 0));
    // A task for which nothing of ours waits is left to the other loop.
    let mut play = Play::new(json!([theirs("A"), task("B")]));
    play.chosen.alive = vec![9];
    let ran = play.go();
    assert_eq!(ran.end(), (7, "1 of 2 complete; 1 with other workers".to_owned()));
}

#[test]
fn a_loop_whose_state_folder_is_deleted_goes_on() {
    let play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .then(|at| {
            at.site.place.forget_beside(&at.site.key("q.json"));
            let serving = at.site.control().serving(&at.site.key("q.json"));
            assert_eq!(serving.len(), 0);
        })
        .then(|at| {
            let serving = at.site.control().serving(&at.site.key("q.json"));
            assert_eq!(serving.len(), 1, "it entered itself again");
            at.end("A", passes());
        });
    let ran = play.go();
    assert_eq!((ran.begun().len(), ran.end().0), (2, 0));
    assert_eq!(ran.site.control().serving(&ran.site.key("q.json")).len(), 0, "it has left");
}

#[test]
fn a_loop_that_only_lands_claims_nothing() {
    let waits: End = carries(CameTo::Waits(None));
    let play = Play::new(json!([task("A"), task("B")])).ends("A", [waits]).stays("land A");
    let mut play = play.then(|at| at.signal(15)).then(|at| at.end("land A", interrupted()));
    play.chosen.attempts = Some(1);
    let ran = play.go();
    let mut next = Play::again(&ran);
    next.chosen.scope = Scope { nothing: true, ..Scope::default() };
    let next = next.go();
    assert_eq!(next.begun(), ["land A in 1"]);
    assert_eq!((next.status("A"), next.status("B")), ("complete".to_owned(), "pending".to_owned()));
}

#[test]
fn a_queue_that_an_edit_names_is_read_from_then_on() {
    let config = format!("queues = [\"q.json\", \"other.json\"]\n{CONFIG}untouched = false\n");
    let play = Play::of(&config, json!([task("A")])).stays("A").then(|at| {
        let needs = with(task("B"), json!({"dependencies": ["other:X"]}));
        at.edit(|tasks| tasks.as_array_mut().unwrap().push(needs));
        at.end("A", passes());
    });
    let other = json!({"tasks": [task("X")]}).to_string();
    play.site.write("other.json", &other);
    // The configuration knows only files that exist.
    fs::write(play.site.key("other.json"), "").unwrap();
    let ran = play.go();
    assert_eq!(ran.begun(), ["A in 0"]);
    let said = "1 of 2 complete; 1 waiting for another queue or worker (X): workloop why X";
    assert_eq!(ran.end(), (7, said.to_owned()));
}
