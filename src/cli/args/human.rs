//! The flags of the transitions that a person makes.

use super::select::{QueueArgs, QueueFlags};
use clap::Args;
use std::path::PathBuf;

/// `cancel`, `park`, `unpark`.
#[derive(Clone, Debug, Args)]
pub struct TaskVerbArgs {
    /// The task, or - for a JSON list of ids on stdin.
    #[arg(value_name = "ID|-")]
    pub id: String,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `approve`.
#[derive(Clone, Debug, Args)]
pub struct ApproveArgs {
    /// The task, or - for a JSON list of ids on stdin.
    #[arg(value_name = "ID|-")]
    pub id: String,
    /// Who approves [default: workloop approve].
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `answer`.
#[derive(Clone, Debug, Args)]
pub struct AnswerArgs {
    /// The task.
    #[arg(value_name = "ID")]
    pub id: String,
    /// The answer, or - to read it from stdin.
    #[arg(value_name = "TEXT|-")]
    pub text: String,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `retry`.
#[derive(Clone, Debug, Args)]
pub struct RetryArgs {
    /// The task, or - for a JSON list of ids on stdin, then the queues; with --failed only queues.
    #[arg(value_name = "ID|-|QUEUE", required_unless_present = "failed")]
    pub words: Vec<String>,
    /// Puts every blocked task back.
    #[arg(long)]
    pub failed: bool,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
}

impl RetryArgs {
    /// The task (none with `--failed`), and the queues.
    pub fn split(&self) -> (Option<&str>, QueueArgs) {
        split_id(&self.words, !self.failed, &self.queues)
    }
}

/// `reset`.
#[derive(Clone, Debug, Args)]
pub struct ResetArgs {
    /// The task, or - for a JSON list of ids on stdin, then the queues; with --all only queues.
    #[arg(value_name = "ID|-|QUEUE", required_unless_present = "all")]
    pub words: Vec<String>,
    /// Resets every task.
    #[arg(long)]
    pub all: bool,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
}

impl ResetArgs {
    /// The task (none with `--all`), and the queues.
    pub fn split(&self) -> (Option<&str>, QueueArgs) {
        split_id(&self.words, !self.all, &self.queues)
    }
}

/// `block`.
#[derive(Clone, Debug, Args)]
pub struct BlockArgs {
    /// The task, or - for a JSON list of ids on stdin.
    #[arg(value_name = "ID|-")]
    pub id: String,
    /// Why, in one line.
    #[arg(long, value_name = "TEXT")]
    pub because: String,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `release`.
#[derive(Clone, Debug, Args)]
pub struct ReleaseArgs {
    /// The task, or - for a JSON list of ids on stdin.
    #[arg(value_name = "ID|-")]
    pub id: String,
    /// Ends the claim even if its worker lives or cannot be looked at from here.
    #[arg(long)]
    pub force: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `progress`.
#[derive(Clone, Debug, Args)]
pub struct ProgressArgs {
    /// The task [env: WORKLOOP_TASK_ID], or - for a JSON object on stdin; then the queues.
    #[arg(value_name = "ID|-")]
    pub id: Option<String>,
    /// How much is done, 0 to 100.
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u8).range(0..=100))]
    pub percent: Option<u8>,
    /// What comes next.
    #[arg(long, value_name = "TEXT")]
    pub next: Option<String>,
    /// When it will be done.
    #[arg(long, value_name = "TEXT")]
    pub eta: Option<String>,
    /// Anything else.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `stop`, `pause`, `resume`.
#[derive(Clone, Debug, Args)]
pub struct SignalArgs {
    /// Every loop of the state folders of these queues.
    #[arg(long)]
    pub all: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

fn split_id<'a>(
    words: &'a [String],
    has_id: bool,
    flags: &QueueFlags,
) -> (Option<&'a str>, QueueArgs) {
    let (id, queues) = match words.split_first() {
        Some((first, rest)) if has_id => (Some(first.as_str()), rest),
        _ => (None, words),
    };
    let queues = queues.iter().map(PathBuf::from).collect();
    (id, QueueArgs { queues, flags: flags.clone() })
}
