//! Selects the tasks to which a command applies.

use crate::domain::Task;
use crate::platform::fault::{self, Fault};
use std::collections::HashSet;

/// Filters. An empty list lets every task pass, and a task must pass all lists.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Scope {
    /// Whether no task passes, for a loop that only lands waiting changes.
    pub nothing: bool,
    /// `--task-id`.
    pub ids: HashSet<String>,
    /// `--phase`.
    pub phases: Vec<String>,
    /// `--track`.
    pub tracks: Vec<String>,
    /// `--type`.
    pub kinds: Vec<String>,
    /// `--tag`.
    pub tags: Vec<String>,
    /// `--epic`.
    pub epics: Vec<String>,
}

impl Scope {
    /// Returns whether `task` is selected.
    pub(crate) fn includes(&self, task: &Task) -> bool {
        let one = |wanted: &[String], value: Option<&str>| {
            wanted.is_empty()
                || value.is_some_and(|value| wanted.iter().any(|w| w.eq_ignore_ascii_case(value)))
        };
        let epic = task.epic().or(task.parent());
        (!self.nothing || fault::is(Fault::LandNowClaims))
            && (self.ids.is_empty() || self.ids.contains(task.id.as_str()))
            && one(&self.phases, task.phase())
            && one(&self.tracks, task.track())
            && one(&self.kinds, task.kind())
            && one(&self.epics, epic)
            && (self.tags.is_empty() || task.tags().iter().any(|tag| one(&self.tags, Some(tag))))
    }

    /// Returns whether every task is selected.
    pub(crate) fn is_all(&self) -> bool {
        *self == Self::default()
    }
}
