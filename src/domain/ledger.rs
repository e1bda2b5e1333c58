//! Accounts for the money, tokens and time that attempts use, against limits. Pure data: the caller
//! passes in the times.
//!
//! Before an attempt starts, a reservation is made from what attempts of its kind have used so far.
//! When the attempt ends, the reservation is replaced by its actual usage. So many concurrent loops
//! overspend by at most one attempt each.

use super::agent_run::AgentRun;
use chrono::{DateTime, TimeDelta, Utc};
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// How much may be used. `None` means no limit.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Allowance {
    /// Number of attempts.
    pub attempts: Option<u64>,
    /// Total duration of attempts in minutes.
    pub minutes: Option<f64>,
    /// Cost in US dollars.
    pub cost_usd: Option<f64>,
    /// Tokens, with cached tokens counted once.
    pub tokens: Option<u64>,
}

impl Allowance {
    /// Returns whether there is any limit.
    pub fn is_any(&self) -> bool {
        *self != Self::default()
    }
}

impl fmt::Display for Allowance {
    /// Formats the limits, such as `3 attempts, 20 USD`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let parts = [
            self.attempts.map(|most| format!("{most} attempts")),
            self.minutes.map(|most| format!("{most} min")),
            self.cost_usd.map(|most| format!("{most} USD")),
            self.tokens.map(|most| format!("{most} tokens")),
        ];
        let parts: Vec<String> = parts.into_iter().flatten().collect();
        f.write_str(&parts.join(", "))
    }
}

/// How much was used.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
pub struct Usage {
    /// Number of attempts.
    pub attempts: u64,
    /// Total duration of attempts in minutes.
    pub minutes: f64,
    /// Known cost in US dollars.
    pub cost_usd: f64,
    /// Known number of tokens.
    pub tokens: u64,
    /// Number of attempts whose cost is unknown.
    pub cost_unknown: u64,
    /// Number of attempts whose token count is unknown.
    pub tokens_unknown: u64,
}

impl Usage {
    /// Returns the usage of one attempt. `estimate` is the cost of an attempt whose tool does not
    /// report it.
    pub fn of(run: Option<&AgentRun>, minutes: f64, estimate: Option<f64>) -> Self {
        let cost = run.and_then(|run| run.cost_usd).or(estimate);
        let tokens = run.and_then(|run| run.tokens).map(|tokens| tokens.total);
        Self {
            attempts: 1,
            minutes,
            cost_usd: cost.unwrap_or(0.0),
            tokens: tokens.unwrap_or(0),
            cost_unknown: u64::from(cost.is_none()),
            tokens_unknown: u64::from(tokens.is_none()),
        }
    }

    /// Returns the sum of the two.
    #[must_use]
    pub fn plus(self, other: Self) -> Self {
        Self {
            attempts: self.attempts.saturating_add(other.attempts),
            minutes: self.minutes + other.minutes,
            cost_usd: self.cost_usd + other.cost_usd,
            tokens: self.tokens.saturating_add(other.tokens),
            cost_unknown: self.cost_unknown.saturating_add(other.cost_unknown),
            tokens_unknown: self.tokens_unknown.saturating_add(other.tokens_unknown),
        }
    }

    /// Returns the first limit that is reached, with the measured value:
    /// `cost_usd = 5 (5.25 measured)`.
    pub fn reached(&self, limit: &Allowance) -> Option<String> {
        let unknown = |count: u64| match count {
            0 => String::new(),
            1 => ", unknown for 1 attempt".to_owned(),
            many => format!(", unknown for {many} attempts"),
        };
        if let Some(most) = limit.cost_usd.filter(|most| self.cost_usd >= *most) {
            let more = unknown(self.cost_unknown);
            return Some(format!("cost_usd = {most} ({:.2} measured{more})", self.cost_usd));
        }
        if let Some(most) = limit.tokens.filter(|most| self.tokens >= *most) {
            let more = unknown(self.tokens_unknown);
            return Some(format!("tokens = {most} ({} measured{more})", self.tokens));
        }
        if let Some(most) = limit.minutes.filter(|most| self.minutes >= *most) {
            return Some(format!("minutes = {most} ({:.1} measured)", self.minutes));
        }
        let most = limit.attempts.filter(|most| self.attempts >= *most)?;
        Some(format!("attempts = {most} ({} made)", self.attempts))
    }
}

/// The reservation of a running attempt.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Reserved {
    /// The expected usage of the attempt.
    pub usage: Usage,
    /// After this time the attempt is assumed to have ended.
    pub until: DateTime<Utc>,
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

    /// Returns how many attempts may begin. Without a limit, any number may.
    pub fn admits(&self, limit: &Allowance, now: DateTime<Utc>) -> u64 {
        if !limit.is_any() {
            return u64::MAX;
        }
        let mut running = self.reserved.values().filter(|one| one.until > now);
        let held = running.clone().fold(self.used, |sum, one| sum.plus(one.usage));
        if held.reached(limit).is_some() {
            return 0;
        }
        // Until the usage of an attempt is known, only one runs at a time.
        if self.kinds.is_empty() && (limit.cost_usd.is_some() || limit.tokens.is_some()) {
            return u64::from(running.next().is_none());
        }
        let next = self.largest();
        // Something is left of each limit, so an attempt that takes nothing makes this infinite.
        let room = |left: f64, each: f64| (left / each).ceil() as u64;
        [
            limit.cost_usd.map(|most| room(most - held.cost_usd, next.cost_usd)),
            limit.tokens.map(|most| room((most - held.tokens) as f64, next.tokens as f64)),
            limit.minutes.map(|most| room(most - held.minutes, next.minutes)),
            limit.attempts.map(|most| most - held.attempts),
        ]
        .into_iter()
        .flatten()
        .min()
        .unwrap_or(u64::MAX)
    }

    /// Returns the highest average usage of any kind of attempt.
    fn largest(&self) -> Usage {
        let averages = self.kinds.values().map(average);
        averages.fold(Usage::default(), |most, one| Usage {
            attempts: 1,
            minutes: most.minutes.max(one.minutes),
            cost_usd: most.cost_usd.max(one.cost_usd),
            tokens: most.tokens.max(one.tokens),
            ..most
        })
    }

    /// Reserves an attempt of `kind`, which may run for up to `longest`.
    pub fn reserve(&mut self, claim: &str, kind: &str, now: DateTime<Utc>, longest: TimeDelta) {
        let usage = self.kinds.get(kind).map_or_else(|| self.largest(), average);
        let usage = Usage { attempts: 1, ..usage };
        let until = now.checked_add_signed(longest).unwrap_or(now);
        self.reserved.retain(|_, one| one.until > now);
        self.reserved.insert(claim.to_owned(), Reserved { usage, until });
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

/// Returns the average usage per attempt.
fn average(sum: &Usage) -> Usage {
    let known = |unknown: u64| sum.attempts.saturating_sub(unknown).max(1);
    Usage {
        attempts: 1,
        minutes: sum.minutes / sum.attempts.max(1) as f64,
        cost_usd: sum.cost_usd / known(sum.cost_unknown) as f64,
        tokens: sum.tokens / known(sum.tokens_unknown),
        cost_unknown: 0,
        tokens_unknown: 0,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(seconds)
    }

    fn cost(cost_usd: f64) -> Usage {
        Usage { attempts: 1, cost_usd, ..Usage::default() }
    }

    const HOUR: TimeDelta = TimeDelta::hours(1);

    #[test]
    fn a_limit_of_money_is_passed_by_one_attempt_at_most() {
        let limit = Allowance { cost_usd: Some(5.0), ..Allowance::default() };
        let mut ledger = Ledger::default();
        // The cost of an attempt is not known yet.
        assert_eq!(ledger.admits(&limit, at(0)), 1);
        ledger.reserve("a", "claude", at(0), HOUR);
        assert_eq!(ledger.admits(&limit, at(0)), 0);
        ledger.settle("a", "claude", cost(2.0));
        assert_eq!(ledger.admits(&limit, at(1)), 2, "the second one exceeds the limit");
        ledger.reserve("b", "claude", at(1), HOUR);
        ledger.reserve("c", "claude", at(1), HOUR);
        assert_eq!(ledger.admits(&limit, at(1)), 0);
        assert_eq!(ledger.admits(&limit, at(4000)), 2, "their reservations have expired");
        ledger.settle("b", "claude", cost(1.0));
        ledger.settle("c", "claude", cost(2.25));
        let reached = ledger.used.reached(&limit).expect("reached");
        assert_eq!(reached, "cost_usd = 5 (5.25 measured)");
    }

    #[test]
    fn an_allowance_is_told_in_words() {
        let all = Allowance { attempts: Some(3), cost_usd: Some(2.5), ..Allowance::default() };
        assert_eq!(all.to_string(), "3 attempts, 2.5 USD");
    }

    #[test]
    fn what_is_unknown_is_said_and_holds_nothing_up() {
        let limit = Allowance { cost_usd: Some(1.0), attempts: Some(3), ..Allowance::default() };
        let mut ledger = Ledger::default();
        for claim in ["a", "b"] {
            ledger.settle(claim, "codex", Usage::of(None, 1.0, None));
        }
        assert_eq!(ledger.admits(&limit, at(0)), 1);
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

    #[test]
    fn each_limit_admits_what_is_left_of_it() {
        let ledger = used(usage(3, 30.0, 6.0, 600));
        let none = Allowance::default();
        for (limit, admitted) in [
            (none, u64::MAX),
            (Allowance { attempts: Some(7), ..none }, 4),
            (Allowance { attempts: Some(3), ..none }, 0),
            // Each attempt takes 10 minutes, 2 USD and 200 tokens. The last one may exceed the limit.
            (Allowance { minutes: Some(75.0), ..none }, 5),
            (Allowance { minutes: Some(30.0), ..none }, 0),
            (Allowance { cost_usd: Some(11.0), ..none }, 3),
            (Allowance { cost_usd: Some(6.0), ..none }, 0),
            (Allowance { tokens: Some(1500), ..none }, 5),
            (Allowance { tokens: Some(600), ..none }, 0),
            (Allowance { tokens: Some(1500), cost_usd: Some(11.0), attempts: Some(7), ..none }, 3),
        ] {
            assert_eq!(ledger.admits(&limit, at(0)), admitted, "{limit}");
            assert_eq!(limit.is_any(), limit != none);
        }
        // An attempt that takes nothing may run as often as it likes.
        let free = used(usage(3, 0.0, 0.0, 0));
        assert_eq!(free.admits(&Allowance { minutes: Some(1.0), ..none }, at(0)), u64::MAX);
        assert_eq!(free.admits(&Allowance { cost_usd: Some(1.0), ..none }, at(0)), u64::MAX);
        assert_eq!(free.admits(&Allowance { tokens: Some(1), ..none }, at(0)), u64::MAX);
    }

    #[test]
    fn the_first_limit_that_is_reached_is_told() {
        let unknown =
            |count| Usage { cost_unknown: count, tokens_unknown: count, ..usage(3, 2.0, 1.0, 5) };
        let none = Allowance::default();
        let all = Allowance {
            attempts: Some(3),
            minutes: Some(2.0),
            cost_usd: Some(1.0),
            tokens: Some(5),
        };
        let reached = |count, limit: Allowance| unknown(count).reached(&limit);
        assert_eq!(reached(0, all).as_deref(), Some("cost_usd = 1 (1.00 measured)"));
        let tokens = Allowance { cost_usd: Some(1.1), ..all };
        let expected = "tokens = 5 (5 measured, unknown for 1 attempt)";
        assert_eq!(reached(1, tokens).as_deref(), Some(expected));
        let expected = "tokens = 5 (5 measured, unknown for 2 attempts)";
        assert_eq!(reached(2, tokens).as_deref(), Some(expected));
        let minutes = Allowance { tokens: Some(6), ..tokens };
        assert_eq!(reached(0, minutes).as_deref(), Some("minutes = 2 (2.0 measured)"));
        let attempts = Allowance { minutes: Some(2.1), ..minutes };
        assert_eq!(reached(0, attempts).as_deref(), Some("attempts = 3 (3 made)"));
        assert_eq!(reached(0, Allowance { attempts: Some(4), ..attempts }), None);
        assert_eq!(reached(0, none), None);
        assert_eq!(all.to_string(), "3 attempts, 2 min, 1 USD, 5 tokens");
    }

    #[test]
    fn an_attempt_uses_what_its_tool_reports() {
        use crate::domain::{AgentOutcome, Preset, Tokens};
        let run = AgentRun {
            tokens: Some(Tokens::with_cached_inside(3, 4, 1)),
            cost_usd: Some(0.5),
            ..AgentRun::new(Preset::Claude, AgentOutcome::Ok)
        };
        assert_eq!(Usage::of(Some(&run), 2.0, Some(9.0)), usage(1, 2.0, 0.5, 7));
        let estimated = Usage { tokens_unknown: 1, ..usage(1, 2.0, 9.0, 0) };
        assert_eq!(Usage::of(None, 2.0, Some(9.0)), estimated);
        let unknown = Usage { tokens_unknown: 1, cost_unknown: 1, ..usage(1, 3.0, 0.0, 0) };
        assert_eq!(Usage::of(None, 3.0, None), unknown);
        let sum = Usage { tokens_unknown: 2, cost_unknown: 1, ..usage(2, 5.0, 9.0, 0) };
        assert_eq!(estimated.plus(unknown), sum);
    }

    #[test]
    fn averages_leave_out_what_is_unknown() {
        let sums = Usage { cost_unknown: 1, tokens_unknown: 2, ..usage(4, 8.0, 6.0, 10) };
        assert_eq!(average(&sums), usage(1, 2.0, 2.0, 5));
        assert_eq!(average(&Usage::default()), usage(1, 0.0, 0.0, 0));
        let mut ledger = used(sums);
        ledger.settle("a", "codex", usage(1, 1.0, 7.0, 3));
        assert_eq!(ledger.largest(), usage(1, 2.0, 7.0, 5));
    }

    #[test]
    fn a_reservation_is_an_average_until_it_expires_or_is_released() {
        let mut ledger = used(usage(2, 4.0, 6.0, 10));
        ledger.reserve("a", "claude", at(0), TimeDelta::seconds(10));
        ledger.reserve("b", "other", at(0), TimeDelta::MAX);
        let average = usage(1, 2.0, 3.0, 5);
        assert_eq!(ledger.reserved["a"], Reserved { usage: average, until: at(10) });
        assert_eq!(ledger.reserved["b"], Reserved { usage: average, until: at(0) });
        let limit = Allowance { attempts: Some(5), ..Allowance::default() };
        assert_eq!([at(9), at(10)].map(|now| ledger.admits(&limit, now)), [2, 3]);
        ledger.reserve("c", "claude", at(9), HOUR);
        assert_eq!(ledger.reserved.keys().collect::<Vec<_>>(), ["a", "c"]);
        ledger.reserve("d", "claude", at(10), HOUR);
        assert_eq!(ledger.reserved.keys().collect::<Vec<_>>(), ["c", "d"]);
        ledger.release("c");
        assert_eq!(ledger.reserved.keys().collect::<Vec<_>>(), ["d"]);
        ledger.settle("d", "claude", usage(1, 1.0, 1.0, 1));
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
}
