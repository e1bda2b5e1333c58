//! What was found in the change of an attempt, in addition to the results of its steps.

use serde::{Deserialize, Serialize};
use std::fmt;

/// What a finding means for the attempt, from mildest to most severe.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize,
)]
#[serde(rename_all = "snake_case")]
pub enum Level {
    /// Nothing: the finding is only shown.
    Warn,
    /// The attempt fails, and the next attempt is given the finding.
    #[default]
    Fail,
    /// A person must look.
    Block,
}

impl Level {
    /// All levels with the word used in the configuration and in JSON.
    pub const WORDS: [(&str, Self); 3] =
        [("warn", Self::Warn), ("fail", Self::Fail), ("block", Self::Block)];

    /// Returns the word of the level.
    pub fn word(self) -> &'static str {
        Self::WORDS[self as usize].0
    }
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Finding {
    /// The code of the rule, as the configuration names it.
    pub code: String,
    /// What it means for the attempt.
    pub level: Level,
    /// The file, relative to the project root.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// The line in the file, counted from 1. `None` if the finding has no line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u32>,
    /// What is wrong, and what to do instead.
    pub message: String,
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.path, self.line) {
            (Some(path), Some(line)) => write!(f, "{path}:{line}: ")?,
            (Some(path), None) => write!(f, "{path}: ")?,
            (None, _) => {}
        }
        write!(f, "{} ({})", self.message, self.code)
    }
}

/// A path that judges or steers the run and was changed with permission.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Permitted {
    /// The path, relative to the project root.
    pub path: String,
    /// What allowed the change: `declared`, `may_change_tests`, `contract API-1`.
    pub by: String,
}

/// All findings of one change.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Findings {
    /// What is wrong with the change, most severe first.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub findings: Vec<Finding>,
    /// What was changed with permission.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub changed_with_permission: Vec<Permitted>,
}

impl Findings {
    /// Returns the findings of at least this level.
    pub fn at_least(&self, level: Level) -> impl Iterator<Item = &Finding> {
        self.findings.iter().filter(move |finding| finding.level >= level)
    }

    /// Adds more findings, keeping the most severe first.
    pub fn add(&mut self, more: Self) {
        self.findings.extend(more.findings);
        self.findings.sort_by_key(|finding| std::cmp::Reverse(finding.level));
        for permitted in more.changed_with_permission {
            if !self.changed_with_permission.contains(&permitted) {
                self.changed_with_permission.push(permitted);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn the_worst_is_first_and_a_sentence_says_where() {
        let one = |level, line| Finding {
            code: "stub".to_owned(),
            level,
            path: Some("a.rs".to_owned()),
            line,
            message: "a stub".to_owned(),
        };
        let mut all = Findings::default();
        all.add(Findings { findings: vec![one(Level::Warn, None)], ..Findings::default() });
        all.add(Findings { findings: vec![one(Level::Block, Some(3))], ..Findings::default() });
        let said: Vec<String> = all.at_least(Level::Warn).map(ToString::to_string).collect();
        assert_eq!(said, ["a.rs:3: a stub (stub)", "a.rs: a stub (stub)"]);
        assert_eq!(all.at_least(Level::Fail).count(), 1);
        for (word, level) in Level::WORDS {
            assert_eq!((json!(level), level.word()), (json!(word), word));
        }
    }

    #[test]
    fn a_permission_is_listed_once() {
        let permitted = |path: &str| Permitted { path: path.to_owned(), by: "declared".to_owned() };
        let some = |paths: &[&str]| Findings {
            changed_with_permission: paths.iter().map(|path| permitted(path)).collect(),
            ..Findings::default()
        };
        let mut all = some(&["a"]);
        all.add(some(&["a", "b", "b"]));
        assert_eq!(all, some(&["a", "b"]));
        let plain = Finding {
            code: "stub".to_owned(),
            level: Level::default(),
            path: None,
            line: Some(3),
            message: "a stub".to_owned(),
        };
        assert_eq!((plain.to_string().as_str(), plain.level), ("a stub (stub)", Level::Fail));
    }
}
