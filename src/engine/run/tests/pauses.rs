//! Pauses of queues: what they hold up, what they do not, and what the loop says about them.

use super::super::thread::Message;
use super::WhenEmpty;
use super::ends::{interrupted, passes};
use super::outside::Outside;
use super::play::{Play, task, with};
use crate::platform::signal::Request as Signalled;
use crate::store::control::{Request, Whom};
use serde_json::{Value, json};

const PAUSE: Request = Request::Pause;

fn is_still(at: &Outside, name: &str) -> bool {
    at.site.control().is_still(&at.site.key(name))
}

#[test]
fn results_wait_for_the_end_of_a_pause_and_nothing_is_claimed() {
    let play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .then(|at| at.ask("q.json", PAUSE))
        .then(|at| at.end("A", passes()))
        .waits(3)
        .then(|at| {
            assert_eq!(at.site.task("q.json", "A")["status"], "in_progress");
            assert_eq!(*at.site.begun.borrow(), ["A in 0"]);
            at.withdraw("q.json");
        });
    let ran = play.go();
    assert_eq!(ran.said("waits"), Vec::<String>::new(), "a pause is no wait");
    assert_eq!(
        ran.heard()[3..7],
        ["paused [0]", "0 A: Verified(Pass)", "paused []", "0 ends A PASS: complete"]
    );
    assert_eq!(ran.end(), (0, "all 2 tasks are complete".to_owned()));
}

#[test]
fn a_paused_loop_does_not_leave() {
    let play = Play::new(json!([task("A")]))
        .stays("A")
        .then(|at| {
            at.ask("q.json", PAUSE);
            at.end("A", interrupted());
        })
        .waits(20)
        .then(|at| at.withdraw("q.json"));
    let ran = play.go();
    assert_eq!((ran.begun().len(), ran.end().0), (2, 0));
}

#[test]
fn a_pause_of_one_queue_holds_up_no_other() {
    let mut play = Play::new(json!([task("A"), task("B")]))
        .queue("other.json", json!([]))
        .stays("A")
        .stays("B")
        .then(|at| at.ask("q.json", PAUSE))
        .then(|at| at.end("A", passes()))
        .then(|at| at.end("B", interrupted()))
        .then(|at| at.site.edit("other.json", |tasks| *tasks = json!([task("X")])))
        .waits(3)
        .then(|at| {
            assert_eq!(*at.site.begun.borrow(), ["A in 0", "B in 1"], "their slots are not free");
            at.withdraw("q.json");
            at.ask("other.json", PAUSE);
        })
        .waits(3)
        .then(|at| {
            assert_eq!(at.site.task("q.json", "B")["status"], "complete");
            assert_eq!(at.site.begun.borrow().len(), 3, "X does not begin");
            at.withdraw("other.json");
        });
    play.chosen.jobs = 2;
    let ran = play.go();
    assert_eq!(ran.end(), (0, "all 3 tasks are complete".to_owned()));
    let paused = ran.heard().into_iter().filter(|text| text.starts_with("paused"));
    assert_eq!(paused.collect::<Vec<String>>(), ["paused [0]", "paused [1]", "paused []"]);
}

#[test]
fn a_queue_is_still_when_no_process_of_its_attempts_runs() {
    let play = Play::new(json!([task("A")]))
        .queue("other.json", json!([]))
        .stays("A")
        .then(|at| {
            at.ask("q.json", PAUSE);
            at.ask("other.json", PAUSE);
        })
        .then(|at| {
            assert!(!is_still(at, "q.json"), "its processes may still run");
            assert!(is_still(at, "other.json"), "nothing runs for it");
            at.stands_still("A", 99);
        })
        .then(|at| {
            assert!(!is_still(at, "q.json"), "that was another pause");
            at.stands_still("A", 1);
        })
        .then(|at| {
            assert!(is_still(at, "q.json"));
            at.withdraw("q.json");
        })
        .then(|at| {
            assert!(!is_still(at, "q.json"), "it is not paused");
            at.ask("q.json", PAUSE);
        })
        .then(|at| {
            assert!(!is_still(at, "q.json"), "the attempt ran in between");
            at.end("A", passes());
        })
        .then(|at| {
            assert!(is_still(at, "q.json"), "a result that waits runs nothing");
            at.withdraw("q.json");
            at.withdraw("other.json");
        });
    assert_eq!(play.go().end().0, 0);
}

#[test]
fn a_signal_to_continue_ends_no_pause_that_a_person_asked_for() {
    let play = Play::new(json!([task("A")]))
        .stays("A")
        .then(|at| at.ask("q.json", PAUSE))
        .then(|at| at.stands_still("A", 1))
        .then(|at| at.send(Message::Signal(Signalled::Continue)))
        .waits(1)
        .then(|at| {
            assert!(is_still(at, "q.json"));
            at.withdraw("q.json");
        })
        .then(|at| at.end("A", passes()));
    assert_eq!(play.go().end().0, 0);
}

#[test]
fn an_attempt_that_is_ended_is_not_still() {
    let play = Play::new(json!([task("A")]))
        .stays("A")
        .then(|at| at.ask("q.json", PAUSE))
        .then(|at| at.stands_still("A", 1))
        .then(|at| {
            assert!(is_still(at, "q.json"));
            at.signal(15);
        })
        .then(|at| {
            assert!(!is_still(at, "q.json"), "its processes run again, to end");
            at.end("A", interrupted());
        });
    assert_eq!(play.go().end().0, 143);
}

#[test]
fn a_signal_writes_the_results_of_a_paused_queue() {
    let play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .then(|at| at.ask("q.json", PAUSE))
        .then(|at| at.end("A", passes()))
        .then(|at| at.signal(15));
    let ran = play.go();
    assert_eq!((ran.status("A"), ran.end().0), ("complete".to_owned(), 143));
}

#[test]
fn a_stop_waits_for_the_results_of_a_paused_queue() {
    let play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .then(|at| at.ask("q.json", PAUSE))
        .then(|at| at.end("A", passes()))
        .then(|at| at.ask("q.json", Request::Stop))
        .waits(5)
        .then(|at| {
            assert_eq!(at.site.task("q.json", "A")["status"], "in_progress");
            at.signal(15);
        });
    assert_eq!(play.go().status("A"), "complete");
    // A paused loop in which nothing runs stops at once.
    let mut idle = Play::new(json!([])).then(|at| at.ask("q.json", PAUSE)).waits(2);
    idle = idle.then(|at| at.ask("q.json", Request::Stop));
    idle.chosen.when_empty = WhenEmpty::Wait;
    assert_eq!(idle.go().ending().reason.words(), Some("asked to stop"));
}

#[test]
fn a_loop_that_is_paused_from_the_start_notes_its_start_later() {
    let play = Play::new(json!([task("A")]))
        .then(|at| assert_eq!(at.site.journal("q.json"), Vec::<String>::new()))
        .waits(2)
        .then(|at| {
            assert_eq!(at.site.journal("q.json"), Vec::<String>::new());
            at.withdraw("q.json");
        });
    let (control, key) = (play.site.control(), play.site.key("q.json"));
    control.ask(&key, PAUSE, Whom::Queue).unwrap();
    let ran = play.go();
    assert_eq!(ran.journal()[..2], ["loop_started", "claimed A"]);
    assert_eq!(ran.end().0, 0);
    // A loop that never began has no end to note.
    let play = Play::new(json!([task("A")])).then(|at| at.signal(15));
    let (control, key) = (play.site.control(), play.site.key("q.json"));
    control.ask(&key, PAUSE, Whom::Queue).unwrap();
    assert_eq!(play.go().journal(), Vec::<String>::new());
}

#[test]
fn what_a_person_writes_while_a_queue_is_still_counts() {
    let complete = |at: &Outside| at.edit(|tasks| tasks[1]["status"] = json!("complete"));
    let edited = |still: bool| {
        let mut play = Play::new(json!([task("A"), task("B")])).stays("A");
        play = play.then(|at| at.ask("q.json", PAUSE));
        if still {
            play = play.then(|at| at.stands_still("A", 1));
        }
        let play = play.waits(1).then(complete).waits(1).then(|at| at.withdraw("q.json"));
        play.then(|at| at.end("A", passes())).go()
    };
    let ran = edited(true);
    assert_eq!((ran.begun(), ran.status("B")), (vec!["A in 0".to_owned()], "complete".to_owned()));
    assert_eq!(ran.said("warning"), Vec::<String>::new());
    // The attempt may have written it itself.
    let ran = edited(false);
    assert_eq!(ran.begun(), ["A in 0", "B in 0"]);
    let put_back = "edit of task B beside an attempt put back: status is pending again, not \
                    complete; workloop done B completes a task by hand";
    assert_eq!(ran.said("warning"), [put_back]);
}

#[test]
fn the_gates_of_a_paused_queue_are_added_after_the_pause() {
    let text = |tasks: Value| {
        let phases = json!([{"phase": 1, "gate": "default"}]);
        json!({"phases": phases, "tasks": tasks}).to_string()
    };
    let one = text(json!([with(task("A"), json!({"phase": 1}))]));
    let mut play = Play::new(json!([]))
        .waits(1)
        .then(|at| at.ask("q.json", PAUSE))
        .waits(1)
        .then(move |at| at.site.write("q.json", &one))
        .waits(3)
        .then(|at| {
            assert_eq!(at.site.task("q.json", "gate-1"), Value::Null);
            at.withdraw("q.json");
        })
        .waits(4)
        .then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    assert_eq!(play.go().begun(), ["A in 0", "gate-1 in 0"]);
}
