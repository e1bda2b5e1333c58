//! What a loop waits for, what it says about that, and what wakes it.

use super::WhenEmpty;
use super::ends::{blocked, interrupted, passes};
use super::play::{Play, Ran, task, with};
use crate::domain::{Event, EventKind, ReasonCode, Transition};
use crate::store::log::Span;
use serde_json::{Value, json};
use std::time::Duration;

/// Lets a loop over these tasks wait until it is stopped.
fn idle(tasks: Value) -> Ran {
    waiting(Play::new(tasks))
}

fn waiting(play: Play) -> Ran {
    let mut play = play.waits(3).then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    play.go()
}

#[test]
fn a_loop_says_what_it_waits_for() {
    let person = with(task("A"), json!({"agent": "human"}));
    let approval = with(task("A"), json!({"requires_approval": true}));
    let later = with(task("A"), json!({"not_before": "2999-01-01T00:00:00Z"}));
    let foreign = json!({"worker": "x:1:00000000", "attempt": 1, "since": "", "host": "ffffffff"});
    let foreign = with(task("A"), json!({"status": "in_progress", "claim": foreign}));
    for (tasks, text) in [
        (json!([]), "waiting for new work"),
        (json!([with(task("A"), json!({"status": "complete"}))]), "waiting for new work"),
        (json!([with(task("A"), json!({"status": "blocked"}))]), "waiting for new work"),
        (json!([later]), "waiting for new work"),
        (json!([person]), "waiting for a person"),
        (json!([approval]), "waiting for a person"),
        (json!([foreign]), "waiting for another queue or worker"),
    ] {
        let ran = idle(tasks.clone());
        assert_eq!(ran.said("waits"), [text], "{tasks}");
        assert_eq!(ran.begun(), Vec::<String>::new(), "{tasks}");
    }
}

#[test]
fn an_answer_is_waited_for() {
    let asks = blocked(ReasonCode::Question, "question: which one?");
    let ran = waiting(Play::new(json!([task("A")])).ends("A", [asks]));
    assert_eq!(ran.said("waits"), ["waiting for a person"]);
}

#[test]
fn a_new_text_is_said_when_the_reason_changes() {
    let mut play = Play::new(json!([]))
        .waits(1)
        .then(|at| {
            let person = with(task("A"), json!({"agent": "human"}));
            at.edit(|tasks| *tasks = json!([person]));
        })
        .waits(2)
        .then(|at| at.edit(|tasks| *tasks = json!([])))
        .waits(30)
        .then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    let [new, person] = ["waiting for new work", "waiting for a person"];
    assert_eq!(play.go().said("waits"), [new, person, new]);
}

#[test]
fn new_work_is_done_and_then_the_wait_goes_on() {
    let mut play = Play::new(json!([]))
        .waits(4)
        .then(|at| at.edit(|tasks| *tasks = json!([task("A")])))
        .waits(30)
        .then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    let ran = play.go();
    assert_eq!((ran.begun(), ran.end().0), (vec!["A in 0".to_owned()], 143));
    let again = "waiting for new work";
    assert_eq!(ran.said("waits"), [again, again]);
}

#[test]
fn a_task_begins_when_its_time_has_come() {
    // The clock of a test begins at 2020-09-13T12:26:40Z.
    let later = with(task("A"), json!({"not_before": "2020-09-13T12:30:00Z"}));
    let mut play = Play::new(json!([later])).waits(195).then(|at| {
        assert_eq!(*at.site.begun.borrow(), Vec::<String>::new());
    });
    play = play.waits(10).then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    assert_eq!(play.go().begun(), ["A in 0"]);
    // A run that does not wait leaves it.
    let later = with(task("A"), json!({"not_before": "2020-09-13T12:30:00Z"}));
    let ran = Play::new(json!([later])).go();
    let said = "0 of 1 complete; 1 waiting for their time";
    assert_eq!(ran.end(), (7, said.to_owned()));
}

#[test]
fn a_verb_of_a_person_lets_a_task_begin() {
    let approval = with(task("A"), json!({"requires_approval": true}));
    let mut play = Play::new(json!([approval]))
        .waits(2)
        .then(|at| at.person("A", &Transition::Approve { by: "jo".to_owned() }))
        .waits(30)
        .then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    assert_eq!(play.go().begun(), ["A in 0"]);
}

#[test]
fn a_run_leaves_when_only_people_can_go_on() {
    let person = with(task("B"), json!({"agent": "human"}));
    let asks = blocked(ReasonCode::Question, "question: which one?");
    let ran = Play::new(json!([task("A"), person])).ends("A", [asks]).go();
    let said = "0 of 2 complete; 1 waiting for a person (B): workloop done B; 1 question waits: \
                workloop answer A TEXT";
    assert_eq!(ran.end(), (7, said.to_owned()));
    assert_eq!(ran.said("waits"), Vec::<String>::new());
}

#[test]
fn a_run_leaves_what_another_host_works_on() {
    let claim = json!({"worker": "x:1:00000000", "attempt": 1, "since": "", "host": "ffffffff"});
    let foreign = with(task("A"), json!({"status": "in_progress", "claim": claim}));
    let ran = Play::new(json!([foreign, task("B")])).go();
    assert_eq!(ran.begun(), ["B in 0"]);
    let said = "1 of 2 complete; 1 waiting for another queue or worker (A): workloop why A";
    assert_eq!(ran.end(), (7, said.to_owned()));
}

#[test]
fn the_task_of_a_dead_loop_is_taken_over() {
    let of = |pid: u32| {
        let claim = json!({"worker": format!("h:{pid}:00000000"), "attempt": 1, "since": "",
            "host": "0123abcd", "boot": "4567cdef", "start": 1});
        with(task("A"), json!({"status": "in_progress", "attempts": 1, "claim": claim}))
    };
    let ran = Play::new(json!([of(9)])).go();
    assert_eq!((ran.begun(), ran.end().0), (vec!["A in 0".to_owned()], 0));
    assert!(ran.journal().contains(&"stale_claim A".to_owned()));
    assert_eq!(ran.task("A")["attempts"], 2);
    // The other loop is alive, so its task is its own.
    let mut play = Play::new(json!([of(9)]));
    play.chosen.alive = vec![9];
    let ran = waiting(play);
    assert_eq!(ran.begun(), Vec::<String>::new());
    assert_eq!(ran.said("waits"), ["waiting for tasks of other workers"]);
}

#[test]
fn an_attempt_without_output_is_said_once_for_each_silence() {
    let config = "untouched = false\nprogress_every = \"10m\"\n";
    let minutes = |many: u64| Duration::from_secs(60 * many);
    let play = Play::with(config, json!([task("A")]))
        .stays("A")
        .then(move |at| at.site.clock.pass(minutes(9)))
        .then(move |at| {
            assert_eq!(at.site.heard.borrow().len(), 3);
            at.site.clock.pass(minutes(2));
        })
        .then(move |at| at.site.clock.pass(minutes(30)))
        .waits(3)
        .then(|at| at.end("A", interrupted()));
    let ran = play.go();
    let said = "A has printed nothing for 11 min; workloop log A --follow";
    assert_eq!(ran.said("warning"), [said]);
    let log = ran.site.place.log(&ran.site.key("q.json"));
    let mut events = log.events(Span::All);
    let event: Event = events.find(|event: &Event| event.event == EventKind::Silent).unwrap();
    let seconds = event.data["seconds"].as_u64().unwrap();
    assert!((660..720).contains(&seconds), "{seconds}");
    assert_eq!(event.data["reason"], "nothing was printed for 11 min");
    assert_eq!(event.task.as_deref(), Some("A"));
    assert_eq!((event.worker.as_deref(), event.attempt), (Some("h:7:00000000"), Some(1)));
}

#[test]
fn progress_that_an_agent_reports_ends_its_silence() {
    let config = "untouched = false\nprogress_every = \"10m\"\n";
    let pass = |at: &super::outside::Outside| at.site.clock.pass(Duration::from_secs(11 * 60));
    let report = |at: &super::outside::Outside| {
        let now = crate::platform::clock::Clock::now(&*at.site.clock);
        let said = json!({"percent": 5, "at": crate::domain::timestamp(now)});
        at.person("A", &Transition::Progress(said));
    };
    let play = Play::with(config, json!([task("A")]))
        .stays("A")
        .then(pass)
        .waits(2)
        .then(report)
        .then(pass)
        .waits(2)
        .then(|at| at.end("A", passes()));
    let said = play.go().said("warning");
    assert_eq!(said.len(), 2, "{said:?}");
}
