//! What is legal from which state, as a table that does not share code with `legal.rs`.

use super::*;
use crate::domain::legal::{Illegal, Verb};

/// Each kind of transition, one sign for each of the [`STATES`], and why the others refuse it.
const LEGAL: [(&str, &str, &str); 27] = [
    ("claim", "+++++++---------", "only a pending task can be claimed"),
    ("await", "++++++++++++++++", ""),
    ("adopt", "-------++-------", "it has no change that waits to land"),
    ("complete", "++++++++++++++++", ""),
    ("review", "++++++++++++++++", ""),
    ("fail", "++++++++++++++++", ""),
    ("await fix", "++++++++++++++++", ""),
    ("give up", "++++++++++++++++", ""),
    ("ask", "++++++++++++++++", ""),
    ("veto", "++++++++++++++++", ""),
    ("interrupt", "++++++++++++++++", ""),
    ("lose", "++++++++++++++++", ""),
    ("take over", "-----++++-------", "it is not claimed"),
    ("settle", "++++++++++++++++", ""),
    ("approve", "---+-------+----", "it does not wait for an approval"),
    ("accept and complete", "------------+---", "it has no work that waits for a review"),
    ("accept and land", "--------+-------", "it has no work that waits for a review"),
    ("answer", "--------+-+++---", "only a blocked task has a question"),
    ("done", "++++++----++++++", "an attempt is running; cancel it first"),
    (
        "retry",
        "-++-----+-+++--+",
        "only a blocked task, or a pending one that was tried, can be tried again",
    ),
    ("reset", "++++++---+++++++", "an attempt is running; cancel or release it first"),
    ("cancel", "+++++++++-+++---", "there is nothing to cancel"),
    ("block", "+++++++++-------", "only open work can be blocked"),
    ("park", "+++++++++-+++--+", "only work that is not complete can be parked"),
    ("unpark", "-------------++-", "it is not parked"),
    ("release", "-----++++-------", "it is not claimed"),
    ("progress", "++++++++++++++++", ""),
];

/// What a message calls the state, and the verbs that it offers.
fn offered(state: &str) -> (&'static str, &'static str) {
    match state {
        "pending" | "tried" | "charged" | "approved" => {
            ("pending", "run, done, block, park, cancel, reset")
        }
        "unapproved" => ("pending", "approve, run, done, block, park, cancel, reset"),
        "running" | "claimed" | "landing" => {
            ("in_progress", "cancel, block, park, release, progress")
        }
        "to review" => {
            ("in_progress", "approve, answer, retry, cancel, block, park, release, progress")
        }
        "complete" => ("complete", "reset"),
        "blocked" => ("blocked", "retry, answer, done, park, cancel, reset"),
        "vetoed" | "in review" => ("blocked", "approve, retry, answer, done, park, cancel, reset"),
        "parked" | "shelved" => ("parked", "unpark, done, reset"),
        "unknown" => ("unknown", "retry, done, park, reset"),
        other => unreachable!("no such state: {other}"),
    }
}

fn why(state: &str, transition: &str, usual: &'static str) -> &'static str {
    match (transition, state) {
        ("claim", "landing" | "to review") => "its change waits to land",
        ("done", "complete") => "it is already complete",
        _ => usual,
    }
}

/// Returns what is illegal about `transition` for `task`.
fn refusal(task: &Task, transition: &Transition) -> Option<Illegal> {
    apply(task, transition, noon()).err()
}

#[test]
fn every_state_allows_exactly_what_the_table_says() {
    let all = every_transition();
    let names: Vec<&str> = all.iter().map(name).collect();
    assert_eq!(names, LEGAL.map(|(name, ..)| name), "the table has one row for each transition");
    for (transition, (row, signs, usual)) in all.iter().zip(LEGAL) {
        for (state, sign) in STATES.into_iter().zip(signs.chars()) {
            let (status, verbs) = offered(state);
            let why = why(state, row, usual);
            let expected =
                (sign == '-').then(|| format!("task A is {status}: {why}; legal now: {verbs}"));
            let found = refusal(&task_in(state), transition).map(|illegal| illegal.to_string());
            assert_eq!(found, expected, "{row} of a task that is {state}");
        }
    }
}

#[test]
fn a_budget_of_0_used_attempts_was_not_tried() {
    let mut task = plain();
    task.set(Detail::Count(Field::BudgetUsed, 0));
    assert!(refusal(&task, &Transition::Retry).is_some());
    task.attempts = 2;
    assert_eq!(refusal(&task, &Transition::Retry), None);
}

/// A message must not send a person to a verb that is refused as well.
#[test]
fn every_verb_that_a_message_offers_is_legal() {
    let all = every_transition();
    for state in STATES {
        let task = task_in(state);
        let illegal = all.iter().find_map(|transition| refusal(&task, transition));
        for verb in illegal.expect("no state allows everything").legal {
            let kinds: &[&str] = match verb {
                Verb::Run => &["claim"],
                Verb::Approve => &["approve", "accept and complete", "accept and land"],
                Verb::Answer => &["answer"],
                Verb::Done => &["done"],
                Verb::Retry => &["retry"],
                Verb::Reset => &["reset"],
                Verb::Cancel => &["cancel"],
                Verb::Block => &["block"],
                Verb::Park => &["park"],
                Verb::Unpark => &["unpark"],
                Verb::Release => &["release"],
                Verb::Progress => &["progress"],
            };
            let mut of_verb = all.iter().filter(|one| kinds.contains(&name(one)));
            let legal = of_verb.any(|transition| refusal(&task, transition).is_none());
            assert!(legal, "{verb} of a task that is {state}");
        }
    }
}

#[test]
fn a_message_without_a_legal_verb_says_so() {
    let illegal =
        Illegal { task: "A".to_owned(), status: Status::Parked, why: "why", legal: Vec::new() };
    assert_eq!(illegal.to_string(), "task A is parked: why; legal now: nothing");
}
