//! The flags of `run`.

use super::select::{FilterArgs, QueueArgs};
use crate::config::IsolationMode;
use chrono::NaiveTime;
use clap::builder::NonEmptyStringValueParser;
use clap::{Args, ValueEnum};

/// `run`.
#[derive(Clone, Debug, Args)]
pub struct RunArgs {
    /// Runs only this task (repeatable).
    #[arg(long = "task-id", value_name = "ID", help_heading = "Which tasks")]
    pub task_ids: Vec<String>,
    /// Ends after this many attempts of this run [default: no limit].
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub max_iterations: Option<u64>,
    /// Claims nothing more after this many minutes [default: no limit].
    #[arg(long, value_name = "MINUTES", value_parser = minutes)]
    pub max_minutes: Option<f64>,
    /// Claims nothing more once this run has cost this many US dollars, as reported by agents
    /// [default: limits.run of workloop.toml].
    #[arg(long, value_name = "USD", value_parser = dollars)]
    pub max_cost: Option<f64>,
    /// Claims nothing more after this time of day, today or tomorrow.
    #[arg(long, value_name = "HH:MM", value_parser = time_of_day)]
    pub until: Option<NaiveTime>,
    /// How many tasks run at the same time [default: 1] [env: WORKLOOP_JOBS].
    #[arg(long, short, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub jobs: Option<u32>,
    /// Whether agents share the project's tree (shared) or each has its own (private) [default:
    /// isolation.mode of workloop.toml].
    #[arg(long, value_name = "HOW", value_parser = isolation)]
    pub isolation: Option<IsolationMode>,
    /// What to do when nothing is ready.
    #[arg(long, value_name = "WHAT", default_value = "exit")]
    pub when_empty: WhenEmpty,
    /// Exits with status 8 instead of waiting when only a usage limit prevents work.
    #[arg(long)]
    pub no_wait: bool,
    /// The agent for all tasks: a command for sh -c, a preset such as claude, or an agent of
    /// workloop.toml [env: WORKLOOP_AGENT].
    #[arg(long, value_name = "CMD", value_parser = NonEmptyStringValueParser::new())]
    pub agent: Option<String>,
    /// A verification command for sh -c, instead of the profiles of workloop.toml (repeatable, in
    /// order).
    #[arg(long, value_name = "CMD", conflicts_with = "no_verify")]
    #[arg(value_parser = NonEmptyStringValueParser::new())]
    pub verify: Vec<String>,
    /// Runs without verification; tasks are recorded as SKIPPED, not as passed.
    #[arg(long)]
    pub no_verify: bool,
    /// Lets the machine sleep while agents run.
    #[arg(long)]
    pub no_inhibit: bool,
    /// Prints which tasks it would claim, in order, and claims nothing; with --json as next does.
    #[arg(long)]
    pub dry_run: bool,
    /// Shows the output of agents and steps as it arrives, each line prefixed with its task.
    #[arg(long)]
    pub show_output: bool,
    /// Prints events as JSON lines on stdout; text for people stays on stderr.
    #[arg(long)]
    pub json: bool,
    /// The queues to serve.
    #[command(flatten)]
    pub queues: QueueArgs,
    /// The tasks to run.
    #[command(flatten)]
    pub filter: FilterArgs,
}

fn isolation(text: &str) -> Result<IsolationMode, String> {
    let meant = IsolationMode::WORDS.iter().find(|(word, _)| *word == text);
    meant.map(|(_, mode)| *mode).ok_or_else(|| "neither shared nor private".to_owned())
}

/// Parses a number of minutes, which may have a fraction.
fn minutes(text: &str) -> Result<f64, String> {
    let minutes: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    let most = 60.0 * 24.0 * 366.0;
    if minutes > 0.0 && minutes <= most {
        Ok(minutes)
    } else {
        Err("not a span of time".to_owned())
    }
}

fn dollars(text: &str) -> Result<f64, String> {
    let dollars: f64 = text.parse().map_err(|_| "not a number".to_owned())?;
    if dollars.is_finite() && dollars > 0.0 { Ok(dollars) } else { Err("not above 0".to_owned()) }
}

fn time_of_day(text: &str) -> Result<NaiveTime, String> {
    NaiveTime::parse_from_str(text, "%H:%M").map_err(|_| "not a time such as 07:30".to_owned())
}

/// What a loop does when nothing is ready.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WhenEmpty {
    /// Exits once no running task could make another one ready.
    Exit,
    /// Waits for new work.
    Wait,
}
