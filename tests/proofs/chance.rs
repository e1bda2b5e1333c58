//! Repeatable randomness: every proof prints the seed that it uses.

use std::hash::{BuildHasher as _, RandomState};
use std::io::Write as _;
use std::time::{Duration, Instant};

/// A small generator (xorshift).
#[derive(Clone, Debug)]
pub(crate) struct Chance(u64);

impl Chance {
    /// Takes the seed from `WORKLOOP_PROOF_SEED`, otherwise from the system, and prints it to
    /// stderr with the name of the proof.
    pub(crate) fn of(proof: &str) -> Self {
        let fresh = || RandomState::new().hash_one(Instant::now());
        let seed = number("WORKLOOP_PROOF_SEED").unwrap_or_else(fresh) | 1;
        say(&format!("{proof}: WORKLOOP_PROOF_SEED={seed}"));
        Self::from(seed)
    }

    pub(crate) fn from(seed: u64) -> Self {
        Self(seed | 1)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// Returns a number below `bound`, or 0 if there is none.
    pub(crate) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound.max(1)).unwrap_or(1);
        usize::try_from((self.next() >> 11) % bound).unwrap_or(0)
    }

    pub(crate) fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        all.get(self.below(all.len()))
    }
}

/// Reads a number from the environment.
pub(crate) fn number(variable: &str) -> Option<u64> {
    std::env::var(variable).ok()?.parse().ok()
}

/// Returns how long a random proof runs: `WORKLOOP_PROOF_SECONDS`, otherwise `short`.
pub(crate) fn lasts(short: u64) -> Duration {
    Duration::from_secs(number("WORKLOOP_PROOF_SECONDS").unwrap_or(short))
}

/// Returns whether the long versions are wanted.
pub(crate) fn is_long() -> bool {
    number("WORKLOOP_PROOF_SECONDS").is_some_and(|seconds| seconds >= 60)
}

/// Returns `short` of `all`, and prints what was left out, as [`counted`] does.
pub(crate) fn sampled<T: Clone>(
    chance: &mut Chance,
    what: &str,
    all: &[T],
    short: usize,
) -> Vec<T> {
    let some = spread(chance, all, short);
    counted(what, some.len(), all.len());
    some
}

/// Returns `short` of `all`, spread evenly: one from each part, by chance. The long version takes all.
pub(crate) fn spread<T: Clone>(chance: &mut Chance, all: &[T], short: usize) -> Vec<T> {
    if is_long() || all.len() <= short {
        return all.to_vec();
    }
    let part = |number: usize| all.len() * number / short;
    let parts = (0..short).map(|number| &all[part(number)..part(number + 1)]);
    parts.filter_map(|part| chance.pick(part).cloned()).collect()
}

/// Prints that a short run took `some` of `all`. `.ci/run` lists these lines at its end.
pub(crate) fn counted(what: &str, some: usize, all: usize) {
    if some < all {
        say(&format!("SAMPLED: {what}: {some} of {all}"));
    }
}

/// Prints a message that must be visible although tests capture output.
pub(crate) fn say(text: &str) {
    drop(writeln!(std::io::stderr(), "{text}"));
}
