//! What is left, and when it will be done at the present pace: the forecast of `plan` in a report.

use super::model::{Left, Report};
use super::shown::time;
use crate::views::dates::{At, ForecastView};
use crate::views::style::count;
use std::fmt::Write;

impl Report {
    /// Returns how many attempts ran at a time so far, while any ran; `otherwise` if none ran.
    pub(crate) fn pace(&self, otherwise: usize) -> usize {
        self.metrics.speedup.map_or(otherwise, |speedup| speedup.round() as usize).max(1)
    }

    /// Returns what is left, if anything.
    fn is_left(&self) -> Option<&Left> {
        self.left.as_ref().filter(|left| left.tasks + left.stuck > 0)
    }
}

/// Renders what is left as sentences; empty if nothing is.
pub(super) fn sentences(report: &Report, text: &mut String) {
    let Some(left) = report.is_left() else { return };
    let _ = writeln!(text, "{}.", amount(left));
    if left.tasks == 0 {
        return;
    }
    let pace = format!("{} at a time", left.loops);
    let _ = match &report.forecast {
        Some(forecast) => writeln!(
            text,
            "At the pace so far ({pace}) that is done {} with even chances, {} nine times out of ten.",
            by(forecast.p50_at),
            by(forecast.p90_at)
        ),
        None => writeln!(
            text,
            "With {pace} that is done {} if every estimate holds; too few tasks were measured to say how \
             sure that is.",
            by(left.ends_at)
        ),
    };
}

/// Returns what is left as rows of a table of figures.
pub(super) fn rows(report: &Report) -> Vec<(&'static str, String)> {
    let Some(left) = report.is_left() else { return Vec::new() };
    let mut rows = vec![("Left", amount(left))];
    if left.tasks > 0 {
        rows.push(("Done as estimated", date(left.ends_at)));
    }
    if let Some(ForecastView { p50_at, p90_at, .. }) = report.forecast {
        rows.push(("Done with even chances (p50)", date(p50_at)));
        rows.push(("Done nine times out of ten (p90)", date(p90_at)));
    }
    rows
}

fn amount(left: &Left) -> String {
    let tasks = count(left.tasks, "task is", "tasks are");
    let work = time(left.work_minutes.0);
    let stuck = match left.stuck {
        0 => String::new(),
        stuck => format!("; {stuck} more cannot run as things are (`workloop blockers`)"),
    };
    match left.tasks {
        0 => format!("{tasks} left for loops{stuck}"),
        _ => format!("{tasks} left for loops, {work} of work one after the other{stuck}"),
    }
}

/// A report goes to people in other time zones.
fn date(at: Option<At>) -> String {
    at.map_or_else(|| "beyond the calendar".to_owned(), utc)
}

fn by(at: Option<At>) -> String {
    at.map_or_else(|| "beyond the calendar".to_owned(), |at| format!("by {}", utc(at)))
}

fn utc(at: At) -> String {
    at.0.format("%Y-%m-%d %H:%M UTC").to_string()
}
