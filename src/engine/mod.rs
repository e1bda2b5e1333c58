//! The loop: claims tasks, runs attempts, writes results, takes over from dead workers.
//!
//! One thread, the coordinator ([`RunLoop`]), owns the store and makes every change: it waits until
//! attempts end, writes all results, and claims the next tasks in the same transition. Each attempt
//! runs in its own thread under a supervisor process and touches no queue. `docs/design/engine.md`
//! describes the modules and the reasons for them.

mod attempt;
mod dispatch;
mod inside;
mod run;

pub use attempt::{
    CommandEnvironment, Fixed, JudgeError, Judged, Judging, KnownCommands, Lacking, Lines,
    Preflight, PreflightError, Source, Stage, Untouched, check_known, lacking, preflight,
    red_trees, survey,
};
pub use dispatch::{SlotIx, agent_pauses, end_pause, end_pauses};
pub use inside::Inside;
pub use run::{
    End, Ending, Notice, Observer, Piece, Reason, RunHook, RunHooks, RunLoop, RunOptions, Tally,
    WhenEmpty, hook_event, start,
};
