//! Verifications of the tree as plain data: what they are for, and what decides about them.

use super::attempt::ProfileKey;
use crate::plan::{Conditions, Graph};
use crate::platform::lock::FileLock;
use crate::queue::Queue;
use crate::store::Place;
use crate::verify::VerifyStep;

/// Stands in place of a task id where there is none. No task has it: an id is not empty.
pub(super) const TREE: &str = "";
/// What the tree that attempts begin with is called.
pub(super) const UNTOUCHED: &str = "untouched tree";

/// A verification of the tree, and what it decides.
#[derive(Debug)]
pub(super) enum TreeCheck {
    /// Whether finished tasks are complete again.
    SetBack(SetBack),
    /// What attempts begin with.
    Untouched(Wanted),
}

impl TreeCheck {
    pub(super) fn queue(&self) -> usize {
        match self {
            Self::SetBack(set_back) => set_back.queue,
            Self::Untouched(wanted) => wanted.queue,
        }
    }

    /// What it is called, and what it is for.
    pub(super) fn name(&self) -> (&'static str, String) {
        match self {
            Self::SetBack(_) => (
                "verification of the tree",
                "without an agent, because a queue was set back".to_owned(),
            ),
            Self::Untouched(wanted) => (UNTOUCHED, format!("profile {}", wanted.profile)),
        }
    }
}

/// The tasks about which a verification of the tree decides.
#[derive(Debug)]
pub(super) struct SetBack {
    pub(super) queue: usize,
    pub(super) ids: Vec<String>,
}

/// A profile for which the tree is to be judged now.
#[derive(Debug)]
pub(super) struct Wanted {
    /// The queue of the task that comes next.
    pub(super) queue: usize,
    pub(super) key: ProfileKey,
    /// Name of the profile.
    pub(super) profile: String,
    pub(super) steps: Vec<VerifyStep>,
    /// The slot in which that is done.
    pub(super) slot: usize,
    /// Whether it was told that steps run.
    pub(super) told: bool,
    /// Keeps others from claiming anything in the project.
    #[expect(dead_code, reason = "held until it is dropped")]
    pub(super) lock: FileLock,
}

/// What decides whether the tree is judged.
pub(super) struct Moment<'a> {
    /// The loaded queues.
    /// The tasks that come next.
    pub(super) next: &'a [Place],
    /// A slot that is free for it.
    pub(super) slot: Option<usize>,
    pub(super) queues: &'a [Queue],
    pub(super) graph: &'a Graph,
    pub(super) conditions: &'a Conditions,
}
