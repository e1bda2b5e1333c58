//! A verified change that waits to land, and where one landed, as fields of a task.

use serde::{Deserialize, Serialize};

/// `change` of a task in progress: its work passed, and waits.
///
/// Such a task is given to no agent. Whoever takes it over continues the landing.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Change {
    /// The change as a commit on its base.
    pub commit: String,
    /// The commit of the target that the attempt began with.
    pub base: String,
    /// The verdict on the tree of `commit`: `PASS` or `SKIPPED`.
    pub verdict: String,
    /// What it waits for.
    pub waits: Waits,
    /// What is in the way, in words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub obstacle: Option<String>,
}

impl Change {
    /// Whether a person has to do something before it can land.
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
    /// A person's word.
    Review,
    /// A person's checkout, in which something is in the way.
    Checkout,
}

/// `landed_commit` and `landed_tree` of a complete task: what its completion is bound to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Landed {
    /// The commit on the target.
    pub commit: String,
    /// Its tree, which is the one that was judged.
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
}
