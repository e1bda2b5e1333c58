//! `deadline` of a task: the time by which it is to be complete.

use crate::domain::{Field, Status};
use crate::queue::Queue;
use chrono::{DateTime, Local, NaiveDate, NaiveDateTime, NaiveTime, TimeZone, Utc, Weekday};
use serde::Serialize;

/// The deadline of a task as written, and as a time if it is valid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Deadline {
    /// The text in the file.
    pub text: String,
    /// The same as a time.
    pub at: Option<DateTime<Utc>>,
    /// Whether the task is open after that time, or was completed after it.
    pub is_late: bool,
}

/// Returns the deadline of a task; `None` if it has none.
pub(crate) fn of(queue: &Queue, index: usize, now: DateTime<Utc>) -> Option<Deadline> {
    queue.raw(index, Field::Deadline)?;
    let text = queue.text(index, Field::Deadline).filter(|text| !text.trim().is_empty())?;
    let at = time(&text);
    let done = || queue.text(index, Field::CompletedAt).and_then(|at| time(&at));
    let is_late = at.is_some_and(|at| match queue.tasks()[index].status {
        Status::Complete => done().is_some_and(|done| done > at),
        // A parked task is not expected.
        Status::Parked => false,
        Status::Pending | Status::InProgress | Status::Blocked | Status::Unknown => now > at,
    });
    Some(Deadline { text, at, is_late })
}

/// Whether a deadline will be met.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Lateness {
    /// The deadline has passed.
    Overdue,
    /// Most likely it will not be met.
    Late,
    /// The task cannot run as things are.
    Stuck,
    /// It may not be met.
    AtRisk,
    /// It will be met.
    OnTime,
}

impl Lateness {
    /// Judges a deadline `at`, by the planned end and, if known, by the ends in half and in nine of
    /// ten simulated runs. Without an end, the task cannot run.
    pub(crate) fn of(
        at: DateTime<Utc>,
        now: DateTime<Utc>,
        planned: Option<DateTime<Utc>>,
        expected: Option<(DateTime<Utc>, DateTime<Utc>)>,
    ) -> Self {
        let Some(planned) = planned else {
            return if now > at { Self::Overdue } else { Self::Stuck };
        };
        let (likely, surely) = expected.unwrap_or((planned, planned));
        if now > at {
            Self::Overdue
        } else if likely > at {
            Self::Late
        } else if surely > at || planned > at {
            Self::AtRisk
        } else {
            Self::OnTime
        }
    }

    /// Returns the same for people.
    pub(crate) fn words(self) -> &'static str {
        match self {
            Self::Overdue => "overdue",
            Self::Late => "will be late",
            Self::Stuck => "cannot run",
            Self::AtRisk => "may be late",
            Self::OnTime => "on time",
        }
    }
}

/// Returns the end of a sprint with this name, if the name contains it: a date, or a week such as
/// 2026-W04.
pub(crate) fn sprint_end(name: &str) -> Option<DateTime<Utc>> {
    let name = name.trim();
    let (year, week) = name.split_once("-W").or_else(|| name.split_once("-w")).unzip();
    let week =
        year.zip(week).and_then(|(year, week)| Some((year.parse().ok()?, week.parse().ok()?)));
    if let Some((year, week)) = week {
        let day = NaiveDate::from_isoywd_opt(year, week, Weekday::Sun)?;
        return time(&day.format("%Y-%m-%d").to_string());
    }
    NaiveDate::parse_from_str(name, "%Y-%m-%d").ok().and_then(|_| time(name))
}

/// Parses a time of a file: RFC 3339; without a zone it is local; a date means the end of that day.
pub(crate) fn time(text: &str) -> Option<DateTime<Utc>> {
    let text = text.trim();
    if let Ok(time) = DateTime::parse_from_rfc3339(text) {
        return Some(time.with_timezone(&Utc));
    }
    let local = |time: NaiveDateTime| {
        let time = Local.from_local_datetime(&time).latest()?;
        Some(time.with_timezone(&Utc))
    };
    let forms =
        ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%d %H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y-%m-%d %H:%M"];
    let naive = forms.iter().find_map(|form| NaiveDateTime::parse_from_str(text, form).ok());
    let end_of_day = || {
        let date = NaiveDate::parse_from_str(text, "%Y-%m-%d").ok()?;
        Some(date.and_time(NaiveTime::from_hms_opt(23, 59, 59)?))
    };
    naive.or_else(end_of_day).and_then(local)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn a_deadline_is_judged_by_the_plan_and_by_what_was_measured() {
        let at =
            |hour: u32| Utc.with_ymd_and_hms(2026, 1, 19, hour, 0, 0).single().expect("a time");
        let of = |planned: Option<u32>, expected: Option<(u32, u32)>| {
            let expected = expected.map(|(likely, surely)| (at(likely), at(surely)));
            Lateness::of(at(12), at(9), planned.map(at), expected)
        };
        assert_eq!(of(Some(11), None), Lateness::OnTime);
        assert_eq!(of(Some(13), None), Lateness::Late);
        assert_eq!(of(Some(11), Some((11, 12))), Lateness::OnTime);
        assert_eq!(of(Some(11), Some((12, 13))), Lateness::AtRisk);
        assert_eq!(of(Some(13), Some((10, 11))), Lateness::AtRisk);
        assert_eq!(of(Some(11), Some((13, 14))), Lateness::Late);
        assert_eq!(of(None, None), Lateness::Stuck);
        assert_eq!(Lateness::of(at(12), at(13), Some(at(14)), None), Lateness::Overdue);
    }

    #[test]
    fn a_sprint_may_say_when_it_ends() {
        assert_eq!(sprint_end("2026-W04"), time("2026-01-25"));
        assert_eq!(sprint_end("2026-01-23"), time("2026-01-23"));
        for name in ["Sprint 4", "2026-W99", "2026", ""] {
            assert_eq!(sprint_end(name), None, "{name}");
        }
    }

    #[test]
    fn a_task_is_late_from_its_deadline_on_and_stays_so_when_it_was_done_after_it() {
        let text = r#"{"tasks":[
            {"id":"A","title":"a","deadline":"2026-01-19T12:00:00Z"},
            {"id":"B","title":"b","deadline":"2026-01-19T12:00:00Z","status":"complete","completed_at":"2026-01-19T12:00:01Z"},
            {"id":"C","title":"c","deadline":"2026-01-19T12:00:00Z","status":"complete","completed_at":"2026-01-19T11:00:00Z"},
            {"id":"D","title":"d","deadline":"2026-01-19T12:00:00Z","status":"parked"},
            {"id":"E","title":"e","deadline":"next spring"},{"id":"F","title":"f"},
            {"id":"G","title":"g","deadline":"2026-01-01"},
            {"id":"H","title":"h","deadline":"2026-01-19T12:00:00Z","status":"complete","completed_at":"2026-01-19T13:00:00+01:00"}]}"#;
        let queue = Queue::parse(Path::new("q.json"), text.as_bytes().to_vec()).expect("a queue");
        let late = |now: &str| {
            let now = time(now).expect("a time");
            let is_late = |index: &usize| of(&queue, *index, now).is_some_and(|d| d.is_late);
            (0..8).filter(is_late).collect::<Vec<_>>()
        };
        assert_eq!(late("2026-01-19T12:00:00Z"), [1, 6]);
        assert_eq!(late("2026-01-19T12:00:01Z"), [0, 1, 6]);
        let spring = of(&queue, 4, DateTime::UNIX_EPOCH).expect("words");
        assert_eq!((spring.text.as_str(), spring.at), ("next spring", None));
        assert_eq!(of(&queue, 5, DateTime::UNIX_EPOCH), None);
    }
}
