//! Signals and requests to stop.

use super::ends::{fails, interrupted, passes};
use super::play::{Play, Ran, task, with};
use super::{Reason, WhenEmpty};
use crate::store::control::{Request, Whom};
use serde_json::json;

const INT: i32 = 2;
const TERM: i32 = 15;

#[test]
fn a_signal_ends_a_loop_that_waits() {
    let mut play = Play::new(json!([])).waits(3).then(|at| at.signal(TERM));
    play.chosen.when_empty = WhenEmpty::Wait;
    let ran = play.go();
    let said = "ended by signal 15: 0 of 0 complete; the same command continues";
    assert_eq!(ran.end(), (143, said.to_owned()));
    assert_eq!(ran.heard(), ["waits: waiting for new work"], "it says once what it waits for");
}

#[test]
fn a_signal_without_a_terminal_ends_what_runs() {
    for (signal, status) in [(INT, 130), (TERM, 143), (1, 129)] {
        let play = Play::new(json!([task("A"), task("B")]))
            .stays("A")
            .then(move |at| at.signal(signal))
            .then(|at| {
                assert!(at.is_cancelled("A"));
                at.end("A", interrupted());
            });
        let ran = play.go();
        assert_eq!((ran.begun(), ran.end().0), (vec!["A in 0".to_owned()], status));
        assert_eq!(ran.said("drains"), ["ending 1 attempt; once more kills what is left"]);
        assert_eq!(ran.heard()[4], "0 ends A without a verdict: interrupted; pending again");
        assert_eq!(
            (ran.status("A"), ran.task("A")["claim"].is_null()),
            ("pending".to_owned(), true)
        );
    }
}

/// Lets a run with two attempts receive these signals, one after the other, at a terminal.
fn typed<const N: usize>(signals: [i32; N], cancelled: bool) -> Ran {
    let mut play = Play::new(json!([task("A"), task("B"), task("C")])).stays("A").stays("B");
    for signal in signals {
        play = play.then(move |at| at.signal(signal));
    }
    let mut play = play.then(move |at| {
        assert_eq!((at.is_cancelled("A"), at.is_cancelled("B")), (cancelled, cancelled));
        at.end("A", passes());
        at.end("B", fails());
    });
    (play.chosen.terminal, play.chosen.jobs) = (true, 2);
    play.go()
}

#[test]
fn a_key_at_a_terminal_lets_attempts_be_finished() {
    let ran = typed([INT], false);
    assert_eq!(ran.said("drains"), ["finishing 2 attempts; Ctrl-C again ends them now"]);
    assert_eq!(ran.begun(), ["A in 0", "B in 1"], "nothing more is claimed");
    let said = "interrupted: 1 of 3 complete; the same command continues";
    assert_eq!(ran.end(), (130, said.to_owned()));
    assert_eq!((ran.status("A"), ran.status("B")), ("complete".to_owned(), "pending".to_owned()));
}

#[test]
fn each_further_signal_is_more_urgent() {
    let [finishing, ending, killing] = [
        "finishing 2 attempts; Ctrl-C again ends them now",
        "ending 2 attempts; once more kills what is left",
        "killing 2 attempts",
    ];
    assert_eq!(typed([INT, INT], true).said("drains"), [finishing, ending]);
    assert_eq!(typed([INT, INT, INT], true).said("drains"), [finishing, ending, killing]);
    assert_eq!(typed([TERM, TERM], true).said("drains"), [ending, killing]);
    // The signal that came first gives the exit status.
    assert_eq!(typed([INT, TERM], true).end().0, 130);
}

#[test]
fn the_words_for_one_attempt_are_in_the_singular() {
    let mut play = Play::new(json!([task("A")]))
        .stays("A")
        .then(|at| at.signal(INT))
        .then(|at| at.signal(INT))
        .then(|at| at.signal(INT))
        .then(|at| at.end("A", interrupted()));
    play.chosen.terminal = true;
    assert_eq!(
        play.go().said("drains"),
        [
            "finishing 1 attempt; Ctrl-C again ends it now",
            "ending 1 attempt; once more kills what is left",
            "killing 1 attempt",
        ]
    );
}

#[test]
fn a_request_to_stop_lets_attempts_be_finished() {
    let play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .then(|at| at.ask("q.json", Request::Stop))
        .waits(2)
        .then(|at| {
            assert!(!at.is_cancelled("A"));
            at.end("A", passes());
        });
    let ran = play.go();
    assert_eq!(ran.ending().reason, Reason::Budget("asked to stop".to_owned()));
    assert_eq!(ran.said("drains"), ["asked to stop"], "it is said once");
    let said = "stopped: asked to stop; 1 of 2 complete; the same command continues";
    assert_eq!(ran.end(), (6, said.to_owned()));
    assert_eq!(ran.begun(), ["A in 0"]);
}

#[test]
fn a_signal_counts_more_than_a_request() {
    let play = Play::new(json!([task("A")]))
        .stays("A")
        .then(|at| at.ask("q.json", Request::Stop))
        .then(|at| at.signal(TERM))
        .then(|at| at.end("A", interrupted()));
    let ran = play.go();
    assert_eq!((&ran.ending().reason, ran.end().0), (&Reason::Signal(TERM), 143));
    let ending = "ending 1 attempt; once more kills what is left";
    assert_eq!(ran.said("drains"), ["asked to stop", ending]);
}

#[test]
fn a_request_from_before_the_run_does_not_stop_it() {
    let play = Play::new(json!([task("A")]));
    let (control, key) = (play.site.control(), play.site.key("q.json"));
    control.ask(&key, Request::Stop, Whom::Queue).unwrap();
    assert_eq!(play.go().end(), (0, "the task is complete".to_owned()));
}

#[test]
fn a_request_to_one_queue_of_the_run_stops_the_run() {
    let play = Play::new(json!([task("A")]))
        .queue("other.json", json!([task("X"), task("Y")]))
        .stays("A")
        .then(|at| at.ask("other.json", Request::Stop))
        .then(|at| at.end("A", passes()));
    let ran = play.go();
    assert_eq!((ran.begun(), ran.end().0), (vec!["A in 0".to_owned()], 6));
}

#[test]
fn the_journal_says_when_and_why_the_loop_ended() {
    let done = with(task("A"), json!({"status": "complete"}));
    let last = |play: Play| {
        let ran = play.go();
        let log = ran.site.place.log(&ran.site.key("q.json"));
        let last: crate::domain::Event = log.events(crate::store::log::Span::All).last().unwrap();
        (last.event, last.worker, last.data)
    };
    let (kind, worker, data) = last(Play::new(json!([done])));
    assert_eq!(kind, crate::domain::EventKind::LoopFinished);
    assert_eq!(worker.as_deref(), Some("h:7:00000000"));
    assert_eq!((&data["queues"], &data["jobs"]), (&json!(["q"]), &json!(1)));
    assert_eq!(data.get("reason_code"), None);
    let missing = super::ends::unjudged(
        crate::domain::Outcome::FailedToStart { reason: "no such file".to_owned() },
        "agent: no such file",
    );
    let (_, _, data) = last(Play::new(json!([task("A")])).ends("A", [missing]));
    assert_eq!(data["reason_code"], "environment");
    assert_eq!(data["reason"], "task A: no such file");
}
