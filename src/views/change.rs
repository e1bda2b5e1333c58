//! A change that waits to land, and what landed, as part of what is shown of a task.

use super::landing::{short, waits_for};
use super::mask::Mask;
use crate::domain::{Change, Waits};
use serde::Serialize;

/// `change` of a task.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct ChangeView {
    /// The change as a commit on its base.
    pub commit: String,
    /// The commit that the attempt began with.
    pub base: String,
    /// The verdict on it.
    pub verdict: String,
    /// What it waits for.
    pub waits: Waits,
    /// What is in the way.
    pub obstacle: Option<String>,
}

impl ChangeView {
    /// What the queue says of it.
    pub fn new(change: &Change, mask: &Mask) -> Self {
        let Change { commit, base, verdict, waits, obstacle } = change;
        let hidden = |text: &String| mask.text(text).into_owned();
        Self {
            commit: hidden(commit),
            base: hidden(base),
            verdict: hidden(verdict),
            waits: *waits,
            obstacle: obstacle.as_ref().map(hidden),
        }
    }

    /// The state of its task.
    pub fn state(&self) -> &'static str {
        match self.waits {
            Waits::Landing | Waits::Checkout => "landing",
            Waits::Review => "review",
        }
    }

    /// What it waits for, in words.
    pub fn reason(&self) -> String {
        waits_for(self.waits, self.obstacle.as_deref())
    }

    /// The same with its commits.
    pub fn sentence(&self) -> String {
        let (commit, base) = (short(&self.commit), short(&self.base));
        format!("its change {commit} on {base} passed and {}", self.reason())
    }
}
