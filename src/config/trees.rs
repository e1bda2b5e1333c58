//! The sections about trees and landing as typed values: `[isolation]`, `[workspaces]`,
//! `[landing]`.

use super::origin::Sourced;
use crate::workspace::TreeRules;
use std::path::PathBuf;

/// `[isolation]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolation {
    /// In which trees agents work.
    pub mode: Sourced<IsolationMode>,
    /// The branch on which work lands. If it is not set, the branch that is checked out is used.
    pub target: Option<String>,
}

impl IsolationMode {
    /// All modes with the word used in the configuration.
    pub const WORDS: [(&str, Self); 2] = [("shared", Self::Shared), ("private", Self::Private)];
}

/// `isolation.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsolationMode {
    /// All agents work in the tree of the project itself.
    Shared,
    /// Each slot has its own clone.
    Private,
}

impl Default for Isolation {
    fn default() -> Self {
        Self { mode: Sourced::default_value(IsolationMode::Shared), target: None }
    }
}

/// `[workspaces]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WorkspaceRules {
    /// `dir`: the absolute path of the folder for trees. If it is not set, the user's cache folder
    /// is used.
    pub dir: Option<PathBuf>,
    /// `setup`, `setup_inputs`, `copy`, `link`, `keep`, `objects`.
    pub tree: TreeRules,
    /// `retry_from`.
    pub retry_from: Sourced<RetryFrom>,
}

/// `workspaces.retry_from`: where another attempt starts.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryFrom {
    /// From the work of the last attempt.
    Last,
    /// From the base, like the first attempt.
    Base,
}

impl Default for WorkspaceRules {
    fn default() -> Self {
        Self {
            dir: None,
            tree: TreeRules::default(),
            retry_from: Sourced::default_value(RetryFrom::Last),
        }
    }
}

/// `[landing]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LandingRules {
    /// Where work lands. If it is not set, it depends on the mode of isolation.
    pub mode: Option<Sourced<LandingMode>>,
    /// What is committed. If it is not set, it depends on the mode of isolation.
    pub commit: Option<Sourced<CommitMode>>,
    /// How often a task is returned to its agent because of a conflict before it is blocked.
    pub conflicts: Sourced<u32>,
}

/// `landing.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LandingMode {
    /// Work does not land.
    Off,
    /// Work lands on the target.
    Branch,
}

/// `landing.commit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitMode {
    /// One commit per task.
    Task,
    /// No commits.
    None,
}

impl Default for LandingRules {
    fn default() -> Self {
        Self { mode: None, commit: None, conflicts: Sourced::default_value(3) }
    }
}
