//! `status --table`: all tasks, one row each.

use super::escape;
use super::fold::folded;
use super::json::Made;
use super::style::{Look, took};
use super::text::{counts, detail};
use super::timing::{clock, parsed};
use super::view::{QueueView, TaskView, WrittenStatus};
use crate::plan::{Node, State};
use chrono::{DateTime, Utc};
use comfy_table::{ColumnConstraint, ContentArrangement, Row, Table, presets};
use std::fmt::Write as _;

/// The narrowest table that can be read.
const NARROWEST: usize = 60;

/// On a narrower terminal the table has no borders, and a state is only its symbol.
const WIDE: usize = 100;

/// The number of rows that share one heading: laying out a table takes many times the memory of its
/// tasks.
const ROWS: usize = 1_000;

/// Renders a table for each queue.
pub fn status(view: &WrittenStatus<'_>, look: Look) -> String {
    let mut text = String::new();
    for (number, queue) in view.queues.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        add(&mut text, queue, view.now, look);
    }
    text
}

fn add(
    text: &mut String,
    queue: &QueueView<Made<'_, Node, TaskView>>,
    now: DateTime<Utc>,
    look: Look,
) {
    let path = look.head(escape::line(&queue.path));
    let _ok = writeln!(text, "{}", folded(&format!("{path}: {}", counts(queue)), look));
    let mut rest = queue.tasks.keys.as_slice();
    loop {
        let (rows, others) = rest.split_at(rest.len().min(ROWS));
        let rows: Vec<TaskView> = rows.iter().map(&queue.tasks.make).collect();
        let _ok = writeln!(text, "{}", table(&rows, now, look));
        rest = others;
        if rest.is_empty() {
            return;
        }
    }
}

fn table(tasks: &[TaskView], now: DateTime<Utc>, look: Look) -> Table {
    let mut table = Table::new();
    let is_narrow = look.width.is_some_and(|width| width < WIDE);
    table.load_style(if is_narrow { presets::NOTHING } else { presets::UTF8_FULL_CONDENSED });
    table.set_truncation_indicator("…");
    table.set_header(["Window", "Subtask", "Status", "Start", "End", "Duration", "Notes"]);
    if let Some(width) = look.width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width.max(NARROWEST)).unwrap_or(u16::MAX));
    }
    for task in tasks {
        let cell = |text: String| if text.is_empty() { "-".to_owned() } else { text };
        let safe = |text: &str| escape::line(text).into_owned();
        let time = |at: &Option<String>| {
            cell(at.as_deref().and_then(parsed).map_or_else(String::new, |at| clock(at, now)))
        };
        let lasted = task.duration_s.and_then(|seconds| i64::try_from(seconds * 1000).ok());
        let window = task.window.filter(|_| task.completed_by.is_none());
        let state = match is_narrow {
            true => sign(task.state).to_string(),
            false => format!("{} {}", sign(task.state), task.shown_word().replace('_', " ")),
        };
        let mut row = Row::from([
            cell(window.map_or_else(String::new, |window| window.to_string())),
            safe(format!("{}  {}", task.id, task.title).trim_end()),
            state,
            time(&task.started_at),
            time(&task.ended_at),
            cell(lasted.map_or_else(String::new, took)),
            cell(safe(&detail(task))),
        ]);
        if look.width.is_some() {
            row.max_height(1);
        }
        table.add_row(row);
    }
    // Words of a fixed size are not broken; subtask and notes share the remaining width.
    for column in [0, 2, 3, 4, 5] {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    if is_narrow {
        for column in table.column_iter_mut() {
            column.set_padding((0, 1));
        }
    }
    table
}

/// Returns a symbol of one cell for each state, which is distinct without a colour.
fn sign(state: State) -> char {
    match state {
        State::Complete => '✓',
        State::InProgress => '▶',
        State::Blocked => '✗',
        State::Ready => '○',
        State::Waiting => '·',
        State::Parked => '–',
    }
}
