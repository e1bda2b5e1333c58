//! The promises under random schedules, and the faults that schedules must detect.

use super::schedule::Schedule;
use crate::platform::fault::Fault;
use crate::store::tests::places::Kind;
use std::num::NonZero;
use std::ops::Range;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread;
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

/// Runs the schedules of `seeds`, in as many threads as there are processors. Returns how many steps
/// were checked.
fn holds(kind: Kind, seeds: Range<u64>) -> usize {
    let run = |seed| {
        Schedule::of(kind, seed, &[]).run().unwrap_or_else(|_| {
            tell(kind, seed);
            panic!("seed {seed} broke a promise once, and not again")
        })
    };
    let next = AtomicU64::new(seeds.start);
    let take = || Some(next.fetch_add(1, Ordering::Relaxed)).filter(|seed| *seed < seeds.end);
    let work = || std::iter::from_fn(take).map(run).sum::<usize>();
    let count = thread::available_parallelism().map_or(1, NonZero::get);
    thread::scope(|scope| {
        let workers: Vec<_> = (0..count).map(|_| scope.spawn(work)).collect();
        let ended = workers.into_iter().map(|worker| worker.join());
        ended.map(|steps| steps.unwrap_or_else(|panic| resume_unwind(panic))).sum()
    })
}

fn promises_hold(kind: Kind, schedules: u64) {
    let start = Instant::now();
    let first = number("WORKLOOP_SIM_SEED", 0);
    let steps = holds(kind, first..first + number("WORKLOOP_SIM_SCHEDULES", schedules));
    println!("{kind:?}: {steps} steps in {:?}", start.elapsed());
    assert!(steps > 0, "{steps}");
}

#[test]
fn the_promises_hold_under_schedules() {
    promises_hold(Kind::Files, 25);
}

#[test]
fn the_promises_hold_in_memory() {
    promises_hold(Kind::Memory, 40);
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
        (Fault::TokenIgnored, 779),
        (Fault::SetBackBelieved, 2),
        (Fault::NoProcessScan, 4),
        (Fault::LivingEnded, 41),
        (Fault::TakeOverByTime, 2),
        (Fault::NoJournal, 0),
        (Fault::NoRestore, 2),
        (Fault::BackupIgnored, 21),
        (Fault::EditsTaken, 3),
        (Fault::BrokenEnds, 2),
        (Fault::WriteInPlace, 2),
        (Fault::NoSweep, 0),
        (Fault::VoidBelieved, 113),
        (Fault::ChangeForgotten, 2),
        (Fault::CompleteUnlanded, 1),
    ] {
        finds(Kind::Files, fault, first);
    }
}

#[test]
fn broken_machines_are_found_in_memory() {
    for (fault, first) in [
        (Fault::TokenIgnored, 57),
        (Fault::SetBackBelieved, 2),
        (Fault::NoProcessScan, 4),
        (Fault::LivingEnded, 41),
        (Fault::NoRestore, 2),
        (Fault::EditsTaken, 3),
        (Fault::BrokenEnds, 2),
        (Fault::VoidBelieved, 179),
        (Fault::ChangeForgotten, 2),
        (Fault::CompleteUnlanded, 1),
        (Fault::StaleAdopted, 429),
        (Fault::ResultsForgotten, 41),
    ] {
        finds(Kind::Memory, fault, first);
    }
}
