//! What attempts that begin now may use. Pure data.

use super::usage::{AMOUNTS, SLACK, Usage};
use std::collections::BTreeMap;

/// What is left of a limit, and what attempts are expected to use.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Budget {
    /// Money, tokens, minutes, attempts; `None` is unlimited.
    left: [Option<f64>; AMOUNTS],
    /// The average usage of each kind of attempt that ran.
    kinds: BTreeMap<String, [f64; AMOUNTS]>,
    /// What an attempt of another kind uses at most, as far as anything is known.
    other: [Option<f64>; AMOUNTS],
    /// Whether it is the part that some attempts need: nothing left is then no reached limit.
    is_part: bool,
}

impl Budget {
    /// Creates a budget with `left`. `used` is the sum of what attempts of each kind used.
    pub(super) fn new(left: [Option<f64>; AMOUNTS], used: &BTreeMap<String, Usage>) -> Self {
        let mut kinds = BTreeMap::new();
        let mut other: [Option<f64>; AMOUNTS] = [None, None, Some(0.0), Some(1.0)];
        for (kind, sum) in used.iter().filter(|(_, sum)| sum.attempts > 0) {
            let averages = averages(sum);
            for (most, one) in other.iter_mut().zip(averages) {
                *most = [*most, one].into_iter().flatten().reduce(f64::max);
            }
            // An amount that a tool does not report is not limited.
            kinds.insert(kind.clone(), averages.map(Option::unwrap_or_default));
        }
        Self { left, kinds, other, is_part: false }
    }

    /// Returns what an attempt of `kind` is expected to use. A kind that never ran is expected to
    /// use as much as any other. `None` while nothing is known: then one attempt gets all that is
    /// left, so that only one runs at a time.
    fn expected(&self, kind: &str) -> [Option<f64>; AMOUNTS] {
        self.kinds.get(kind).map_or(self.other, |averages| averages.map(Some))
    }

    /// Returns what an attempt of `kind` takes.
    pub(super) fn price(&self, kind: &str) -> [f64; AMOUNTS] {
        let expected = self.expected(kind);
        std::array::from_fn(|at| expected[at].or(self.left[at]).unwrap_or_default().max(0.0))
    }

    /// Returns the first amount of which less is left than an attempt of `kind` takes, and how much
    /// that is.
    pub(super) fn lacks(&self, kind: &str) -> Option<(usize, f64)> {
        let expected = self.expected(kind);
        let lacks = |at: &usize| {
            self.left[*at].is_some_and(|left| {
                let is_spent = left <= SLACK && !(self.is_part && expected[*at].is_some());
                is_spent || expected[*at].is_some_and(|expected| expected > left + SLACK)
            })
        };
        (0..AMOUNTS).find(lacks).map(|at| (at, expected[at].unwrap_or_default()))
    }

    /// Takes what an attempt of `kind` is expected to use. Returns `false` if less is left.
    pub fn take(&mut self, kind: &str) -> bool {
        if self.lacks(kind).is_some() {
            return false;
        }
        let price = self.price(kind);
        for (left, price) in self.left.iter_mut().zip(price) {
            *left = left.map(|left| left - price);
        }
        true
    }

    /// Returns whether an attempt of any kind may begin.
    pub fn admits_any(&self) -> bool {
        let kinds = self.kinds.keys().map(String::as_str);
        kinds.chain([""]).any(|kind| self.lacks(kind).is_none())
    }

    /// Returns the part of it that `count` attempts of any kind need.
    pub(super) fn part_for(mut self, count: usize) -> Self {
        for (left, most) in self.left.iter_mut().zip(self.other) {
            let need = most.map_or(f64::INFINITY, |most| most * count as f64);
            *left = left.map(|left| left.min(need));
        }
        Self { is_part: true, ..self }
    }

    /// Returns the limited amounts; 0 for those without a limit.
    pub(super) fn amounts(&self) -> [f64; AMOUNTS] {
        self.left.map(Option::unwrap_or_default)
    }
}

/// Returns the average usage per attempt; `None` for what no attempt reported.
fn averages(sum: &Usage) -> [Option<f64>; AMOUNTS] {
    let known = |unknown: u64| sum.attempts.checked_sub(unknown).filter(|known| *known > 0);
    let of = |amount: f64, count: Option<u64>| count.map(|count| amount / count as f64);
    let [cost_usd, tokens, minutes, _] = sum.amounts();
    [
        of(cost_usd, known(sum.cost_unknown)),
        of(tokens, known(sum.tokens_unknown)),
        of(minutes, Some(sum.attempts)),
        Some(1.0),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn kinds(list: &[(&str, f64, u64)]) -> BTreeMap<String, Usage> {
        let usage = |cost_usd, cost_unknown| Usage {
            attempts: 2,
            cost_usd,
            cost_unknown,
            tokens_unknown: 2,
            ..Usage::default()
        };
        list.iter()
            .map(|(kind, cost, unknown)| ((*kind).to_owned(), usage(*cost, *unknown)))
            .collect()
    }

    #[test]
    fn a_kind_has_its_own_price_and_a_new_one_the_highest() {
        let known = kinds(&[("cheap", 0.5, 0), ("dear", 4.0, 0), ("silent", 0.0, 2)]);
        let budget = |left| Budget::new([Some(left), None, None, None], &known);
        let take = |left, kind| budget(left).take(kind);
        assert!(take(0.25, "cheap") && !take(1.9, "dear") && take(2.0, "dear"));
        assert!(take(0.1, "silent") && !take(0.0, "silent"));
        assert!(!take(1.9, "new") && take(2.0, "new"));
        assert!(budget(0.25).admits_any());
        let mut part = budget(100.0).part_for(2);
        assert_eq!(part.amounts()[0], 4.0);
        assert!(part.take("dear") && part.take("dear") && !part.take("cheap"));
    }

    #[test]
    fn averages_leave_out_what_is_unknown() {
        let sum = Usage {
            attempts: 4,
            minutes: 8.0,
            cost_usd: 6.0,
            tokens: 10,
            cost_unknown: 1,
            tokens_unknown: 2,
        };
        assert_eq!(averages(&sum), [Some(2.0), Some(5.0), Some(2.0), Some(1.0)]);
        let none = Usage { attempts: 2, cost_unknown: 2, ..Usage::default() };
        assert_eq!(averages(&none), [None, Some(0.0), Some(0.0), Some(1.0)]);
    }

    #[test]
    fn while_nothing_is_known_one_attempt_takes_everything() {
        for known in [kinds(&[]), kinds(&[("silent", 0.0, 2)])] {
            let mut budget = Budget::new([Some(9.0), None, None, Some(5.0)], &known);
            assert!(budget.take("new") && !budget.take("other"));
            assert_eq!(budget.amounts(), [0.0, 0.0, 0.0, 4.0]);
        }
    }

    #[test]
    fn attempts_that_use_nothing_are_limited_only_by_a_reached_limit() {
        let known = kinds(&[("free", 0.0, 0)]);
        let budget = |left| Budget::new([Some(left), None, None, None], &known);
        let mut part = budget(1.0).part_for(3);
        assert!(part.take("free") && part.take("free") && part.take("new"));
        assert!(!budget(0.0).admits_any());
        let minutes = Budget::new([None, None, Some(5.0), None], &BTreeMap::new());
        let mut part = minutes.part_for(2);
        assert!(part.take("new") && part.take("new"), "minutes are known only afterwards");
    }

    #[test]
    fn without_a_limit_everything_fits() {
        let mut budget = Budget::default();
        assert!((0..1000).all(|_| budget.take("any")));
    }
}
