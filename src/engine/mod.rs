//! The loop: claims tasks, runs attempts, writes results, takes over from dead workers.
//!
//! One thread, the coordinator ([`RunLoop`]), owns the store and makes every change: it waits for
//! attempts that end, writes all that ended and claims what is next in one transition. Each
//! attempt runs in a thread of its own under a supervisor process, and touches no queue.
//! `docs/design/engine.md` has the rooms and their reasons.

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
