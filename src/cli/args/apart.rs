//! The flags of the verbs for private trees and landing.

use super::select::{QueueArgs, QueueFlags};
use clap::{Args, ValueEnum};

/// `diff`.
#[derive(Clone, Debug, Args)]
pub struct DiffArgs {
    /// The task.
    #[arg(value_name = "ID")]
    pub id: String,
    /// The attempt [default: what landed of a complete task, else the newest].
    #[arg(long, value_name = "N")]
    pub attempt: Option<u32>,
    /// Prints JSON: the files, base and commit.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `workspace`.
#[derive(Clone, Debug, Args)]
pub struct WorkspaceArgs {
    /// What to do.
    #[arg(value_name = "WHAT")]
    pub what: WorkspaceWhat,
    /// The task of path and restore, and the queues.
    #[arg(value_name = "ID|QUEUE")]
    pub words: Vec<String>,
    /// With restore: the attempt [default: the newest].
    #[arg(long, value_name = "N")]
    pub attempt: Option<u32>,
    /// With prune: also attempts of tasks that are in no loaded queue.
    #[arg(long)]
    pub all: bool,
    /// With ls and path: prints JSON.
    #[arg(long)]
    pub json: bool,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
}

/// What `workspace` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum WorkspaceWhat {
    /// Lists the trees on disk and the kept attempts.
    Ls,
    /// Prints the folder in which the agent of a running task works.
    Path,
    /// Restores what an attempt left into a folder of its own and prints its path.
    Restore,
    /// Removes trees that no loop uses, and attempts beyond the limits.
    Prune,
}

/// `land`.
#[derive(Clone, Debug, Args)]
pub struct LandArgs {
    /// What to do.
    #[arg(value_name = "WHAT")]
    pub what: LandWhat,
    /// With status: prints JSON.
    #[arg(long)]
    pub json: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// What `land` does.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum LandWhat {
    /// Shows what waits to land, and why.
    Status,
    /// Lands what ended loops left, and what was held up by an obstacle that a person has removed.
    Now,
}
