//! The dates of `plan`: when everything is done by the plan and by measured times, which deadlines
//! will be met, and the same by groups and by days.

use super::deadline::Lateness;
use super::escape;
use super::style::{Look, color, count, fitted, padded, wrap};
use crate::plan::{Minutes, duration_text};
use crate::platform::cells;
use anstyle::{AnsiColor, Style};
use chrono::{DateTime, Local, NaiveDate, Utc};
use serde::{Serialize, Serializer};
use std::fmt::Write;

/// The most deadlines, groups and days that are listed.
const LISTED: usize = 40;
/// The widest column of ids.
const ID: usize = 32;

/// A time that is serialised like all times in JSON.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct At(pub DateTime<Utc>);

impl Serialize for At {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&crate::domain::timestamp(self.0))
    }
}

/// A plan in dates. Fields may be added, never renamed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Dates {
    /// When work begins.
    pub starts_at: At,
    /// How many hours of each day are worked.
    pub hours_per_day: f64,
    /// How many loops the dates are for.
    pub planned_loops: usize,
    /// When the last task ends by the plan; `None` if nothing is to do, or the end is beyond the
    /// calendar.
    pub ends_at: Option<At>,
    /// The forecast, if enough tasks were measured.
    pub forecast: Option<ForecastView>,
    /// Open tasks with a deadline, in list order.
    pub deadlines: Vec<Due>,
    /// The tasks in groups.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub groups: Option<Groups>,
    /// What begins and ends on each day.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub days: Option<Vec<Day>>,
    /// What it takes to be done by a given time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub target: Option<Target>,
}

/// A forecast: with even chances, and nine times out of ten.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct ForecastView {
    /// The number of finished tasks that it is based on.
    pub measured: usize,
    /// Half of the simulated runs took at most this long.
    pub p50_minutes: Minutes,
    /// Nine of ten simulated runs took at most this long.
    pub p90_minutes: Minutes,
    /// The first as a date.
    pub p50_at: Option<At>,
    /// The second as a date.
    pub p90_at: Option<At>,
}

/// A deadline.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Due {
    /// The task.
    pub task: String,
    /// The deadline in the words of the file.
    pub deadline: String,
    /// The same as a time.
    pub at: At,
    /// Whether it will be met.
    pub lateness: Lateness,
    /// When the task ends by the plan.
    pub ends_at: Option<At>,
    /// When it ends in half of the runs.
    pub p50_at: Option<At>,
    /// When it ends in nine of ten.
    pub p90_at: Option<At>,
}

/// The tasks in groups.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Groups {
    /// The property that makes a group.
    pub by: String,
    /// The groups, in the order of the files.
    pub rows: Vec<GroupRow>,
    /// All of them.
    pub total: GroupRow,
}

/// A group.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct GroupRow {
    /// Its name; `None` for tasks without one, and for all.
    pub name: Option<String>,
    /// Its tasks.
    pub tasks: usize,
    /// The number of complete tasks.
    pub complete: usize,
    /// The number of tasks that can still run.
    pub open: usize,
    /// The number of pending tasks that cannot run.
    pub stuck: usize,
    /// The number of different phases of its tasks.
    pub phases: usize,
    /// The number of waves of its open tasks.
    pub waves: usize,
    /// The number of tasks in the widest wave.
    pub width: usize,
    /// The time of all of them, one after the other.
    pub work_minutes: Minutes,
    /// The time with as many loops as the widest wave has tasks, if nothing else had to be done.
    pub parallel_minutes: Minutes,
    /// How many times faster that is.
    pub speedup: f64,
    /// When its last task ends in the whole plan.
    pub ends_at: Option<At>,
    /// The same in nine of ten runs.
    pub p90_at: Option<At>,
    /// When it is due: as its name says, otherwise the last deadline of its tasks.
    pub due_at: Option<At>,
    /// Whether that will be met.
    pub lateness: Option<Lateness>,
}

/// A day of the plan on which something begins or ends.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Day {
    /// The date in the reader's time zone.
    pub date: String,
    /// Tasks that begin, in their order.
    pub starts: Vec<String>,
    /// Tasks that end, in their order.
    pub ends: Vec<String>,
}

/// What it takes to be done by a given time.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct Target {
    /// The time.
    pub at: At,
    /// The fewest loops with which the plan is done by then.
    pub loops: Option<usize>,
    /// When it is done with that many loops, or with as many as help.
    pub ends_at: Option<At>,
    /// The same in nine of ten runs.
    pub p90_at: Option<At>,
}

/// Renders everything for people.
pub(crate) fn text(dates: &Dates, look: Look, text: &mut String) {
    whole(dates, look, text);
    if let Some(target) = &dates.target {
        self::target(target, text);
    }
    if let Some(groups) = &dates.groups {
        self::groups(groups, look, text);
    }
    if let Some(days) = &dates.days {
        self::days(days, look, text);
    }
    deadlines(&dates.deadlines, look, text);
}

/// Formats `Mon 2026-01-19 14:05`.
fn date(at: At) -> String {
    at.0.with_timezone(&Local).format("%a %Y-%m-%d %H:%M").to_string()
}

fn or_never(at: Option<At>) -> String {
    at.map_or_else(|| "beyond the calendar".to_owned(), date)
}

fn whole(dates: &Dates, look: Look, text: &mut String) {
    let Some(ends_at) = dates.ends_at else { return };
    let loops = count(dates.planned_loops.max(1), "loop", "loops");
    let hours = match dates.hours_per_day {
        hours if hours >= 24.0 => String::new(),
        hours => format!(", {hours} hours a day"),
    };
    let head = look.head(format_args!("Dates with {loops}"));
    let _ = writeln!(text, "\n{head}, from {}{hours}", date(dates.starts_at));
    let _ = writeln!(text, "  as planned     {}", date(ends_at));
    if let Some(forecast) = &dates.forecast {
        let tasks = count(forecast.measured, "measured task", "measured tasks");
        let _ = writeln!(text, "  even chances   {}  (p50)", or_never(forecast.p50_at));
        let _ = writeln!(text, "  nine of ten    {}  (p90, by {tasks})", or_never(forecast.p90_at));
    }
}

fn target(target: &Target, text: &mut String) {
    let (at, end) = (date(target.at), or_never(target.ends_at));
    let p90 = target
        .p90_at
        .map_or_else(String::new, |p90| format!("; nine times out of ten by {}", date(p90)));
    let _ = match target.loops {
        Some(loops) => {
            let loops = count(loops, "loop makes it", "loops make it");
            writeln!(text, "\nBy {at}: {loops}; then it is done {end}{p90}.")
        }
        None => writeln!(
            text,
            "\nBy {at}: no number of loops makes it; the best is done {end}{p90}. Move the date, leave \
             tasks out, or cut the longest chain."
        ),
    };
}

fn groups(groups: &Groups, look: Look, text: &mut String) {
    let title = format!("By {}", groups.by);
    let head =
        ["", "Tasks", "Done", "At once", "Phases", "One by one", "Together", "Speedup", "Ends"];
    let line = |row: &GroupRow, name: &str| {
        let late = row.lateness.filter(|lateness| *lateness != Lateness::OnTime);
        let late = late.zip(row.due_at).map_or_else(String::new, |(lateness, due)| {
            format!(" {}, due {}", lateness.words(), date(due))
        });
        [
            fitted(name, ID),
            row.tasks.to_string(),
            row.complete.to_string(),
            row.width.to_string(),
            row.phases.to_string(),
            duration_text(row.work_minutes.seconds()),
            duration_text(row.parallel_minutes.seconds()),
            format!("{:.2}", row.speedup),
            format!("{}{late}", row.ends_at.map_or_else(|| "-".to_owned(), date)),
        ]
    };
    let mut rows = vec![head.map(str::to_owned)];
    let shown = &groups.rows[..groups.rows.len().min(LISTED)];
    rows.extend(shown.iter().map(|row| line(row, row.name.as_deref().unwrap_or("(none)"))));
    rows.push(line(&groups.total, "total"));
    let _ = writeln!(text, "\n{}", look.head(title));
    aligned(&rows, look, text);
    if groups.rows.len() > shown.len() {
        let _ = writeln!(text, "  ({} more)", groups.rows.len() - shown.len());
    }
}

/// Renders rows as columns. The first and the last column are left-aligned; the last one is cut at
/// the end of the line.
fn aligned<const N: usize>(rows: &[[String; N]], look: Look, text: &mut String) {
    let widest: Vec<usize> =
        (0..N).map(|at| rows.iter().map(|row| cells::width(&row[at])).max().unwrap_or(0)).collect();
    for row in rows {
        let mut line = String::from(" ");
        for (at, cell) in row.iter().enumerate() {
            let gap = " ".repeat(widest[at].saturating_sub(cells::width(cell)));
            let is_left = at == 0 || at == N - 1;
            let cell = if is_left { format!(" {cell}{gap}") } else { format!("  {gap}{cell}") };
            line.push_str(if at == N - 1 { " " } else { "" });
            line.push_str(&cell);
        }
        let most = look.width.unwrap_or(usize::MAX);
        let _ = writeln!(text, "{}", fitted(line.trim_end(), most));
    }
}

fn days(days: &[Day], look: Look, text: &mut String) {
    let _ = writeln!(text, "\n{}", look.head("Day by day"));
    let shown = &days[..days.len().min(LISTED)];
    for (number, day) in shown.iter().enumerate() {
        let name = NaiveDate::parse_from_str(&day.date, "%Y-%m-%d").map(|day| day.format("%a "));
        let name = name.map_or_else(|_| String::new(), |name| name.to_string());
        let head = format!("  {:>2}  {name}{}  ", number + 1, day.date);
        let ends = |id: &String| day.ends.contains(id);
        // Tasks that began on an earlier day and end today come first, in the order of their start.
        let before = day.ends.iter().filter(|id| !day.starts.contains(id));
        let begun = before.map(|id| format!("{} (done)", fitted(id, ID)));
        let today = day.starts.iter().map(|id| {
            let more = if ends(id) { "" } else { " …" };
            format!("{}{more}", fitted(id, ID))
        });
        wrap(text, &head, begun.chain(today), "  ", look);
    }
    if days.len() > shown.len() {
        let _ = writeln!(text, "  ({} more)", days.len() - shown.len());
    }
}

fn deadlines(all: &[Due], look: Look, text: &mut String) {
    if all.is_empty() {
        return;
    }
    let mut rows: Vec<&Due> = all.iter().collect();
    rows.sort_by_key(|due| (due.lateness, due.at));
    let _ = writeln!(text, "\n{}", look.head("Deadlines"));
    let shown = &rows[..rows.len().min(LISTED)];
    let ids = shown.iter().map(|due| cells::width(&fitted(&due.task, ID))).max().unwrap_or(0);
    let words = shown.iter().map(|due| due.lateness.words().len()).max().unwrap_or(0);
    for due in shown {
        let id = padded(&fitted(&due.task, ID), ids);
        let word = look.paint(style(due.lateness), padded(due.lateness.words(), words));
        let mut line = format!("due {}", escape::line(&due.deadline));
        if let Some(ends_at) = due.ends_at {
            line.push_str(&format!(", planned {}", date(ends_at)));
        }
        if let Some(p90) = due.p90_at {
            line.push_str(&format!(", p90 {}", date(p90)));
        }
        let most = look.width.map_or(usize::MAX, |width| width.saturating_sub(ids + words + 6));
        let _ = writeln!(text, "  {id}  {word}  {}", fitted(&line, most));
    }
    if rows.len() > shown.len() {
        let _ = writeln!(text, "  ({} more)", rows.len() - shown.len());
    }
}

fn style(lateness: Lateness) -> Style {
    match lateness {
        Lateness::Overdue | Lateness::Late | Lateness::Stuck => color(AnsiColor::Red),
        Lateness::AtRisk => color(AnsiColor::Yellow),
        Lateness::OnTime => color(AnsiColor::Green),
    }
}
