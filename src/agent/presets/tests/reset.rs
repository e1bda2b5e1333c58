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
