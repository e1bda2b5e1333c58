//! What can be typed: every verb and flag, with its one-sentence help. No logic.
//!
//! The help texts, the completions and the man pages all come from these definitions.

mod about;
mod apart;
mod deferred;
mod doctor;
mod plan;
mod reading;
mod run;
mod select;
mod setup;
mod views;
mod write;
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
pub use views::{BoardArgs, BoardLook, ReportArgs, ReportForm, ReportLook};
pub use write::{
    AnswerArgs, ApproveArgs, AskArgs, BlockArgs, CancelArgs, DoneArgs, ProgressArgs, ReleaseArgs,
    ResetArgs, RetryArgs, SignalArgs, TaskVerbArgs,
};
pub use writing::{AddArgs, EditArgs, FieldArgs};

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::path::PathBuf;

/// Runs coding agents, or any command, over JSON work queues, and verifies what they did.
#[derive(Clone, Debug, Parser)]
#[command(name = "workloop", version, max_term_width = 100)]
#[command(subcommand_required = true, arg_required_else_help = true)]
#[command(disable_help_subcommand = true, help_template = "{before-help}")]
#[command(before_help = about::FIRST_SCREEN, before_long_help = about::ALL_VERBS)]
pub struct Cli {
    /// Flags that every verb has.
    #[command(flatten)]
    pub global: GlobalArgs,
    /// The verb.
    #[command(subcommand)]
    pub verb: Verb,
}

/// Flags that every verb has.
#[derive(Clone, Debug, Args)]
#[command(next_help_heading = "Global options")]
pub struct GlobalArgs {
    /// Says only what went wrong, with the last lines of what failed, and how it ended.
    #[arg(short, long, global = true, conflicts_with = "verbose")]
    pub quiet: bool,
    /// Says which files are used, each step of a run and more of what failed; twice also each setting.
    #[arg(short, long, global = true, action = ArgAction::Count)]
    pub verbose: u8,
    /// When to use colour; NO_COLOR is respected.
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub color: ColorWhen,
    /// Never asks anything; implied by CI=true.
    #[arg(long, global = true)]
    pub non_interactive: bool,
    /// The configuration file, instead of the workloop.toml found upwards from the queue
    /// [env: WORKLOOP_CONFIG].
    #[arg(long, global = true, value_name = "PATH")]
    pub config: Option<PathBuf>,
    /// Seconds to wait for a lock before giving up with exit status 4 [default: 30].
    #[arg(long, global = true, value_name = "SECS")]
    pub lock_timeout: Option<u64>,
    /// Believes files at or below this path, whoever owns them or may write them; may be repeated
    /// [env: WORKLOOP_TRUST].
    #[arg(long, global = true, value_name = "PATH")]
    pub trust: Vec<PathBuf>,
    /// Works on network and FUSE file systems too, where locks may not hold.
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

/// The verbs.
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
    /// Shows the tasks that do not get on, with the evidence.
    Stuck(Late<StuckArgs>),
    /// Shows what holds up others and needs a person, with all that waits behind it.
    Blockers(Late<BlockersArgs>),
    /// Shows the ready tasks in the order in which they would be claimed.
    Next(Late<NextArgs>),
    /// Explains why a task is or is not ready, what it holds up, and its attempts.
    Why(Late<WhyArgs>),
    /// Reports everything wrong or odd in the queues and the configuration.
    Check(Late<CheckArgs>),
    /// Computes waves, critical path, slack and how many loops pay.
    Plan(Late<PlanArgs>),
    /// Shows all tasks as Markdown: a kanban board, the progress of each, or a check list.
    Board(Late<BoardArgs>),
    /// Reports what was done, how it went and what is left: Markdown, HTML, JSON, JUnit, CSV.
    Report(Late<ReportArgs>),
    /// Draws the dependency graph.
    Graph(Late<GraphArgs>),
    /// Prints the exact prompt that the next attempt of a task would get.
    Prompt(Late<PromptArgs>),
    /// Adds a task from flags or JSON.
    Add(Late<Box<AddArgs>>),
    /// Changes fields of a task; without flags opens it in $EDITOR.
    Edit(Late<Box<EditArgs>>),
    /// Approves a task that waits for approval, or its work that waits for a review.
    Approve(Late<ApproveArgs>),
    /// Answers the question of a blocked task and puts it back.
    Answer(Late<AnswerArgs>),
    /// Completes tasks that a person did.
    Done(Late<DoneArgs>),
    /// Judges tasks again as they are, without an agent; writes nothing.
    Verify(Late<TaskVerbArgs>),
    /// Puts a blocked task back with a new budget.
    Retry(Late<RetryArgs>),
    /// Puts a task back as if it had never run.
    Reset(Late<ResetArgs>),
    /// Ends a running attempt and parks the task.
    Cancel(Late<CancelArgs>),
    /// Blocks a task, with the reason.
    Block(Late<BlockArgs>),
    /// Sets a task aside.
    Park(Late<TaskVerbArgs>),
    /// Takes a parked task back.
    Unpark(Late<TaskVerbArgs>),
    /// Ends the claim on a task.
    Release(Late<ReleaseArgs>),
    /// Reports how far a task is; inside an attempt the task is known.
    Progress(Late<ProgressArgs>),
    /// Waits until the tasks are complete, nothing runs any more, or no loop is left.
    Wait(Late<WaitArgs>),
    /// Asks loops to finish what runs and end.
    Stop(Late<AskArgs>),
    /// Asks loops to pause: what runs is stopped, and nothing is written before resume.
    Pause(Late<AskArgs>),
    /// Asks paused loops to continue, and has agents that rest after failures tried at once.
    Resume(Late<SignalArgs>),
    /// Shows the output of an attempt, the latest if none is named: agent and verification.
    Log(Late<LogArgs>),
    /// Shows what an attempt changed, or what landed of a complete task, as a patch.
    Diff(Late<DiffArgs>),
    /// Shows the private trees and the attempts that are kept, restores one, or tidies up.
    Workspace(Late<WorkspaceArgs>),
    /// Shows what waits to land on the target, or lands what loops left that are gone.
    Land(Late<LandArgs>),
    /// Shows the journal.
    Events(Late<EventsArgs>),
    /// Looks whether a run could start here, and what is worth a look.
    Doctor(Late<DoctorArgs>),
    /// Shows the help of a verb, as --help does.
    Help(Late<HelpArgs>),
    /// Lists the agents that have a preset: which are installed, and what is known of them.
    Agents(Late<AgentsArgs>),
    /// Explains a reason code: what it means, what causes it, and what to do next.
    Explain(Late<ExplainArgs>),
    /// Prints a JSON schema, or the names of all.
    Schema(Late<SchemaArgs>),
    /// Prints the completion script of a shell.
    Completions(Late<CompletionsArgs>),
    /// Prints the manual page, or writes all of them to a folder.
    Man(Late<ManArgs>),
}

#[cfg(test)]
mod tests;
