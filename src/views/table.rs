//! `status --table`: all tasks, one row each.

use super::escape;
use super::style::{Look, word};
use super::text::{counts, detail};
use super::view::{QueueView, StatusView};
use comfy_table::{ColumnConstraint, ContentArrangement, Table, presets};

/// The narrowest table that can be read.
const NARROWEST: usize = 40;

/// A table for each queue.
pub fn status(view: &StatusView, look: Look) -> String {
    let tables: Vec<String> = view.queues.iter().map(|queue| one(queue, look)).collect();
    tables.join("\n")
}

fn one(queue: &QueueView, look: Look) -> String {
    let mut table = Table::new();
    table.load_style(presets::UTF8_FULL_CONDENSED);
    table.set_header(["id", "state", "priority", "attempts", "title", "about"]);
    if let Some(width) = look.width {
        table.set_content_arrangement(ContentArrangement::Dynamic);
        table.set_width(u16::try_from(width.max(NARROWEST)).unwrap_or(u16::MAX));
    }
    for task in &queue.tasks {
        let safe = |text: &str| escape::line(text).into_owned();
        table.add_row([
            safe(&task.id),
            word(task.state).to_owned(),
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
    let path = look.head(escape::line(&queue.path));
    format!("{path}: {}\n{table}\n", counts(queue))
}
