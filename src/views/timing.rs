//! Times and shares for people: durations, times of day, percentages, remaining time.

use crate::domain::{AttemptReport, Field, Status};
use crate::queue::Queue;
use chrono::{DateTime, Local, TimeDelta, Utc};
use std::time::Duration;

/// Formats a duration that is still running: `0:07`, `12:30`, `1:02:03`.
pub(crate) fn running(time: Duration) -> String {
    let seconds = time.as_secs();
    match (seconds / 3600, seconds / 60 % 60, seconds % 60) {
        (0, minutes, seconds) => format!("{minutes}:{seconds:02}"),
        (hours, minutes, seconds) => format!("{hours}:{minutes:02}:{seconds:02}"),
    }
}

/// Formats the time of day, with the date if it is another day: `14:05`, `2026-01-19 14:05`.
pub(crate) fn clock(at: DateTime<Utc>, now: DateTime<Utc>) -> String {
    let (at, now) = (at.with_timezone(&Local), now.with_timezone(&Local));
    let is_today = at.date_naive() == now.date_naive();
    at.format(if is_today { "%H:%M" } else { "%Y-%m-%d %H:%M" }).to_string()
}

/// Parses a time of queues, journals and reports.
pub(crate) fn parsed(text: &str) -> Option<DateTime<Utc>> {
    DateTime::parse_from_rfc3339(text.trim()).ok().map(|time| time.to_utc())
}

/// Returns the duration between two times; zero if the clock was set back between them.
pub(crate) fn between(from: DateTime<Utc>, to: DateTime<Utc>) -> Duration {
    (to - from).max(TimeDelta::zero()).to_std().unwrap_or_default()
}

/// Returns how long an attempt took: by its own times, which an earlier version wrote in whole
/// seconds, and at least as long as its commands ran.
pub(crate) fn lasted(report: &AttemptReport) -> Duration {
    let ran = Duration::from_millis(report.steps.iter().map(|step| step.millis).sum());
    let ends = parsed(&report.started_at).zip(parsed(&report.ended_at));
    ends.map_or(ran, |(from, to)| between(from, to).max(ran))
}

/// Returns the completed percentage; a hundred only if all are done.
pub(crate) fn percent(done: usize, total: usize) -> usize {
    done.min(total).saturating_mul(100).checked_div(total).unwrap_or(100)
}

/// Returns the median of measured times.
pub(crate) fn median(mut times: Vec<Duration>) -> Option<Duration> {
    times.sort_unstable();
    match times.len() {
        0 => None,
        many => Some((times[(many - 1) / 2] + times[many / 2]) / 2),
    }
}

/// Estimates how much longer `left` tasks take in this many `lanes`, each task with the median time
/// of those that were `measured`. It ignores dependencies; `plan` does not.
pub(crate) fn left(left: usize, lanes: usize, measured: &[Duration]) -> Option<Duration> {
    let rounds = left.div_ceil(lanes.max(1));
    let each = median(measured.to_vec())?;
    Some(each.saturating_mul(u32::try_from(rounds).unwrap_or(u32::MAX)))
}

/// The number of tasks that is enough for a median.
const SAMPLE: usize = 200;

/// Returns how long the last complete tasks of `queues` took from the start of their last attempt,
/// by their own times.
pub(crate) fn measured(queues: &[Queue]) -> Vec<Duration> {
    let took = |queue: &Queue, at: usize| {
        let time = |field| parsed(&queue.text(at, field)?);
        let (from, to) = (time(Field::LastAttempt)?, time(Field::CompletedAt)?);
        (from <= to).then(|| between(from, to))
    };
    let done = |queue: &&Queue, at: &usize| queue.tasks()[*at].status == Status::Complete;
    let all = queues.iter().flat_map(|queue| {
        let indices = (0..queue.tasks().len()).rev().filter(move |at| done(&queue, at));
        indices.filter_map(move |at| took(queue, at))
    });
    all.take(SAMPLE).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use chrono::TimeZone;

    fn secs(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[test]
    fn what_runs_is_timed_as_a_stopwatch_does() {
        let shown: Vec<String> = [7, 750, 3723].into_iter().map(secs).map(running).collect();
        assert_eq!(shown, ["0:07", "12:30", "1:02:03"]);
    }

    /// Only complete tasks whose last attempt has both times are measured, the last ones of a queue
    /// first, and not more than are needed for a median.
    #[test]
    fn complete_tasks_are_measured_by_their_own_times() {
        let queue = |tasks: &str| {
            let text = format!(r#"{{"tasks":[{tasks}]}}"#);
            Queue::parse(std::path::Path::new("q.json"), text.into_bytes()).expect("a queue")
        };
        let task = |id: &str, status: &str, from: &str, to: &str| {
            format!(
                r#"{{"id":"{id}","title":"t","status":"{status}","last_attempt":"{from}","completed_at":"{to}"}}"#
            )
        };
        let (ten, later) = ("2026-01-19T10:00:00Z", "2026-01-19T10:00:30Z");
        let tasks = [
            task("A", "complete", ten, "2026-01-19T10:01:00Z"),
            task("B", "complete", ten, later),
            task("C", "complete", later, ten),
            task("D", "complete", "soon", later),
            task("E", "complete", ten, "soon"),
            task("F", "pending", ten, later),
            task("G", "complete", ten, ten),
        ];
        let first = queue(&tasks.join(","));
        let second =
            queue(&task("H", "complete", "2026-01-19T12:00:00+01:00", "2026-01-19T11:00:05Z"));
        assert_eq!(measured(&[first, second]), [secs(0), secs(30), secs(60), secs(5)]);
        let many: Vec<String> =
            (0..201).map(|n| task(&n.to_string(), "complete", ten, later)).collect();
        assert_eq!(measured(&[queue(&many.join(","))]).len(), 200);
        assert_eq!(measured(&[]), []);
    }

    #[test]
    fn another_day_has_its_date() {
        let at = |day, hour| Utc.with_ymd_and_hms(2026, 1, day, hour, 5, 0).unwrap();
        let (noon, before) = (at(19, 12), at(10, 12));
        assert_eq!(clock(noon, noon).len(), "14:05".len());
        assert!(clock(before, noon).starts_with("2026-01-"));
        assert_eq!(between(noon, before), Duration::ZERO);
        assert_eq!(between(before, noon), secs(9 * 24 * 3600));
        assert_eq!(parsed("2026-01-19T12:05:00Z"), Some(noon));
        assert_eq!(parsed("yesterday"), None);
    }

    #[test]
    fn a_hundred_percent_is_all_of_them() {
        assert_eq!((percent(3, 10), percent(999, 1000), percent(2, 2)), (30, 99, 100));
        assert_eq!((percent(0, 0), percent(3, 2)), (100, 100));
    }

    #[test]
    fn what_is_left_takes_rounds_of_the_median() {
        let measured = [secs(60), secs(600), secs(120)];
        assert_eq!(left(5, 2, &measured), Some(secs(360)));
        assert_eq!(left(5, 2, &[]), None);
        assert_eq!(left(0, 2, &measured), Some(secs(0)));
        assert_eq!(median(vec![secs(1), secs(3)]), Some(secs(2)));
    }
}
