//! One attempt: prepared from a claimed task, run under a supervisor, judged. Nothing here touches
//! a queue.

mod apart;
mod begun;
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
mod hooks;
mod items_key;
mod job;
mod judged;
mod known_commands;
mod known_errors;
mod known_items;
mod landers;
mod listed;
mod pause_key;
mod preflight;
mod prepare;
mod progress_check;
mod queue_files;
mod ready;
mod ready_hooks;
mod refusal;
mod run;
mod runner;
mod running_service;
mod running_state;
#[cfg(test)]
mod samples;
mod subject;
mod tamper;
mod task_grants;
#[cfg(test)]
pub(crate) mod tests;
mod told;
mod untouched;
mod usage;
mod watch;
mod with;
mod withheld;

pub(crate) use apart::Apart;
pub(crate) use carried::ToLand;
#[cfg(test)]
pub(crate) use carried::{CameTo, Carried, Obstructed};
pub(crate) use finished::{Finished, not_started};
pub(crate) use fixed::Fixed;
pub(crate) use guarding::Guarding;
pub(crate) use hooks::{Extra, ready_hooks, report as hook_report, spec as hook_spec};
pub(crate) use items_key::items_key;
pub(crate) use job::{Job, Judge, Purpose, Ready, Refusal, Setups};
pub(crate) use judged::{JudgeError, Judged, Judging};
pub(crate) use known_commands::KnownCommands;
pub(crate) use known_errors::check_known;
pub(crate) use pause_key::{AgentKey, key_of};
pub(crate) use preflight::{Lines, Preflight, PreflightError, preflight, survey};
pub(crate) use prepare::{CommandEnvironment, Source, lacking};
pub(crate) use progress_check::Streak;
pub(crate) use ready_hooks::Hooks;
pub(crate) use run::landing::land;
pub(crate) use run::run;
pub(crate) use runner::{agent_now, usage_kind};
#[cfg(test)]
pub(crate) use samples::entry;
pub(crate) use subject::{Subject, service_steps, services_of, set_up_steps};
pub(crate) use tamper::{ACCEPTS, left_by, left_files, named_by};
pub(crate) use untouched::{Named, ProfileKey, Red, blocked};
pub(crate) use untouched::{Untouched, red_trees};
pub(crate) use usage::{usage, usage_of_task};
pub(crate) use watch::watch;
pub(crate) use with::Stage;
pub(crate) use with::{Steering, With};
