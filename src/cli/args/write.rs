//! The flags of the transitions that a person makes.

use super::select::{QueueArgs, QueueFlags};
use crate::config::parse_duration;
use clap::Args;
use std::time::Duration;

/// `cancel`.
#[derive(Clone, Debug, Args)]
pub struct CancelArgs {
    /// Does not ask before several tasks are cancelled.
    #[arg(long)]
    pub yes: bool,
    /// Which tasks.
    #[command(flatten)]
    pub tasks: TaskVerbArgs,
}

/// `park`, `unpark`.
#[derive(Clone, Debug, Args)]
pub struct TaskVerbArgs {
    /// The tasks, or - for a JSON list of ids on stdin, and the queues.
    #[arg(value_name = "ID|-|QUEUE", required = true)]
    pub words: Vec<String>,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
}

/// `approve`.
#[derive(Clone, Debug, Args)]
pub struct ApproveArgs {
    /// The tasks, or - for a JSON list of ids on stdin, and the queues.
    #[arg(value_name = "ID|-|QUEUE", required = true)]
    pub words: Vec<String>,
    /// Does not ask on a terminal before work counts that was shown.
    #[arg(long)]
    pub yes: bool,
    /// Who approves [default: workloop approve].
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
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
    /// A regular expression for the error that the answer is about: each attempt of the project that meets it is
    /// told the answer as well.
    #[arg(long, value_name = "REGEX")]
    pub known: Option<String>,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `done`.
#[derive(Clone, Debug, Args)]
pub struct DoneArgs {
    /// The tasks, or - for a JSON list of ids on stdin, and the queues.
    #[arg(value_name = "ID|-|QUEUE", required = true)]
    pub words: Vec<String>,
    /// Who did it [default: your login name].
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// What there is to say about it.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Runs the verification first, without an agent; completes nothing unless it passes.
    #[arg(long)]
    pub verify: bool,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
}

/// `retry`.
#[derive(Clone, Debug, Args)]
pub struct RetryArgs {
    /// The tasks, or - for a JSON list of ids on stdin, and the queues; with --failed only queues.
    #[arg(value_name = "ID|-|QUEUE", required_unless_present = "failed")]
    pub words: Vec<String>,
    /// Puts every blocked task back.
    #[arg(long)]
    pub failed: bool,
    /// What to do differently, for the next prompt.
    #[arg(long, value_name = "TEXT", conflicts_with = "failed")]
    pub because: Option<String>,
    /// A regular expression for the error that --because is about: each attempt of the project that meets it is told
    /// as well.
    #[arg(long, value_name = "REGEX", requires = "because")]
    pub known: Option<String>,
    /// The next attempt begins with the branch and not with the work of the last one, which stays kept
    /// [private workspaces only].
    #[arg(long)]
    pub fresh: bool,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
}

/// `reset`.
#[derive(Clone, Debug, Args)]
pub struct ResetArgs {
    /// The tasks, or - for a JSON list of ids on stdin, and the queues; with --all only queues.
    #[arg(value_name = "ID|-|QUEUE", required_unless_present = "all")]
    pub words: Vec<String>,
    /// Resets every task.
    #[arg(long)]
    pub all: bool,
    /// Does not ask before every task is reset.
    #[arg(long, requires = "all")]
    pub yes: bool,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
}

/// `block`.
#[derive(Clone, Debug, Args)]
pub struct BlockArgs {
    /// The tasks, or - for a JSON list of ids on stdin, and the queues.
    #[arg(value_name = "ID|-|QUEUE", required = true)]
    pub words: Vec<String>,
    /// Why, in one line.
    #[arg(long, value_name = "TEXT")]
    pub because: String,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
}

/// `release`.
#[derive(Clone, Debug, Args)]
pub struct ReleaseArgs {
    /// The tasks, or - for a JSON list of ids on stdin, and the queues.
    #[arg(value_name = "ID|-|QUEUE", required = true)]
    pub words: Vec<String>,
    /// Ends the claim even if its worker lives or cannot be looked at from here.
    #[arg(long)]
    pub force: bool,
    /// The queues by flags.
    #[command(flatten)]
    pub queues: QueueFlags,
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
    /// A step of the task's list that is done, by its number (repeatable); the percentage follows.
    #[arg(long, value_name = "N", conflicts_with = "percent")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub step: Vec<u32>,
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

/// `stop`, `pause`.
#[derive(Clone, Debug, Args)]
pub struct AskArgs {
    /// Waits until the loops have ended or are at rest.
    #[arg(long)]
    pub wait: bool,
    /// How long to wait, such as 10s or 5m, before giving up with exit status 6 [default: no limit].
    #[arg(long, value_name = "TIME", requires = "wait", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// Which loops.
    #[command(flatten)]
    pub loops: SignalArgs,
}

/// Which loops `stop`, `pause` and `resume` speak to.
#[derive(Clone, Debug, Args)]
pub struct SignalArgs {
    /// Every loop of the state folders of these queues.
    #[arg(long)]
    pub all: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}
