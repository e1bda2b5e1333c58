//! Which queues, and which of their tasks.

use clap::Args;
use std::path::PathBuf;

/// Which queues a verb addresses.
#[derive(Clone, Debug, Default, Args)]
pub struct QueueArgs {
    /// Queue files; without any, those of workloop.toml, else the only one in queues/ or tasks/.
    #[arg(value_name = "QUEUE")]
    pub queues: Vec<PathBuf>,
    /// The same by flags.
    #[command(flatten)]
    pub flags: QueueFlags,
}

/// Which queues, by flags alone, for verbs whose arguments are something else.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which queues")]
pub struct QueueFlags {
    /// A queue file, the same as naming it as an argument.
    #[arg(long, value_name = "PATH")]
    pub work_queue: Vec<PathBuf>,
    /// The project of workloop.toml, or of work_queue_NAME.json in queues/ or tasks/.
    #[arg(long, value_name = "NAME")]
    pub project: Option<String>,
    /// A queue of the project by name (repeatable).
    #[arg(long = "queue", value_name = "NAME")]
    pub names: Vec<String>,
}

/// Which tasks of the queues; each flag is repeatable and takes a task that has one of its values.
#[derive(Clone, Debug, Default, Args)]
#[command(next_help_heading = "Which tasks")]
pub struct FilterArgs {
    /// Only tasks of this phase.
    #[arg(long, value_name = "PHASE")]
    pub phase: Vec<String>,
    /// Only tasks of this track.
    #[arg(long, value_name = "TRACK")]
    pub track: Vec<String>,
    /// Only tasks of this type.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Vec<String>,
    /// Only tasks with this tag.
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// Only tasks of this epic.
    #[arg(long, value_name = "EPIC")]
    pub epic: Vec<String>,
}
