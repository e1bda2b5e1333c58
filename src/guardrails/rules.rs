//! `[guardrails]`: what is looked for, and what it means.

use crate::domain::Level;
use regex::Regex;
use std::collections::BTreeMap;

/// `require_changes`: what an attempt has to change.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Requires {
    /// What its task declares, and nothing where it declares nothing.
    #[default]
    Declared,
    /// Any file.
    Any,
    /// Nothing.
    None,
}

impl Requires {
    /// How it is written.
    pub const WORDS: [(&str, Self); 3] =
        [("declared", Self::Declared), ("any", Self::Any), ("none", Self::None)];

    /// The stricter of two.
    #[must_use]
    pub fn or_stricter(self, other: Self) -> Self {
        match (self, other) {
            (Self::Any, _) | (_, Self::Any) => Self::Any,
            (Self::Declared, _) | (_, Self::Declared) => Self::Declared,
            (Self::None, Self::None) => Self::None,
        }
    }
}

/// `[[guardrails.frozen]]`: paths that nobody changes once a task is complete.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Frozen {
    /// `name`: how tasks name it.
    pub name: Option<String>,
    /// `paths`: globs as seen from the project root.
    pub paths: Vec<String>,
    /// `after`: the id of the task that freezes them; without one they always are.
    pub after: Option<String>,
}

/// A pattern of `deny`.
#[derive(Clone, Debug)]
pub struct Denied {
    /// As it is written.
    pub text: String,
    /// The same, ready to look with.
    pub regex: Regex,
}

impl PartialEq for Denied {
    fn eq(&self, other: &Self) -> bool {
        self.text == other.text
    }
}

/// What is looked for in a change.
#[derive(Clone, Debug, PartialEq)]
pub struct Rules {
    /// `scope`: what files outside of the declared ones mean.
    pub scope: Level,
    /// `deny`: patterns that no added line may have.
    pub deny: Vec<Denied>,
    /// `allow`: codes, each with a glob of the files in which they are no finding.
    pub allow: Vec<(String, String)>,
    /// `levels`: what a rule means where that is not what is built in; `None` is off.
    pub levels: BTreeMap<String, Option<Level>>,
    /// `max_file_kb`: how large a file may be that is added or grows.
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
    /// What the rule `code`, which is `built_in` by itself, means in the file at `path`; `None` where it
    /// is no finding.
    pub fn level(&self, code: &str, built_in: Option<Level>, path: &str) -> Option<Level> {
        let is_allowed =
            |(allowed, glob): &(String, String)| allowed == code && super::covers(glob, path);
        if self.allow.iter().any(is_allowed) {
            return None;
        }
        self.levels.get(code).copied().unwrap_or(built_in)
    }
}
