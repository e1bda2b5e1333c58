//! A report as one value; its JSON has this shape.

use crate::domain::{Findings, HookPoint, Items, ReasonCode, Verdict};
use crate::plan::{Minutes, Source};
use crate::views::attempts::MeasureView;
use crate::views::dates::{At, ForecastView};
use crate::views::flag::Flag;
use crate::views::summary::Summary;
use serde::Serialize;
use std::io;

/// A report. Fields may be added, never renamed.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Report {
    /// Version of this shape.
    pub schema_version: u32,
    /// When it was made.
    pub generated_at: String,
    /// The start of the period that it counts; `None` means everything.
    pub since: Option<String>,
    /// The tasks by their present state.
    pub summary: Summary,
    /// How much of the work is done, weighted by estimates.
    pub percent: Option<u8>,
    /// The number of attempts.
    pub attempts: usize,
    /// Minutes of all attempts together.
    pub minutes: f64,
    /// Minutes in which at least one attempt ran.
    pub busy_minutes: f64,
    /// The cost; `None` if it is unknown.
    pub cost_usd: Option<f64>,
    /// The tokens that were used, if known.
    pub tokens: Option<u64>,
    /// The metrics.
    pub metrics: Metrics,
    /// What is left; the caller adds it, together with the forecast.
    pub left: Option<Left>,
    /// When that will be done, if enough tasks were measured.
    pub forecast: Option<ForecastView>,
    /// Tasks that a person should look at.
    pub red_flags: Vec<Flag>,
    /// Attempts that failed, by reason.
    pub lessons: Vec<Lesson>,
    /// The phases.
    pub phases: Vec<PhaseRow>,
    /// The tasks, in file order.
    pub tasks: Vec<TaskRow>,
    /// Files that attempts created.
    pub files_created: Vec<String>,
    /// Files that they changed.
    pub files_modified: Vec<String>,
    /// Files that changed while attempts shared a tree, so that the author is unknown.
    pub files_ambiguous: Vec<String>,
    /// Complete tasks by verdict.
    pub validation: Validation,
    /// How often an attempt changed something that judges it.
    pub tampered: usize,
    /// The hooks that ran.
    pub hooks: Vec<HookRow>,
}

/// The metrics of a report.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Metrics {
    /// Attempts whose work was accepted.
    pub attempts_passed: usize,
    /// Attempts that failed; interrupted ones are neither.
    pub attempts_failed: usize,
    /// Share of these that passed, in percent.
    pub success_percent: Option<f64>,
    /// Tasks that were complete with their first attempt.
    pub first_pass: usize,
    /// Their share of the tasks that were completed by attempts, in percent.
    pub first_pass_percent: Option<f64>,
    /// The median time of a task, all its attempts together.
    pub median_minutes: Option<f64>,
    /// The time that 19 of 20 tasks did not exceed.
    pub p95_minutes: Option<f64>,
    /// Tasks completed by attempts in each day of 24 hours since the first.
    pub complete_per_day: Option<f64>,
    /// The estimates of the tasks that have one and were completed by attempts.
    pub estimated_minutes: f64,
    /// The time that these took.
    pub actual_minutes: f64,
    /// How many times faster than one attempt after the other.
    pub speedup: Option<f64>,
}

/// Attempts that failed for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Lesson {
    /// The code, ours or the one that a hook printed; `None` if there is none.
    pub reason_code: Option<String>,
    /// The number of attempts.
    pub attempts: usize,
    /// The tasks, each once.
    pub tasks: Vec<String>,
    /// The last message.
    pub example: Option<String>,
}

impl Lesson {
    /// Returns the code, if it is one of ours.
    pub(super) fn known(&self) -> Option<ReasonCode> {
        self.reason_code.as_deref().and_then(ReasonCode::from_word)
    }

    /// Returns the code as it is shown.
    pub(super) fn word(&self) -> &str {
        self.reason_code.as_deref().unwrap_or("no code")
    }
}

/// A phase.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct PhaseRow {
    /// The queue.
    pub queue: String,
    /// Its number or name; `None` for tasks without one.
    pub phase: Option<String>,
    /// Its title.
    pub name: Option<String>,
    /// Its tasks.
    pub tasks: usize,
    /// The complete ones.
    pub complete: usize,
    /// `complete`, `in_progress`, `blocked` or `pending`.
    pub status: &'static str,
    /// Minutes of the attempts at its tasks.
    pub minutes: f64,
}

/// A task.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct TaskRow {
    /// Its reference.
    pub id: String,
    /// Its queue.
    pub queue: String,
    /// Its title.
    pub title: String,
    /// The status word of the file.
    pub status: String,
    /// Its state.
    pub state: &'static str,
    /// Its phase.
    pub phase: Option<String>,
    /// Its epic.
    pub epic: Option<String>,
    /// How much of it is done, in percent.
    pub percent: u8,
    /// The number of attempts.
    pub attempts: usize,
    /// When the first began.
    pub started_at: Option<String>,
    /// When the last ended.
    pub ended_at: Option<String>,
    /// Minutes of all attempts.
    pub minutes: f64,
    /// Its estimate, in minutes.
    pub estimated_minutes: f64,
    /// The source of the estimate. An estimate that was neither given nor measured is a guess, and
    /// is not compared with the actual time.
    pub estimate_source: Source,
    /// Its cost, if known.
    pub cost_usd: Option<f64>,
    /// The tokens that it used, if known.
    pub tokens: Option<u64>,
    /// The last verdict.
    pub verdict: Option<Verdict>,
    /// The error message.
    pub error: Option<String>,
    /// The same as a code, of the last attempt.
    pub reason_code: Option<String>,
    /// Its deadline, in the words of the file.
    pub deadline: Option<String>,
    /// Whether the deadline has passed.
    pub late: bool,
    /// The task during which it was found.
    pub discovered_by: Option<String>,
    /// The person who completed it.
    pub completed_by: Option<String>,
    /// The commit on the target with which it landed.
    pub landed_commit: Option<String>,
    /// The findings of its last attempt.
    #[serde(flatten)]
    pub found: Found,
    /// The last lines of the failed step of a blocked task.
    #[serde(skip)]
    pub output: Option<String>,
    /// The reasons why it waits.
    #[serde(skip)]
    pub waits_for: Vec<String>,
    /// Start and end of its attempts in milliseconds since the epoch, and whether they passed.
    #[serde(skip)]
    pub spans: Vec<Span>,
}

/// The findings of an attempt, in the fields of `why --json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub(crate) struct Found {
    /// The measured numbers.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<MeasureView>,
    /// The comparison of the items of its steps with the base.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Items>,
    /// The findings in its change, and what it changed with permission.
    #[serde(flatten)]
    pub findings: Findings,
}

/// The tasks that are left for loops.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub(crate) struct Left {
    /// Tasks that can still run.
    pub tasks: usize,
    /// Pending tasks that cannot run, as things are.
    pub stuck: usize,
    /// The work of those that can run, one after the other.
    pub work_minutes: Minutes,
    /// The number of loops that the dates assume: as many as worked at a time so far.
    pub loops: usize,
    /// When the last one ends, if every estimate is met.
    pub ends_at: Option<At>,
}

/// How often a hook ran, and with which results.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct HookRow {
    /// The point at which it runs.
    pub hook: HookPoint,
    /// How often it ran.
    pub runs: usize,
    /// How often it vetoed.
    pub vetoes: usize,
    /// How often it failed without a veto.
    pub failed: usize,
    /// Minutes of all runs together.
    pub minutes: f64,
}

/// An attempt as a bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Span {
    /// When it began.
    pub from: i64,
    /// When it ended.
    pub to: i64,
    /// Whether its work was accepted.
    pub passed: bool,
    /// Its cost, if known.
    pub cost_usd: Option<f64>,
}

/// Complete tasks by verdict.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Validation {
    /// PASS.
    pub pass: usize,
    /// Completed without verification.
    pub skipped: usize,
    /// Complete in the file, without a recorded verdict.
    pub unknown: usize,
}

/// The format of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Format {
    /// Markdown.
    #[default]
    Markdown,
    /// One HTML file.
    Html,
    /// JSON.
    Json,
    /// JUnit XML.
    Junit,
    /// Comma-separated values, one row per task.
    Csv,
}

/// The purpose of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Style {
    /// What was done.
    #[default]
    Synthesis,
    /// Whether it can be released.
    Readiness,
    /// What to do to release it.
    Deployment,
    /// What failed, and why.
    Lessons,
    /// How it went, and what to do better.
    Retrospective,
}

/// A report that could not be written.
#[derive(Debug, thiserror::Error)]
pub enum ReportError {
    /// JSON could not be written.
    #[error("failed to write the report as JSON")]
    Json(#[from] io::Error),
    /// Rows could not be written.
    #[error("failed to write the report as CSV")]
    Csv(#[from] ::csv::Error),
    /// XML could not be written.
    #[error("failed to write the report as JUnit XML")]
    Junit(#[from] quick_junit::SerializeError),
    /// A page could not be rendered.
    #[error("failed to write the report as HTML")]
    Html(#[from] minijinja::Error),
}
