//! Renders the tasks as comma-separated values, in which no cell is a formula.

use super::model::{Report, ReportError, TaskRow};
use crate::views::escape;
use std::borrow::Cow;

const HEADER: [&str; 20] = [
    "id",
    "queue",
    "title",
    "state",
    "phase",
    "epic",
    "percent",
    "attempts",
    "started_at",
    "ended_at",
    "minutes",
    "estimated_minutes",
    "cost_usd",
    "tokens",
    "verdict",
    "reason_code",
    "error",
    "deadline",
    "late",
    "completed_by",
];

pub(super) fn render(report: &Report) -> Result<Vec<u8>, ReportError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADER)?;
    for task in &report.tasks {
        writer.write_record(cells(task).iter().map(|text| cell(text).into_owned()))?;
    }
    writer.into_inner().map_err(|error| ReportError::Json(error.into_error()))
}

fn cells(task: &TaskRow) -> [String; HEADER.len()] {
    let text = |text: &Option<String>| text.clone().unwrap_or_default();
    [
        task.id.clone(),
        task.queue.clone(),
        task.title.clone(),
        task.state.to_owned(),
        text(&task.phase),
        text(&task.epic),
        task.percent.to_string(),
        task.attempts.to_string(),
        text(&task.started_at),
        text(&task.ended_at),
        task.minutes.to_string(),
        task.estimated_minutes.to_string(),
        task.cost_usd.map_or_else(String::new, |cost| cost.to_string()),
        task.tokens.map_or_else(String::new, |tokens| tokens.to_string()),
        task.verdict.map_or_else(String::new, |verdict| verdict.word().to_owned()),
        text(&task.reason_code),
        text(&task.error),
        text(&task.deadline),
        task.late.to_string(),
        text(&task.completed_by),
    ]
}

/// Returns a cell that a spreadsheet shows and does not evaluate.
fn cell(text: &str) -> Cow<'_, str> {
    let safe = escape::lines(text);
    let is_formula = safe.starts_with(['=', '+', '-', '@', '\t', '\r']);
    if is_formula { Cow::Owned(format!("'{safe}")) } else { safe }
}
