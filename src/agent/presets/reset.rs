//! Parses when a limit ends from the texts of tools.
//!
//! Tools use many forms: an epoch, an ISO time, "3:28 PM" in local time, "Dec 17 at 6am
//! (Europe/Oslo)", "next Tuesday", "in 3h 20m". A time without a date means its next occurrence, a
//! date without a time means midnight, and a date without a year means the nearest one.

use super::spans::span;
pub(super) use super::zones::Zone;
use super::zones::zone_of;
use chrono::{DateTime, Datelike, Days, NaiveDate, NaiveTime, TimeDelta, Utc, Weekday};
use serde_json::Value;

/// The maximum time until a stated reset; later ones are capped.
pub(super) const MOST: TimeDelta = TimeDelta::days(8);
/// A time of day that passed less than this ago is not tomorrow's.
const JUST_PASSED: TimeDelta = TimeDelta::minutes(2);
/// Words that precede a time.
const CUES: [&str; 12] = [
    "resets",
    "reset",
    "try again",
    "available",
    "retry",
    "until",
    "renews",
    "refreshes",
    "ends on",
    "come back",
    "back at",
    "wait",
];
/// A number that no such word precedes is a reset only if it is this close to now.
const NEAR: TimeDelta = TimeDelta::days(9);

/// Returns the reset that `text` states. `zone` is the zone of a time without one.
pub(super) fn stated(text: &str, now: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    let lower = text.to_lowercase();
    let after = CUES
        .iter()
        .flat_map(|cue| lower.match_indices(cue).map(|(at, cue)| (at, &lower[at + cue.len()..])));
    let mut after: Vec<(usize, &str)> = after.collect();
    after.sort_unstable();
    let cued = after.into_iter().find_map(|(_, rest)| timed(rest, now, zone));
    let found = cued.or_else(|| bare_epoch(&lower, now));
    found.map(|at| clamped(at, now))
}

/// Caps a stated time at [`MOST`] from now.
pub(super) fn clamped(at: DateTime<Utc>, now: DateTime<Utc>) -> DateTime<Utc> {
    at.min(now + MOST)
}

/// Converts plausible seconds or milliseconds since 1970 to a time.
pub(super) fn moment(number: i64) -> Option<DateTime<Utc>> {
    let seconds = if number >= 100_000_000_000 { number / 1000 } else { number };
    let plausible = (1_500_000_000..5_000_000_000).contains(&seconds);
    DateTime::from_timestamp(seconds, 0).filter(|_| plausible)
}

/// Returns the time in a field of an event: seconds or milliseconds since 1970, or a time with its
/// zone.
pub(super) fn of_field(value: &Value) -> Option<DateTime<Utc>> {
    match value {
        Value::Number(number) => {
            number.as_i64().or(number.as_f64().map(|n| n as i64)).and_then(moment)
        }
        Value::String(text) => {
            let number = text.parse().ok().map(|number: f64| number as i64);
            number.and_then(moment).or_else(|| iso(text))
        }
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// Returns an epoch directly after a word that precedes a time.
fn cued_epoch(rest: &str) -> Option<DateTime<Utc>> {
    let begin = |text: &str| text.trim_start_matches(|c: char| !c.is_alphanumeric()).to_owned();
    let rest = begin(rest);
    let words = ["timestamp", "time", "at", "on", "is"];
    let rest = words.iter().find_map(|word| rest.strip_prefix(word)).unwrap_or(&rest);
    let rest = begin(rest);
    let digits = rest.split(|letter: char| !letter.is_ascii_digit()).next()?;
    matches!(digits.len(), 10 | 13).then(|| moment(digits.parse().ok()?)).flatten()
}

/// Returns an epoch at any other position. Other numbers of this length, such as request ids, are
/// far from now.
fn bare_epoch(text: &str, now: DateTime<Utc>) -> Option<DateTime<Utc>> {
    let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
    let numbers = words.filter(|word| matches!(word.len(), 10 | 13));
    let mut moments = numbers.filter_map(|word| moment(word.parse().ok()?));
    moments.find(|at| (*at - now).abs() <= NEAR)
}

/// The parts of a time that were found in a text.
#[derive(Default)]
struct Pieces {
    date: Option<NaiveDate>,
    month_day: Option<(u32, u32)>,
    year: Option<i32>,
    weekday: Option<Weekday>,
    days: Option<u64>,
    time: Option<NaiveTime>,
    zone: Option<Zone>,
}

fn timed(rest: &str, now: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
    if let Some(at) = cued_epoch(rest) {
        return Some(at);
    }
    if let Some(span) = span(rest) {
        return Some(now + span);
    }
    let rest = rest.lines().next().unwrap_or_default();
    if let Some(at) = rest.split_whitespace().find_map(iso) {
        return Some(at);
    }
    let mut pieces = Pieces::default();
    let words: Vec<&str> = rest
        .split(|letter: char| letter.is_whitespace() || "(),;·∙|".contains(letter))
        .map(|word| word.trim_end_matches(['.', '!']))
        .filter(|word| !word.is_empty())
        .take(14)
        .collect();
    let mut at = 0;
    while at < words.len() {
        at += pieces.take(&words[at..]);
    }
    pieces.moment(now, zone)
}

impl Pieces {
    /// Interprets the first words. Returns how many of them were used.
    fn take(&mut self, words: &[&str]) -> usize {
        let (word, next) = (words[0], words.get(1).copied().unwrap_or_default());
        if let Some(month) = month(word) {
            if let Some(day) = day(next) {
                self.month_day = Some((month, day));
                return 2;
            }
        } else if let (Some(day), Some(month)) = (day(word), month(next)) {
            self.month_day = Some((month, day));
            return 2;
        }
        if self.date.is_none()
            && let Some(date) = date(word)
        {
            self.date = Some(date);
            // A date and time without a zone, such as 2026-08-08T12:30.
            self.time = word.split_once('t').and_then(|(_, time)| time_of(time, "")).or(self.time);
            return 1;
        }
        if let Some(year) = word.parse().ok().filter(|year| (2020..2100).contains(year)) {
            self.year = Some(year);
            return 1;
        }
        if self.time.is_none()
            && let Some(time) = time_of(word, next)
        {
            self.time = Some(time);
            return if matches!(next, "am" | "pm" | "a.m" | "p.m") { 2 } else { 1 };
        }
        self.take_name(word);
        1
    }

    fn take_name(&mut self, word: &str) {
        match word {
            "today" => self.days = Some(0),
            "tomorrow" => self.days = Some(1),
            _ if self.weekday.is_none() && weekday(word).is_some() => self.weekday = weekday(word),
            _ if self.zone.is_none() => self.zone = zone_of(word),
            _ => {}
        }
    }

    fn moment(&self, now: DateTime<Utc>, zone: Zone) -> Option<DateTime<Utc>> {
        let zone = self.zone.unwrap_or(zone);
        let here = zone.now(now);
        let time = self.time.unwrap_or_default();
        if let Some(date) = self.date {
            return zone.at(date.and_time(time));
        }
        if let Some((month, day)) = self.month_day {
            let in_year = |year| NaiveDate::from_ymd_opt(year, month, day);
            let date = match self.year {
                Some(year) => in_year(year),
                None => {
                    let years = (here.year() - 1)..=(here.year() + 1);
                    years.filter_map(in_year).min_by_key(|date| (*date - here.date()).abs())
                }
            };
            return zone.at(date?.and_time(time));
        }
        if let Some(days) = self.days {
            return zone.at((here.date() + Days::new(days)).and_time(time));
        }
        if let Some(weekday) = self.weekday {
            let ahead = weekday.days_since(here.weekday());
            let is_over = ahead == 0 && (self.time.is_none() || time <= here.time());
            let ahead = if is_over { 7 } else { ahead };
            return zone.at((here.date() + Days::new(u64::from(ahead))).and_time(time));
        }
        let time = self.time?;
        let today = here.date().and_time(time);
        let passed = today + JUST_PASSED < here;
        zone.at(if passed { today + Days::new(1) } else { today })
    }
}

/// Parses a time with a zone, such as 2026-08-08T12:30:00Z.
fn iso(word: &str) -> Option<DateTime<Utc>> {
    let word = word.trim_matches(|letter: char| !letter.is_ascii_alphanumeric());
    let at = DateTime::parse_from_rfc3339(&word.to_uppercase()).ok()?;
    Some(at.to_utc())
}

/// Parses a date: `2026-08-08`, optionally followed by a time, `9/23/2026` (month first if
/// possible), or `23.9.2026`.
fn date(word: &str) -> Option<NaiveDate> {
    let day = word.split('t').next().unwrap_or_default();
    let read = |word: &str, form: &str| NaiveDate::parse_from_str(word, form).ok();
    let written = || {
        let forms = ["%Y/%m/%d", "%m/%d/%Y", "%d/%m/%Y", "%d.%m.%Y"];
        forms.iter().find_map(|form| read(word, form))
    };
    read(day, "%Y-%m-%d").or_else(written)
}

fn month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let found = MONTHS.iter().position(|month| word.len() >= 3 && month.starts_with(word));
    found.map(|at| at as u32 + 1).or((word == "sept").then_some(9))
}

/// Parses a day of a month, such as `8` or `8th`.
fn day(word: &str) -> Option<u32> {
    let digits = word.trim_end_matches(['s', 't', 'n', 'd', 'r', 'h']);
    let ending = &word[digits.len()..];
    let known = matches!(ending, "" | "st" | "nd" | "rd" | "th");
    digits.parse().ok().filter(|day| known && (1..=31).contains(day))
}

fn weekday(word: &str) -> Option<Weekday> {
    const DAYS: [(&str, Weekday); 7] = [
        ("monday", Weekday::Mon),
        ("tuesday", Weekday::Tue),
        ("wednesday", Weekday::Wed),
        ("thursday", Weekday::Thu),
        ("friday", Weekday::Fri),
        ("saturday", Weekday::Sat),
        ("sunday", Weekday::Sun),
    ];
    let found = DAYS.iter().find(|(name, _)| word.len() >= 3 && name.starts_with(word));
    found.map(|(_, day)| *day)
}

/// Parses a time of day: `5pm`, `3:28 pm`, `15:28`, `15:28:10`, `noon`, `midnight`.
fn time_of(word: &str, next: &str) -> Option<NaiveTime> {
    match word {
        "noon" => return NaiveTime::from_hms_opt(12, 0, 0),
        "midnight" => return NaiveTime::from_hms_opt(0, 0, 0),
        _ => {}
    }
    let word = word.trim_end_matches('z');
    let bare = word.trim_end_matches(['a', 'p', 'm', '.']);
    let half = word[bare.len()..].replace('.', "");
    let half = if half.is_empty() { next.replace('.', "") } else { half };
    let afternoon = match half.as_str() {
        "am" => Some(false),
        "pm" => Some(true),
        _ => None,
    };
    let mut numbers = bare.split(':').map(|part| part.parse::<u32>().ok());
    let hour = numbers.next()??;
    let minute = numbers.next().unwrap_or(Some(0))?;
    let second = numbers.next().unwrap_or(Some(0))?;
    let hour = match afternoon {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(afternoon) => hour % 12 + if afternoon { 12 } else { 0 },
        // A number alone is not a time.
        None if !bare.contains(':') => return None,
        None => hour,
    };
    NaiveTime::from_hms_opt(hour, minute, second)
}

#[cfg(test)]
#[path = "tests/reset.rs"]
mod tests;
