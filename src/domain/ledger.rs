//! Accounts for the money, tokens and time that attempts use, against limits. Pure data: the caller
//! passes in the times.
//!
//! A loop sets an amount aside before it claims, and claims only what fits into it. Each claimed
//! attempt then reserves what attempts of its kind have used on average; the rest is released. When
//! an attempt ends, its actual usage replaces the reservation. The sum of used and reserved amounts
//! never exceeds a limit, over all loops: a limit is exceeded only by what running attempts use more
//! than the average of their kind.

use super::budget::Budget;
use super::usage::{AMOUNTS, Allowance, Usage};
use chrono::{DateTime, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The reservation of a running attempt, or what a loop set aside before it claims.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reserved {
    /// The expected usage of the attempt.
    pub usage: Usage,
    /// After this time the attempt is assumed to have ended.
    pub until: DateTime<Utc>,
    /// Whether it was set aside for attempts that are not claimed yet. This lasts milliseconds.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub unclaimed: bool,
}

/// An attempt that begins.
#[derive(Clone, Debug)]
pub struct Begins {
    /// Its claim.
    pub claim: String,
    /// Its kind.
    pub kind: String,
    /// When it is assumed to have ended, if nothing else is known.
    pub until: DateTime<Utc>,
}

/// Whether attempts may begin within a limit.
#[derive(Clone, Debug, PartialEq)]
pub enum Admission {
    /// Those that fit into this budget.
    Some(Budget),
    /// None before running attempts end. `soon` is whether another loop is about to claim: what it
    /// does not use is free in a moment.
    Wait {
        /// Whether to look again within milliseconds.
        soon: bool,
    },
}

/// The usage of ended attempts and the reservations of running ones.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Ledger {
    /// The day that a daily ledger covers.
    #[serde(default)]
    pub day: String,
    /// The usage of attempts that ended.
    #[serde(default)]
    pub used: Usage,
    /// Running attempts, by their claim.
    #[serde(default)]
    pub reserved: BTreeMap<String, Reserved>,
    /// The usage so far of each kind of attempt.
    #[serde(default)]
    pub kinds: BTreeMap<String, Usage>,
}

impl Ledger {
    /// Starts another day. Average usage and running attempts are kept.
    pub fn turn_to(&mut self, day: &str) {
        if self.day != day {
            day.clone_into(&mut self.day);
            self.used = Usage::default();
        }
    }

    fn live(&self, now: DateTime<Utc>) -> impl Iterator<Item = &Reserved> {
        self.reserved.values().filter(move |one| one.until > now)
    }

    /// Returns what `limit` leaves after everything used and reserved.
    fn left(&self, limit: &Allowance, now: DateTime<Utc>) -> [Option<f64>; AMOUNTS] {
        let taken = self.live(now).fold(self.used, |sum, one| sum.plus(one.usage)).amounts();
        let mut left = limit.amounts();
        for (left, taken) in left.iter_mut().zip(taken) {
            *left = left.map(|left| left - taken);
        }
        left
    }

    /// Returns what may begin within `limit` now.
    pub fn budget(&self, limit: &Allowance, now: DateTime<Utc>) -> Budget {
        Budget::new(self.left(limit, now), &self.kinds)
    }

    /// Returns the limit that allows no further attempt today, whatever running attempts use: it is
    /// reached, or nothing runs and what is left is less than an attempt is expected to use.
    pub fn spent(&self, limit: &Allowance, now: DateTime<Utc>) -> Option<String> {
        self.used.reached(limit).or_else(|| {
            let mut kinds = self.kinds.keys();
            let is_over = !kinds.any(|kind| self.short(kind, limit, now).is_none());
            is_over.then(|| self.kinds.keys().find_map(|kind| self.short(kind, limit, now)))?
        })
    }

    /// Returns the limit for which an attempt of `kind` is expected to use more than is left while
    /// nothing runs.
    pub fn short(&self, kind: &str, limit: &Allowance, now: DateTime<Utc>) -> Option<String> {
        if self.live(now).next().is_some() {
            return None;
        }
        let (at, need) = self.budget(limit, now).lacks(kind)?;
        let need = match at {
            0 => format!("{need:.2}"),
            2 => format!("{need:.1}"),
            _ => format!("{need:.0}"),
        };
        let more = format!(", {need} expected for the next attempt");
        self.used.compared(at, limit, &more)
    }

    /// Returns [`Admission::Wait`] if no attempt fits into what is left now.
    pub fn waits(&self, limit: &Allowance, now: DateTime<Utc>) -> Option<Admission> {
        let soon = || self.live(now).any(|one| one.unclaimed);
        (!self.budget(limit, now).admits_any()).then(|| Admission::Wait { soon: soon() })
    }

    /// Sets aside, for the loop `holder`, what `count` attempts may use. It must be released or
    /// replaced ([`Self::replace`]) as soon as the loop knows what it claimed.
    pub fn set_aside(
        &mut self,
        (holder, until): (&str, DateTime<Utc>),
        count: usize,
        limit: &Allowance,
        now: DateTime<Utc>,
    ) -> Admission {
        self.reserved.retain(|_, one| one.until > now);
        self.release(holder);
        if let Some(waits) = self.waits(limit, now) {
            return waits;
        }
        let budget = self.budget(limit, now).part_for(count);
        let usage = Usage::of_amounts(budget.amounts());
        let reserved = Reserved { usage, until, unclaimed: true };
        self.reserved.insert(holder.to_owned(), reserved);
        Admission::Some(budget)
    }

    /// Replaces what was set aside for `holder` with the reservations of the attempts that it
    /// claimed.
    pub fn replace(
        &mut self,
        holder: &str,
        begins: &[Begins],
        limit: &Allowance,
        now: DateTime<Utc>,
    ) {
        self.release(holder);
        for Begins { claim, kind, until } in begins {
            let usage = Usage::of_amounts(self.budget(limit, now).price(kind));
            let reserved = Reserved { usage, until: *until, unclaimed: false };
            self.reserved.insert(claim.clone(), reserved);
        }
    }

    /// Counts an attempt whose loop died: what it used is unknown. Does nothing if no amount is
    /// reserved for it.
    pub fn lose(&mut self, claim: &str) {
        if self.reserved.remove(claim).is_some() {
            let unknown =
                Usage { attempts: 1, cost_unknown: 1, tokens_unknown: 1, ..Usage::default() };
            self.used = self.used.plus(unknown);
        }
    }

    /// Removes the reservation of an attempt that was not begun.
    pub fn release(&mut self, claim: &str) {
        self.reserved.remove(claim);
    }

    /// Records the actual usage of an attempt.
    pub fn settle(&mut self, claim: &str, kind: &str, used: Usage) {
        self.reserved.remove(claim);
        self.used = self.used.plus(used);
        let of_kind = self.kinds.entry(kind.to_owned()).or_default();
        *of_kind = of_kind.plus(used);
    }

    /// Merges in what `other` records, so that deleting one of two ledgers does not reduce the
    /// recorded usage.
    pub fn believe(&mut self, other: &Self) {
        if self.day != other.day {
            return;
        }
        if other.used.attempts > self.used.attempts {
            self.used = other.used;
        }
        for (kind, used) in &other.kinds {
            let own = self.kinds.entry(kind.clone()).or_default();
            if used.attempts > own.attempts {
                *own = *used;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeDelta;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn cost(cost_usd: f64) -> Usage {
        Usage { attempts: 1, cost_usd, ..Usage::default() }
    }

    /// Claims at most `count` attempts of `kind` for `holder`. Returns how many.
    fn claims(ledger: &mut Ledger, limit: &Allowance, holder: &str, count: usize) -> usize {
        let aside = ledger.set_aside((holder, at(60)), count, limit, at(0));
        let Admission::Some(mut budget) = aside else { return 0 };
        let fit = (0..count).filter(|_| budget.take("claude")).count();
        let begins = |number| Begins {
            claim: format!("{holder} {number}"),
            kind: "claude".to_owned(),
            until: at(3600),
        };
        let begins: Vec<Begins> = (0..fit).map(begins).collect();
        ledger.replace(holder, &begins, limit, at(0));
        fit
    }

    #[test]
    fn a_limit_of_money_is_kept_if_attempts_use_what_is_expected() {
        let limit = Allowance { cost_usd: Some(5.0), ..Allowance::default() };
        let mut ledger = Ledger::default();
        // The cost of an attempt is not known yet.
        assert_eq!(claims(&mut ledger, &limit, "a", 4), 1);
        assert_eq!(claims(&mut ledger, &limit, "b", 4), 0);
        ledger.settle("a 0", "claude", cost(1.5));
        assert_eq!(claims(&mut ledger, &limit, "b", 1), 1);
        assert_eq!(claims(&mut ledger, &limit, "c", 4), 1, "the next one exceeds the limit");
        assert_eq!(ledger.spent(&limit, at(0)), None, "what runs may use less");
        ledger.settle("b 0", "claude", cost(1.5));
        ledger.settle("c 0", "claude", cost(1.5));
        let spent = ledger.spent(&limit, at(0)).expect("spent");
        assert_eq!(spent, "cost_usd = 5 (4.50 measured, 1.50 expected for the next attempt)");
        ledger.settle("d 0", "claude", cost(0.75));
        let reached = ledger.used.reached(&limit).expect("reached");
        assert_eq!(reached, "cost_usd = 5 (5.25 measured)");
    }

    #[test]
    fn what_is_set_aside_is_free_for_nobody_else() {
        let limit = Allowance { cost_usd: Some(1.0), ..Allowance::default() };
        let mut ledger = Ledger::default();
        ledger.settle("x", "claude", cost(0.3));
        let first = ledger.set_aside(("a", at(60)), 8, &limit, at(0));
        assert!(matches!(first, Admission::Some(_)), "{first:?}");
        let second = ledger.set_aside(("b", at(60)), 1, &limit, at(0));
        assert_eq!(second, Admission::Wait { soon: true });
        // A loop that died in between holds it for a minute.
        let later = ledger.set_aside(("b", at(120)), 1, &limit, at(61));
        assert!(matches!(later, Admission::Some(_)), "{later:?}");
    }

    #[test]
    fn sums_of_tenths_reach_a_limit() {
        let limit = Allowance { cost_usd: Some(1.0), ..Allowance::default() };
        let mut ledger = Ledger::default();
        (0..9).for_each(|_| ledger.settle("x", "claude", cost(0.1)));
        assert_eq!(claims(&mut ledger, &limit, "a", 4), 1);
        ledger.settle("a 0", "claude", cost(0.1));
        assert_eq!(ledger.used.reached(&limit).as_deref(), Some("cost_usd = 1 (1.00 measured)"));
    }

    #[test]
    fn an_attempt_of_a_dead_loop_counts_as_unknown() {
        let limit = Allowance { cost_usd: Some(1.0), ..Allowance::default() };
        let mut ledger = Ledger::default();
        assert_eq!(claims(&mut ledger, &limit, "a", 1), 1);
        assert_eq!(claims(&mut ledger, &limit, "b", 1), 0);
        ledger.lose("a 0");
        ledger.lose("a 0");
        assert_eq!((ledger.used.attempts, ledger.used.cost_unknown), (1, 1));
        assert_eq!(claims(&mut ledger, &limit, "b", 1), 1);
    }

    #[test]
    fn what_is_unknown_is_said_and_holds_nothing_up() {
        let limit = Allowance { cost_usd: Some(1.0), attempts: Some(3), ..Allowance::default() };
        let mut ledger = Ledger::default();
        for claim in ["a", "b"] {
            ledger.settle(claim, "codex", Usage::of(None, 1.0, None));
        }
        assert!(ledger.budget(&limit, at(0)).take("codex"));
        ledger.settle("c", "codex", Usage::of(None, 1.0, Some(1.5)));
        let reached = ledger.used.reached(&limit).expect("reached");
        assert_eq!(reached, "cost_usd = 1 (1.50 measured, unknown for 2 attempts)");
    }

    #[test]
    fn a_new_day_begins_with_nothing_used() {
        let mut ledger = Ledger::default();
        ledger.turn_to("2026-07-17");
        ledger.settle("a", "claude", cost(4.0));
        let before = ledger.clone();
        ledger.turn_to("2026-07-18");
        assert_eq!((ledger.used.cost_usd, ledger.kinds.len()), (0.0, 1));
        ledger.believe(&before);
        assert_eq!(ledger.used.cost_usd, 0.0);
        let mut gone = Ledger { day: "2026-07-17".to_owned(), ..Ledger::default() };
        gone.believe(&before);
        assert_eq!(gone.used.cost_usd, 4.0, "the usage of a deleted ledger is still known");
    }

    fn usage(attempts: u64, minutes: f64, cost_usd: f64, tokens: u64) -> Usage {
        Usage { attempts, minutes, cost_usd, tokens, ..Usage::default() }
    }

    /// Returns a ledger whose attempts took these sums.
    fn used(sums: Usage) -> Ledger {
        Ledger { used: sums, kinds: [("claude".to_owned(), sums)].into(), ..Ledger::default() }
    }

    /// Returns how many attempts of `kind` fit, at most a hundred.
    fn fit(ledger: &Ledger, limit: &Allowance, kind: &str, now: DateTime<Utc>) -> usize {
        let mut budget = ledger.budget(limit, now);
        (0..100).take_while(|_| budget.take(kind)).count()
    }

    #[test]
    fn each_limit_admits_what_fits_into_the_rest_of_it() {
        let ledger = used(usage(3, 30.0, 6.0, 600));
        let none = Allowance::default();
        for (limit, admitted) in [
            (none, 100),
            (Allowance { attempts: Some(7), ..none }, 4),
            (Allowance { attempts: Some(3), ..none }, 0),
            // Each attempt takes 10 minutes, 2 USD and 200 tokens.
            (Allowance { minutes: Some(75.0), ..none }, 4),
            (Allowance { minutes: Some(30.0), ..none }, 0),
            (Allowance { cost_usd: Some(11.0), ..none }, 2),
            (Allowance { cost_usd: Some(12.0), ..none }, 3),
            (Allowance { cost_usd: Some(6.0), ..none }, 0),
            (Allowance { tokens: Some(1500), ..none }, 4),
            (Allowance { tokens: Some(600), ..none }, 0),
            (Allowance { tokens: Some(1500), cost_usd: Some(11.0), attempts: Some(7), ..none }, 2),
        ] {
            for kind in ["claude", "new"] {
                assert_eq!(fit(&ledger, &limit, kind, at(0)), admitted, "{limit}");
            }
            assert_eq!(limit.is_any(), limit != none);
        }
        // An attempt that takes nothing may run as often as it likes.
        let free = used(usage(3, 0.0, 0.0, 0));
        for limit in [
            Allowance { minutes: Some(1.0), ..none },
            Allowance { cost_usd: Some(1.0), ..none },
            Allowance { tokens: Some(1), ..none },
        ] {
            assert_eq!(fit(&free, &limit, "claude", at(0)), 100, "{limit}");
        }
    }

    #[test]
    fn a_reservation_is_an_average_until_it_expires_or_is_released() {
        let mut ledger = used(usage(2, 4.0, 6.0, 10));
        let limit = Allowance { attempts: Some(5), ..Allowance::default() };
        let begins = |claim: &str, kind: &str, until| Begins {
            claim: claim.to_owned(),
            kind: kind.to_owned(),
            until,
        };
        let both = [begins("a", "claude", at(10)), begins("b", "other", at(0))];
        ledger.replace("x", &both, &limit, at(0));
        let usage_of = |claim: &str| ledger.reserved[claim].usage;
        let average = usage(1, 2.0, 3.0, 5);
        assert_eq!([usage_of("a"), usage_of("b")], [average, average]);
        assert_eq!([at(9), at(10)].map(|now| fit(&ledger, &limit, "claude", now)), [2, 3]);
        let aside = ledger.set_aside(("x", at(20)), 1, &limit, at(9));
        assert!(matches!(aside, Admission::Some(_)));
        assert_eq!(ledger.reserved.keys().collect::<Vec<_>>(), ["a", "x"]);
        assert_eq!(ledger.reserved["x"].usage.attempts, 1);
        ledger.replace("x", &[begins("c", "claude", at(30))], &limit, at(10));
        assert_eq!(ledger.reserved.keys().collect::<Vec<_>>(), ["a", "c"]);
        ledger.release("a");
        ledger.settle("c", "claude", usage(1, 1.0, 1.0, 1));
        assert!(ledger.reserved.is_empty());
    }

    #[test]
    fn of_two_ledgers_the_one_with_more_attempts_is_believed() {
        let believed = |own: Usage, other: Usage| {
            let mut ledger = used(own);
            ledger.believe(&used(other));
            assert_eq!(ledger.kinds["claude"], ledger.used);
            ledger.used.cost_usd
        };
        let (few, many) = (usage(2, 0.0, 5.0, 0), usage(3, 0.0, 4.0, 0));
        assert_eq!((believed(few, many), believed(many, few)), (4.0, 4.0));
        assert_eq!(
            believed(few, usage(2, 0.0, 9.0, 0)),
            5.0,
            "its own numbers count if both are equal"
        );
        let mut new = used(few);
        let other = Ledger { kinds: [("codex".to_owned(), many)].into(), ..Ledger::default() };
        new.believe(&other);
        assert_eq!(new.kinds["codex"], many);
    }

    #[test]
    fn the_limit_that_an_attempt_exceeds_is_told_in_its_own_unit() {
        let used =
            Usage { attempts: 2, minutes: 3.0, cost_usd: 1.5, tokens: 40, ..Usage::default() };
        let mut ledger = Ledger::default();
        ledger.settle("a", "claude", used);
        let none = Allowance::default();
        let short = |limit: Allowance| ledger.short("claude", &limit, at(0));
        for (limit, text) in [
            (
                Allowance { cost_usd: Some(2.0), ..none },
                "cost_usd = 2 (1.50 measured, 0.75 expected for the next attempt)",
            ),
            (
                Allowance { tokens: Some(50), ..none },
                "tokens = 50 (40 measured, 20 expected for the next attempt)",
            ),
            (
                Allowance { minutes: Some(4.0), ..none },
                "minutes = 4 (3.0 measured, 1.5 expected for the next attempt)",
            ),
            (
                Allowance { attempts: Some(2), ..none },
                "attempts = 2 (2 made, 1 expected for the next attempt)",
            ),
        ] {
            assert_eq!(short(limit).as_deref(), Some(text));
        }
        for enough in [
            Allowance { cost_usd: Some(2.25), ..none },
            Allowance { tokens: Some(60), ..none },
            Allowance { minutes: Some(4.5), ..none },
            Allowance { attempts: Some(3), ..none },
            none,
        ] {
            assert_eq!(short(enough), None, "{enough}");
        }
        // While an attempt runs, it may use less than it reserves.
        let until = at(60);
        let begins = Begins { claim: "b".to_owned(), kind: "claude".to_owned(), until };
        let limit = Allowance { tokens: Some(50), ..none };
        ledger.replace("loop", &[begins], &limit, at(0));
        assert_eq!(ledger.short("claude", &limit, at(59)), None);
        assert!(ledger.short("claude", &limit, at(60)).is_some(), "it is assumed to have ended");
    }

    #[test]
    fn another_day_begins_with_the_prices_and_the_attempts_of_the_last_one() {
        let mut ledger = Ledger::default();
        ledger.turn_to("2026-01-19");
        ledger.settle("a", "claude", cost(1.0));
        let begins = Begins { claim: "b".to_owned(), kind: "claude".to_owned(), until: at(60) };
        ledger.replace("loop", &[begins], &Allowance::default(), at(0));
        let before = ledger.clone();
        ledger.turn_to("2026-01-19");
        assert_eq!(ledger, before);
        ledger.turn_to("2026-01-20");
        assert_eq!(
            ledger,
            Ledger { day: "2026-01-20".to_owned(), used: Usage::default(), ..before }
        );
    }

    #[test]
    fn of_two_ledgers_of_a_day_the_one_with_more_attempts_counts() {
        let of = |day: &str, all: &[(&str, f64)]| {
            let mut ledger = Ledger::default();
            ledger.turn_to(day);
            all.iter().for_each(|(kind, usd)| ledger.settle("a", kind, cost(*usd)));
            ledger
        };
        let (more, less) = (of("d", &[("x", 1.0), ("y", 2.0)]), of("d", &[("x", 5.0)]));
        let believed = |own: &Ledger, other: &Ledger| {
            let mut own = own.clone();
            own.believe(other);
            own
        };
        assert_eq!(believed(&more, &less), more);
        assert_eq!(believed(&less, &more).used, more.used);
        // Each kind is compared by itself; of as many attempts, its own ones count.
        let kinds = believed(&less, &more).kinds;
        assert_eq!((kinds["x"], kinds["y"]), (cost(5.0), cost(2.0)));
        assert_eq!(believed(&less, &of("e", &[("x", 1.0), ("x", 1.0)])), less, "another day");
    }
}
