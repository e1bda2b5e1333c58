//! Transitions that are killed before their calls.

use super::recovery::recovers;
use super::transitions::{Traced, Transition, named};
use super::{Point, Workshop};
use crate::chance::{Chance, counted, say, spread};
use crate::twin::twin;
use std::collections::BTreeMap;

/// The percentage of kills that must hit.
const HITS: usize = 90;

/// How many of the calls that change something the short run takes, besides the first and the last of
/// each kind and those around each sync.
const BETWEEN: usize = 4;
/// How many of the calls that only read it takes: a kill before one of those has the same effect as a
/// kill before the next change.
const READS: usize = 2;

/// Returns where `transition` is killed: in the long version before each call.
fn chosen(workshop: &Workshop, transition: &Transition) -> Vec<Point> {
    let mut chance = Chance::of(transition.name);
    let (changes, reads): (Vec<Point>, Vec<Point>) =
        workshop.points(transition).into_iter().partition(|point| point.changes);
    let mut edges = BTreeMap::<&str, (usize, usize)>::new();
    for Point { call, number, .. } in &changes {
        edges.entry(call).or_insert((*number, *number)).1 = *number;
    }
    let is_edge = |point: &Point| {
        edges.get(&*point.call).is_some_and(|(first, last)| [*first, *last].contains(&point.number))
    };
    // Around its syncs, a write of the queue goes through all its states: text, journal, rename.
    let syncs = |at: usize| changes.get(at).is_some_and(|point| point.call == "fsync");
    let is_chosen = |(at, point): &(usize, &Point)| {
        is_edge(point) || syncs(*at) || syncs(at + 1) || at.checked_sub(1).is_some_and(syncs)
    };
    let (chosen, between): (Vec<_>, Vec<_>) = changes.iter().enumerate().partition(is_chosen);
    let mut chosen: Vec<&Point> = chosen.into_iter().map(|(_, point)| point).collect();
    let between: Vec<&Point> = between.into_iter().map(|(_, point)| point).collect();
    chosen.extend(spread(&mut chance, &between, BETWEEN));
    let reads: Vec<&Point> = reads.iter().collect();
    chosen.extend(spread(&mut chance, &reads, READS));
    if workshop.fault.is_some() {
        // Most faults show at the end, where results are written.
        chosen.reverse();
    } else {
        let what = format!("kills of \"{}\"", transition.name);
        counted(&what, chosen.len(), changes.len() + reads.len());
    }
    chosen.into_iter().cloned().collect()
}

/// Kills `transition` before each chosen call. Returns how many died.
fn killed(workshop: &Workshop, transition: &Transition) -> Result<usize, String> {
    let (mut died, mut all) = (0, 0);
    for Point { call, number, .. } in chosen(workshop, transition) {
        let mut sandbox = workshop.before(transition);
        let inject = format!("inject={call}:signal=KILL:when={number}");
        let (ran, trace) = workshop.traced(transition, &sandbox, &inject);
        all += 1;
        let hit = trace.contains("killed by SIGKILL");
        died += usize::from(hit);
        let about = format!("killed before {call} {number}");
        // A loop recognizes the death of its supervisor and continues by itself.
        if transition.traced == Traced::Supervisor && ran.status != 0 {
            return Err(format!("{} {about}: {ran}", transition.name));
        }
        recovers(transition, &mut sandbox, &about)?;
    }
    say(&format!("{}: {died} of {all} kills hit", transition.name));
    if died * 100 < all * HITS {
        return Err(format!("{}: only {died} of {all} kills hit", transition.name));
    }
    Ok(died)
}

#[track_caller]
fn survives_kills(names: &[&str]) {
    let Some(workshop) = Workshop::open() else { return };
    for name in names {
        let transition = named(name);
        if transition.traced != Traced::Verb && twin().is_none() {
            continue;
        }
        let died = killed(&workshop, transition);
        assert!(died.as_ref().is_ok_and(|died| *died > 10), "{died:?}");
    }
}

#[test]
fn killed_verbs_of_one_kind() {
    survives_kills(&["init", "add", "edit", "done"]);
}

#[test]
fn killed_verbs_of_the_other_kind() {
    survives_kills(&["block", "retry", "reset", "release"]);
}

#[test]
fn killed_loops() {
    survives_kills(&["claim, start and record"]);
}

#[test]
fn killed_loops_whose_task_fails() {
    survives_kills(&["record a failure and try again"]);
}

#[test]
fn killed_loops_whose_task_a_file_judges() {
    survives_kills(&["claim what a file judges"]);
}

#[test]
fn killed_loops_that_take_over() {
    survives_kills(&["take-over"]);
}

#[test]
fn killed_supervisors() {
    survives_kills(&["attempt under a supervisor"]);
}

/// Checks that the kills of this run are enough to show `fault`.
#[track_caller]
fn is_caught(fault: &'static str, name: &str, by: &str) {
    let Some(workshop) = Workshop::broken(fault) else { return };
    let caught = killed(&workshop, named(name));
    say(&format!("{fault}: {caught:?}"));
    assert!(caught.is_err_and(|why| why.contains(by)), "the fault {fault} was not noticed");
}

#[test]
fn a_twin_that_writes_in_place_is_caught() {
    is_caught("write-in-place", "block", "not whole");
}

#[test]
fn a_loop_that_is_late_with_its_journal_is_caught() {
    is_caught("journal-late", "claim, start and record", "started again");
}
