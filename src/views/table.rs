//! `status --table`: all tasks, one row each.

use super::escape;
use super::json::Made;
use super::style::Look;
use super::text::{counts, detail};
use super::view::{QueueView, TaskView, WrittenStatus};
use crate::plan::Node;
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};
use std::fmt::Write as _;

/// The narrowest table that can be read.
const NARROWEST: usize = 40;

/// How many rows stand under one heading: a table is laid out as a whole, in many times the memory
/// of its tasks.
const ROWS: usize = 1_000;

/// A table for each queue.
pub fn status(view: &WrittenStatus<'_>, look: Look) -> String {
    let mut text = String::new();
    for (number, queue) in view.queues.iter().enumerate() {
        if number > 0 {
            text.push('\n');
        }
        add(&mut text, queue, look);
    }
    text
}

fn add(text: &mut String, queue: &QueueView<Made<'_, Node, TaskView>>, look: Look) {
    let path = look.head(escape::line(&queue.path));
    let _ok = writeln!(text, "{path}: {}", counts(queue));
    let mut rest = queue.tasks.keys.as_slice();
    loop {
        let (rows, others) = rest.split_at(rest.len().min(ROWS));
        let rows: Vec<TaskView> = rows.iter().map(&queue.tasks.make).collect();
        let _ok = writeln!(text, "{}", table(&rows, look));
        rest = others;
        if rest.is_empty() {
            return;
        }
    }
}

fn table(tasks: &[TaskView], look: Look) -> Table {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["id", "state", "priority", "attempts", "title", "about"]);
    if let Some(width) = look.width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width.max(NARROWEST)).unwrap_or(u16::MAX));
    }
    for task in tasks {
        let safe = |text: &str| escape::line(text).into_owned();
        table.add_row([
            safe(&task.id),
            task.word.to_owned(),
            task.priority.map_or_else(String::new, |priority| priority.to_string()),
            task.attempts.to_string(),
            safe(&task.title),
            safe(&detail(task)),
        ]);
    }
    // Words of a fixed size are not broken; title and reasons share what is left.
    for column in 1..=3 {
        if let Some(column) = table.column_mut(column) {
            column.set_constraint(ColumnConstraint::ContentWidth);
        }
    }
    table
}
