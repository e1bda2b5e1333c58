//! The configuration: `workloop.toml`, the environment and the flags as one typed [`Config`], with
//! the origin of each value, and the queues that the arguments select.
//!
//! A file is either fully understood or refused with every problem and its position. An unknown key
//! is an error, because a limit or check that is silently missing is worse than none.

mod board;
mod choose;
mod dotenv;
mod duration;
mod effect;
mod file;
mod find;
mod globs;
mod hooks;
mod judged;
mod known;
mod load;
mod model;
mod names;
mod notify;
mod origin;
mod paths;
mod places;
mod problem;
mod queues;
mod reader;
mod refused;
mod root;
mod sections;
mod trees;

pub(crate) use crate::domain::nearest;
pub(crate) use board::{BoardRules, BoardStyle};
pub(crate) use choose::{ChoiceError, Runner};
pub(crate) use duration::parse_duration;
pub use file::parse;
pub(crate) use find::FILE_NAME;
pub(crate) use hooks::HookRule;
pub(crate) use load::{ConfigError, Overrides};
#[cfg(test)]
pub(crate) use model::ScopeMode;
pub(crate) use model::{Config, Escalation, KnownErrorRule, Limits, Verification};
#[cfg(test)]
pub(crate) use notify::Quiet;
pub(crate) use notify::{Address, NotifyEvent, NotifyRule, NotifySeverity, NotifyTarget, variable};
pub(crate) use origin::{Origin, Sourced};
pub(crate) use queues::{
    Anyway, QueueQuery, SelectError, SelectedQueue, Selection, find_config, select, select_anyway,
};
pub(crate) use root::ProjectRoot;
#[cfg(test)]
pub(crate) use trees::{CommitMode, LandingMode};
pub(crate) use trees::{IsolationMode, RetryFrom, WorkspaceRules};

#[cfg(test)]
mod tests;
