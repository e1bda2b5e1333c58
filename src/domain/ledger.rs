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
        let running = self.reserved.values().filter(|one| one.until > now);
        let (count, held) =
            running.fold((0, self.used), |(count, sum), one| (count + 1, sum.plus(one.usage)));
        if held.reached(limit).is_some() {
            return 0;
        }
        // Until the usage of an attempt is known, only one runs at a time.
        if self.kinds.is_empty() && (limit.cost_usd.is_some() || limit.tokens.is_some()) {
            return u64::from(count == 0);
        }
        let next = self.largest();
        let room =
            |left: f64, each: f64| if each > 0.0 { (left / each).ceil() as u64 } else { u64::MAX };
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
}
