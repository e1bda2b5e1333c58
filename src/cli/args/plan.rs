//! The flags of `plan`.

use super::select::{FilterArgs, QueueArgs};
use clap::{Args, ValueEnum};

/// `plan`.
#[derive(Clone, Debug, Args)]
pub struct PlanArgs {
    /// Loop counts to compute makespan and speedup for.
    #[arg(long, value_name = "N,…", value_delimiter = ',', default_value = "1,2,4,8")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub loops: Vec<u32>,
    /// Separates tasks that must not run at the same time although neither depends on the other.
    #[arg(long, value_name = "WHAT")]
    pub respect: Vec<Respect>,
    /// Shows what a barrier after every phase would cost.
    #[arg(long)]
    pub barriers: bool,
    /// Compares the estimates with the durations in the journal.
    #[arg(long)]
    pub actual: bool,
    /// Groups by epic, phase, queue, sprint, track or type; or a time: what it takes to finish by
    /// then.
    #[arg(long, value_name = "WHAT|TIME", value_parser = By::read)]
    pub by: Vec<By>,
    /// Shows what begins and ends on each day, for the first N days if N is given.
    #[arg(long, value_name = "N", num_args = 0..=1)]
    pub days: Option<Option<String>>,
    /// Groups the tasks by sprint; with a name, plans only tasks of that sprint.
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    pub sprint: Option<Option<String>>,
    /// When work begins: a date, a time, or a duration from now [default: now].
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// Working hours in each day, starting at the time of --from, else at 09:00.
    #[arg(long, value_name = "H", default_value = "24", value_parser = hours)]
    pub hours_per_day: f64,
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

/// The argument of `plan --by`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// Groups the tasks.
    Group(GroupBy),
    /// Computes what it takes to finish by this time.
    Time(String),
}

impl By {
    fn read(text: &str) -> Result<Self, String> {
        if let Ok(group) = GroupBy::from_str(text, true) {
            return Ok(Self::Group(group));
        }
        if text.starts_with(|letter: char| letter.is_ascii_digit()) {
            return Ok(Self::Time(text.to_owned()));
        }
        let words = GroupBy::value_variants().iter().filter_map(GroupBy::to_possible_value);
        let words: Vec<String> = words.map(|word| word.get_name().to_owned()).collect();
        Err(format!("write one of {}, or a time such as 2026-01-30", words.join(", ")))
    }
}

/// The property by which tasks are grouped.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GroupBy {
    /// Its epic, else its parent.
    Epic,
    /// Its phase; phases of different queues are separate groups.
    Phase,
    /// The queue.
    Queue,
    /// Its sprint.
    Sprint,
    /// Its track.
    Track,
    /// Its type.
    Type,
}

fn hours(text: &str) -> Result<f64, String> {
    let hours = text.trim_end_matches('h').parse().ok();
    hours
        .filter(|hours| *hours > 0.0 && *hours <= 24.0)
        .ok_or_else(|| "must be more than 0 and at most 24".to_owned())
}

/// What `plan --respect` separates.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Respect {
    /// Tasks with overlapping files.
    Scopes,
}
