//! What attempts may use, and what they used: money, tokens, minutes, attempts.

use super::agent_run::AgentRun;
use serde::{Deserialize, Serialize};
use std::fmt;

/// The number of amounts that can be limited.
pub(super) const AMOUNTS: usize = 4;
/// Amounts that differ by less are equal: the sum of ten times 0.1 is less than 1.
pub(super) const SLACK: f64 = 1e-9;

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

    /// Returns the limits in the order of [`Usage::amounts`].
    pub(super) fn amounts(&self) -> [Option<f64>; AMOUNTS] {
        let count = |most: Option<u64>| most.map(|most| most as f64);
        [self.cost_usd, count(self.tokens), self.minutes, count(self.attempts)]
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

    /// Returns the used amounts: money, tokens, minutes, attempts.
    pub(super) fn amounts(&self) -> [f64; AMOUNTS] {
        [self.cost_usd, self.tokens as f64, self.minutes, self.attempts as f64]
    }

    /// Returns the usage with these amounts.
    pub(super) fn of_amounts([cost_usd, tokens, minutes, attempts]: [f64; AMOUNTS]) -> Self {
        let (tokens, attempts) = (tokens.ceil() as u64, attempts as u64);
        Self { attempts, minutes, cost_usd, tokens, ..Self::default() }
    }

    /// Returns the first limit that is reached, with the measured value:
    /// `cost_usd = 5 (5.25 measured)`.
    pub fn reached(&self, limit: &Allowance) -> Option<String> {
        let (most, used) = (limit.amounts(), self.amounts());
        let is_reached = |at: &usize| most[*at].is_some_and(|most| used[*at] >= most - SLACK);
        let at = (0..AMOUNTS).find(is_reached)?;
        self.compared(at, limit, "")
    }

    /// Returns the limit of the amount with index `at`, with the measured value and `more`.
    pub(super) fn compared(&self, at: usize, limit: &Allowance, more: &str) -> Option<String> {
        let unknown = |count: u64| match count {
            0 => String::new(),
            1 => ", unknown for 1 attempt".to_owned(),
            many => format!(", unknown for {many} attempts"),
        };
        let (most, used) = (limit.amounts()[at]?, self.amounts()[at]);
        Some(match at {
            0 => {
                let unknown = unknown(self.cost_unknown);
                format!("cost_usd = {most} ({used:.2} measured{unknown}{more})")
            }
            1 => {
                let unknown = unknown(self.tokens_unknown);
                format!("tokens = {most} ({used} measured{unknown}{more})")
            }
            2 => format!("minutes = {most} ({used:.1} measured{more})"),
            _ => format!("attempts = {most} ({used} made{more})"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_allowance_is_told_in_words() {
        let all = Allowance { attempts: Some(3), cost_usd: Some(2.5), ..Allowance::default() };
        assert_eq!(all.to_string(), "3 attempts, 2.5 USD");
    }

    fn usage(attempts: u64, minutes: f64, cost_usd: f64, tokens: u64) -> Usage {
        Usage { attempts, minutes, cost_usd, tokens, ..Usage::default() }
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
}
