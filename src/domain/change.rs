//! Task fields for a verified change that waits to land, and for where a change landed.

use serde::{Deserialize, Serialize};

/// `change` of a task in progress: its work passed verification and waits to land.
///
/// No agent is given such a task. A worker that takes it over continues the landing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The change, as a commit on its base.
    pub commit: String,
    /// The target's commit that the attempt started from.
    pub base: String,
    /// The verdict on the tree of `commit`: `PASS` or `SKIPPED`.
    pub verdict: String,
    /// What the change waits for.
    pub waits: Waits,
    /// What blocks the landing, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
}

impl Change {
    /// Returns whether a person has to act before the change can land.
    pub fn is_obstructed(&self) -> bool {
        self.obstacle.is_some() || self.waits == Waits::Review
    }
}

/// What a change waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Waits {
    /// Its turn to land.
    Landing,
    /// A person's review.
    Review,
    /// A person's checkout in which something blocks the landing.
    Checkout,
}

/// `landed_commit` and `landed_tree` of a complete task: the commit and tree that its completion
/// refers to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landed {
    /// The commit on the target.
    pub commit: String,
    /// Its tree, which is the tree that was judged.
    pub tree: String,
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_change_is_written_as_the_contract_says() {
        let text = json!({"commit": "c", "base": "b", "verdict": "PASS", "waits": "checkout"});
        let change: Change = serde_json::from_value(text.clone()).unwrap();
        assert_eq!(change.waits, Waits::Checkout);
        assert_eq!(serde_json::to_value(change).unwrap(), text);
    }

    #[test]
    fn a_review_or_an_obstacle_needs_a_person() {
        let obstructed = |waits, obstacle: Option<&str>| {
            let (commit, base) = ("c".to_owned(), "b".to_owned());
            let (verdict, obstacle) = ("PASS".to_owned(), obstacle.map(str::to_owned));
            Change { commit, base, verdict, waits, obstacle }.is_obstructed()
        };
        assert!(!obstructed(Waits::Landing, None) && !obstructed(Waits::Checkout, None));
        assert!(obstructed(Waits::Review, None) && obstructed(Waits::Checkout, Some("dirty")));
    }
}
