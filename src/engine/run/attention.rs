//! Wakes a loop when something changes that matters to it.

use crate::project::QueueSet;
use crate::store::control::Wake;
use std::path::Path;

/// What wakes a loop.
pub(super) struct Attention {
    wake: Box<dyn Wake>,
    /// The structure of the queues when references were last followed.
    followed: Vec<u64>,
}

impl Attention {
    /// Prepares to watch the queues of `set` and the requests to the loop. Calls `tell` when
    /// something has changed.
    pub(super) fn start(set: &QueueSet, tell: impl Fn() + Send + 'static) -> Self {
        let queues: Vec<&Path> = set.all_real().collect();
        let roots: Vec<&Path> = set.roots().map(|root| root.path.as_path()).collect();
        let wake = set.control().wake(&queues, set.served(), &roots, Box::new(tell));
        Self { wake, followed: Vec::new() }
    }

    /// Starts watching. Returns whether it was not watching before: the caller then has to look for
    /// changes made until now.
    pub(super) fn listen(&mut self) -> bool {
        self.wake.listen()
    }

    /// Returns whether references must be followed again because the structure of the queues
    /// changed.
    pub(super) fn is_edited(&self, structure: &[u64]) -> bool {
        structure != self.followed
    }

    /// Records that the references of queues with this structure were followed.
    pub(super) fn followed(&mut self, structure: Vec<u64>) {
        self.followed = structure;
    }

    /// Makes the next check follow the references of the queues again.
    pub(super) fn forget(&mut self) {
        self.followed.clear();
    }

    /// Prepares for the next change.
    pub(super) fn rearm(&mut self) {
        self.wake.rearm();
    }

    /// Watches `queues` too. Returns `true` if one of them is new.
    pub(super) fn also(&mut self, queues: &[&Path]) -> bool {
        self.wake.also(queues)
    }
}
