//! Parsers for the values of a task's fields. Each accepts every form that the format defines and
//! returns `None` for any other.

use crate::domain::{Effort, Text};
use crate::queue::json::kind::Kind;
use crate::queue::json::values::{elements, float, string, unquote, whole};
use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc};
use ecow::eco_format;
use std::borrow::Cow;

/// Parses an id: a string as it is, a whole number as its decimal text. Other numbers have several
/// possible texts (`1.0`, `1e0`), so the intended one is ambiguous.
pub(crate) fn id(raw: &str) -> Option<Cow<'_, str>> {
    match Kind::of(raw) {
        Kind::String => Some(unquote(raw)),
        Kind::Number => raw.bytes().all(|byte| byte.is_ascii_digit()).then_some(raw.into()),
        Kind::Null | Kind::Bool | Kind::Array | Kind::Object => None,
    }
}

/// Parses a priority to the one scale of priorities: 0 comes first.
pub(crate) fn priority(raw: &str) -> Option<i64> {
    if let Some(value) = whole(raw) {
        return Some(value);
    }
    let text = string(raw)?;
    let word = text.trim();
    let named = ["critical", "high", "medium", "low"];
    if let Some(rank) = named.iter().position(|name| name.eq_ignore_ascii_case(word)) {
        return Some(rank as i64);
    }
    let digits = word.strip_prefix(['P', 'p'])?;
    (digits.len() <= 3 && digits.bytes().all(|b| b.is_ascii_digit()))
        .then(|| digits.parse().ok())
        .flatten()
}

/// Parses a time: RFC 3339, also without seconds or with an offset such as `+0000`, or a time or
/// date without a zone, which is read as local time.
pub(crate) fn time(raw: &str) -> Option<DateTime<Utc>> {
    time_in(raw, &Local)
}

/// Parses a time. `zone` is the local time zone.
fn time_in(raw: &str, zone: &impl TimeZone) -> Option<DateTime<Utc>> {
    const TIMES: [&str; 2] = ["%H:%M:%S%.f", "%H:%M"];
    let text = string(raw)?;
    let text = text.trim();
    let zulu = text.strip_suffix(['Z', 'z']).map(|start| format!("{start}+00:00"));
    let text = zulu.as_deref().unwrap_or(text);
    let Some((date, time)) = text.split_once(['T', 't', ' ']) else {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        return local(date.and_time(NaiveTime::MIN), zone);
    };
    let text = format!("{date}T{}", time.replace(' ', ""));
    for form in TIMES {
        if let Ok(time) = DateTime::parse_from_str(&text, &format!("%Y-%m-%dT{form}%#z")) {
            return Some(time.with_timezone(&Utc));
        }
        if let Ok(time) = NaiveDateTime::parse_from_str(&text, &format!("%Y-%m-%dT{form}")) {
            return local(time, zone);
        }
    }
    None
}

/// Converts a local time. Of two moments with the same local time, the later one counts. A time
/// skipped when the clock is set forward is moved one hour later.
fn local(time: NaiveDateTime, zone: &impl TimeZone) -> Option<DateTime<Utc>> {
    let shown = |time: NaiveDateTime| zone.from_local_datetime(&time).latest();
    let found = shown(time).or_else(|| shown(time.checked_add_signed(TimeDelta::hours(1))?))?;
    Some(found.with_timezone(&Utc))
}

/// Parses hours: a number, `[low, high]`, or `"2-3"`.
pub(crate) fn hours(raw: &str) -> Option<(f64, f64)> {
    let sane = |low: f64, high: f64| (0.0 <= low && low <= high).then_some((low, high));
    if let Some(value) = float(raw) {
        return sane(value, value);
    }
    if Kind::of(raw) == Kind::Array {
        let mut ends = elements(raw);
        let low = float(ends.next()?)?;
        let high = ends.next().map_or(Some(low), float)?;
        return sane(low, high).filter(|_| ends.next().is_none());
    }
    let text = string(raw)?;
    let (low, high) = text.split_once(['-', '–'])?;
    let number = |text: &str| text.trim().parse::<f64>().ok().filter(|v| v.is_finite());
    sane(number(low)?, number(high)?)
}

/// Parses minutes in a usable range.
pub(crate) fn minutes(raw: &str) -> Option<f64> {
    float(raw).filter(|value| *value >= 0.0)
}

/// Parses a size in upper or lower case.
pub(crate) fn effort(raw: &str) -> Option<Effort> {
    let text = string(raw)?;
    let sizes = [("s", Effort::S), ("m", Effort::M), ("l", Effort::L), ("xl", Effort::XL)];
    let word = text.trim();
    sizes.iter().find(|(name, _)| name.eq_ignore_ascii_case(word)).map(|(_, size)| *size)
}

/// Parses a name: a string as it is, a number as its text.
pub(crate) fn name(raw: &str) -> Option<Text> {
    match Kind::of(raw) {
        Kind::String => Some(Text::from(unquote(raw))).filter(|text| !text.is_empty()),
        Kind::Number => Some(whole(raw).map_or_else(|| Text::from(raw), |n| eco_format!("{n}"))),
        Kind::Null | Kind::Bool | Kind::Array | Kind::Object => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::FixedOffset;

    #[test]
    fn priorities_stand_on_one_scale() {
        let table = [
            ("0", Some(0)),
            ("-3", Some(-3)),
            ("12", Some(12)),
            ("2.0", Some(2)),
            ("1e1", Some(10)),
            ("2.5", None),
            (r#""P0""#, Some(0)),
            (r#""p9""#, Some(9)),
            (r#""P12""#, Some(12)),
            (r#""P""#, None),
            (r#""P+1""#, None),
            (r#""4""#, Some(4)),
            (r#""critical""#, Some(0)),
            (r#""High""#, Some(1)),
            (r#""medium""#, Some(2)),
            (r#""LOW""#, Some(3)),
            (r#""urgent""#, None),
            ("null", None),
            ("true", None),
            ("[1]", None),
            ("10000000000000000000001", None),
        ];
        for (raw, rank) in table {
            assert_eq!(priority(raw), rank, "{raw}");
        }
    }

    #[test]
    fn hours_are_a_number_or_a_range() {
        let table = [
            ("4", Some((4.0, 4.0))),
            ("1.50", Some((1.5, 1.5))),
            ("[2, 3]", Some((2.0, 3.0))),
            ("[ 2 ]", Some((2.0, 2.0))),
            (r#""2-3""#, Some((2.0, 3.0))),
            (r#""2 – 3.5""#, Some((2.0, 3.5))),
            (r#""6""#, Some((6.0, 6.0))),
            ("[3, 2]", None),
            ("-1", None),
            ("[]", None),
            (r#""soon""#, None),
            ("{}", None),
        ];
        for (raw, hours_read) in table {
            assert_eq!(hours(raw), hours_read, "{raw}");
        }
    }

    #[test]
    fn times_without_a_zone_are_local() {
        let zone = FixedOffset::east_opt(2 * 3600).unwrap();
        let read = |text: &str| time_in(&format!("\"{text}\""), &zone);
        let noon = "2026-01-09T12:00:00Z".parse::<DateTime<Utc>>().unwrap();
        for text in [
            "2026-01-09T12:00:00Z",
            "2026-01-09t12:00z",
            "2026-01-09T13:00:00+01:00",
            "2026-01-09T12:00:00+0000",
            "2026-01-09T12:00+00",
            "2026-01-09 07:00:00.000 -05:00",
            "2026-01-09T14:00:00",
            " 2026-01-09 14:00:00",
            "2026-01-09T14:00:00.000000",
            "2026-01-09T14:00",
            "2026-01-09 14:00",
        ] {
            assert_eq!(read(text), Some(noon), "{text}");
        }
        assert_eq!(read("2026-01-09"), Some(noon - TimeDelta::hours(14)));
        for text in ["tomorrow", "2026-13-01", "2026-01-09T25:00", "2026-01-09T", "12:00", ""] {
            assert_eq!(read(text), None, "{text}");
        }
        assert_eq!(time("1700000000"), None);
    }

    #[test]
    fn names_and_sizes() {
        assert_eq!(name("1"), Some("1".into()));
        assert_eq!(name("1.0"), Some("1".into()));
        assert_eq!(name("1.5"), Some("1.5".into()));
        assert_eq!(name(r#""a\u0062""#), Some("ab".into()));
        assert_eq!(name("true"), None);
        assert_eq!(effort(r#""xL""#), Some(Effort::XL));
        assert_eq!(effort(r#""huge""#), None);
    }
}
