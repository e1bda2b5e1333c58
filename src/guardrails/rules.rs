//! `[guardrails]`: the rules, and the levels of their findings.

use crate::domain::Level;
use regex::Regex;
use std::collections::BTreeMap;

/// `require_changes`: what an attempt must change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requires {
    /// Files that its task declares; nothing if it declares none.
    #[default]
    Declared,
    /// Any file.
    Any,
    /// Nothing.
    None,
}

impl Requires {
    /// The values in the configuration.
    pub const WORDS: [(&str, Self); 3] =
        [("declared", Self::Declared), ("any", Self::Any), ("none", Self::None)];

    /// Returns the stricter of two requirements.
    #[must_use]
    pub fn or_stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Declared, _) | (_, Self::Declared) => Self::Declared,
            (Self::None, Self::None) => Self::None,
        }
    }
}

/// `[[guardrails.frozen]]`: paths that must not change once a task is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// `name`: the name by which tasks refer to it.
    pub name: Option<String>,
    /// `paths`: globs relative to the project root.
    pub paths: Vec<String>,
    /// `after`: the id of the task whose completion freezes them; `None` if they are always frozen.
    pub after: Option<String>,
}

/// A pattern of `deny`.
#[derive(Clone, Debug)]
pub struct Denied {
    /// The pattern as written.
    pub text: String,
    /// The compiled pattern.
    pub regex: Regex,
}

impl PartialEq for Denied {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// The rules for a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// `scope`: the level of a changed file that is not declared.
    pub scope: Level,
    /// `deny`: patterns that added lines must not match.
    pub deny: Vec<Denied>,
    /// `allow`: codes, each with a glob of the files in which the rule is off.
    pub allow: Vec<(String, String)>,
    /// `levels`: the levels of rules that differ from the built-in ones; `None` is off.
    pub levels: BTreeMap<String, Option<Level>>,
    /// `max_file_kb`: the maximum size of an added or changed file, in bytes.
    pub max_file_bytes: u64,
    /// `[[guardrails.frozen]]`.
    pub frozen: Vec<Frozen>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            scope: Level::Warn,
            deny: Vec::new(),
            allow: Vec::new(),
            levels: BTreeMap::new(),
            max_file_bytes: 1 << 20,
            frozen: Vec::new(),
        }
    }
}

impl Rules {
    /// Returns the level of rule `code` for the file at `path`, given its `built_in` level; `None`
    /// if the rule is off.
    pub fn level(&self, code: &str, built_in: Option<Level>, path: &str) -> Option<Level> {
        let is_allowed =
            |(allowed, glob): &(String, String)| allowed == code && super::covers(glob, path);
        if self.allow.iter().any(is_allowed) {
            return None;
        }
        self.levels.get(code).copied().unwrap_or(built_in)
    }
}
