//! `plan` for people: waves, critical path, slack, loops, a recommendation and a schedule.

use super::dates::{self, Dates};
use super::escape;
use super::fold::folded;
use super::style::{Look, count, fitted, padded, took, wrap};
use crate::domain::Text;
use crate::plan::{LoopsReport, Minutes, Node, PlanReport, Slack, duration_text};
use crate::platform::cells;
use anstyle::Style;
use serde::Serialize;
use std::collections::HashSet;
use std::fmt::Write;

/// The most tasks that the list of slack shows.
const LISTED: usize = 60;
/// The widest column of ids.
const ID: usize = 40;

/// A plan with the results of measured times.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct PlanView {
    /// The plan.
    #[serde(flatten)]
    pub report: PlanReport,
    /// The plan in dates.
    #[serde(flatten)]
    pub dates: Dates,
    /// The measured times of finished tasks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actual: Option<Actual>,
}

/// Estimates compared with measured times.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Actual {
    /// The finished tasks whose time is in the journal.
    pub tasks: Vec<ActualTask>,
    /// The sum of their estimates.
    pub estimated_minutes: f64,
    /// The sum of their measured times.
    pub actual_minutes: f64,
    /// The number of finished tasks that the journal does not have.
    pub unmeasured: usize,
}

/// One finished task.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ActualTask {
    /// Its reference.
    pub id: String,
    /// Its estimate.
    pub estimated_minutes: f64,
    /// `given` or `default`.
    pub estimate: &'static str,
    /// Its measured time, all attempts together.
    pub actual_minutes: f64,
    /// The number of its attempts.
    pub attempts: u32,
}

/// Returns the duration of a task.
type Seconds<'a> = &'a dyn Fn(Node) -> u64;

/// Renders everything, section by section.
///
/// `gantt` is the schedule as a picture, `seconds` returns the duration of a task.
pub(crate) fn text(
    view: &PlanView,
    gantt: Option<&str>,
    seconds: Seconds<'_>,
    look: Look,
) -> String {
    let report = &view.report;
    let mut text = head(report);
    waves(report, look, &mut text);
    critical_path(report, seconds, look, &mut text);
    slack(report, seconds, look, &mut text);
    loops(report, look, &mut text);
    if let Some(cost) = &report.barrier_cost {
        let ((few, many), (short, long)) = (cost.waves, cost.minutes);
        let _ = writeln!(
            text,
            "\nA barrier after every phase makes {many} waves of {few}, and {} of {}.",
            time(long),
            time(short)
        );
    } else if !report.barriers.is_empty() {
        let phases = super::style::listed(&report.barriers, 20);
        let _ = writeln!(text, "\nBarriers after: {phases}.");
    }
    left_out(report, look, &mut text);
    let _ = writeln!(text, "\n{}", report.advice);
    dates::text(&view.dates, look, &mut text);
    if let Some(gantt) = gantt {
        let loops = count(report.recommended_loops.max(1), "loop", "loops");
        let head = look.head(format_args!("Schedule with {loops}"));
        let _ = writeln!(text, "\n{head} (# is the critical path)");
        text.push_str(&escape::lines(gantt));
    }
    if let Some(actual) = &view.actual {
        text.push_str(&actual_text(actual, look));
    }
    folded(&text, look)
}

fn head(report: &PlanReport) -> String {
    let tasks = count(report.tasks, "open task", "open tasks");
    let edges = count(report.edges, "dependency", "dependencies");
    let counts = report.estimate_counts;
    let sources =
        [(counts.given, "given"), (counts.history, "measured"), (counts.default, "guessed")];
    let sources: Vec<String> = sources
        .into_iter()
        .filter(|(number, _)| *number > 0)
        .map(|(number, what)| format!("{number} {what}"))
        .collect();
    let sources = if sources.is_empty() {
        String::new()
    } else {
        format!(" (estimates: {})", sources.join(", "))
    };
    format!("{tasks}, {edges}, {} of work{sources}\n", time(report.work_minutes))
}

fn time(minutes: Minutes) -> String {
    duration_text(minutes.seconds())
}

fn waves(report: &PlanReport, look: Look, text: &mut String) {
    if report.waves.is_empty() {
        return;
    }
    let width = count(report.width, "task", "tasks");
    let _ = writeln!(text, "\n{}, at most {width} at once", look.head("Waves"));
    let labels = labels(report);
    let wide = labels.iter().map(|label| cells::width(label)).max().unwrap_or(0);
    let counts = report.waves.iter().map(Vec::len).max().unwrap_or(0).to_string().len();
    for (wave, label) in report.waves.iter().zip(&labels) {
        let names = wave.iter().map(|id| fitted(id, ID));
        let head = format!("  {label:>wide$}  {:>counts$}  ", wave.len());
        wrap(text, &head, names, "  ", look);
    }
}

/// Returns labels `1`, `2`; the parts of a wave that overlapping files split are `2a`, `2b`.
fn labels(report: &PlanReport) -> Vec<String> {
    if report.wave_parts.is_empty() {
        return (1..=report.waves.len()).map(|number| number.to_string()).collect();
    }
    let mut labels = Vec::new();
    for (wave, &parts) in report.wave_parts.iter().enumerate() {
        for part in 0..parts {
            let letter = char::from(b'a' + u8::try_from(part).unwrap_or(25).min(25));
            let letter = if parts > 1 { letter.to_string() } else { String::new() };
            labels.push(format!("{}{letter}", wave + 1));
        }
    }
    labels
}

fn critical_path(report: &PlanReport, seconds: Seconds<'_>, look: Look, text: &mut String) {
    let path = &report.critical_path;
    if path.tasks.is_empty() {
        return;
    }
    let total = time(path.minutes);
    let _ = writeln!(text, "\n{}, {total}: no delay is possible here", look.head("Critical path"));
    let step = |(id, &node): (&Text, &Node)| {
        format!("{} ({})", fitted(id, ID), duration_text(seconds(node)))
    };
    let steps = path.tasks.iter().zip(&path.nodes).map(step);
    wrap(text, "  ", steps, " -> ", look);
}

/// Lists how much each task off the critical path may be delayed, the most urgent first.
fn slack(report: &PlanReport, seconds: Seconds<'_>, look: Look, text: &mut String) {
    let critical: HashSet<&Node> = report.critical_path.nodes.iter().collect();
    let off = report.slack.iter().filter(|slack| !critical.contains(&slack.node));
    let mut rows: Vec<&Slack> = off.collect();
    if rows.is_empty() {
        return;
    }
    rows.sort_by_key(|row| row.late.seconds());
    let _ = writeln!(text, "\n{}: how much the others may be delayed", look.head("Slack"));
    let tight = rows.iter().take_while(|row| row.late.seconds() == 0).count();
    if tight > 0 {
        let names = rows[..tight].iter().map(|row| fitted(&row.task, ID));
        wrap(text, "  not at all: ", names, "  ", look);
        rows.drain(..tight);
    }
    let shown = &rows[..rows.len().min(LISTED)];
    let ids = shown.iter().map(|row| cells::width(&fitted(&row.task, ID))).max().unwrap_or(0);
    let slacks = shown.iter().map(|row| cells::width(&time(row.late))).max().unwrap_or(0);
    for row in shown {
        let own = duration_text(seconds(row.node));
        let id = padded(&fitted(&row.task, ID), ids);
        let _ = writeln!(text, "  {id}  {:>slacks$}  (takes {own})", time(row.late));
    }
    if rows.len() > shown.len() {
        let _ = writeln!(text, "  ({} more)", rows.len() - shown.len());
    }
}

fn loops(report: &PlanReport, look: Look, text: &mut String) {
    if report.loops.is_empty() || report.work_minutes.0 == 0.0 {
        return;
    }
    let mut rows: Vec<&LoopsReport> = report.loops.iter().collect();
    if !rows.iter().any(|row| row.loops == report.recommended_loops) {
        rows.push(&report.recommended);
    }
    rows.sort_by_key(|row| row.loops);
    let times: Vec<String> = rows.iter().map(|row| time(row.makespan_minutes)).collect();
    let wide = times.iter().map(|time| cells::width(time)).max().unwrap_or(0).max(4);
    let head = format!("Loops  {:>wide$}  Speedup", "Time");
    let _ = writeln!(text, "\n{}", look.head(head));
    for (row, time) in rows.into_iter().zip(&times) {
        let mark = if row.loops == report.recommended_loops { "  <- recommended" } else { "" };
        let _ = writeln!(text, "{:>5}  {time:>wide$}  {:>7.2}{mark}", row.loops, row.speedup);
    }
}

/// Lists cycles and stuck tasks.
fn left_out(report: &PlanReport, look: Look, text: &mut String) {
    for cycle in &report.cycles {
        let names = cycle.iter().map(|id| fitted(id, ID));
        text.push('\n');
        wrap(text, "Cycle: ", names, " -> ", look);
    }
    if report.stuck.is_empty() {
        return;
    }
    let shown = &report.stuck[..report.stuck.len().min(LISTED)];
    let more = report.stuck.len() - shown.len();
    let more = (more > 0).then(|| format!("{more} more"));
    let names = shown.iter().map(|id| fitted(id, ID)).chain(more);
    let stuck = look.paint(Style::new().bold(), "Not in the plan");
    let _ = writeln!(text, "\n{stuck}, since they cannot run as things are:");
    wrap(text, "  ", names, "  ", look);
}

/// Renders estimates and measured times, task by task and in total.
fn actual_text(actual: &Actual, look: Look) -> String {
    let minutes = |minutes: f64| duration_text((minutes * 60.0).round() as u64);
    let mut text = format!("\n{}\n", look.head("Estimates and actual times"));
    let ids =
        actual.tasks.iter().map(|task| cells::width(&fitted(&task.id, ID))).max().unwrap_or(5);
    for task in &actual.tasks {
        let id = padded(&fitted(&task.id, ID), ids);
        let attempts = count(task.attempts as usize, "attempt", "attempts");
        let _ = writeln!(
            text,
            "  {id}  {:>11}  took {:>11}  {}  ({}, {attempts})",
            minutes(task.estimated_minutes),
            took((task.actual_minutes * 60_000.0).round() as i64),
            ratio(task.actual_minutes, task.estimated_minutes),
            task.estimate,
        );
    }
    let all = count(actual.tasks.len(), "measured task", "measured tasks");
    let _ = writeln!(
        text,
        "{all}: {} estimated, {} taken{}",
        minutes(actual.estimated_minutes),
        took((actual.actual_minutes * 60_000.0).round() as i64),
        match actual.tasks.len() {
            0 => String::new(),
            _ => format!(", {}", ratio(actual.actual_minutes, actual.estimated_minutes).trim()),
        }
    );
    if actual.unmeasured > 0 {
        let tasks = count(actual.unmeasured, "complete task", "complete tasks");
        let _ = writeln!(text, "{tasks} without times in the journal");
    }
    text
}

fn ratio(actual: f64, estimated: f64) -> String {
    if estimated <= 0.0 {
        return "    -".to_owned();
    }
    format!("{:>5}", format!("{:.0} %", actual / estimated * 100.0))
}
