//! Who holds what, and which loops run.

use crate::store::TaskKey;
use crate::store::control::Stillness;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Weak;
use std::time::SystemTime;

/// The claims by task.
pub(super) type Claims = HashMap<TaskKey, ClaimEntry>;

/// One claim.
#[derive(Debug, Default)]
pub(super) struct ClaimEntry {
    pub(super) holder: Weak<()>,
    /// What the last supervisor wrote about itself.
    pub(super) record: Option<Vec<u8>>,
}

/// What is known about loops.
#[derive(Debug, Default)]
pub(super) struct Table {
    /// What each loop said of its queues, by the name of the loop.
    pub(super) loops: BTreeMap<String, BTreeMap<PathBuf, Option<Stillness>>>,
    pub(super) paused: BTreeMap<PathBuf, SystemTime>,
    pub(super) stopped: BTreeSet<PathBuf>,
    /// The queues of each project, by its root.
    pub(super) registered: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
}

impl Table {
    /// Returns whether a queue is paused, and each loop that serves it said that nothing runs for
    /// it and that its text was judged.
    pub(super) fn is_still(&self, queue: &Path) -> bool {
        let Some(asked) = self.paused.get(queue) else { return false };
        let mut said = self.loops.values().filter_map(|queues| queues.get(queue)).peekable();
        let is_still =
            |said: &Option<Stillness>| said.is_some_and(|it| it.asked >= *asked && it.judged);
        said.peek().is_some() && said.all(is_still)
    }

    /// Asks the loops of a queue to pause, since `at`, or to continue.
    pub(super) fn pause(&mut self, queue: &Path, at: Option<SystemTime>) {
        match at {
            Some(at) => drop(self.paused.insert(queue.to_owned(), at)),
            None => drop(self.paused.remove(queue)),
        }
    }

    /// Asks the loops of a queue to stop.
    pub(super) fn stop(&mut self, queue: &Path) {
        self.stopped.insert(queue.to_owned());
    }

    /// Returns the queues of the projects to which `queue` belongs.
    pub(super) fn neighbours(&self, queue: &Path) -> BTreeSet<PathBuf> {
        let projects = self.registered.values().filter(|queues| queues.contains(queue));
        projects.flatten().cloned().collect()
    }
}
