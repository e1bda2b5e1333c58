//! The loop: claims tasks, runs attempts, writes results, takes over from dead workers.
//!
//! One thread, the coordinator ([`RunLoop`]), owns the store and makes every change: it waits for
//! attempts that end, writes all that ended and claims what is next in one transition. Each
//! attempt runs in a thread of its own under a supervisor process, and touches no queue.

mod after;
mod attempt;
mod attend;
mod backoff;
mod choose;
mod dispatch;
mod ending;
mod entry;
mod follow_ups;
mod inside;
mod limits;
mod neighbours;
mod observer;
mod options;
mod outlook;
mod pauses;
mod reaper;
mod record;
mod recovery;
mod run_loop;
mod slots;
mod stages;
mod tree_check;
mod tree_kind;
mod trouble;
mod turn;

pub use attempt::{
    Fixed, JudgeError, Judged, Judging, KnownCommands, Lines, Preflight, PreflightError, Source,
    Stage, Untouched, preflight, red_trees, survey,
};
pub use backoff::{agent_pauses, end_pause};
pub use ending::{Ending, Reason};
pub use inside::Inside;
pub use neighbours::{Neighbours, others_claims};
pub use observer::{Notice, Observer};
pub use options::{RunOptions, WhenEmpty};
pub use run_loop::RunLoop;
