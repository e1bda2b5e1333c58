//! The money, tokens and time that attempts which are claimed now may use.

use crate::domain::Budget;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What the limits of the run and of the day of each project allow.
#[derive(Clone, Debug, Default)]
pub(crate) struct Spendable {
    run: Budget,
    /// By project root; empty if the day has no limit.
    days: BTreeMap<PathBuf, Budget>,
    is_limited: bool,
}

/// A task that is not claimed because it is expected to use more than is left.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct TooDear {
    /// The project root of the task.
    pub(crate) root: PathBuf,
    /// The kind of its attempts.
    pub(crate) kind: String,
}

impl Spendable {
    /// Creates it from what the limits of the run and of each day leave.
    pub(crate) fn new(run: Budget, days: BTreeMap<PathBuf, Budget>) -> Self {
        Self { run, days, is_limited: true }
    }

    /// Returns whether there is any limit.
    pub(super) fn is_limited(&self) -> bool {
        self.is_limited
    }

    /// Takes what an attempt of `kind` in the project at `root` is expected to use. Returns `false`
    /// if less is left.
    pub(super) fn take(&mut self, root: &Path, kind: &str) -> bool {
        let mut run = self.run.clone();
        if !run.take(kind) || !self.days.get_mut(root).is_none_or(|day| day.take(kind)) {
            return false;
        }
        self.run = run;
        true
    }
}
