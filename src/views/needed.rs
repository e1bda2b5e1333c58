//! Renders the list of tasks that need a person. Each entry ends with the command to type.

use super::need::NeedView;
use super::style::{Look, fitted, padded};
use super::timing::{clock, parsed};
use crate::platform::cells;
use chrono::{DateTime, Utc};
use std::collections::HashSet;
use std::fmt::Write;

/// The most entries that are listed.
const LISTED: usize = 20;
/// The widest column of ids.
const IDS: usize = 28;
/// A reason is left out if there are fewer cells for it.
const NARROWEST: usize = 10;
/// A reason counts as shown in full if at least this many of its cells are shown.
const ENOUGH: usize = 30;

/// The rendered list.
#[derive(Default)]
pub(crate) struct Needed<'n> {
    /// The list with its heading; empty if no task needs a person.
    pub text: String,
    /// The queue and id of each task whose reason is shown in full.
    pub told: HashSet<(&'n str, &'n str)>,
}

impl Needed<'_> {
    /// Returns whether the reason of this task is shown in full.
    pub(crate) fn tells(&self, queue: &str, id: &str) -> bool {
        self.told.contains(&(queue, id))
    }
}

/// Renders the list. `more` entries are not in `needs`; `all` is the command that shows them.
pub(crate) fn list<'n>(
    needs: &'n [NeedView],
    (more, all): (usize, &str),
    now: DateTime<Utc>,
    look: Look,
) -> Needed<'n> {
    if needs.is_empty() {
        return Needed::default();
    }
    let mut text = format!("{}\n", look.head("Needs you"));
    let width = look.width.unwrap_or(usize::MAX);
    let listed = &needs[..needs.len().min(LISTED)];
    let row = |need: &NeedView| {
        let since = need.since.as_deref().and_then(parsed);
        let since = since.map_or_else(|| "-".to_owned(), |since| clock(since, now));
        let why = if need.text.is_empty() { &need.title } else { &need.text };
        let all = usize::MAX;
        [since, fitted(&need.id, IDS), fitted(why, all), fitted(&need.command, all)]
    };
    let rows: Vec<[String; 4]> = listed.iter().map(row).collect();
    let widest = |column: usize| rows.iter().map(|row| cells::width(&row[column])).max();
    let [times, ids, whys, commands] = [0, 1, 2, 3].map(|column| widest(column).unwrap_or(0));
    // A command is never truncated, because then it cannot be copied. The reason gets the rest of
    // the line; a command that is too wide is on the next line.
    let is_beside = width >= times + ids + commands + 6;
    let beside = width.saturating_sub(times + ids + commands + 8);
    let below = width.saturating_sub(times + ids + 6);
    let room = whys.min(if is_beside { beside } else { below });
    for [time, id, why, command] in &rows {
        let why = padded(&fitted(why, room), room);
        let why = if room < whys.min(NARROWEST) { String::new() } else { format!("{why}  ") };
        let line = format!("  {}  {}  {why}", padded(time, times), padded(id, ids));
        let _ok = if is_beside {
            writeln!(text, "{line}{command}")
        } else {
            writeln!(text, "{}\n      {command}", line.trim_end())
        };
    }
    let more = needs.len().saturating_sub(LISTED) + more;
    if more > 0 {
        let _ok = writeln!(text, "  … and {more} more: {all}");
    }
    text.push('\n');
    // A reason that is truncated to a few words is shown again in the row of the task.
    let told = listed.iter().filter(|_| room >= whys.min(ENOUGH));
    Needed { told: told.map(|need| (need.queue.as_str(), need.id.as_str())).collect(), text }
}
