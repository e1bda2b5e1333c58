//! Changes of private trees: when they land, what is in the way, and who may land them.

use super::ends::{End, carries, fails, interrupted, lost, object, obstructed};
use super::play::{Play, Ran, task, with};
use super::{Reason, WhenEmpty};
use crate::domain::{ReasonCode, Transition, Verdict};
use crate::engine::attempt::CameTo;
use crate::project::verbs::approve;
use crate::store::control::Request;
use serde_json::{Value, json};

/// An attempt that passed and whose change waits to land.
fn waits() -> End {
    carries(CameTo::Waits(None))
}

/// A landing whose change does not merge.
fn conflict() -> End {
    let (back, failed) = (carries(CameTo::Back(vec!["a.rs".to_owned()])), fails());
    Box::new(move |it| {
        failed(it);
        back(it);
        it.report.reason_code = Some(ReasonCode::Conflict);
        it.report.reason = Some("it does not merge".to_owned());
    })
}

const LANDED: &str = "PASS: complete, landed as ccccccccc";

#[test]
fn a_change_lands_after_its_attempt_while_the_slot_goes_on() {
    let play = Play::new(json!([task("A"), task("B")])).ends("A", [waits()]).ends("B", [waits()]);
    let ran = play.go();
    assert_eq!(ran.begun(), ["A in 0", "B in 0", "land A in 1", "land B in 1"]);
    let heard = ran.heard();
    let of_a: Vec<&str> = heard
        .iter()
        .map(String::as_str)
        .filter(|text| text.contains(" A") && !text.contains("Verified"))
        .collect();
    let ended = format!("1 ends A {LANDED}");
    assert_eq!(of_a, ["0 begins A", "0 A: Started", "0 passed A", "1 lands A", &ended]);
    let a = ran.task("A");
    assert_eq!(
        (&a["landed_commit"], &a["change"]),
        (&json!(object('c').to_string()), &Value::Null)
    );
    assert_eq!(ran.end(), (0, "all 2 tasks are complete".to_owned()));
}

#[test]
fn one_change_lands_at_a_time_in_the_order_in_which_they_passed() {
    let mut play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .stays("B")
        .stays("land B")
        .then(|at| at.end("B", waits()))
        .then(|at| at.end("A", waits()))
        .waits(2)
        .then(|at| {
            let begun = at.site.begun.borrow().clone();
            assert_eq!(begun, ["A in 0", "B in 1", "land B in 2"]);
            at.end("land B", Box::new(|_| {}));
        });
    play.chosen.jobs = 2;
    let ran = play.go();
    assert_eq!(ran.begun()[2..], ["land B in 2", "land A in 2"]);
    assert_eq!(ran.end().0, 0);
}

#[test]
fn an_obstacle_is_said_once_and_tried_again_every_five_seconds() {
    let why = "README.md has edits";
    let tries = [obstructed(why), obstructed(why), obstructed(why)];
    let mut play = Play::new(json!([task("A")])).ends("A", [waits()]).ends("land A", tries);
    play = play.waits(40).then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    let ran = play.go();
    assert_eq!(ran.said("warning"), ["A waits to land: README.md has edits"]);
    assert_eq!(ran.heard().iter().filter(|text| *text == "1 frees").count(), 3);
    assert_eq!(ran.begun().len(), 5);
    assert_eq!(ran.status("A"), "complete");
}

#[test]
fn a_run_leaves_a_change_that_waits_for_a_person() {
    let blocked: [End; 9] = std::array::from_fn(|_| obstructed("README.md has edits"));
    let ran = Play::new(json!([task("A")])).ends("A", [waits()]).ends("land A", blocked).go();
    let said = "0 of 1 complete; 1 waiting for a person (A): workloop why A";
    assert_eq!(ran.end(), (7, said.to_owned()));
    let change = &ran.task("A")["change"];
    assert_eq!(
        (&change["obstacle"], &change["waits"]),
        (&json!("README.md has edits"), &json!("checkout"))
    );
}

#[test]
fn a_change_that_does_not_merge_goes_back_to_an_agent() {
    let play = Play::new(json!([task("A")])).ends("A", [waits(), waits()]);
    let ran = play.ends("land A", [conflict()]).go();
    assert_eq!(ran.begun(), ["A in 0", "land A in 1", "A in 0", "land A in 1"]);
    let back = "1 ends A FAIL: it does not merge; to be tried again";
    assert!(ran.heard().iter().any(|text| text == back), "{:?}", ran.heard());
    assert_eq!(ran.end().0, 0);
}

#[test]
fn a_landing_whose_supervisor_vanished_is_tried_again_under_a_new_lock() {
    for end in [lost(), interrupted()] {
        let play = Play::new(json!([task("A")])).ends("A", [waits()]).ends("land A", [end]);
        let mut play = play.waits(10).then(|at| at.signal(15));
        play.chosen.when_empty = WhenEmpty::Wait;
        let ran = play.go();
        assert_eq!(ran.begun(), ["A in 0", "land A in 1", "land A in 1"]);
        assert_eq!(
            (ran.status("A"), ran.task("A")["attempts"].clone()),
            ("complete".to_owned(), json!(1))
        );
    }
}

#[test]
fn a_change_whose_claim_a_person_ended_does_not_land() {
    let mut play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .stays("B")
        .stays("land A")
        .then(|at| at.end("A", waits()))
        .then(|at| at.end("B", waits()))
        .then(|at| at.person("B", &Transition::Cancel))
        .then(|at| at.end("land A", Box::new(|_| {})));
    play.chosen.jobs = 2;
    let ran = play.go();
    assert_eq!(ran.begun(), ["A in 0", "B in 1", "land A in 2"]);
    assert_eq!((ran.status("B"), ran.end().0), ("parked".to_owned(), 0));
}

#[test]
fn a_landing_that_a_person_ended_is_ended() {
    let play = Play::new(json!([task("A")]))
        .ends("A", [waits()])
        .stays("land A")
        .then(|at| at.person("A", &Transition::Cancel))
        .then(|at| {
            assert!(at.is_cancelled("land A"));
            at.end("land A", interrupted());
        });
    let ran = play.go();
    assert_eq!((ran.status("A"), ran.begun().len()), ("parked".to_owned(), 2));
}

#[test]
fn nothing_of_a_paused_queue_lands() {
    let play = Play::new(json!([task("A"), task("B")]))
        .ends("A", [waits()])
        .stays("land A")
        .stays("B")
        .then(|at| at.end("B", waits()))
        .then(|at| at.ask("q.json", Request::Pause))
        .then(|at| at.end("land A", Box::new(|_| {})))
        .waits(3)
        .then(|at| {
            assert_eq!(at.site.begun.borrow().len(), 3);
            at.withdraw("q.json");
        });
    let ran = play.go();
    assert_eq!((ran.begun().len(), ran.end().0), (4, 0));
}

#[test]
fn a_signal_leaves_a_change_for_the_next_run() {
    let play = Play::new(json!([task("A")]))
        .ends("A", [waits()])
        .stays("land A")
        .then(|at| at.signal(15))
        .then(|at| {
            assert!(at.is_cancelled("land A"));
            at.end("land A", interrupted());
        });
    let ran = play.go();
    assert_eq!((ran.end().0, ran.status("A")), (143, "in_progress".to_owned()));
    assert_eq!(ran.task("A")["change"]["commit"], object('c').to_string());
    assert_eq!(ran.begun().len(), 2);
}

/// Returns a task whose change waits to land, claimed by process 9.
fn left(waits: &str) -> Value {
    let claim = json!({"worker": "h:9:00000000", "attempt": 1, "since": "", "host": "0123abcd",
        "boot": "4567cdef", "start": 1});
    let change = json!({"commit": "c".repeat(40), "base": "b".repeat(40), "verdict": "PASS",
        "waits": waits});
    with(
        task("A"),
        json!({"status": "in_progress", "attempts": 1, "claim": claim, "change": change}),
    )
}

#[test]
fn the_change_of_a_dead_loop_is_landed_and_not_done_again() {
    let ran = Play::new(json!([left("landing")])).go();
    assert_eq!(ran.begun(), ["land A in 1"]);
    assert!(ran.heard().contains(&format!("1 ends A {LANDED}")));
    assert_eq!(ran.end(), (0, "the task is complete".to_owned()));
}

#[test]
fn the_change_of_a_living_loop_is_its_own() {
    let mut play = Play::new(json!([left("landing")]));
    play.chosen.alive = vec![9];
    let mut play = play.waits(3).then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    assert_eq!(play.go().begun(), Vec::<String>::new());
}

/// Runs a task whose change waits for a review, and lets a person decide about it.
fn reviewed(decide: impl FnOnce(&super::outside::Outside) + 'static) -> Ran {
    let mut play = Play::new(json!([with(task("A"), json!({"review": true}))]))
        .ends("A", [carries(CameTo::Review)])
        .waits(2)
        .then(|at| assert_eq!(at.site.begun.borrow().len(), 1))
        .then(decide)
        .waits(3)
        .then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    play.go()
}

#[test]
fn a_change_lands_when_a_person_approves_it() {
    let ran = reviewed(|at| {
        approve(&mut at.site.open(), &["A".to_owned()], "jo").map(drop).unwrap();
    });
    assert_eq!(ran.begun(), ["A in 0", "land A in 1"]);
    assert_eq!(
        (ran.status("A"), ran.task("A")["approved_by"].clone()),
        ("complete".to_owned(), json!("jo"))
    );
    assert_eq!(ran.said("waits"), ["waiting for a person", "waiting for new work"]);
}

#[test]
fn a_change_that_a_person_rejects_is_given_up() {
    let ran = reviewed(|at| at.person("A", &Transition::Retry));
    assert_eq!(ran.begun(), ["A in 0", "A in 0"]);
    let ran = reviewed(|at| at.person("A", &Transition::Park));
    assert_eq!((ran.begun().len(), ran.status("A")), (1, "parked".to_owned()));
}

#[test]
fn a_run_leaves_a_change_in_review() {
    let play = Play::new(json!([with(task("A"), json!({"review": true}))]));
    let ran = play.ends("A", [carries(CameTo::Review)]).go();
    assert_eq!(ran.ending().reason, Reason::Done);
    let said = "0 of 1 complete; 1 waiting for a person (A): workloop approve A";
    assert_eq!(ran.end(), (7, said.to_owned()));
    assert_eq!(ran.status("A"), "in_progress");
}

#[test]
fn a_change_whose_second_judgement_fails_is_no_landing() {
    let judged: End = Box::new(|it| {
        conflict()(it);
        it.report.verdict = Some(Verdict::Fail);
        it.report.reason_code = Some(ReasonCode::TestsFailed);
        it.report.reason = Some("step test: exit status 1".to_owned());
    });
    let config = "untouched = false\nattempts = 1\n";
    let ran =
        Play::with(config, json!([task("A")])).ends("A", [waits()]).ends("land A", [judged]).go();
    assert_eq!((ran.begun().len(), ran.status("A"), ran.end().0), (2, "blocked".to_owned(), 5));
}

#[test]
fn the_next_run_lands_what_a_signal_left() {
    let play = Play::new(json!([task("A")]))
        .ends("A", [waits()])
        .stays("land A")
        .then(|at| at.signal(15))
        .then(|at| at.end("land A", interrupted()));
    let ran = play.go();
    assert_eq!((ran.end().0, ran.status("A")), (143, "in_progress".to_owned()));
    let next = Play::again(&ran).go();
    assert_eq!(next.begun(), ["land A in 1"]);
    assert_eq!(next.end(), (0, "the task is complete".to_owned()));
}
