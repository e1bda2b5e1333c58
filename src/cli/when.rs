//! Parses times as people type them: in the past, or for planning.

use super::failure::Failure;
use crate::config::parse_duration;
use crate::views::deadline;
use chrono::{
    DateTime, Days, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};

/// Parses a time in the past: a time, a date, the last occurrence of a time of day, or a duration
/// before `now`.
///
/// # Errors
/// Fails as wrong usage, with the accepted forms.
pub(super) fn past(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let found = local(text, now.with_timezone(&Local)).or_else(|| {
        let back = parse_duration(text).ok().and_then(|back| TimeDelta::from_std(back).ok());
        back.and_then(|back| now.checked_sub_signed(back))
    });
    found.ok_or_else(|| {
        Failure::usage(format_args!("{text:?} is not a time")).hint(
            "write a duration such as 2h, a time of day such as 22:00, a date such as 2026-01-19, \
             or an RFC 3339 time such as 2026-01-19T14:35:45Z",
        )
    })
}

/// The end of the day that a date without a time means.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Edge {
    /// The first moment of the day.
    Begin,
    /// The last moment of the day.
    End,
}

/// Parses a time for planning: a date, a time, or a duration from `now`. Also returns whether it
/// includes a time of day.
///
/// # Errors
/// Fails as wrong usage, with the accepted forms.
pub(super) fn planned(
    text: &str,
    now: DateTime<Utc>,
    edge: Edge,
) -> Result<(DateTime<Local>, bool), Failure> {
    let here = |at: DateTime<Utc>| at.with_timezone(&Local);
    if let Ok(day) = NaiveDate::parse_from_str(text, "%Y-%m-%d") {
        let at = match edge {
            Edge::Begin => Local.from_local_datetime(&day.and_time(NaiveTime::MIN)).earliest(),
            Edge::End => deadline::time(text).map(here),
        };
        if let Some(at) = at {
            return Ok((at, false));
        }
    }
    let ahead = || {
        let ahead = parse_duration(text).ok().and_then(|ahead| TimeDelta::from_std(ahead).ok());
        ahead.and_then(|ahead| now.checked_add_signed(ahead))
    };
    let found = deadline::time(text).or_else(ahead).map(|at| (here(at), true));
    found.ok_or_else(|| {
        Failure::usage(format_args!("{text:?} is not a time for planning")).hint(
            "write a date such as 2026-01-30, a time such as 2026-01-30T18:00, or a duration from now \
             such as 3d",
        )
    })
}

/// Parses a time in the local time zone. A time that daylight saving skips is not accepted.
fn local(text: &str, now: DateTime<Local>) -> Option<DateTime<Utc>> {
    let at = |time: NaiveDateTime| Local.from_local_datetime(&time).earliest();
    let time = ["%H:%M", "%H:%M:%S"].iter().find_map(|f| NaiveTime::parse_from_str(text, f).ok());
    if let Some(time) = time {
        let today = now.date_naive();
        let days = [Some(today), today.checked_sub_days(Days::new(1))].into_iter().flatten();
        let found = days.filter_map(|day| at(day.and_time(time))).find(|found| *found <= now);
        return found.map(|found| found.to_utc());
    }
    let day =
        NaiveDate::parse_from_str(text, "%Y-%m-%d").ok().map(|day| day.and_time(NaiveTime::MIN));
    let written = ["%Y-%m-%d %H:%M", "%Y-%m-%dT%H:%M"];
    let time = written.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    time.or(day).and_then(at).map(|found| found.to_utc())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_date_to_plan_with_is_a_day() {
        let now = DateTime::UNIX_EPOCH;
        let of = |text: &str, edge| planned(text, now, edge).ok();
        let (begin, end) = (of("2026-01-30", Edge::Begin), of("2026-01-30", Edge::End));
        let (begin, end) = begin.zip(end).expect("dates");
        assert_eq!((end.0 - begin.0).num_seconds(), 86_399);
        assert!(!begin.1 && !end.1);
        let (at, has_time) = of("3d", Edge::End).expect("a duration");
        assert_eq!((at.timestamp(), has_time), (3 * 86_400, true));
        assert_eq!(
            of("2026-01-30T18:00:00Z", Edge::Begin).map(|(at, _)| at.timestamp()),
            Some(1_769_796_000)
        );
        assert!(of("Friday", Edge::End).is_none() && of("2026-02-30", Edge::End).is_none());
    }

    #[test]
    fn a_time_can_be_typed_in_several_ways() {
        let noon = NaiveDate::from_ymd_opt(2026, 1, 19).and_then(|day| day.and_hms_opt(12, 0, 0));
        let noon = noon.and_then(|noon| Local.from_local_datetime(&noon).earliest());
        let noon = noon.expect("a time").to_utc();
        let hours = |text: &str| past(text, noon).map(|at| (noon - at).num_minutes()).ok();
        assert_eq!(hours("8h"), Some(8 * 60));
        assert_eq!(hours("11:30"), Some(30));
        assert_eq!(hours("22:00"), Some(14 * 60), "yesterday");
        assert_eq!(hours("2026-01-19"), Some(12 * 60));
        assert_eq!(hours("2026-01-18 12:00"), Some(24 * 60));
        assert_eq!(
            past("2026-01-19T10:00:00Z", noon).ok().map(|at| at.to_rfc3339().len()),
            Some(25)
        );
        for text in ["yesterday", "25:00", "", "2026-13-01"] {
            assert_eq!(hours(text), None, "{text}");
        }
    }
}
