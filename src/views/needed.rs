//! Renders the list of what needs a person: each line ends with the command to type.

use super::need::NeedView;
use super::style::{Look, fitted, padded};
use super::timing::{clock, parsed};
use crate::platform::cells;
use chrono::{DateTime, Utc};
use std::fmt::Write;

/// The most entries that are listed.
const LISTED: usize = 20;
/// The widest column of ids.
const IDS: usize = 28;
/// A narrower reason would be useless.
const NARROWEST: usize = 10;

/// Renders the list under its heading, of which `more` are not in `needs`; empty if no person is
/// needed.
pub fn text(needs: &[NeedView], more: usize, now: DateTime<Utc>, look: Look) -> String {
    if needs.is_empty() {
        return String::new();
    }
    let mut text = format!("{}\n", look.head("Needs you"));
    let width = look.width.unwrap_or(usize::MAX);
    let rows: Vec<[String; 4]> = needs
        .iter()
        .take(LISTED)
        .map(|need| {
            let since = need.since.as_deref().and_then(parsed);
            let since = since.map_or_else(|| "-".to_owned(), |since| clock(since, now));
            let why = if need.text.is_empty() { &need.title } else { &need.text };
            let all = usize::MAX;
            [since, fitted(&need.id, IDS), fitted(why, all), fitted(&need.command, all)]
        })
        .collect();
    let widest = |column: usize| rows.iter().map(|row| cells::width(&row[column])).max();
    let [times, ids, whys, commands] = [0, 1, 2, 3].map(|column| widest(column).unwrap_or(0));
    // A command is never cut, because a cut command cannot be typed. The reason gets the rest of
    // the line.
    let room = whys.min(width.saturating_sub(times + ids + commands + 8));
    for [time, id, why, command] in &rows {
        let why = padded(&fitted(why, room), room);
        let why = if room < NARROWEST { String::new() } else { format!("{why}  ") };
        let (time, id) = (padded(time, times), padded(id, ids));
        let line = format!("  {time}  {id}  {why}");
        let own = cells::width(&line) + cells::width(command);
        // On a narrow terminal the command has its own line.
        let gap = if own > width { "\n      " } else { "" };
        let line = if gap.is_empty() { line } else { format!("{}{gap}", line.trim_end()) };
        let _ok = writeln!(text, "{line}{command}");
    }
    let more = needs.len().saturating_sub(LISTED) + more;
    if more > 0 {
        let _ok = writeln!(text, "  … and {more} more: workloop status --json has all");
    }
    text.push('\n');
    text
}
