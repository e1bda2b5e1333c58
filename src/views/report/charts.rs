//! Charts of a report as SVG: a bar for each attempt, the complete tasks over time, the cost over
//! time. Waiting time is not shown as a bar: it would hide the work.

use super::model::{Report, TaskRow};
use crate::views::escape;
use crate::views::style::count;
use chrono::{DateTime, Utc};
use std::fmt::Write;

/// The width of the charts.
const WIDTH: f64 = 900.0;
/// The height of a row of bars.
const ROW: usize = 16;
/// The width of the names.
const NAMES: f64 = 160.0;
/// The most rows: the last tasks that ran.
const ROWS: usize = 120;
/// The most points of a line.
const POINTS: usize = 300;
/// The height of a line chart.
const HEIGHT: f64 = 160.0;

/// Escapes text for XML.
pub(super) fn xml(text: &str) -> String {
    let safe = escape::line(text);
    let mut shown = String::with_capacity(safe.len());
    for letter in safe.chars() {
        match letter {
            '&' => shown.push_str("&amp;"),
            '<' => shown.push_str("&lt;"),
            '>' => shown.push_str("&gt;"),
            '"' => shown.push_str("&quot;"),
            '\'' => shown.push_str("&#39;"),
            // Not an XML character.
            '\u{fffe}' | '\u{ffff}' => shown.push('\u{fffd}'),
            letter => shown.push(letter),
        }
    }
    shown
}

/// Returns the first characters of a text.
pub(super) fn short(text: &str, most: usize) -> String {
    let mut short: String = text.chars().take(most).collect();
    if short.len() < text.len() {
        short.push('…');
    }
    short
}

/// Returns when the first attempt began and the last ended.
fn range(report: &Report) -> Option<(i64, i64)> {
    let spans = || report.tasks.iter().flat_map(|task| &task.spans);
    let from = spans().map(|span| span.from).min()?;
    let to = spans().map(|span| span.to).max()?;
    Some((from, to.max(from + 1)))
}

/// Draws a bar for each attempt, one row per task.
pub(super) fn gantt(report: &Report) -> Option<String> {
    let (from, to) = range(report)?;
    let mut rows: Vec<&TaskRow> =
        report.tasks.iter().filter(|task| !task.spans.is_empty()).collect();
    let begin = |task: &TaskRow| task.spans.first().map_or(0, |span| span.from);
    rows.sort_by_key(|task| begin(task));
    let hidden = rows.len().saturating_sub(ROWS);
    let rows = &rows[hidden..];
    let from = rows.first().map_or(from, |task| begin(task));
    let scale = (WIDTH - NAMES) / (to - from).max(1) as f64;
    let height = rows.len() * ROW + 24;
    let mut svg = open(height as f64, "Attempts over time, one row per task");
    for (at, task) in rows.iter().enumerate() {
        let y = at * ROW;
        let name = xml(&short(&task.id, 22));
        let _ = write!(svg, "<text x=\"0\" y=\"{}\">{name}</text>", y + 12);
        for span in &task.spans {
            let x = NAMES + (span.from - from).max(0) as f64 * scale;
            let width = ((span.to - span.from) as f64 * scale).max(1.0);
            let class = if span.passed { "pass" } else { "fail" };
            let word = if span.passed { "passed" } else { "did not pass" };
            let _ = write!(
                svg,
                "<rect class=\"{class}\" x=\"{x:.1}\" y=\"{}\" width=\"{width:.1}\" height=\"10\"><title>{}: {word}</title></rect>",
                y + 3,
                xml(&task.id)
            );
        }
    }
    axis(&mut svg, (from, to), height as f64 - 6.0);
    svg.push_str("</svg>");
    if hidden > 0 {
        let hidden = count(hidden, "earlier task is", "earlier tasks are");
        let _ = write!(svg, "<p>{hidden} left out.</p>");
    }
    Some(svg)
}

/// Draws how many tasks were complete at each time.
pub(super) fn burn_up(report: &Report) -> Option<String> {
    let (from, to) = range(report)?;
    let ends = |task: &TaskRow| {
        task.spans.iter().filter(|span| span.passed).map(|span| span.to).next_back()
    };
    let mut times: Vec<i64> = report.tasks.iter().filter_map(ends).collect();
    times.sort_unstable();
    let all = report.tasks.len().max(1) as f64;
    let points = times.iter().enumerate().map(|(at, time)| (*time, (at + 1) as f64)).collect();
    Some(line(points, (from, to), all, "Tasks complete over time"))
}

/// Draws the cost up to each time; `None` if it is unknown.
pub(super) fn cost(report: &Report) -> Option<String> {
    let (from, to) = range(report)?;
    let spans = report.tasks.iter().flat_map(|task| &task.spans);
    let mut costs: Vec<(i64, f64)> =
        spans.filter_map(|span| Some((span.to, span.cost_usd?))).collect();
    costs.sort_by_key(|(time, _)| *time);
    let mut sum = 0.0;
    for (_, cost) in &mut costs {
        sum += *cost;
        *cost = sum;
    }
    (sum > 0.0).then(|| line(costs, (from, to), sum, "Cost in USD over time"))
}

fn line(points: Vec<(i64, f64)>, (from, to): (i64, i64), most: f64, label: &str) -> String {
    let mut svg = open(HEIGHT, label);
    let scale = WIDTH / (to - from) as f64;
    let room = HEIGHT - 40.0;
    let step = points.len().div_ceil(POINTS).max(1);
    let last = points.len().saturating_sub(1);
    let kept = points.iter().enumerate().filter(|(at, _)| at % step == 0 || *at == last);
    let mut path = format!("0,{:.1}", room + 10.0);
    for (_, (time, value)) in kept {
        let (x, y) = ((time - from) as f64 * scale, room + 10.0 - value / most * room);
        let _ = write!(path, " {x:.1},{y:.1}");
    }
    let _ = write!(svg, "<polyline points=\"{path}\"></polyline>");
    let end = points.last().map_or(0.0, |(_, value)| *value);
    let shown = if end.fract() == 0.0 { format!("{end}") } else { format!("{end:.2}") };
    let _ = write!(svg, "<text x=\"4\" y=\"12\">{}: {shown}</text>", xml(label));
    axis(&mut svg, (from, to), HEIGHT - 6.0);
    svg + "</svg>"
}

fn open(height: f64, label: &str) -> String {
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" role=\"img\" aria-label=\"{}\">",
        xml(label)
    )
}

fn axis(svg: &mut String, (from, to): (i64, i64), y: f64) {
    let at = |millis: i64| {
        let time = DateTime::<Utc>::from_timestamp_millis(millis);
        time.map_or_else(String::new, |time| time.format("%Y-%m-%d %H:%MZ").to_string())
    };
    let _ = write!(svg, "<text x=\"0\" y=\"{y}\">{}</text>", at(from));
    let _ = write!(svg, "<text x=\"{WIDTH}\" y=\"{y}\" text-anchor=\"end\">{}</text>", at(to));
}
