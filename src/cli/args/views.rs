//! The flags of the verbs that show a whole project.

use super::select::{FilterArgs, QueueArgs};
use clap::{Args, ValueEnum};

/// `board`.
#[derive(Clone, Debug, Args)]
pub struct BoardArgs {
    /// The style [default: `style` of `[board]` in workloop.toml, else kanban].
    #[arg(long, value_name = "STYLE")]
    pub style: Option<BoardLook>,
    /// Prints JSON with the data of all styles.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// The styles of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BoardLook {
    /// A list for each state, all queues together.
    Kanban,
    /// A section and a report for each task.
    Progress,
    /// A checklist for each phase.
    Todo,
}

/// `report`.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// The purpose of the report.
    #[arg(long, value_name = "STYLE", default_value = "synthesis")]
    pub style: ReportLook,
    /// The output format; md and html follow --style.
    #[arg(long, value_name = "FORMAT", default_value = "md")]
    pub format: ReportForm,
    /// Counts only attempts that ended since then: an RFC 3339 time, or a duration before now such
    /// as 8h.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// Prints JSON, the same as --format json.
    #[arg(long, conflicts_with = "format")]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
    /// The tasks.
    #[command(flatten)]
    pub filter: FilterArgs,
}

/// The purpose of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportLook {
    /// What was done.
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

/// The output formats of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// Markdown.
    Md,
    /// A self-contained HTML page.
    Html,
    /// JSON.
    Json,
    /// JUnit XML: one suite per queue, one case per task.
    Junit,
    /// Comma-separated values, one row per task.
    Csv,
}
