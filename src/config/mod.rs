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
mod root;
mod sections;
mod trees;

pub use crate::domain::nearest;
pub use board::{BoardRules, BoardStyle};
pub use choose::{AgentChoice, ChoiceError, Runner};
pub use duration::parse_duration;
pub use file::parse;
pub use find::{FILE_NAME, Untrusted, find_upwards, git_top};
pub use hooks::HookRule;
pub use load::{ConfigError, Lookup, Overrides};
pub use model::{
    Config, Escalation, KnownErrorRule, Limits, NamedProject, ScopeMode, TypeRule, Verification,
};
pub use names::fold;
pub use notify::{
    Address, NotifyEvent, NotifyRule, NotifySeverity, NotifyTarget, Quiet, host, variable,
};
pub use origin::{Origin, Sourced};
pub use problem::{Problem, RefusedConfig};
pub use queues::{
    Anyway, QueueQuery, SelectError, SelectedQueue, Selection, find_config, select, select_anyway,
};
pub use root::ProjectRoot;
pub use trees::{
    CommitMode, Isolation, IsolationMode, LandingMode, LandingRules, RetryFrom, WorkspaceRules,
};

#[cfg(test)]
mod tests;
