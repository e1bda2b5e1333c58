//! Draws a schedule in characters, aligned, for a given width.

use super::makespan::Schedule;
use crate::plan::estimate::duration_text;
use crate::plan::graph::{Graph, Node};
use crate::platform::cells;
use crate::platform::terminal::steers;
use std::collections::HashSet;
use std::fmt::Write;

/// The minimum width of the bar area.
const NARROWEST: usize = 10;

/// The maximum number of rows. Further rows are only counted.
pub(super) const ROWS: usize = 60;

/// Draws one row per task: its loop, id, bar and duration. The bar of a task on the critical path
/// consists of `#`, the bars of others of `=`; a bar that is too short is drawn as `|`. No row is
/// wider than `width` cells unless that leaves no room for bars.
pub fn gantt(graph: &Graph, schedule: &Schedule, critical: &[Node], width: usize) -> String {
    let marked: HashSet<Node> = critical.iter().copied().collect();
    let shown = &schedule.slots[..schedule.slots.len().min(ROWS)];
    let names: Vec<String> = shown.iter().map(|slot| plain(&graph.reference(slot.node))).collect();
    let times: Vec<String> =
        shown.iter().map(|slot| duration_text(slot.end - slot.start)).collect();
    let widest = |texts: &[String]| texts.iter().map(|text| cells::width(text)).max().unwrap_or(0);
    let lane_width = shown.iter().map(|slot| slot.lane + 1).max().unwrap_or(1).to_string().len();
    let time_width = widest(&times);
    let most = width.saturating_sub(lane_width + time_width + NARROWEST + 6).max(8);
    let name_width = widest(&names).min(most);
    let area = width.saturating_sub(lane_width + name_width + time_width + 6).max(NARROWEST);
    let mut text = String::new();
    for ((slot, name), time) in shown.iter().zip(&names).zip(&times) {
        let bar = bar(slot.start, slot.end, schedule.seconds, area, marked.contains(&slot.node));
        let name = shortened(name, name_width);
        let lane = slot.lane + 1;
        let padding = " ".repeat(name_width - cells::width(&name));
        let _ = writeln!(text, "{lane:>lane_width$}  {name}{padding}  {bar}  {time:>time_width$}");
    }
    let hidden = schedule.hidden + schedule.slots.len() - shown.len();
    if hidden > 0 {
        let _ = writeln!(text, "{:>lane_width$}  ({hidden} more)", "");
    }
    let end = duration_text(schedule.seconds);
    let indent = " ".repeat(lane_width + name_width + 4);
    let gap = " ".repeat(area.saturating_sub(1 + cells::width(&end)));
    let _ = writeln!(text, "{indent}0{gap}{end}");
    text
}

fn bar(start: u64, end: u64, total: u64, area: usize, critical: bool) -> String {
    let scale = |time: u64| {
        let place = u128::from(time) * area as u128 / u128::from(total.max(1));
        usize::try_from(place).unwrap_or(area)
    };
    let from = scale(start).min(area - 1);
    let to = scale(end).min(area);
    let filled = match to.saturating_sub(from) {
        0 => "|".to_owned(),
        length => if critical { "#" } else { "=" }.repeat(length),
    };
    let after = area - from - filled.len();
    format!("{}{filled}{}", ".".repeat(from), ".".repeat(after))
}

/// Replaces control characters of an id, which must not reach a terminal.
fn plain(text: &str) -> String {
    text.chars().map(|letter| if steers(letter) { '?' } else { letter }).collect()
}

fn shortened(text: &str, width: usize) -> String {
    if cells::width(text) <= width {
        return text.to_owned();
    }
    format!("{}…", cells::cut(text, width.saturating_sub(1)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_cut_by_cells() {
        assert_eq!(shortened("日本語の仕事", 7), "日本語…");
        assert_eq!(shortened("🦀🦀🦀🦀", 6), "🦀🦀…");
        assert_eq!(shortened("TASK-1", 6), "TASK-1");
    }
}
