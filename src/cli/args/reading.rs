//! The flags of the verbs that only read.

use super::select::{FilterArgs, QueueArgs, QueueFlags};
use crate::config::parse_duration;
use crate::queue::Severity;
use crate::views::check;
use crate::workspace::Refusal;
use crate::{plan, queue};
use clap::{Args, ValueEnum};
use std::time::Duration;

/// Lists the codes of all findings, for the long help of `check`.
pub(super) fn finding_codes() -> String {
    let queue = queue::CODES.iter().chain(check::CODES);
    let queue = queue.map(|(code, severity, text)| (*code, severity.to_string(), *text));
    let trees = Refusal::CODES.iter();
    let trees = trees.map(|(code, text)| (*code, Severity::Error.to_string(), *text));
    let plan = plan::CODES.iter();
    let plan = plan.map(|(code, severity, text)| (*code, (*severity).to_owned(), *text));
    let line = |(code, severity, text)| format!("  {code:<30} {severity:<7}  {text}");
    queue.chain(trees).chain(plan).map(line).collect::<Vec<_>>().join("\n")
}

/// `status`.
#[derive(Clone, Debug, Args)]
pub struct StatusArgs {
    /// Shows all tasks as a table.
    #[arg(long, conflicts_with = "json")]
    pub table: bool,
    /// Keeps running and shows every change.
    #[arg(long)]
    pub watch: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// Exits with the status wait would return now: 0 complete, 5 blocked, 7 work left.
    #[arg(long, conflicts_with = "watch")]
    pub exit_code: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
    /// The tasks.
    #[command(flatten)]
    pub filter: FilterArgs,
}

/// `since`.
#[derive(Clone, Debug, Args)]
pub struct SinceArgs {
    /// A duration before now such as 8h, a time of day, a date, or an RFC 3339 time.
    #[arg(value_name = "TIME")]
    pub time: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `stuck`.
#[derive(Clone, Debug, Args)]
pub struct StuckArgs {
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
    /// The tasks.
    #[command(flatten)]
    pub filter: FilterArgs,
}

/// `blockers`.
#[derive(Clone, Debug, Args)]
pub struct BlockersArgs {
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
    /// The tasks.
    #[command(flatten)]
    pub filter: FilterArgs,
}

/// `next`.
#[derive(Clone, Debug, Args)]
pub struct NextArgs {
    /// Shows all ready tasks, not only the first few.
    #[arg(long)]
    pub all: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
    /// The tasks.
    #[command(flatten)]
    pub filter: FilterArgs,
}

/// `why`.
#[derive(Clone, Debug, Args)]
pub struct WhyArgs {
    /// The task.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `check`.
#[derive(Clone, Debug, Args)]
pub struct CheckArgs {
    /// Counts warnings as errors.
    #[arg(long)]
    pub strict: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `graph`.
#[derive(Clone, Debug, Args)]
pub struct GraphArgs {
    /// The output format.
    #[arg(long, value_name = "FORMAT", default_value = "mermaid")]
    pub format: GraphFormat,
    /// Draws complete tasks too.
    #[arg(long)]
    pub all: bool,
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

/// The output formats of `graph`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GraphFormat {
    /// Mermaid flowchart.
    Mermaid,
    /// Graphviz DOT.
    Dot,
    /// JSON.
    Json,
}

/// `prompt`.
#[derive(Clone, Debug, Args)]
pub struct PromptArgs {
    /// The task.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Shows instead which environment variables the agent and each step receive, and which are
    /// withheld.
    #[arg(long)]
    pub env: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `wait`.
#[derive(Clone, Debug, Args)]
pub struct WaitArgs {
    /// The tasks to wait for, and the queues [default: all tasks].
    #[arg(value_name = "ID|QUEUE")]
    pub words: Vec<String>,
    /// A task to wait for (repeatable).
    #[arg(long = "task-id", value_name = "ID")]
    pub task_ids: Vec<String>,
    /// What to wait for.
    #[arg(long, value_name = "WHAT", default_value = "complete")]
    pub until: Until,
    /// How long to wait, such as 10s or 5m, before giving up with exit status 6 [default: no
    /// limit].
    #[arg(long, value_name = "TIME", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// Prints the status as JSON at the end.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueFlags,
}

/// What `wait` waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Until {
    /// The tasks are complete, or can no longer become so without a person.
    Complete,
    /// Nothing runs, and no task is ready that a loop would claim.
    Idle,
    /// No loop serves the queues, whatever work is left.
    Gone,
}

/// `log`.
#[derive(Clone, Debug, Args)]
pub struct LogArgs {
    /// The task [default: the one with the latest attempt], and the queues.
    #[arg(value_name = "ID|QUEUE")]
    pub words: Vec<String>,
    /// The attempt [default: the latest].
    #[arg(long, value_name = "N")]
    pub attempt: Option<u32>,
    /// Keeps running and shows new output until the attempt ends.
    #[arg(long, short, conflicts_with = "json")]
    pub follow: bool,
    /// Prints JSON.
    #[arg(long)]
    pub json: bool,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
}

/// `events`.
#[derive(Clone, Debug, Args)]
pub struct EventsArgs {
    /// Keeps running and shows new events, after the last 10.
    #[arg(long, short)]
    pub follow: bool,
    /// Shows only the last N events [default: all, 10 with --follow].
    #[arg(long, short = 'n', value_name = "N")]
    pub lines: Option<usize>,
    /// Shows only events since then: a duration before now such as 2h, a time of day, or an RFC
    /// 3339 time.
    #[arg(long, value_name = "TIME")]
    pub since: Option<String>,
    /// How events are printed.
    #[arg(long, value_name = "STYLE", default_value = "text", conflicts_with = "json")]
    pub style: EventStyle,
    /// Prints the lines of the journal unchanged.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// How `events` prints an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum EventStyle {
    /// A line with all details.
    Text,
    /// A line such as 10:05 - Window 1: SUBTASK complete, 7 min.
    Log,
}
