//! One attempt: put together from a claimed task, run under a supervisor, judged. Nothing here touches
//! a queue.

mod apart;
mod carried;
mod commands;
mod draft;
mod end;
mod entries;
mod finished;
mod fixed;
mod git_calls;
mod granted;
mod guarded;
mod guarding;
mod job;
mod judged;
mod known_commands;
mod known_errors;
mod pause_key;
mod preflight;
mod prepare;
mod progress_check;
mod queue_files;
mod refusal;
mod run;
#[cfg(test)]
mod samples;
mod subject;
mod tamper;
mod told;
mod untouched;
mod usage;
mod watch;
mod with;
mod withheld;

pub(crate) use apart::Apart;
pub(crate) use carried::ToLand;
pub(crate) use finished::{Finished, not_started};
pub use fixed::Fixed;
pub(crate) use guarding::Guarding;
pub(crate) use job::{Job, Judge, Purpose, Refusal, Setups};
pub use judged::{JudgeError, Judged, Judging};
pub use known_commands::KnownCommands;
pub(crate) use pause_key::{AgentKey, key_of};
pub use preflight::{Lines, Preflight, PreflightError, preflight, survey};
pub use prepare::{CommandEnvironment, Lacking, Source, lacking};
pub(crate) use progress_check::Streak;
pub(crate) use run::landing::land;
pub(crate) use run::run;
pub(crate) use subject::{Subject, set_up_steps};
pub(crate) use untouched::{Named, ProfileKey, Red, blocked};
pub use untouched::{Untouched, red_trees};
pub(crate) use usage::{usage, usage_of_task};
pub(crate) use watch::watch;
pub use with::Stage;
pub(crate) use with::{Steering, With};
