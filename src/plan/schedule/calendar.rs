//! Converts a schedule to dates: a number of hours of each day are worked, from a starting time.

use chrono::{DateTime, Days, NaiveDate, NaiveTime, TimeDelta, TimeZone};

const DAY: i64 = 86_400;

/// Maps the seconds of a schedule to dates.
#[derive(Clone, Debug)]
pub struct Calendar<Z: TimeZone> {
    start: DateTime<Z>,
    opens: NaiveTime,
    /// The seconds of a day that are worked.
    room: i64,
}

impl<Z: TimeZone> Calendar<Z> {
    /// Creates a calendar. Work begins at `start`. On every day `hours` hours are worked, beginning
    /// at `opens`. With 24 hours, work never pauses.
    pub fn new(start: DateTime<Z>, opens: NaiveTime, hours: f64) -> Self {
        let room = (hours * 3600.0).round() as i64;
        Self { start, opens, room: room.clamp(1, DAY) }
    }

    /// Returns when work begins.
    pub fn start(&self) -> DateTime<Z> {
        self.begin(0).unwrap_or_else(|| self.start.clone())
    }

    /// Returns when work begins that starts after `seconds` seconds of work. Returns `None` if that
    /// is beyond every calendar.
    pub fn begin(&self, seconds: u64) -> Option<DateTime<Z>> {
        self.at(seconds, false)
    }

    /// Returns when work ends after `seconds` seconds of work: at the end of a day and not on the
    /// next morning.
    pub fn end(&self, seconds: u64) -> Option<DateTime<Z>> {
        self.at(seconds, true)
    }

    fn at(&self, seconds: u64, is_end: bool) -> Option<DateTime<Z>> {
        let mut left = i64::try_from(seconds).ok()?;
        if self.room == DAY {
            return self.start.clone().checked_add_signed(TimeDelta::try_seconds(left)?);
        }
        let first = self.start.date_naive();
        // The working hours of the previous day may extend past midnight.
        let mut day = first.pred_opt()?;
        loop {
            let opens = self.opens(day)?;
            let closes = opens.clone().checked_add_signed(TimeDelta::try_seconds(self.room)?)?;
            let from = if opens < self.start { self.start.clone() } else { opens };
            let room = closes.signed_duration_since(&from).num_seconds();
            let fits = if is_end { left <= room } else { left < room };
            if room > 0 && fits {
                return from.checked_add_signed(TimeDelta::try_seconds(left)?);
            }
            left -= room.max(0);
            let whole = if day > first { (left / self.room - 1).max(0) } else { 0 };
            left -= whole * self.room;
            day = day.checked_add_days(Days::new(u64::try_from(whole).ok()? + 1))?;
        }
    }

    /// Returns when work begins on a day. If the clocks skip that time, it is an hour later.
    fn opens(&self, day: NaiveDate) -> Option<DateTime<Z>> {
        let zone = self.start.timezone();
        let local = day.and_time(self.opens);
        let later = || zone.from_local_datetime(&(local + TimeDelta::hours(1))).earliest();
        zone.from_local_datetime(&local).earliest().or_else(later)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::Utc;

    fn calendar(start: (u32, u32), hours: f64) -> Calendar<Utc> {
        let start = Utc.with_ymd_and_hms(2026, 1, start.0, start.1, 0, 0).single().expect("a time");
        Calendar::new(start, NaiveTime::from_hms_opt(9, 0, 0).expect("a time"), hours)
    }

    fn text(at: Option<DateTime<Utc>>) -> String {
        at.expect("a date").format("%d %H:%M").to_string()
    }

    #[test]
    fn work_rests_outside_of_its_hours() {
        let eight = calendar((19, 15), 8.0);
        let hours = |hours: u64| hours * 3600;
        // Two hours are left of the first day.
        assert_eq!(text(eight.end(hours(2))), "19 17:00");
        assert_eq!(text(eight.begin(hours(2))), "20 09:00");
        assert_eq!(text(eight.end(hours(3))), "20 10:00");
        assert_eq!(text(eight.end(hours(10))), "20 17:00");
        assert_eq!(text(eight.end(hours(2 + 8 * 5))), "24 17:00");
        assert_eq!(text(eight.begin(hours(2 + 8 * 5))), "25 09:00");
        // Nothing begins during the night; it begins in the morning.
        assert_eq!(text(Some(calendar((19, 20), 8.0).start())), "20 09:00");
        assert_eq!(text(Some(calendar((19, 3), 8.0).start())), "19 09:00");
        // Working hours that extend past midnight.
        assert_eq!(text(Some(calendar((19, 3), 20.0).start())), "19 03:00");
        assert_eq!(text(calendar((19, 3), 20.0).end(hours(3))), "19 10:00");
        assert_eq!(text(calendar((19, 3), 24.0).end(hours(30))), "20 09:00");
    }

    #[test]
    fn what_is_beyond_every_calendar_has_no_date() {
        assert_eq!(calendar((19, 3), 1.0).end(u64::MAX), None);
        assert_eq!(calendar((19, 3), 1.0).end(3600 * 365 * 300_000), None);
        assert_eq!(calendar((19, 3), 24.0).begin(i64::MAX as u64), None);
    }
}
