//! The promises under random schedules, and the faults that schedules must detect.

use super::ground::Kind;
use super::schedule::Schedule;
use crate::platform::fault::Fault;
use std::time::Instant;

/// Fails with the shortest schedule that breaks a promise, derived from the one of `seed`.
fn tell(kind: Kind, seed: u64) {
    let schedule = Schedule::of(kind, seed, &[]).shrunk();
    if let Err(broken) = schedule.run() {
        panic!("seed {seed}: {}\n{}", broken.why, broken.trace.join("\n"));
    }
}

/// Reads a number from the environment: the first seed and the number of schedules of the long
/// versions.
fn number(name: &str, other: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(other)
}

fn holds(kind: Kind, seeds: std::ops::Range<u64>) -> usize {
    let run = |seed| {
        Schedule::of(kind, seed, &[]).run().unwrap_or_else(|_| {
            tell(kind, seed);
            panic!("seed {seed} broke a promise once, and not again")
        })
    };
    seeds.map(run).sum()
}

fn promises_hold(kind: Kind, schedules: u64) {
    let start = Instant::now();
    let first = number("WORKLOOP_SIM_SEED", 0);
    let steps = holds(kind, first..first + number("WORKLOOP_SIM_SCHEDULES", schedules));
    println!("{kind:?}: {steps} steps in {:?}", start.elapsed());
    assert!(steps > 1000, "{steps}");
}

#[test]
fn the_promises_hold_under_schedules() {
    promises_hold(Kind::Files, 40);
}

#[test]
fn the_promises_hold_in_memory() {
    promises_hold(Kind::Memory, 60);
}

/// Checks that some schedule breaks a promise of a loop with this fault. The search begins at
/// `first`, or at `WORKLOOP_SIM_SEED` if that is set.
fn finds(kind: Kind, fault: Fault, first: u64) {
    /// The most schedules to try. A fault that needs more means that the simulator is too weak for
    /// it.
    const MOST: u64 = 2000;
    let first = number("WORKLOOP_SIM_SEED", first);
    let found = (first..first + MOST).find_map(|seed| {
        let broken = Schedule::of(kind, seed, &[fault]).run().err()?;
        Some((seed, broken.why))
    });
    let Some((seed, why)) = found else { panic!("{fault:?} is not found in {MOST} schedules") };
    println!("{fault:?}: {} schedules: {why}", seed - first + 1);
}

#[test]
fn broken_machines_are_found() {
    for (fault, first) in [
        (Fault::TokenIgnored, 822),
        (Fault::SetBackBelieved, 7),
        (Fault::NoProcessScan, 4),
        (Fault::LivingEnded, 45),
        (Fault::TakeOverByTime, 2),
        (Fault::NoJournal, 0),
        (Fault::NoRestore, 6),
        (Fault::BackupIgnored, 4),
        (Fault::EditsTaken, 3),
        (Fault::BrokenEnds, 44),
        (Fault::WriteInPlace, 2),
        (Fault::NoSweep, 0),
        (Fault::VoidBelieved, 52),
    ] {
        finds(Kind::Files, fault, first);
    }
}

#[test]
fn broken_machines_are_found_in_memory() {
    for (fault, first) in [
        (Fault::TokenIgnored, 451),
        (Fault::SetBackBelieved, 2),
        (Fault::NoProcessScan, 4),
        (Fault::LivingEnded, 41),
        (Fault::NoRestore, 2),
        (Fault::EditsTaken, 3),
        (Fault::BrokenEnds, 3),
        (Fault::VoidBelieved, 23),
    ] {
        finds(Kind::Memory, fault, first);
    }
}
