//! What a loop knows of the trees that its attempts begin with, and which of them are being judged.

use super::record::After;
use crate::domain::Verdict;
use crate::engine::attempt::{Finished, Named, ProfileKey, Untouched};
use crate::platform::fault::{self, Fault};
use crate::platform::lock::FileLock;
use crate::project::QueueSet;
use crate::store::{TaskKey, Trees};
use crate::verify::VerifyStep;
use std::collections::HashSet;
use std::path::PathBuf;

/// Takes the place of a task id where there is none. No task has it: an id is not empty.
pub(crate) const TREE: &str = "";

/// What a verification of the tree is claimed as, for want of a task.
pub(crate) fn tree_key(set: &QueueSet, queue: usize) -> TaskKey {
    TaskKey::new(set.real(queue), TREE)
}

/// A profile for which the tree is to be judged now.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Profile {
    /// The queue of the task that comes next.
    pub(crate) queue: usize,
    /// Its steps in its project.
    pub(crate) key: ProfileKey,
    /// Its name.
    pub(crate) name: String,
    /// Its steps.
    pub(crate) steps: Vec<VerifyStep>,
}

/// A profile for which this loop may judge the tree.
#[derive(Debug)]
pub(crate) struct Wanted {
    /// What is judged with.
    pub(crate) profile: Profile,
    /// Keeps others from claiming anything in the project.
    #[expect(dead_code, reason = "held until it is dropped")]
    lock: FileLock,
}

impl Wanted {
    /// `profile`, under the lock of its project's trees.
    pub(super) fn new(profile: Profile, lock: FileLock) -> Self {
        Self { profile, lock }
    }
}

/// What a loop knows of trees.
#[derive(Debug, Default)]
pub(crate) struct TreeKnowledge {
    untouched: Untouched,
    /// Projects whose tree is being judged, as of the last change that anything waits for.
    judged: Vec<PathBuf>,
}

impl TreeKnowledge {
    /// Which profiles are green and which are red.
    pub(crate) fn untouched(&self) -> &Untouched {
        &self.untouched
    }

    /// The same, to learn.
    pub(crate) fn untouched_mut(&mut self) -> &mut Untouched {
        &mut self.untouched
    }

    /// Whether other work waited for the verification of a tree when something was last to be claimed.
    pub(crate) fn are_judged(&self) -> bool {
        !self.judged.is_empty()
    }

    /// Keeps what was found: the projects whose tree is being judged.
    pub(super) fn found_judged(&mut self, judged: Vec<PathBuf>) {
        self.judged = judged;
    }

    /// Learns about the tree from an attempt that ended; once or twice, as changes are made.
    pub(super) fn learn_from(&mut self, finished: &Finished, after: &After) {
        let Finished { job, report, .. } = finished;
        match after {
            After::Complete(_) if report.verdict == Some(Verdict::Pass) => {
                self.untouched.passed(&job.profiles);
            }
            // Without a step nothing ran that could have changed the tree; and what an agent left in a
            // private tree is in nobody's way.
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

    /// Nobody knows of a profile whether it is red: attempts begin.
    pub(crate) fn give_up(&mut self, key: &ProfileKey) {
        self.untouched.learn(key, None, HashSet::new());
    }
}

/// The projects of the served queues whose tree somebody judges. Under the lock of their roots nobody
/// begins to meanwhile.
pub(super) fn judged(set: &QueueSet) -> Vec<PathBuf> {
    let mut roots: Vec<PathBuf> = set.roots().map(|root| root.path.clone()).collect();
    roots.sort_unstable();
    roots.dedup();
    roots.retain(|root| Trees::of(root).are_judged() && !fault::is(Fault::JudgedBeside));
    roots
}
