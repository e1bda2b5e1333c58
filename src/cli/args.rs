//! Defines the command line: every verb and flag, with one sentence of help each. No logic.
//!
//! The help texts, the completions and the man pages are all generated from these definitions.

mod about;
mod apart;
mod deferred;
mod doctor;
mod plan;
mod reading;
mod run;
mod select;
mod setup;
mod transitions;
mod views;
mod writing;

pub use about::{
    ENVIRONMENT, EXIT_STATUS, Example, FILES, GROUPS, example_lines, examples, more as more_of_verb,
};
pub use apart::{DiffArgs, LandArgs, LandWhat, WorkspaceArgs, WorkspaceWhat};
pub use deferred::Late;
pub use doctor::{DoctorArgs, DoctorWhat};
pub use plan::{By, GroupBy, PlanArgs, Respect};
pub use reading::{
    BlockersArgs, CheckArgs, EventStyle, EventsArgs, GraphArgs, GraphFormat, LogArgs, NextArgs,
    PromptArgs, SinceArgs, StatusArgs, StuckArgs, Until, WaitArgs, WhyArgs,
};
pub use run::{RunArgs, WhenEmpty};
pub use select::{FilterArgs, QueueArgs, QueueFlags};
pub use setup::{
    AgentsArgs, CompletionsArgs, ExplainArgs, HelpArgs, InitArgs, ManArgs, SchemaArgs,
};
pub use transitions::{
    AnswerArgs, ApproveArgs, AskArgs, BlockArgs, CancelArgs, DoneArgs, ProgressArgs, ReleaseArgs,
    ResetArgs, RetryArgs, SignalArgs, TaskVerbArgs,
};
pub use views::{BoardArgs, BoardLook, ReportArgs, ReportForm, ReportLook};
pub use writing::{AddArgs, EditArgs, FieldArgs};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Runs coding agents, or any command, over JSON work queues, and verifies their work.
#[derive(Clone, Debug, Parser)]
#[command(name = "workloop", version, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(disable_help_subcommand = true, help_template = "{before-help}")]
#[command(before_help = about::FIRST_SCREEN, before_long_help = about::ALL_VERBS)]
pub struct Cli {
    /// The flags that every verb accepts.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The verb, with its own flags.
    #[command(subcommand)]
    pub verb: Verb,
}

/// The flags that every verb accepts.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Prints only failures, with the last lines of their output, and how the run ended.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Prints the files in use, each step of a run and more output of failures; twice, every
    /// setting too.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to use colour; NO_COLOR is respected.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorWhen,
    /// Never prompts; implied by CI=true.
    #[arg(long, global = true)]
    pub non_interactive: bool,
    /// Configuration file, instead of the workloop.toml in the queue's folder or the nearest parent
    /// [env: WORKLOOP_CONFIG].
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// Seconds to wait for a lock before giving up with exit status 4 [default: 30].
    #[arg(long, global = true, value_name = "SECS")]
    pub lock_timeout: Option<u64>,
    /// Trusts files at or below this path, regardless of owner and write permissions (repeatable)
    /// [env: WORKLOOP_TRUST].
    #[arg(long, global = true, value_name = "PATH")]
    pub trust: Vec<PathBuf>,
    /// Allows network and FUSE file systems, where locks may be unreliable.
    #[arg(long, global = true)]
    pub unsafe_fs: bool,
}

/// When output is coloured.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum ColorWhen {
    /// On terminals, unless NO_COLOR is set.
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}

/// The verbs, each with its flags.
#[derive(Clone, Debug, Subcommand)]
pub enum Verb {
    /// Writes a commented workloop.toml and a first queue; never overwrites.
    Init(Late<InitArgs>),
    /// Runs the loop: claims ready tasks, runs their agents and verifies the work.
    Run(Late<Box<RunArgs>>),
    /// Shows what needs you, counts and open tasks.
    Status(Late<StatusArgs>),
    /// Shows what changed since a time, in fifteen lines at most.
    Since(Late<SinceArgs>),
    /// Shows the tasks that make no progress, with the evidence.
    Stuck(Late<StuckArgs>),
    /// Shows the tasks that need a person and hold up others, with everything that waits for them.
    Blockers(Late<BlockersArgs>),
    /// Shows the ready tasks in the order in which they would be claimed.
    Next(Late<NextArgs>),
    /// Explains why a task is or is not ready, what it holds up, and its attempts.
    Why(Late<WhyArgs>),
    /// Reports errors and likely mistakes in the queues and the configuration.
    Check(Late<CheckArgs>),
    /// Computes waves, critical path, slack and how many loops are worth running.
    Plan(Late<PlanArgs>),
    /// Shows all tasks as Markdown: a kanban board, the progress of each task, or a checklist.
    Board(Late<BoardArgs>),
    /// Reports what was done, how it went and what is left, as Markdown, HTML, JSON, JUnit or CSV.
    Report(Late<ReportArgs>),
    /// Draws the dependency graph.
    Graph(Late<GraphArgs>),
    /// Prints the exact prompt that the next attempt of a task would get.
    Prompt(Late<PromptArgs>),
    /// Adds a task from flags or JSON.
    Add(Late<Box<AddArgs>>),
    /// Changes fields of a task; without flags, opens it in $EDITOR.
    Edit(Late<Box<EditArgs>>),
    /// Approves a task that waits for approval, or its work that waits for review.
    Approve(Late<ApproveArgs>),
    /// Answers the question of a blocked task and makes the task pending again.
    Answer(Late<AnswerArgs>),
    /// Completes tasks that a person did by hand.
    Done(Late<DoneArgs>),
    /// Verifies tasks again as they are, without an agent; writes nothing.
    Verify(Late<TaskVerbArgs>),
    /// Makes a blocked task pending again, with a new budget.
    Retry(Late<RetryArgs>),
    /// Makes a task pending again, as if it had never run.
    Reset(Late<ResetArgs>),
    /// Ends a running attempt and parks the task.
    Cancel(Late<CancelArgs>),
    /// Blocks a task and records the reason.
    Block(Late<BlockArgs>),
    /// Parks a task: no loop runs it until it is unparked.
    Park(Late<TaskVerbArgs>),
    /// Makes a parked task pending again.
    Unpark(Late<TaskVerbArgs>),
    /// Ends the claim on a task.
    Release(Late<ReleaseArgs>),
    /// Reports the progress of a task; inside an attempt, the id is optional.
    Progress(Late<ProgressArgs>),
    /// Waits until the tasks are complete, nothing runs, or no loop is left.
    Wait(Late<WaitArgs>),
    /// Asks loops to finish running tasks and exit.
    Stop(Late<AskArgs>),
    /// Asks loops to pause: running tasks are suspended, and nothing is written until resume.
    Pause(Late<AskArgs>),
    /// Asks paused loops to continue, and to retry at once agents that are paused after failures.
    Resume(Late<SignalArgs>),
    /// Shows the agent and verification output of an attempt, by default the latest.
    Log(Late<LogArgs>),
    /// Shows what an attempt changed, or what a complete task landed, as a patch.
    Diff(Late<DiffArgs>),
    /// Lists private trees and kept attempts, restores an attempt, or removes unused ones.
    Workspace(Late<WorkspaceArgs>),
    /// Shows what waits to land on the target, or lands what ended loops left behind.
    Land(Late<LandArgs>),
    /// Shows the journal.
    Events(Late<EventsArgs>),
    /// Checks whether a run could start here, and what needs attention.
    Doctor(Late<DoctorArgs>),
    /// Shows the help of a verb, like --help.
    Help(Late<HelpArgs>),
    /// Lists the agents that have a preset: whether they are installed, and what is known about
    /// them.
    Agents(Late<AgentsArgs>),
    /// Explains a reason code: what it means, what causes it, and what to do next.
    Explain(Late<ExplainArgs>),
    /// Prints a JSON schema, or lists the names.
    Schema(Late<SchemaArgs>),
    /// Prints the completion script for a shell.
    Completions(Late<CompletionsArgs>),
    /// Prints the manual page, or writes the pages of all verbs to a folder.
    Man(Late<ManArgs>),
}

#[cfg(test)]
mod tests;
