//! What a loop knows about the trees that its attempts start from, and which of them are being
//! judged.

use super::record::After;
use crate::domain::{QueueIx, Verdict};
use crate::engine::attempt::{Finished, Named, ProfileKey, Untouched};
use crate::platform::fault::{self, Fault};
use crate::platform::lock::FileLock;
use crate::project::QueueSet;
use crate::store::{TaskKey, Trees};
use crate::verify::VerifyStep;
use std::collections::HashSet;
use std::path::PathBuf;

/// Used in place of a task id if there is no task. No task has it, because an id is not empty.
pub(crate) const TREE: &str = "";

/// Returns the key under which a verification of the tree is claimed, because it has no task.
pub(crate) fn tree_key(set: &QueueSet, queue: QueueIx) -> TaskKey {
    TaskKey::new(set.real(queue), TREE)
}

/// A profile for which the tree must be judged now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    /// The queue of the task that comes next.
    pub(crate) queue: QueueIx,
    /// The key of its steps in its project.
    pub(crate) key: ProfileKey,
    /// The name of the profile.
    pub(crate) name: String,
    /// The steps of the profile.
    pub(crate) steps: Vec<VerifyStep>,
}

/// A profile for which this loop may judge the tree.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// The profile to judge with.
    pub(crate) profile: Profile,
    /// Keeps other loops from claiming anything in the project.
    #[expect(dead_code, reason = "held until it is dropped")]
    lock: FileLock,
}

impl Wanted {
    /// Creates it for `profile`, under the lock of its project's trees.
    pub(super) fn new(profile: Profile, lock: FileLock) -> Self {
        Self { profile, lock }
    }
}

/// What a loop knows about trees.
#[derive(Debug, Default)]
pub(crate) struct TreeKnowledge {
    untouched: Untouched,
    /// Projects whose tree is being judged and for which work waits, as of the last change.
    judged: Vec<PathBuf>,
}

impl TreeKnowledge {
    /// Returns which profiles are green and which are red.
    pub(crate) fn untouched(&self) -> &Untouched {
        &self.untouched
    }

    /// Returns which profiles are green and which are red, to update that.
    pub(crate) fn untouched_mut(&mut self) -> &mut Untouched {
        &mut self.untouched
    }

    /// Returns whether other work waited for the verification of a tree at the last attempt to
    /// claim.
    pub(crate) fn are_judged(&self) -> bool {
        !self.judged.is_empty()
    }

    /// Stores the projects whose tree is being judged.
    pub(super) fn found_judged(&mut self, judged: Vec<PathBuf>) {
        self.judged = judged;
    }

    /// Learns about the tree from an attempt that ended; may be called twice, because a change may
    /// be repeated.
    pub(super) fn learn_from(&mut self, finished: &Finished, after: &After) {
        let Finished { job, report, .. } = finished;
        match after {
            // Work that stays in a private tree, because nothing lands, says nothing about the tree
            // from which other attempts start.
            After::Complete(landed)
                if report.verdict == Some(Verdict::Pass)
                    && (landed.is_some() || job.agent.is_none() || !job.is_private()) =>
            {
                self.untouched.passed(&job.profiles);
            }
            // If no step ran, nothing can have changed the tree; and work left in a private tree
            // does not affect other tasks.
            After::Blocked(_) | After::Asked(_)
                if job.agent.is_some() && !report.steps.is_empty() && !job.is_private() =>
            {
                let task = Named { key: job.key.clone(), id: job.id.clone() };
                self.untouched.blocked(&job.root, &task);
            }
            After::Complete(_)
            | After::Lands(_)
            | After::Review
            | After::Blocked(_)
            | After::Asked(_)
            | After::Again(_)
            | After::Interrupted(_)
            | After::Lost(_) => {}
        }
    }

    /// Records that it is unknown whether a profile is red, so that attempts begin.
    pub(crate) fn give_up(&mut self, key: &ProfileKey) {
        self.untouched.learn(key, None, HashSet::new());
    }
}

/// Returns the projects of the served queues whose tree is being judged. Under the lock of their
/// roots, no verification can begin meanwhile.
pub(super) fn judged(set: &QueueSet) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = set.roots().map(|root| root.path.clone()).collect();
    roots.sort_unstable();
    roots.dedup();
    roots.retain(|root| Trees::of(root).are_judged() && !fault::is(Fault::JudgedBeside));
    roots
}
