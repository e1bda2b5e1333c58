//! The findings of the last attempt of each task: measures with their limits, items, findings in
//! its change, and what it changed with permission.
//!
//! These are in the folder of the attempt and not in the journal: if a folder is gone, nothing is
//! reported.

use super::model::{Found, Report, TaskRow};
use super::shown::{is_complete, listed};
use crate::domain::AttemptReport;
use crate::views::attempts::{MeasureView, items, masked, measures};
use crate::views::markdown::{inline, row};
use crate::views::mask::Mask;

/// The most measures that a table has.
const ROWS: usize = 200;
/// The most items that a list names.
const NAMED: usize = 8;

impl Found {
    /// Returns the record of an attempt, without secrets.
    pub(crate) fn of(report: &AttemptReport, mask: &Mask) -> Self {
        Self {
            measures: measures(report),
            items: items(report, mask),
            findings: masked(report.findings.clone(), mask),
        }
    }
}

/// Renders which verifications failed, item by item, and what passed only on a retry.
pub(super) fn verifications(report: &Report, text: &mut String) {
    let lines: Vec<String> = report.tasks.iter().filter_map(line).collect();
    if !lines.is_empty() {
        text.push_str("\nThe tests and findings of the last attempts:\n\n");
        listed(lines.into_iter(), text);
    }
    let measured = || report.tasks.iter().filter(|task| !task.found.measures.is_empty());
    let many: usize = measured().map(|task| task.found.measures.len()).sum();
    if many == 0 {
        return;
    }
    text.push_str("\nWhat the last attempts measured:\n\n");
    text.push_str(&row(["Task", "Step", "Value", "Must be", ""]));
    text.push_str(&row(["---", "---", "---:", "---", "---"]));
    // Violated limits come first: only the beginning of a long table is shown.
    let all = measured().flat_map(|task| task.found.measures.iter().map(move |m| (task, m)));
    let mut all: Vec<(&TaskRow, &MeasureView)> = all.collect();
    all.sort_by_key(|(_, one)| one.measured.is_enough());
    for (task, one) in all.iter().take(ROWS) {
        let (value, asked) = (one.measured.shown(), one.measured.asked());
        let asked = asked.unwrap_or_else(|| "-".to_owned());
        let verdict = if one.measured.is_enough() { "ok" } else { "not enough" };
        let cells = [&task.id, &one.step, &value, &asked].map(|cell| inline(cell));
        text.push_str(&row(cells.iter().map(String::as_str).chain([verdict])));
    }
    if many > ROWS {
        text.push_str(&format!("\nand {} more.\n", many - ROWS));
    }
}

/// Formats the items of a task: everything that is wrong if it failed, and what is flaky if it
/// passed.
fn line(task: &TaskRow) -> Option<String> {
    let items = task.found.items.as_ref()?;
    let is_done = is_complete(task);
    if items.flaky.is_empty() && (is_done || (items.failed == 0 && items.lost.is_empty())) {
        return None;
    }
    let lists =
        items.lists().filter(|(word, _)| *word == "flaky" || (!is_done && *word != "fixed"));
    let lists = lists.map(|(word, names)| format!("; {word}: {}", named(names)));
    Some(format!("{}: {}{}", inline(&task.id), items.summary(), lists.collect::<String>()))
}

fn named(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(NAMED).map(|name| inline(name)).collect();
    let more = names.len() - shown.len();
    let more = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{more}", shown.join(", "))
}

/// Renders the findings in changes, and what was changed with permission.
pub(super) fn findings(report: &Report, text: &mut String) {
    let of = |task: &TaskRow| {
        let id = inline(&task.id);
        let line = |finding: &crate::domain::Finding| {
            format!("{id}: {}: {}", finding.level.word(), inline(&finding.to_string()))
        };
        task.found.findings.findings.iter().map(line).collect::<Vec<_>>()
    };
    let lines: Vec<String> = report.tasks.iter().flat_map(of).collect();
    if !lines.is_empty() {
        text.push_str("\nFound in the changes of the last attempts:\n\n");
        listed(lines.into_iter(), text);
    }
    let of = |task: &TaskRow| {
        let id = inline(&task.id);
        let permitted = task.found.findings.changed_with_permission.iter();
        let line = |one: &crate::domain::Permitted| {
            format!("{id}: {} ({})", inline(&one.path), inline(&one.by))
        };
        permitted.map(line).collect::<Vec<_>>()
    };
    let lines: Vec<String> = report.tasks.iter().flat_map(of).collect();
    if !lines.is_empty() {
        text.push_str("\nChanged with permission:\n\n");
        listed(lines.into_iter(), text);
    }
}
