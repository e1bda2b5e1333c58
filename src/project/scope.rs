//! Which tasks a command is about.

use crate::domain::Task;
use crate::platform::fault::{self, Fault};
use std::collections::HashSet;

/// Filters; an empty list lets everything through, and all lists must let a task through.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Scope {
    /// No task at all: of a loop that only lands what waits.
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
    /// Whether `task` is meant.
    pub fn includes(&self, task: &Task) -> bool {
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

    /// Whether everything is meant.
    pub fn is_all(&self) -> bool {
        *self == Self::default()
    }
}
