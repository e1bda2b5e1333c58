use super::*;
use chrono_tz::Tz;

/// Friday, 2026-07-17, 15:30 in London, 14:30 UTC.
fn now() -> DateTime<Utc> {
    "2026-07-17T14:30:00Z".parse().expect("a time")
}

fn at(text: &str) -> Option<String> {
    let found = stated(text, now(), Zone::Named(Tz::Europe__London));
    found.map(|at| at.format("%Y-%m-%dT%H:%M:%SZ").to_string())
}

#[test]
fn every_spelling_that_tools_use_is_read() {
    for (text, expected) in [
        ("Claude AI usage limit reached|1784300400", "2026-07-17T15:00:00Z"),
        ("usage limit; reset_at=1784300400", "2026-07-17T15:00:00Z"),
        ("{\"resetsAt\": 1784300400}", "2026-07-17T15:00:00Z"),
        ("{\"resets_in_seconds\": 3600}", "2026-07-17T15:30:00Z"),
        ("{\"retryDelay\": \"34s\"}", "2026-07-17T14:30:34Z"),
        ("Please wait 20 minutes before trying again", "2026-07-17T14:50:00Z"),
        ("try again in an hour", "2026-07-17T15:30:00Z"),
        ("try again later (or in about 2 hours: resets in ~45 min)", "2026-07-17T15:15:00Z"),
        ("(Resets in: 1 week)", "2026-07-24T14:30:00Z"),
        ("available again in about 3 hours", "2026-07-17T17:30:00Z"),
        ("Quota resets on 19.07.2026 09:47 UTC", "2026-07-19T09:47:00Z"),
        ("Quota resets on 19/7/2026", "2026-07-18T23:00:00Z"),
        ("resets Sat, 18 Jul 2026 11:47:21 GMT", "2026-07-18T11:47:21Z"),
        ("resets 10am PT", "2026-07-17T17:00:00Z"),
        ("resets 3pm Eastern Time", "2026-07-17T19:00:00Z"),
        ("resets 4 p.m. BST", "2026-07-17T15:00:00Z"),
        ("resets 9pm IST", "2026-07-17T15:30:00Z"),
        ("resets at 1784300400000", "2026-07-17T15:00:00Z"),
        ("You've hit your limit · resets 5pm (Europe/Vilnius)", "2026-07-18T14:00:00Z"),
        ("You've hit your session limit · resets 4pm (UTC)", "2026-07-17T16:00:00Z"),
        ("5-hour limit reached ∙ resets 2am", "2026-07-18T01:00:00Z"),
        ("Limit reached · resets Jul 20 at 6am (Europe/Oslo)", "2026-07-20T04:00:00Z"),
        ("You're out of extra usage · resets 9pm", "2026-07-17T20:00:00Z"),
        ("Upgrade to Pro or try again at 3:58 PM.", "2026-07-17T14:58:00Z"),
        (" Try again at Jul 18th, 2026 12:30 PM.", "2026-07-18T11:30:00Z"),
        ("Usage will reset when your monthly cycle ends on 7/23/2026.", "2026-07-22T23:00:00Z"),
        ("resets on 2026-07-19", "2026-07-18T23:00:00Z"),
        ("try again at 2026-07-18T10:00:00Z", "2026-07-18T10:00:00Z"),
        ("try again at 2026-07-18T10:00:00+02:00.", "2026-07-18T08:00:00Z"),
        ("try again at 2026-07-18T10:00", "2026-07-18T09:00:00Z"),
        ("resets next Tuesday", "2026-07-20T23:00:00Z"),
        ("resets next Tuesday at 9:00 AM (America/New_York)", "2026-07-21T13:00:00Z"),
        ("resets Fri 6pm", "2026-07-17T17:00:00Z"),
        ("resets Friday", "2026-07-23T23:00:00Z"),
        ("resets tomorrow at 08:15", "2026-07-18T07:15:00Z"),
        ("Try again in 3 hours 20 minutes.", "2026-07-17T17:50:00Z"),
        ("try again in 1 day, 2 hours and 5 minutes", "2026-07-18T16:35:00Z"),
        ("Please retry in 45.5s.", "2026-07-17T14:30:45Z"),
        ("retry after 120", "2026-07-17T14:32:00Z"),
        ("resets in 3h20m", "2026-07-17T17:50:00Z"),
        ("resets 10am UTC-5", "2026-07-17T15:00:00Z"),
        ("resets 17:45 +02:00", "2026-07-17T15:45:00Z"),
        ("resets 18 Jul 2026 at noon PDT", "2026-07-18T19:00:00Z"),
        ("resets at 12am", "2026-07-17T23:00:00Z"),
    ] {
        assert_eq!(at(text).as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn a_span_is_the_sum_of_its_parts() {
    let seconds = |text: &str| span(text).map(|span| span.num_milliseconds());
    for (text, expected) in [
        ("in 1 week, 2 days and 3 hours", 788_400_000),
        ("in 1d2h3m4s", 93_784_000),
        ("for 90 seconds", 90_000),
        ("5 min", 300_000),
        ("an hour", 3_600_000),
        ("in one day", 86_400_000),
        ("after about 2 hrs", 7_200_000),
        ("in at least 10 secs", 10_000),
        ("up to 2 weeks", 1_209_600_000),
        ("_in_seconds: 30", 30_000),
        ("delay\": \"1.5s\"", 1_500),
        ("in 250ms", 250),
        ("in 30", 30_000),
        ("again in another 2 minutes", 120_000),
        ("in less than 1 minute", 60_000),
        ("in 3 hours at 5pm", 10_800_000),
        ("in 99999999 seconds", 10_000_000_000),
        ("in 0 s", 0),
    ] {
        assert_eq!(seconds(text), Some(expected), "{text}");
    }
    for text in [
        "",
        "30",
        "for 30",
        "again 5",
        "in",
        "in 5:30",
        "soon",
        "5pm",
        "in 3 fortnights",
        "information",
    ] {
        assert_eq!(seconds(text), None, "{text}");
    }
}

#[test]
fn a_zone_is_a_name_an_abbreviation_or_an_offset() {
    let noon = now().date_naive().and_hms_opt(12, 0, 0).expect("noon");
    let utc = |word: &str| {
        let at = zone_of(word)?.at(noon)?;
        Some(at.format("%dT%H:%M").to_string())
    };
    for (word, expected) in [
        ("utc", "17T12:00"),
        ("gmt", "17T12:00"),
        ("z", "17T12:00"),
        ("pt", "17T19:00"),
        ("pacific", "17T19:00"),
        ("mt", "17T18:00"),
        ("mountain", "17T18:00"),
        ("ct", "17T17:00"),
        ("central", "17T17:00"),
        ("et", "17T16:00"),
        ("eastern", "17T16:00"),
        ("nzst", "17T00:00"),
        ("hst", "17T22:00"),
        ("pst", "17T20:00"),
        ("pdt", "17T19:00"),
        ("est", "17T17:00"),
        ("cest", "17T10:00"),
        ("ist", "17T06:30"),
        ("acst", "17T02:30"),
        ("jst", "17T03:00"),
        ("nzdt", "16T23:00"),
        ("+02:00", "17T10:00"),
        ("-0530", "17T17:30"),
        ("utc+5", "17T07:00"),
        ("gmt-3:30", "17T15:30"),
        ("+0", "17T12:00"),
        ("europe/vilnius", "17T09:00"),
        ("america/argentina/buenos_aires", "17T15:00"),
    ] {
        assert_eq!(utc(word).as_deref(), Some(expected), "{word}");
    }
    for word in ["", "xyz", "vilnius", "europe", "+", "+x", "+25", "utc+5:x", "singapore", "cuba"] {
        assert!(zone_of(word).is_none(), "{word}");
    }
}

#[test]
fn an_ambiguous_hour_is_the_later_one_and_a_day_ends_at_midnight() {
    let october: DateTime<Utc> = "2026-10-24T12:00:00Z".parse().expect("a time");
    let berlin = Zone::Named(Tz::Europe__Berlin);
    let at = |text: &str| stated(text, october, berlin).expect(text).to_rfc3339();
    assert_eq!(at("resets Oct 25 at 2:30am"), "2026-10-25T01:30:00+00:00");
    assert_eq!(at("resets Oct 25 at 3am"), "2026-10-25T02:00:00+00:00");
    assert_eq!(at("resets Oct 25"), "2026-10-24T22:00:00+00:00");
    assert_eq!(at("resets tomorrow"), "2026-10-24T22:00:00+00:00");
    assert_eq!(at("resets today at 23:59:59"), "2026-10-24T21:59:59+00:00");
    // In two minutes' time it counts as just passed, and later as tomorrow's.
    assert_eq!(at("resets at 13:58"), "2026-10-24T11:58:00+00:00");
    assert_eq!(at("resets at 13:57"), "2026-10-25T11:57:00+00:00".replace("11", "12"));
}

#[test]
fn a_weekday_is_the_next_one_and_a_month_may_be_short() {
    for (text, expected) in [
        ("resets Mon 1am", "2026-07-20T00:00:00Z"),
        ("resets tues", "2026-07-20T23:00:00Z"),
        ("resets Thursday", "2026-07-22T23:00:00Z"),
        ("resets Fri 3:31pm", "2026-07-17T14:31:00Z"),
        ("resets Fri 3:30pm", "2026-07-24T14:30:00Z"),
        ("resets Jul 18", "2026-07-17T23:00:00Z"),
        ("resets 18th July", "2026-07-17T23:00:00Z"),
        ("resets sept 1", "2026-07-25T14:30:00Z"),
        ("resets July 18 2025", "2025-07-17T23:00:00Z"),
        ("resets 2026/07/18", "2026-07-17T23:00:00Z"),
        ("resets 7/18/2026 at 1:05:09 am", "2026-07-18T00:05:09Z"),
        ("resets 12pm UTC tomorrow", "2026-07-18T12:00:00Z"),
        ("resets midnight", "2026-07-17T23:00:00Z"),
    ] {
        assert_eq!(at(text).as_deref(), Some(expected), "{text}");
    }
    for text in [
        "resets 13pm",
        "resets 0am",
        "resets 25:00",
        "resets 10:60",
        "resets 5",
        "resets Feb 30",
        "resets 32nd July",
        "resets 18xy July",
        "resets mo",
        "resets ju 18",
        "resets 2026-13-01",
    ] {
        assert_eq!(at(text), None, "{text}");
    }
}

#[test]
fn an_epoch_counts_near_now_or_after_a_word_for_a_reset() {
    for (text, expected) in [
        ("limit|1784300400000", Some("2026-07-17T15:00:00Z")),
        ("resets: timestamp 1784300400", Some("2026-07-17T15:00:00Z")),
        ("reset is at 1784300400", Some("2026-07-17T15:00:00Z")),
        // Further away than a reset can be.
        ("limit|1785100000", None),
        ("limit|1783400000", None),
        ("reset at 1785100000", Some("2026-07-25T14:30:00Z")),
        ("reset at 17843004001", None),
        ("reset at 178430040", None),
        ("reset at 9999999999", None),
    ] {
        assert_eq!(at(text).as_deref(), expected, "{text}");
    }
    let value = |value: serde_json::Value| of_field(&value).map(|at| at.timestamp());
    use serde_json::json;
    for (field, expected) in [
        (json!(1_784_300_400), Some(1_784_300_400)),
        (json!(1_784_300_400_500_i64), Some(1_784_300_400)),
        (json!(1_784_300_400.9), Some(1_784_300_400)),
        (json!("1784300400"), Some(1_784_300_400)),
        (json!("2026-07-17T15:00:00Z"), Some(1_784_300_400)),
        (json!("2026-07-17t16:00:00+01:00"), Some(1_784_300_400)),
        (json!(1_499_999_999), None),
        (json!(1_500_000_000), Some(1_500_000_000)),
        (json!(4_999_999_999_i64), Some(4_999_999_999)),
        (json!(5_000_000_000_i64), None),
        (json!("soon"), None),
        (json!(null), None),
        (json!([1_784_300_400]), None),
    ] {
        assert_eq!(value(field.clone()), expected, "{field}");
    }
}

#[test]
fn what_states_no_time_gives_none() {
    for text in [
        "You've hit your usage limit, try again later.",
        "Your workspace is out of credits",
        "resets soon",
        "limit reached (5)",
        "exceeded retry limit, last status: 429, request id: 1847562910",
        "try again later, request 1847562910",
        "try again in a few minutes",
        "",
    ] {
        assert_eq!(at(text), None, "{text}");
    }
}

#[test]
fn a_stated_time_counts_as_written_and_no_further_away_than_believable() {
    // A past time is kept as written.
    assert_eq!(at("resets Jul 10 at 6am (UTC)").as_deref(), Some("2026-07-10T06:00:00Z"));
    assert_eq!(at("resets 3:29 PM").as_deref(), Some("2026-07-17T14:29:00Z"), "a minute ago");
    assert_eq!(at("resets 3:20 PM").as_deref(), Some("2026-07-18T14:20:00Z"));
    assert_eq!(at("resets Sep 1 2026").as_deref(), Some("2026-07-25T14:30:00Z"));
    let newyear: DateTime<Utc> = "2026-12-30T12:00:00Z".parse().expect("a time");
    let next = stated("resets Jan 2 at 6am", newyear, Zone::Named(Tz::UTC)).expect("a time");
    assert_eq!(next.to_rfc3339(), "2027-01-02T06:00:00+00:00");
}

#[test]
fn a_gap_of_the_clocks_is_no_end_of_the_world() {
    let march: DateTime<Utc> = "2026-03-28T12:00:00Z".parse().expect("a time");
    let zone = Zone::Named(Tz::Europe__Berlin);
    let at = stated("resets Mar 29 at 2:30am", march, zone).expect("a time");
    assert_eq!(at.to_rfc3339(), "2026-03-29T01:00:00+00:00");
}
