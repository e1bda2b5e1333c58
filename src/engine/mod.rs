//! The loop: claims tasks, runs attempts, writes results, takes over from dead workers.
//!
//! One thread, the coordinator (`RunLoop`), owns the store and makes every change: it waits until
//! attempts end, writes all results, and claims the next tasks in the same transition. Each attempt
//! runs in its own thread under a supervisor process and touches no queue. `docs/design/engine.md`
//! describes the modules and the reasons for them.

mod attempt;
mod dispatch;
mod inside;
mod run;

pub(crate) use attempt::{
    ACCEPTS, CommandEnvironment, JudgeError, Judged, Judging, KnownCommands, Lines, Preflight,
    PreflightError, Source, Stage, Untouched, check_known, lacking, left_by, left_files, named_by,
    preflight, red_trees, survey,
};
pub(crate) use dispatch::{SlotIx, agent_pauses, end_pause, end_pauses};
pub(crate) use inside::Inside;
pub(crate) use run::{
    End, Ending, Notice, Observer, Piece, Reason, RunHook, RunHooks, RunOptions, Tally, WhenEmpty,
    hook_event, start,
};
