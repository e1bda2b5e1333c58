//! Items: tests that ran or findings of a linter, each identified by file and name.

use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;
use std::fmt;

/// The identity of an item. Line numbers are not part of it, because every change above them moves
/// them.
#[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct ItemId {
    /// The file, suite or program that the item belongs to; may be empty.
    pub file: String,
    /// The name of the item in its file.
    pub name: String,
}

impl ItemId {
    /// Creates the id of the item `name` of `file`.
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

/// The result of an item in one run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ItemState {
    /// It failed. A finding of a linter counts as a failure.
    Failed,
    /// It was not executed, whatever the tool calls that.
    Skipped,
    /// It passed.
    Passed,
}

impl ItemState {
    /// Returns whether the item ran. A skipped item proves nothing.
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

/// The items of a step, compared with those of the base.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Items {
    /// The number of items that passed.
    pub passed: usize,
    /// The number of items that failed.
    pub failed: usize,
    /// The number of items that were skipped.
    pub skipped: usize,
    /// The number of items of the base that are not in the report.
    #[serde(default)]
    pub missing: usize,
    /// Whether the base is known. Without it, every failure is new and nothing is lost.
    #[serde(default)]
    pub compared: bool,
    /// Failures that the base does not have.
    #[serde(default)]
    pub new: Vec<String>,
    /// Failures that the base has as well.
    #[serde(default)]
    pub old: Vec<String>,
    /// Items that failed in the base and pass now.
    #[serde(default)]
    pub fixed: Vec<String>,
    /// Items that ran in the base but not now.
    #[serde(default)]
    pub lost: Vec<String>,
    /// Items that failed first and passed when the step was run again.
    #[serde(default)]
    pub flaky: Vec<String>,
}

impl Items {
    /// Adds the items of another step.
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

    /// Returns whether the items name the problem better than any output could.
    pub fn says_more(&self) -> bool {
        !self.new.is_empty() || !self.lost.is_empty()
    }

    /// Returns the lists that are not empty, worst first, each with its heading.
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

    /// Summarizes the items in one line: `41 passed, 2 failed (1 new), 1 lost`.
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

    #[test]
    fn the_items_of_steps_are_added() {
        let items = |number, word: &str, compared| {
            let list = || vec![word.to_owned()];
            Items {
                passed: number,
                failed: 10 * number,
                skipped: 100 * number,
                missing: 1000 * number,
                compared,
                new: list(),
                old: list(),
                fixed: list(),
                lost: list(),
                flaky: list(),
            }
        };
        let mut sum = items(2, "a", true);
        sum.add(items(3, "b", true));
        let both = || vec!["a".to_owned(), "b".to_owned()];
        let expected = Items {
            passed: 5,
            failed: 50,
            skipped: 500,
            missing: 5000,
            compared: true,
            new: both(),
            old: both(),
            fixed: both(),
            lost: both(),
            flaky: both(),
        };
        assert_eq!(sum, expected);
        let headings: Vec<&str> = sum.lists().map(|(heading, _)| heading).collect();
        assert_eq!(headings, ["new failures", "lost", "flaky", "failed before, too", "fixed"]);
        assert_eq!(
            sum.summary(),
            "5 passed, 50 failed (2 new), 500 skipped, 2 fixed, 2 lost, 2 flaky"
        );
        // The base of one step is not known, so nothing can be said about all.
        sum.add(items(1, "c", false));
        assert!(!sum.compared && sum.summary().starts_with("6 passed, 60 failed, "));
        assert_eq!(Items::default().lists().count(), 0);
        let all_new =
            Items { failed: 1, compared: true, new: vec!["a".to_owned()], ..Items::default() };
        assert_eq!(all_new.summary(), "0 passed, 1 failed");
    }

    #[test]
    fn new_failures_and_lost_items_say_more_than_any_output() {
        let list = || vec!["a".to_owned()];
        let empty = Items::default;
        assert!(Items { new: list(), ..empty() }.says_more());
        assert!(Items { lost: list(), ..empty() }.says_more());
        assert!(!Items { old: list(), flaky: list(), fixed: list(), ..empty() }.says_more());
        assert!(ItemState::Failed.is_executed() && ItemState::Passed.is_executed());
        assert!(!ItemState::Skipped.is_executed());
    }
}
