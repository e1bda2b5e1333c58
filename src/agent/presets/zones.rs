//! Parses the time zones that tools state: names of the zone database, offsets, and common
//! abbreviations.

use chrono::{DateTime, FixedOffset, Local, LocalResult, NaiveDateTime, TimeDelta, TimeZone, Utc};
use chrono_tz::Tz;

/// A time zone.
#[derive(Clone, Copy, Debug)]
pub(super) enum Zone {
    /// The zone of this machine.
    Local,
    /// A zone of the zone database.
    Named(Tz),
    /// A fixed offset, east of Greenwich.
    Fixed(FixedOffset),
}

impl Zone {
    /// Converts a local time of the zone to UTC. An ambiguous time means the later moment, and a
    /// time that the clocks skip means one shortly after the gap.
    pub(super) fn at(self, time: NaiveDateTime) -> Option<DateTime<Utc>> {
        fn one<Z: TimeZone>(zone: &Z, time: NaiveDateTime) -> Option<DateTime<Utc>> {
            for shift in [0, 30, 60, 120] {
                match zone.from_local_datetime(&(time + TimeDelta::minutes(shift))) {
                    LocalResult::Single(at) => return Some(at.to_utc()),
                    LocalResult::Ambiguous(_, later) => return Some(later.to_utc()),
                    LocalResult::None => {}
                }
            }
            None
        }
        match self {
            Self::Local => one(&Local, time),
            Self::Named(zone) => one(&zone, time),
            Self::Fixed(zone) => one(&zone, time),
        }
    }

    pub(super) fn now(self, now: DateTime<Utc>) -> NaiveDateTime {
        match self {
            Self::Local => now.with_timezone(&Local).naive_local(),
            Self::Named(zone) => now.with_timezone(&zone).naive_local(),
            Self::Fixed(zone) => now.with_timezone(&zone).naive_local(),
        }
    }
}

/// Abbreviations of fixed offsets, in minutes east of Greenwich. An abbreviation that several
/// countries use means the zone with the most users of English messages.
const OFFSETS: [(&str, i32); 34] = [
    ("hst", -600),
    ("akst", -540),
    ("akdt", -480),
    ("pst", -480),
    ("pdt", -420),
    ("mst", -420),
    ("mdt", -360),
    ("cst", -360),
    ("cdt", -300),
    ("est", -300),
    ("edt", -240),
    ("brt", -180),
    ("wet", 0),
    ("west", 60),
    ("bst", 60),
    ("cet", 60),
    ("cest", 120),
    ("sast", 120),
    ("eet", 120),
    ("eest", 180),
    ("msk", 180),
    ("pkt", 300),
    ("ist", 330),
    ("wib", 420),
    ("ict", 420),
    ("hkt", 480),
    ("sgt", 480),
    ("awst", 480),
    ("kst", 540),
    ("jst", 540),
    ("acst", 570),
    ("aest", 600),
    ("aedt", 660),
    ("nzdt", 780),
];
/// Names of zones, most of which change between standard and daylight saving time.
const PLACES: [(&str, Tz); 12] = [
    ("utc", Tz::UTC),
    ("gmt", Tz::UTC),
    ("z", Tz::UTC),
    ("pt", Tz::America__Los_Angeles),
    ("pacific", Tz::America__Los_Angeles),
    ("mt", Tz::America__Denver),
    ("mountain", Tz::America__Denver),
    ("ct", Tz::America__Chicago),
    ("central", Tz::America__Chicago),
    ("et", Tz::America__New_York),
    ("eastern", Tz::America__New_York),
    ("nzst", Tz::Pacific__Auckland),
];

/// Returns the zone that `word` names. The word is in lower case.
pub(super) fn zone_of(word: &str) -> Option<Zone> {
    if let Some((_, zone)) = PLACES.iter().find(|(name, _)| *name == word) {
        return Some(Zone::Named(*zone));
    }
    if let Some((_, minutes)) = OFFSETS.iter().find(|(name, _)| *name == word) {
        return FixedOffset::east_opt(minutes * 60).map(Zone::Fixed);
    }
    let offset = word.strip_prefix("utc").or(word.strip_prefix("gmt")).unwrap_or(word);
    if offset.starts_with(['+', '-']) {
        let sign = if offset.starts_with('-') { -1 } else { 1 };
        let (hours, minutes) = offset[1..].split_once(':').unwrap_or((&offset[1..], "0"));
        let (hours, minutes): (i32, i32) = (hours.parse().ok()?, minutes.parse().ok()?);
        let (hours, minutes) =
            if hours > 99 { (hours / 100, hours % 100) } else { (hours, minutes) };
        return FixedOffset::east_opt(sign * (hours * 3600 + minutes * 60)).map(Zone::Fixed);
    }
    let named = chrono_tz::TZ_VARIANTS.iter().find(|zone| zone.name().eq_ignore_ascii_case(word));
    named.filter(|_| word.contains('/')).copied().map(Zone::Named)
}
