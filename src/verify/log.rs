//! One block an attempt in `verification.log`, made for `tail -f`.

use crate::domain::AttemptReport;
use std::fmt::Write;

/// The block of `report`; `title` is the task's, escaped by the caller for a terminal.
pub fn block(report: &AttemptReport, title: &str) -> String {
    let verdict = report.verdict.map_or_else(|| report.outcome.to_string(), |v| v.to_string());
    let mut text = format!(
        "{} {verdict} {} attempt {}: {title}\n",
        report.ended_at, report.task, report.attempt
    );
    for step in &report.steps {
        let seconds = step.millis as f64 / 1000.0;
        // Writing to a String cannot fail.
        let _ok = writeln!(text, "    {}: {} ({seconds:.1} s)", step.name, step.outcome);
    }
    if let Some(reason) = &report.reason {
        let _ok = writeln!(text, "    reason: {reason}");
    }
    if !report.files_changed.is_empty() {
        let _ok = writeln!(text, "    changed: {}", report.files_changed.join(" "));
    }
    text
}
