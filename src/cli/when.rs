//! A time in the past, as people type it.

use super::failure::Failure;
use crate::config::parse_duration;
use chrono::{
    DateTime, Days, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeDelta, TimeZone, Utc,
};

/// A time, a date, a time of day that was last, or a duration back from `now`.
///
/// # Errors
/// Wrong usage, with what can be typed.
pub(super) fn past(text: &str, now: DateTime<Utc>) -> Result<DateTime<Utc>, Failure> {
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Ok(time.to_utc());
    }
    let found = local(text, now.with_timezone(&Local)).or_else(|| {
        let back = parse_duration(text).ok().and_then(|back| TimeDelta::from_std(back).ok());
        back.and_then(|back| now.checked_sub_signed(back))
    });
    found.ok_or_else(|| {
        Failure::usage(format_args!("{text:?} is no time")).hint(
            "write a duration such as 2h, a time of day such as 22:00, a date such as 2026-01-19, \
             or an RFC 3339 time such as 2026-01-19T14:35:45Z",
        )
    })
}

/// A time in the zone of the reader. One that the clocks skip in spring begins when they do.
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
