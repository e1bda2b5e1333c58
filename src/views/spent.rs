//! The usage of the attempts of a project today, compared with its limits.

use super::style::{count, took};
use crate::domain::{Allowance, ReasonCode, Usage, timestamp};
use crate::store::Ledgers;
use chrono::{DateTime, Local, TimeZone, Utc};
use serde::Serialize;
use std::path::Path;

/// The usage on one day in one project.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct SpentView {
    /// The project root.
    pub root: String,
    /// The day, in the time zone of this machine.
    pub day: String,
    /// The number of attempts that ended.
    pub attempts: u64,
    /// Their minutes.
    pub minutes: f64,
    /// US dollars; `None` if no attempt reported them.
    pub cost_usd: Option<f64>,
    /// Tokens; `None` if no attempt reported them.
    pub tokens: Option<u64>,
    /// The number of attempts whose cost is unknown.
    pub cost_unknown: u64,
    /// The limit in US dollars, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cost_limit_usd: Option<f64>,
    /// The limit that is reached: no attempt begins before the day is over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reached: Option<String>,
}

/// A pause of all agents because the day's limit is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DayOver {
    /// When the day began.
    pub since: String,
    /// When the next one begins.
    pub until: String,
    /// The limit, with the measured amount.
    pub reason: String,
    /// The same for people.
    pub sentence: String,
    /// Its reason code as a pause.
    pub kind: ReasonCode,
}

impl SpentView {
    /// Reads the usage of the project at `root` today; `None` if none is recorded.
    pub fn of(root: &Path, limit: &Allowance, now: DateTime<Utc>) -> Option<Self> {
        let ledger = Ledgers::of(root).read().ok()?;
        let day = now.with_timezone(&Local).format("%Y-%m-%d").to_string();
        (ledger.day == day && ledger.used.attempts > 0).then(|| {
            let Usage { attempts, minutes, cost_usd, tokens, cost_unknown, tokens_unknown } =
                ledger.used;
            Self {
                root: root.display().to_string(),
                day,
                attempts,
                minutes: (minutes * 100.0).round() / 100.0,
                cost_usd: (cost_unknown < attempts).then_some((cost_usd * 1e6).round() / 1e6),
                tokens: (tokens_unknown < attempts).then_some(tokens),
                cost_unknown,
                cost_limit_usd: limit.cost_usd,
                reached: ledger.spent(limit, now),
            }
        })
    }

    /// Formats a line for people.
    pub fn line(&self) -> String {
        let attempts = usize::try_from(self.attempts).unwrap_or(usize::MAX);
        let attempts = count(attempts, "attempt", "attempts");
        let took = took((self.minutes * 60_000.0).round() as i64);
        let of = self.cost_limit_usd.map_or_else(String::new, |most| format!(" of {most}"));
        let unknown = match self.cost_unknown {
            0 => String::new(),
            many => format!(" (unknown for {many})"),
        };
        let cost = match self.cost_usd {
            Some(cost) => format!("{cost:.2} USD{of}{unknown}"),
            None => "cost unknown".to_owned(),
        };
        let tokens = self.tokens.map_or_else(String::new, |tokens| format!(", {tokens} tokens"));
        format!("today: {attempts}, {took}, {cost}{tokens}")
    }

    /// Returns the pause that follows from the day's limit.
    pub fn pause(&self, now: DateTime<Utc>) -> Option<DayOver> {
        let reason = self.reached.as_ref()?;
        let today = now.with_timezone(&Local).date_naive();
        let begin = |day: chrono::NaiveDate| {
            // If the clocks skip midnight, the day begins at the first existing time.
            let times = (0..24).filter_map(|hour| day.and_hms_opt(hour, 0, 0));
            times.filter_map(|time| Local.from_local_datetime(&time).earliest()).next()
        };
        let (since, until) = (begin(today)?, begin(today.succ_opt()?)?);
        Some(DayOver {
            since: timestamp(since.to_utc()),
            until: timestamp(until.to_utc()),
            reason: format!("limits.day {reason}"),
            sentence: format!(
                "no agent starts before {}: today's limit {reason} is reached; raise limits.day, or run \
                 again tomorrow",
                until.format("%H:%M")
            ),
            kind: ReasonCode::Budget,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::ids::CountingIds;

    fn spent(used: Usage, limit: &Allowance) -> (SpentView, DateTime<Utc>) {
        let root = tempfile::tempdir().expect("a folder");
        let now = Utc::now();
        let today = now.with_timezone(&Local).format("%Y-%m-%d").to_string();
        let written = Ledgers::of(root.path()).change(&CountingIds::default(), |ledger| {
            ledger.turn_to(&today);
            ledger.settle("c", "claude default ", used);
        });
        written.expect("written");
        let view = SpentView::of(root.path(), limit, now).expect("known");
        let yesterday = now - chrono::TimeDelta::days(2);
        assert_eq!(SpentView::of(root.path(), limit, yesterday), None);
        (view, now)
    }

    #[test]
    fn what_is_unknown_is_said_to_be() {
        let used = Usage {
            attempts: 2,
            minutes: 3.0,
            cost_unknown: 2,
            tokens_unknown: 2,
            ..Usage::default()
        };
        let (view, now) = spent(used, &Allowance::default());
        assert_eq!((view.cost_usd, view.tokens), (None, None));
        assert_eq!(view.line(), "today: 2 attempts, 3 min, cost unknown");
        assert_eq!(view.pause(now), None);
    }

    #[test]
    fn a_limit_that_is_reached_pauses_until_the_next_day() {
        let used = Usage {
            attempts: 3,
            minutes: 3.0,
            cost_usd: 5.25,
            tokens: 900,
            cost_unknown: 1,
            ..Usage::default()
        };
        let limit = Allowance { cost_usd: Some(5.0), ..Allowance::default() };
        let (view, now) = spent(used, &limit);
        assert_eq!(
            view.line(),
            "today: 3 attempts, 3 min, 5.25 USD of 5 (unknown for 1), 900 tokens"
        );
        let pause = view.pause(now).expect("a pause");
        assert!(pause.reason.starts_with("limits.day cost_usd = 5 (5.25 measured"), "{pause:?}");
        let time = |text: &str| DateTime::parse_from_rfc3339(text).expect("a time").to_utc();
        assert!(time(&pause.since) <= now && now < time(&pause.until), "{pause:?}");
    }
}
