//! The flags that select queues and tasks.

use clap::Args;
use std::path::PathBuf;

/// The queues that a verb reads or changes.
#[derive(Clone, Debug, Default, Args)]
pub struct QueueArgs {
    /// Queue files [default: those of workloop.toml, else the only one in queues/ or tasks/].
    #[arg(value_name = "QUEUE")]
    pub queues: Vec<PathBuf>,
    /// The queues that are selected by flags.
    #[command(flatten)]
    pub flags: QueueFlags,
}

/// The queues, by flags only, for verbs whose positional arguments are something else.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which queues")]
pub struct QueueFlags {
    /// A queue file, the same as a positional argument (repeatable).
    #[arg(long, value_name = "PATH")]
    pub work_queue: Vec<PathBuf>,
    /// A project of workloop.toml, or NAME of work_queue_NAME.json in queues/ or tasks/.
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// A queue of the project by name (repeatable).
    #[arg(long = "queue", value_name = "NAME")]
    pub names: Vec<String>,
}

/// The tasks of the queues. Each flag is repeatable; a task matches if it has one of the values.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which tasks")]
pub struct FilterArgs {
    /// Only tasks of this phase (repeatable).
    #[arg(long, value_name = "PHASE")]
    pub phase: Vec<String>,
    /// Only tasks of this track (repeatable).
    #[arg(long, value_name = "TRACK")]
    pub track: Vec<String>,
    /// Only tasks of this type (repeatable).
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Vec<String>,
    /// Only tasks with this tag (repeatable).
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Only tasks of this epic (repeatable).
    #[arg(long, value_name = "EPIC")]
    pub epic: Vec<String>,
}
