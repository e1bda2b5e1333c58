//! A report as one value; its JSON is this.

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
pub struct Report {
    /// Version of this shape.
    pub schema_version: u32,
    /// When it was made.
    pub generated_at: String,
    /// What it counts from; everything where nobody said.
    pub since: Option<String>,
    /// The tasks by state, now.
    pub summary: Summary,
    /// How much of the work is done, each task by its estimate.
    pub percent: Option<u8>,
    /// Attempts that were made.
    pub attempts: usize,
    /// Minutes of all attempts together.
    pub minutes: f64,
    /// Minutes in which at least one attempt ran.
    pub busy_minutes: f64,
    /// What was paid; `None` where nothing is known of it.
    pub cost_usd: Option<f64>,
    /// Tokens that were used, where that is known.
    pub tokens: Option<u64>,
    /// How well it goes.
    pub metrics: Metrics,
    /// What is left; the caller adds it, and the forecast with it.
    pub left: Option<Left>,
    /// When that will be done, where enough was measured.
    pub forecast: Option<ForecastView>,
    /// What a person should look at.
    pub red_flags: Vec<Flag>,
    /// Attempts that failed, by reason.
    pub lessons: Vec<Lesson>,
    /// The phases.
    pub phases: Vec<PhaseRow>,
    /// The tasks, in file order.
    pub tasks: Vec<TaskRow>,
    /// Files that attempts made.
    pub files_created: Vec<String>,
    /// Files that they changed.
    pub files_modified: Vec<String>,
    /// Files that changed while attempts shared a tree, so that nobody can tell by which.
    pub files_ambiguous: Vec<String>,
    /// Complete tasks by what verification said.
    pub validation: Validation,
    /// Times at which something that judges attempts was changed by one.
    pub tampered: usize,
    /// The hooks that ran.
    pub hooks: Vec<HookRow>,
}

/// How well it goes.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Metrics {
    /// Attempts whose work was taken.
    pub attempts_passed: usize,
    /// Attempts that failed; interrupted ones are neither.
    pub attempts_failed: usize,
    /// Share of these that passed, in percent.
    pub success_percent: Option<f64>,
    /// Tasks that were complete with their first attempt.
    pub first_pass: usize,
    /// Their share of the tasks that were completed by attempts, in percent.
    pub first_pass_percent: Option<f64>,
    /// Half of the tasks took no longer, all their attempts together.
    pub median_minutes: Option<f64>,
    /// 19 of 20 tasks took no longer.
    pub p95_minutes: Option<f64>,
    /// Tasks completed by attempts in each day of 24 hours since the first.
    pub complete_per_day: Option<f64>,
    /// Estimates of the tasks that have one and were completed by attempts.
    pub estimated_minutes: f64,
    /// What these took.
    pub actual_minutes: f64,
    /// How many times faster than one attempt after the other.
    pub speedup: Option<f64>,
}

/// Attempts that failed for one reason.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Lesson {
    /// The code, ours or the one that a hook named; `None` where there is none.
    pub reason_code: Option<String>,
    /// How many attempts.
    pub attempts: usize,
    /// The tasks, each once.
    pub tasks: Vec<String>,
    /// What was said last.
    pub example: Option<String>,
}

impl Lesson {
    /// The code, if it is one of ours.
    pub(super) fn known(&self) -> Option<ReasonCode> {
        self.reason_code.as_deref().and_then(ReasonCode::from_word)
    }

    /// The code as it is shown.
    pub(super) fn word(&self) -> &str {
        self.reason_code.as_deref().unwrap_or("no code")
    }
}

/// A phase.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PhaseRow {
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
pub struct TaskRow {
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
    /// How much of it is done.
    pub percent: u8,
    /// Attempts that were made.
    pub attempts: usize,
    /// When the first began.
    pub started_at: Option<String>,
    /// When the last ended.
    pub ended_at: Option<String>,
    /// Minutes of all of them.
    pub minutes: f64,
    /// What was estimated.
    pub estimated_minutes: f64,
    /// By whom: what nobody said and nothing measured is a guess, and held against nobody.
    pub estimate_source: Source,
    /// What it cost, where that is known.
    pub cost_usd: Option<f64>,
    /// Tokens that it used, where that is known.
    pub tokens: Option<u64>,
    /// What verification said last.
    pub verdict: Option<Verdict>,
    /// What went wrong.
    pub error: Option<String>,
    /// The same as a code, of the last attempt.
    pub reason_code: Option<String>,
    /// Its deadline, in the words of the file.
    pub deadline: Option<String>,
    /// Whether that passed.
    pub late: bool,
    /// The task during which it was found.
    pub discovered_by: Option<String>,
    /// The person who completed it.
    pub completed_by: Option<String>,
    /// The commit as which it landed.
    pub landed_commit: Option<String>,
    /// What its last attempt was found to be.
    #[serde(flatten)]
    pub found: Found,
    /// The last lines of the step that failed, of a blocked one.
    #[serde(skip)]
    pub output: Option<String>,
    /// What it waits for.
    #[serde(skip)]
    pub waits_for: Vec<String>,
    /// Begin and end of its attempts in milliseconds of the epoch, and whether they passed.
    #[serde(skip)]
    pub spans: Vec<Span>,
}

/// What an attempt was found to be, in the fields of `why --json`.
#[derive(Clone, Debug, Default, PartialEq, Serialize)]
pub struct Found {
    /// What was measured.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub measures: Vec<MeasureView>,
    /// What became of the items of its steps.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub items: Option<Items>,
    /// What was found in its change, and what it changed with permission.
    #[serde(flatten)]
    pub findings: Findings,
}

/// The tasks that are left for loops.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Left {
    /// Tasks that can still run.
    pub tasks: usize,
    /// Pending tasks that cannot, as things are.
    pub stuck: usize,
    /// The work of those that can, one after the other.
    pub work_minutes: Minutes,
    /// How many loops the dates are for: as many as worked at a time so far.
    pub loops: usize,
    /// When the last one ends, if every estimate holds.
    pub ends_at: Option<At>,
}

/// How often a hook ran, and what it came to.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct HookRow {
    /// Which one.
    pub hook: HookPoint,
    /// How often it ran.
    pub runs: usize,
    /// How often it said no.
    pub vetoes: usize,
    /// How often it failed and decided nothing.
    pub failed: usize,
    /// Minutes of all of them together.
    pub minutes: f64,
}

/// An attempt as a bar.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Span {
    /// When it began.
    pub from: i64,
    /// When it ended.
    pub to: i64,
    /// Whether its work was taken.
    pub passed: bool,
    /// What it cost, where that is known.
    pub cost_usd: Option<f64>,
}

/// Complete tasks by what verification said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Validation {
    /// PASS.
    pub pass: usize,
    /// Completed without verification.
    pub skipped: usize,
    /// Complete in the file, with nothing recorded.
    pub unknown: usize,
}

/// The form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Format {
    /// Markdown.
    #[default]
    Markdown,
    /// One file of HTML.
    Html,
    /// JSON.
    Json,
    /// JUnit's XML.
    Junit,
    /// Comma-separated values, a row a task.
    Csv,
}

/// What a report is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Style {
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
    /// Text could not be made of it.
    #[error("failed to write the report as JSON")]
    Json(#[from] io::Error),
    /// Rows could not be made of it.
    #[error("failed to write the report as CSV")]
    Csv(#[from] ::csv::Error),
    /// XML could not be made of it.
    #[error("failed to write the report as JUnit XML")]
    Junit(#[from] quick_junit::SerializeError),
    /// A page could not be made of it.
    #[error("failed to write the report as HTML")]
    Html(#[from] minijinja::Error),
}
