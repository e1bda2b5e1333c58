//! Formats figures and lists of a report.

use super::model::TaskRow;
use crate::plan::State;
use crate::views::style::took;
use std::fmt::Write;

/// The most files, tasks or findings of a list; the rest is only counted.
const LISTED: usize = 200;

/// Renders a list; items beyond the limit are only counted.
pub(super) fn listed(items: impl ExactSizeIterator<Item = String>, text: &mut String) {
    let more = items.len().saturating_sub(LISTED);
    for item in items.take(LISTED) {
        let _ = writeln!(text, "- {item}");
    }
    if more > 0 {
        let _ = writeln!(text, "- and {more} more");
    }
}

/// Formats a time in minutes for people.
pub(super) fn time(minutes: f64) -> String {
    took((minutes * 60_000.0).round() as i64)
}

/// Formats a cost for people.
pub(super) fn cost(cost: Option<f64>) -> String {
    cost.map_or_else(|| "unknown".to_owned(), |cost| format!("{cost:.2} USD"))
}

/// Returns whether a task is complete.
pub(super) fn is_complete(task: &TaskRow) -> bool {
    task.state == State::Complete.word()
}
