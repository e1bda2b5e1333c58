//! The flags of the verbs with which a person changes the state of tasks and loops.

use super::select::{QueueArgs, QueueFlags};
use crate::config::parse_duration;
use clap::Args;
use std::time::Duration;

/// `cancel`.
#[derive(Clone, Debug, Args)]
pub struct CancelArgs {
    /// Does not ask for confirmation before several tasks are cancelled.
    #[arg(long)]
    pub yes: bool,
    /// The tasks and the queues.
    #[command(flatten)]
    pub tasks: TaskVerbArgs,
}

/// `park`, `unpark`, `verify`.
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
    /// Does not ask for confirmation after showing the work on a terminal.
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
    /// A regular expression for the error that the answer is about; every attempt of the project
    /// that hits it gets the answer too.
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
    /// Who did the work [default: your login name].
    #[arg(long, value_name = "NAME")]
    pub by: Option<String>,
    /// A remark that is recorded.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// Runs the verification first, without an agent; completes the tasks only if it passes.
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
    /// Retries every blocked task.
    #[arg(long)]
    pub failed: bool,
    /// What to do differently; added to the next prompt.
    #[arg(long, value_name = "TEXT", conflicts_with = "failed")]
    pub because: Option<String>,
    /// A regular expression for the error that --because is about; every attempt of the project
    /// that hits it gets the text too.
    #[arg(long, value_name = "REGEX", requires = "because")]
    pub known: Option<String>,
    /// Starts the next attempt from the branch, not from the work of the last one, which is kept
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
    /// Does not ask for confirmation before every task is reset.
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
    /// Ends the claim even if its worker is alive or cannot be checked from here.
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
    /// The number of a step of the task's list that is done (repeatable); sets the percentage.
    #[arg(long, value_name = "N", conflicts_with = "percent")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..))]
    pub step: Vec<u32>,
    /// What comes next.
    #[arg(long, value_name = "TEXT")]
    pub next: Option<String>,
    /// When it will be done.
    #[arg(long, value_name = "TEXT")]
    pub eta: Option<String>,
    /// Any other remark.
    #[arg(long, value_name = "TEXT")]
    pub note: Option<String>,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}

/// `stop`, `pause`.
#[derive(Clone, Debug, Args)]
pub struct AskArgs {
    /// Waits until the loops have exited (stop) or paused (pause).
    #[arg(long)]
    pub wait: bool,
    /// How long to wait, such as 10s or 5m, before giving up with exit status 6 [default: no
    /// limit].
    #[arg(long, value_name = "TIME", requires = "wait", value_parser = parse_duration)]
    pub timeout: Option<Duration>,
    /// The loops.
    #[command(flatten)]
    pub loops: SignalArgs,
}

/// The loops that `stop`, `pause` and `resume` ask.
#[derive(Clone, Debug, Args)]
pub struct SignalArgs {
    /// Every loop that uses the state folders of these queues.
    #[arg(long)]
    pub all: bool,
    /// The queues.
    #[command(flatten)]
    pub queues: QueueArgs,
}
