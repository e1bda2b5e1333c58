//! The flags of `add` and `edit`.

use super::select::{QueueArgs, QueueFlags};
use clap::Args;
use std::path::PathBuf;

/// `add`.
#[derive(Clone, Debug, Args)]
pub struct AddArgs {
    /// The task as JSON, or - to read it (or a list of tasks) from stdin; then the queue.
    #[arg(value_name = "JSON|-|QUEUE")]
    pub words: Vec<String>,
    /// The id [default: the prefix of the ids in the file and the next number, else T-001].
    #[arg(long, value_name = "ID")]
    pub id: Option<String>,
    /// The task during which this work was discovered.
    #[arg(long, value_name = "ID")]
    pub discovered_by: Option<String>,
    /// The fields.
    #[command(flatten)]
    pub fields: FieldArgs,
    /// The queue by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
}

impl AddArgs {
    /// Returns the JSON argument (or `-`) and the queues.
    pub fn split(&self) -> (Option<&str>, QueueArgs) {
        split_json(&self.words, &self.queues)
    }
}

/// `edit`.
#[derive(Clone, Debug, Args)]
pub struct EditArgs {
    /// The task.
    #[arg(value_name = "ID")]
    pub id: String,
    /// Fields as a JSON object, or - to read it from stdin; then the queues.
    #[arg(value_name = "JSON|-|QUEUE")]
    pub words: Vec<String>,
    /// Removes a field (repeatable).
    #[arg(long, value_name = "KEY", help_heading = "Fields")]
    pub unset: Vec<String>,
    /// Drops a dependency deliberately; the reason is recorded (repeatable).
    #[arg(long, value_name = "ID", requires = "because")]
    pub drop_dependency: Vec<String>,
    /// Why the dependency is dropped.
    #[arg(long, value_name = "TEXT", requires = "drop_dependency")]
    pub because: Option<String>,
    /// The fields.
    #[command(flatten)]
    pub fields: FieldArgs,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
}

impl EditArgs {
    /// Returns the JSON argument (or `-`) and the queues.
    pub fn split(&self) -> (Option<&str>, QueueArgs) {
        split_json(&self.words, &self.queues)
    }

    /// Returns whether the command line contains a change; otherwise the editor opens.
    pub fn says_what(&self) -> bool {
        !self.fields.is_empty()
            || !self.unset.is_empty()
            || !self.drop_dependency.is_empty()
            || self.split().0.is_some()
    }
}

fn split_json<'a>(words: &'a [String], flags: &QueueFlags) -> (Option<&'a str>, QueueArgs) {
    let is_json = |word: &str| word == "-" || word.trim_start().starts_with(['{', '[']);
    let (json, queues) = match words.split_first() {
        Some((first, rest)) if is_json(first) => (Some(first.as_str()), rest),
        _ => (None, words),
    };
    let queues = queues.iter().map(PathBuf::from).collect();
    (json, QueueArgs { queues, flags: flags.clone() })
}

/// Fields of a task by flags. The values of a repeated flag replace the whole list of the field.
#[derive(Clone, Debug, Default, PartialEq, Args)]
#[command(next_help_heading = "Fields")]
pub struct FieldArgs {
    /// What to do, in one line.
    #[arg(long, value_name = "TEXT")]
    pub title: Option<String>,
    /// What to do, in full.
    #[arg(long, value_name = "TEXT")]
    pub description: Option<String>,
    /// A number (0 runs first), P0 to P9, or critical, high, medium, low.
    #[arg(long, value_name = "PRIORITY")]
    pub priority: Option<String>,
    /// The type, which selects the agent and the verification.
    #[arg(long = "type", value_name = "TYPE")]
    pub kind: Option<String>,
    /// The agent.
    #[arg(long, value_name = "NAME")]
    pub agent: Option<String>,
    /// A task that must be complete before this one starts (repeatable).
    #[arg(long, value_name = "ID")]
    pub depends_on: Vec<String>,
    /// A path that the task owns while it runs (repeatable).
    #[arg(long, value_name = "PATH")]
    pub file: Vec<String>,
    /// A glob of paths that the task owns while it runs (repeatable).
    #[arg(long, value_name = "GLOB")]
    pub scope: Vec<String>,
    /// A test path for verification (repeatable).
    #[arg(long, value_name = "PATH")]
    pub test: Vec<String>,
    /// A verification profile of workloop.toml (repeatable).
    #[arg(long, value_name = "PROFILE")]
    pub verify: Vec<String>,
    /// The phase.
    #[arg(long, value_name = "PHASE")]
    pub phase: Option<String>,
    /// The track.
    #[arg(long, value_name = "TRACK")]
    pub track: Option<String>,
    /// The epic.
    #[arg(long, value_name = "EPIC")]
    pub epic: Option<String>,
    /// A tag (repeatable).
    #[arg(long, value_name = "TAG")]
    pub tag: Vec<String>,
    /// The epic task to which this one belongs.
    #[arg(long, value_name = "ID")]
    pub parent: Option<String>,
    /// An acceptance criterion (repeatable).
    #[arg(long = "accept", value_name = "TEXT")]
    pub acceptance_criteria: Vec<String>,
    /// The budget of attempts.
    #[arg(long, value_name = "N")]
    pub max_iterations: Option<u32>,
    /// The estimated duration.
    #[arg(long, value_name = "MINUTES")]
    pub estimated_minutes: Option<u32>,
    /// The task does not start before this RFC 3339 time.
    #[arg(long, value_name = "TIME")]
    pub not_before: Option<String>,
    /// The task does not start before a person approves it.
    #[arg(long)]
    pub requires_approval: bool,
    /// Any other field; the value is parsed as JSON, else taken as text (repeatable).
    #[arg(long, value_name = "KEY=VALUE")]
    pub set: Vec<String>,
}

impl FieldArgs {
    /// Returns whether no flag was given.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}
