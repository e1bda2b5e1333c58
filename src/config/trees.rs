//! The sections about trees and landing as typed values: `[isolation]`, `[workspaces]`, `[landing]`.

use super::origin::Sourced;
use crate::workspace::TreeRules;
use std::path::PathBuf;

/// `[isolation]`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Isolation {
    /// Which trees agents work in.
    pub mode: Sourced<IsolationMode>,
    /// The branch that work lands on; the one that is checked out when it is not set.
    pub target: Option<String>,
}

impl IsolationMode {
    /// How it is written.
    pub const WORDS: [(&str, Self); 2] = [("shared", Self::Shared), ("private", Self::Private)];
}

/// `isolation.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum IsolationMode {
    /// All agents work in the project's own tree.
    Shared,
    /// Each slot has a clone of its own.
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
    /// `dir`: where the trees lie, absolute; in the cache folder of the user when it is not set.
    pub dir: Option<PathBuf>,
    /// `setup`, `setup_inputs`, `copy`, `link`, `keep`, `objects`.
    pub tree: TreeRules,
    /// `retry_from`.
    pub retry_from: Sourced<RetryFrom>,
}

/// `workspaces.retry_from`: what a further attempt begins with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RetryFrom {
    /// What the last attempt did.
    Last,
    /// The base, as the first one did.
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
    /// Where work lands; by the mode of isolation when it is not set.
    pub mode: Option<Sourced<LandingMode>>,
    /// What a commit is made of; by the mode of isolation when it is not set.
    pub commit: Option<Sourced<CommitMode>>,
    /// How often a task goes back to its agent because of a conflict before it is blocked.
    pub conflicts: Sourced<u32>,
}

/// `landing.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LandingMode {
    /// Nowhere.
    Off,
    /// On the target.
    Branch,
}

/// `landing.commit`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CommitMode {
    /// A commit for each task.
    Task,
    /// None.
    None,
}

impl Default for LandingRules {
    fn default() -> Self {
        Self { mode: None, commit: None, conflicts: Sourced::default_value(3) }
    }
}
