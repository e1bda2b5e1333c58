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
mod end;
mod ending;
mod entry;
mod finished;
mod fixed;
mod follow_ups;
mod git_calls;
mod inside;
mod job;
mod judged;
mod known_commands;
mod limits;
mod neighbours;
mod observer;
mod options;
mod outlook;
mod pauses;
mod preflight;
mod prepare;
mod progress_check;
mod reaper;
mod record;
mod recovery;
mod run_loop;
mod slots;
mod stages;
mod subject;
mod tamper;
mod tree_check;
mod tree_kind;
mod trouble;
mod turn;
mod untouched;
mod watch;

pub use attempt::Stage;
pub use backoff::{agent_pauses, end_pause};
pub use ending::{Ending, Reason};
pub use fixed::Fixed;
pub use inside::Inside;
pub use judged::{JudgeError, Judged, Judging};
pub use known_commands::KnownCommands;
pub use neighbours::{Neighbours, others_claims};
pub use observer::{Notice, Observer};
pub use options::{RunOptions, WhenEmpty};
pub use preflight::{Preflight, PreflightError, preflight};
pub use prepare::Source;
pub use run_loop::RunLoop;
pub use untouched::{Untouched, red_trees};
