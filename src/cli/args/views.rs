//! The flags of the verbs that show all of a project at once.

use super::select::{FilterArgs, QueueArgs};
use clap::{Args, ValueEnum};

/// `board`.
#[derive(Clone, Debug, Args)]
pub struct BoardArgs {
    /// How it looks [default: `style` of `[board]` in workloop.toml, else kanban].
    #[arg(long, value_name = "STYLE")]
    pub style: Option<BoardLook>,
    /// Prints JSON, which has what every style says.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// The looks of a board.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum BoardLook {
    /// A list for each state, all queues together.
    Kanban,
    /// A section and a report for each task.
    Progress,
    /// A check list for each phase.
    Todo,
}

/// `report`.
#[derive(Clone, Debug, Args)]
pub struct ReportArgs {
    /// What it is for.
    #[arg(long, value_name = "STYLE", default_value = "synthesis")]
    pub style: ReportLook,
    /// The form. The style counts for md and html.
    #[arg(long, value_name = "FORMAT", default_value = "md")]
    pub format: ReportForm,
    /// Counts only attempts that ended since then: an RFC 3339 time, or a duration back from now such
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

/// What a report is for.
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

/// The forms of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ReportForm {
    /// Markdown.
    Md,
    /// One page of HTML that needs nothing else.
    Html,
    /// JSON.
    Json,
    /// XML as JUnit writes it: a suite a queue, a case a task.
    Junit,
    /// Comma-separated values, a row a task.
    Csv,
}
