//! When a run ends, why, and how it says so.

use super::ends::{End, blocked, fails, lost, passes, uses};
use super::play::{Play, task, with};
use super::{Reason, WhenEmpty};
use crate::domain::{Allowance, ReasonCode};
use chrono::TimeDelta;
use serde_json::json;
use std::time::Duration;

#[test]
fn a_loop_without_work_ends_at_once() {
    let ran = Play::new(json!([with(task("A"), json!({"status": "complete"}))])).go();
    assert_eq!(ran.ending().reason, Reason::Done);
    assert_eq!(ran.end(), (0, "nothing to do: the task is complete".to_owned()));
    assert_eq!(ran.heard(), Vec::<String>::new());
    assert_eq!(ran.journal(), ["loop_started", "loop_finished"]);
}

#[test]
fn a_run_does_one_task_after_the_other_and_says_so() {
    let ran = Play::new(json!([task("A"), task("B")])).go();
    assert_eq!(
        ran.heard(),
        [
            "0 begins A",
            "0 of 2 complete, 1 running, 0 blocked, 1 ready",
            "0 A: Started",
            "0 A: Verified(Pass)",
            "0 ends A PASS: complete",
            "0 begins B",
            "1 of 2 complete, 1 running, 0 blocked, 0 ready",
            "0 B: Started",
            "0 B: Verified(Pass)",
            "0 ends B PASS: complete",
            "2 of 2 complete, 0 running, 0 blocked, 0 ready",
        ]
    );
    assert_eq!(ran.end(), (0, "all 2 tasks are complete".to_owned()));
    assert_eq!((ran.ending().attempts, ran.status("A")), (2, "complete".to_owned()));
    assert_eq!(
        ran.journal(),
        [
            "loop_started",
            "claimed A",
            "attempt_started A",
            "verified A",
            "completed A",
            "claimed B",
            "attempt_started B",
            "verified B",
            "completed B",
            "loop_finished",
        ]
    );
}

#[test]
fn slots_work_at_the_same_time_and_each_takes_the_next_task() {
    let mut play = Play::new(json!([task("A"), task("B"), task("C"), task("D")]))
        .stays("A")
        .stays("B")
        .then(|at| at.end("B", passes()))
        .then(|at| at.end("A", fails()));
    play.chosen.jobs = 2;
    let ran = play.go();
    // Slot 0 repeats its own task before it takes another one.
    assert_eq!(ran.begun(), ["A in 0", "B in 1", "C in 1", "D in 1", "A in 0"]);
    assert_eq!(ran.end(), (0, "all 4 tasks are complete".to_owned()));
}

#[test]
fn a_run_makes_no_more_attempts_than_it_may() {
    let limited = |most| {
        let tasks = json!([task("A"), task("B"), task("C")]);
        let mut play = Play::new(tasks).ends("A", [fails(), passes()]);
        play.chosen.attempts = Some(most);
        let ran = play.go();
        (ran.begun().len(), ran.ending().reason.clone(), ran.end())
    };
    let end = |made: &str, complete: u32| {
        let said = format!("stopped: {made}; {complete} of 3 complete; the same command continues");
        (Reason::Budget(made.to_owned()), (6, said))
    };
    let (reason, said) = end("the run's one attempt was made", 0);
    assert_eq!(limited(1), (1, reason, said));
    let (reason, said) = end("the run's 2 attempts were made", 1);
    assert_eq!(limited(2), (2, reason, said));
    // The last attempt completes the last task, so nothing is left.
    let all = (0, "all 3 tasks are complete".to_owned());
    assert_eq!(
        limited(4),
        (4, Reason::Budget("the run's 4 attempts were made".to_owned()), all.clone())
    );
    assert_eq!(limited(5), (4, Reason::Done, all));
}

#[test]
fn attempts_that_run_are_finished_when_the_limit_is_reached() {
    let mut play = Play::new(json!([task("A"), task("B"), task("C")]))
        .stays("A")
        .stays("B")
        .then(|at| at.end("A", passes()))
        .then(|at| {
            assert!(!at.is_cancelled("B"));
            at.end("B", fails());
        });
    (play.chosen.jobs, play.chosen.attempts) = (2, Some(2));
    let ran = play.go();
    assert_eq!(ran.begun(), ["A in 0", "B in 1"], "B is not tried again");
    assert_eq!(ran.said("drains"), ["the run's 2 attempts were made"]);
    assert_eq!((ran.status("A"), ran.status("B")), ("complete".to_owned(), "pending".to_owned()));
}

#[test]
fn a_run_claims_nothing_more_when_its_time_is_over() {
    let over = || Some((Duration::from_secs(90), "the time is over".to_owned()));
    let mut idle = Play::new(json!([with(task("A"), json!({"status": "blocked"}))]));
    (idle.chosen.when_empty, idle.chosen.time) = (WhenEmpty::Wait, over());
    let ran = idle.go();
    assert_eq!(ran.ending().reason, Reason::Budget("the time is over".to_owned()));
    let said = "stopped: the time is over; 0 of 1 complete; the same command continues";
    assert_eq!(ran.end(), (6, said.to_owned()));
    // What runs is finished, however long that takes.
    let late = |seconds| {
        let play = Play::new(json!([task("A"), task("B")])).stays("A").then(move |at| {
            at.site.clock.pass(Duration::from_secs(seconds));
            at.end("A", passes());
        });
        let mut play = play;
        play.chosen.time = over();
        play.go()
    };
    let ran = late(90);
    assert_eq!((ran.begun(), ran.end().0), (vec!["A in 0".to_owned()], 6));
    assert_eq!((ran.status("A"), ran.status("B")), ("complete".to_owned(), "pending".to_owned()));
    assert_eq!(late(88).end().0, 0);
}

#[test]
fn the_time_of_day_matters_to_no_limit_of_a_run() {
    for hours in [-100, 100] {
        let mut play = Play::new(json!([task("A"), task("B")])).stays("A").then(move |at| {
            at.site.clock.set(TimeDelta::hours(hours));
            at.end("A", passes());
        });
        play.chosen.time = Some((Duration::from_secs(90), "the time is over".to_owned()));
        assert_eq!(play.go().end(), (0, "all 2 tasks are complete".to_owned()), "{hours}");
    }
}

/// Returns the end of a run over six tasks of which the first ones end like this.
fn after(ends: impl IntoIterator<Item = (&'static str, End)>) -> super::play::Ran {
    let tasks: Vec<_> = ["A", "B", "C", "D", "E", "F"].map(task).into();
    let play =
        Play::with("untouched = false\nconsecutive_failures = 3\nattempts = 1\n", json!(tasks));
    ends.into_iter().fold(play, |play, (id, end)| play.ends(id, [end])).go()
}

#[test]
fn tasks_that_are_blocked_in_a_row_end_the_run() {
    let ran = after([("A", fails()), ("B", fails()), ("C", fails())]);
    assert_eq!(ran.begun(), ["A in 0", "B in 0", "C in 0"]);
    let why = "3 different tasks were blocked in a row (A, B, C), all with: step test: exit status \
               1 (attempt 1 of 1)";
    assert_eq!(ran.ending().reason, Reason::Failures(why.to_owned()));
    let said = format!("stopped: {why}; 0 of 6 complete; workloop why A, then workloop retry A");
    assert_eq!(ran.end(), (5, said));
    let other = blocked(ReasonCode::Tampered, "a test was changed");
    let ran = after([("A", fails()), ("B", fails()), ("C", other)]);
    let why =
        "3 different tasks were blocked in a row (A, B, C), the last with: a test was changed";
    assert_eq!(ran.ending().reason, Reason::Failures(why.to_owned()));
}

#[test]
fn a_task_that_passes_ends_the_row() {
    let ran = after([("A", fails()), ("B", fails()), ("D", fails()), ("E", fails())]);
    assert_eq!(ran.begun().len(), 6);
    assert_eq!((ran.ending().reason.clone(), ran.end().0), (Reason::Done, 5));
    assert_eq!(ran.ending().so_far(), "2 of 6 complete");
}

#[test]
fn neither_questions_nor_lost_attempts_are_failures_of_tasks() {
    let asks = || blocked(ReasonCode::Question, "question: which one?");
    let ran = after([("A", fails()), ("B", asks()), ("C", asks()), ("D", fails())]);
    assert_eq!((ran.begun().len(), ran.ending().reason.clone()), (6, Reason::Done));
    let mut crashes = Play::with(
        "untouched = false\nconsecutive_failures = 1\ncrashes = 9\n",
        json!([task("A")]),
    );
    crashes = crashes.ends("A", [lost(), lost()]);
    let ran = crashes.go();
    assert_eq!((ran.begun().len(), ran.end().0), (3, 0));
}

#[test]
fn a_run_stops_before_it_uses_more_than_it_may() {
    let spent = |limit: Allowance, each: End| {
        let tasks = json!([task("A"), task("B"), task("C")]);
        let mut play = Play::new(tasks).ends("A", [each]).ends("B", [uses(1.0, 100)]);
        play.chosen.allowance = limit;
        let ran = play.go();
        (ran.begun().len(), ran.ending().reason.clone(), ran.end().0)
    };
    let none = Allowance::default();
    let budget = |why: &str| Reason::Budget(format!("the run's limit {why} is reached"));
    let cost = |most| Allowance { cost_usd: Some(most), ..none };
    let why = "cost_usd = 1 (1.00 measured by command)";
    assert_eq!(spent(cost(1.0), uses(1.0, 100)), (1, budget(why), 6));
    // The next attempt is expected to cost as much as the first one.
    let why = "cost_usd = 1.5 (1.00 measured by command, 1.00 expected for the next attempt)";
    assert_eq!(spent(cost(1.5), uses(1.0, 100)), (1, budget(why), 6));
    let why = "cost_usd = 2.5 (2.00 measured by command, 1.00 expected for the next attempt)";
    assert_eq!(spent(cost(2.5), uses(1.0, 100)), (2, budget(why), 6));
    let tokens = Allowance { tokens: Some(150), ..none };
    let why = "tokens = 150 (100 measured by command, 100 expected for the next attempt)";
    assert_eq!(spent(tokens, uses(1.0, 100)), (1, budget(why), 6));
    // Each command ran for half a minute, an agent and a step.
    let minutes = Allowance { minutes: Some(2.0), ..none };
    let why = "minutes = 2 (2.0 measured by command)";
    assert_eq!(spent(minutes, passes()), (2, budget(why), 6));
    let attempts = Allowance { attempts: Some(2), ..none };
    assert_eq!(spent(attempts, passes()), (2, budget("attempts = 2 (2 made)"), 6));
    assert_eq!(
        spent(Allowance { attempts: Some(3), ..none }, passes()).2,
        0,
        "nothing is left to do"
    );
}

#[test]
fn a_limit_with_little_left_lets_one_attempt_after_the_other_begin() {
    let limit = Allowance { cost_usd: Some(3.5), ..Allowance::default() };
    let mut play = Play::new(json!([task("A"), task("B"), task("C"), task("D")]))
        .ends("A", [uses(1.0, 1)])
        .stays("B")
        .stays("C")
        .then(|at| {
            assert_eq!(*at.site.begun.borrow(), ["A in 0", "B in 0", "C in 1"]);
            at.end("B", uses(0.1, 1));
        })
        .then(|at| at.end("C", uses(0.1, 1)));
    (play.chosen.jobs, play.chosen.allowance) = (2, limit);
    let ran = play.go();
    // While nothing is known about the price, only one attempt runs.
    assert_eq!(ran.begun(), ["A in 0", "B in 0", "C in 1", "D in 0"]);
    assert_eq!(ran.end().0, 0);
}
