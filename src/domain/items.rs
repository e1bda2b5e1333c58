//! Items: the tests that ran, or the findings of a linter, each by its file and its name.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// What an item is called. Lines are no part of it: they move with every change above them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ItemId {
    /// The file, suite or program that it belongs to; may be empty.
    pub file: String,
    /// Its name there.
    pub name: String,
}

impl ItemId {
    /// The item `name` of `file`.
    pub fn new(file: impl Into<String>, name: impl Into<String>) -> Self {
        Self { file: file.into(), name: name.into() }
    }
}

impl fmt::Display for ItemId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.file.is_empty() {
            f.write_str(&self.name)
        } else {
            write!(f, "{}::{}", self.file, self.name)
        }
    }
}

/// What became of an item in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// It failed; a finding of a linter is one.
    Failed,
    /// It was left out, whatever the tool calls that.
    Skipped,
    /// It passed.
    Passed,
}

impl ItemState {
    /// Whether it ran: what is skipped proves nothing.
    pub fn is_executed(self) -> bool {
        match self {
            Self::Failed | Self::Passed => true,
            Self::Skipped => false,
        }
    }
}

/// The items of a step.
pub type ItemMap = BTreeMap<ItemId, ItemState>;

/// The items of several steps, by the name of the step.
pub type StepItems = BTreeMap<String, ItemMap>;

/// What the items of a step came to, beside those of the tree that the work began with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Items {
    /// How many passed.
    pub passed: usize,
    /// How many failed.
    pub failed: usize,
    /// How many were left out.
    pub skipped: usize,
    /// How many of the base are not in the report.
    #[serde(default)]
    pub missing: usize,
    /// Whether the base is known: without it each failure is new, and nothing is lost.
    #[serde(default)]
    pub compared: bool,
    /// Failures that the base does not have.
    #[serde(default)]
    pub new: Vec<String>,
    /// Failures that the base has, too.
    #[serde(default)]
    pub old: Vec<String>,
    /// Items that failed in the base and pass.
    #[serde(default)]
    pub fixed: Vec<String>,
    /// Items that ran in the base and did not run now.
    #[serde(default)]
    pub lost: Vec<String>,
    /// Items that failed first and passed when the step ran again.
    #[serde(default)]
    pub flaky: Vec<String>,
}

impl Items {
    /// Adds those of another step.
    pub fn add(&mut self, other: Self) {
        self.passed += other.passed;
        self.failed += other.failed;
        self.skipped += other.skipped;
        self.missing += other.missing;
        self.compared &= other.compared;
        self.new.extend(other.new);
        self.old.extend(other.old);
        self.fixed.extend(other.fixed);
        self.lost.extend(other.lost);
        self.flaky.extend(other.flaky);
    }

    /// Whether it names what is wrong, better than any output.
    pub fn says_more(&self) -> bool {
        !self.new.is_empty() || !self.lost.is_empty()
    }

    /// The lists that have something in them, what is worst first, each with its word.
    pub fn lists(&self) -> impl Iterator<Item = (&'static str, &[String])> {
        let lists = [
            ("new failures", &self.new),
            ("lost", &self.lost),
            ("flaky", &self.flaky),
            ("failed before, too", &self.old),
            ("fixed", &self.fixed),
        ];
        lists.into_iter().filter(|(_, list)| !list.is_empty()).map(|(word, list)| (word, &**list))
    }

    /// In one line: `41 passed, 2 failed (1 new), 1 lost`.
    pub fn summary(&self) -> String {
        let mut parts = vec![format!("{} passed", self.passed)];
        if self.failed > 0 {
            let new = self.new.len();
            let known = if self.compared && new < self.failed {
                format!("{} failed ({new} new)", self.failed)
            } else {
                format!("{} failed", self.failed)
            };
            parts.push(known);
        }
        for (count, word) in [
            (self.skipped, "skipped"),
            (self.fixed.len(), "fixed"),
            (self.lost.len(), "lost"),
            (self.flaky.len(), "flaky"),
        ] {
            if count > 0 {
                parts.push(format!("{count} {word}"));
            }
        }
        parts.join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_summary_says_what_there_is() {
        let items = Items { passed: 3, ..Items::default() };
        assert_eq!(items.summary(), "3 passed");
        let (new, lost) = (vec!["a".to_owned()], vec!["b".to_owned()]);
        let items = Items { failed: 2, skipped: 1, compared: true, new, lost, ..items };
        assert_eq!(items.summary(), "3 passed, 2 failed (1 new), 1 skipped, 1 lost");
        assert_eq!(ItemId::new("", "t").to_string(), "t");
        assert_eq!(ItemId::new("a.py", "t").to_string(), "a.py::t");
    }
}
