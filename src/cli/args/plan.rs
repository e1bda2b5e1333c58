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
    /// Separates what must not run at the same time, although it does not depend on each other.
    #[arg(long, value_name = "WHAT")]
    pub respect: Vec<Respect>,
    /// Shows what a barrier after every phase would cost.
    #[arg(long)]
    pub barriers: bool,
    /// Compares the estimates with what the journal measured.
    #[arg(long)]
    pub actual: bool,
    /// Groups by epic, phase, queue, sprint, track or type; or a time: what it takes to be done by then.
    #[arg(long, value_name = "WHAT|TIME", value_parser = By::read)]
    pub by: Vec<By>,
    /// Shows what begins and ends on each day, of so many days where a number is given.
    #[arg(long, value_name = "N", num_args = 0..=1)]
    pub days: Option<Option<String>>,
    /// Groups the tasks by sprint; with a name only tasks of that sprint are planned.
    #[arg(long, value_name = "NAME", num_args = 0..=1)]
    pub sprint: Option<Option<String>>,
    /// When work begins: a date, a time, or a duration from now [default: now].
    #[arg(long, value_name = "TIME")]
    pub from: Option<String>,
    /// How many hours of each day are worked, from the time of --from on, else from 09:00 on.
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

/// What `plan --by` asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum By {
    /// The tasks in groups.
    Group(GroupBy),
    /// To be done at this time.
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

/// What makes a group of tasks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum GroupBy {
    /// Its epic, else its parent.
    Epic,
    /// Its phase, those of each queue by themselves.
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
