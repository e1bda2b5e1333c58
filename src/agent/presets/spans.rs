//! Parses how long a limit lasts, for tools that report that instead of when it ends.

use chrono::TimeDelta;

/// Words that may precede the number of a span.
const BEFORE: [&str; 15] = [
    "again",
    "for",
    "in_seconds",
    "in",
    "after",
    "delay",
    "about",
    "approximately",
    "approx.",
    "around",
    "roughly",
    "another",
    "at least",
    "up to",
    "less than",
];

/// Parses a span such as `in 3 hours 20 minutes`, `after 45s`, `in about an hour` or `20 minutes`.
/// A number without a unit means seconds, and counts only after a word that announces a span.
pub(super) fn span(rest: &str) -> Option<TimeDelta> {
    let (rest, is_announced) = behind_announcement(rest);
    let mut words = Words(rest);
    let mut sum = None;
    while let Some(one) = words.amount(is_announced) {
        sum = Some(sum.unwrap_or_else(TimeDelta::zero) + one);
    }
    sum
}

/// Skips the words before a span. Returns the rest, and whether one of them announces a span.
fn behind_announcement(text: &str) -> (&str, bool) {
    let mut rest = text;
    let mut is_announced = false;
    loop {
        rest = rest.trim_start_matches([':', ' ', '-', '_', '~', '=', '"', '\'']);
        let begins = |word: &&&str| {
            let after = rest.strip_prefix(**word);
            after.is_some_and(|after| !after.starts_with(|letter: char| letter.is_alphanumeric()))
        };
        let Some(word) = BEFORE.iter().find(begins) else { return (rest, is_announced) };
        rest = &rest[word.len()..];
        is_announced |= !matches!(*word, "again" | "for");
    }
}

/// A text that is read from its start.
struct Words<'t>(&'t str);

impl Words<'_> {
    /// Reads the next number with its unit.
    fn amount(&mut self, is_announced: bool) -> Option<TimeDelta> {
        let before = self.0;
        self.skip();
        let found = self.number().and_then(|number| {
            let unit = self.word();
            let seconds = unit_seconds(unit).filter(|_| is_announced || !unit.is_empty())?;
            Some(TimeDelta::milliseconds((number.min(1e7) * seconds * 1000.0) as i64))
        });
        if found.is_none() {
            self.0 = before;
        }
        found
    }

    fn skip(&mut self) {
        self.0 = self.0.trim_start_matches([' ', ',']);
        self.0 = self.0.strip_prefix("and ").unwrap_or(self.0).trim_start();
    }

    fn number(&mut self) -> Option<f64> {
        let end = self.0.find(|letter: char| !letter.is_ascii_digit() && letter != '.');
        let (digits, rest) = self.0.split_at(end.unwrap_or(self.0.len()));
        if let Ok(number) = digits.trim_end_matches('.').parse() {
            // A colon after the digits means a time of day, not a span.
            self.0 = rest;
            return (!rest.starts_with(':')).then_some(number);
        }
        matches!(self.word(), "a" | "an" | "one").then_some(1.0)
    }

    fn word(&mut self) -> &str {
        let rest = self.0.trim_start_matches([' ', '-']);
        let end = rest.find(|letter: char| !letter.is_ascii_alphabetic());
        let (word, rest) = rest.split_at(end.unwrap_or(rest.len()));
        self.0 = rest;
        word
    }
}

/// Returns how many seconds a unit has. A missing unit means seconds.
fn unit_seconds(unit: &str) -> Option<f64> {
    match unit {
        "ms" | "milliseconds" => Some(0.001),
        "" | "s" | "sec" | "secs" | "second" | "seconds" => Some(1.0),
        "m" | "min" | "mins" | "minute" | "minutes" => Some(60.0),
        "h" | "hr" | "hrs" | "hour" | "hours" => Some(3600.0),
        "d" | "day" | "days" => Some(86400.0),
        "w" | "week" | "weeks" => Some(604_800.0),
        _ => None,
    }
}
