//! A change that waits to land, or that landed, as part of the view of a task.

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
    /// The reason why it waits.
    pub waits: Waits,
    /// The obstacle.
    pub obstacle: Option<String>,
}

impl ChangeView {
    /// Builds the view from the fields of the queue.
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

    /// Returns the state of its task.
    pub fn state(&self) -> &'static str {
        match self.waits {
            Waits::Landing | Waits::Checkout => "landing",
            Waits::Review => "review",
        }
    }

    /// Returns the reason why it waits, in words.
    pub fn reason(&self) -> String {
        waits_for(self.waits, self.obstacle.as_deref())
    }

    /// Returns the same with its commits.
    pub fn sentence(&self) -> String {
        let (commit, base) = (short(&self.commit), short(&self.base));
        format!("its change {commit} on {base} passed and {}", self.reason())
    }
}
