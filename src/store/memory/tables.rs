//! Who holds what, and which loops run.

use crate::store::TaskKey;
use crate::store::control::{Request, Stillness};
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::{Path, PathBuf};
use std::sync::Weak;
use std::time::SystemTime;

/// The name of the place itself, under which requests to all loops are kept.
pub(super) const PLACE: &str = "memory";

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
    /// The live loops, by name.
    pub(super) loops: BTreeMap<String, LoopEntry>,
    /// When the loops of a queue, or of the whole place, were asked something.
    pub(super) requests: BTreeMap<(PathBuf, Request), SystemTime>,
    /// The queues of each project, by its root.
    pub(super) registered: BTreeMap<PathBuf, BTreeSet<PathBuf>>,
}

/// What a loop says of itself.
#[derive(Debug)]
pub(super) struct LoopEntry {
    pub(super) pid: u32,
    /// Its queues.
    pub(super) said: BTreeMap<PathBuf, Option<Stillness>>,
}

impl LoopEntry {
    /// Creates the entry of a loop that has not said anything.
    pub(super) fn of(pid: u32, queues: &[PathBuf]) -> Self {
        Self { pid, said: queues.iter().map(|queue| (queue.clone(), None)).collect() }
    }
}

impl Table {
    /// Returns whether a queue is paused, and each loop that serves it said that nothing runs for
    /// it and that its text was judged.
    pub(super) fn is_still(&self, queue: &Path) -> bool {
        let said = self.loops.values().filter_map(|about| about.said.get(queue).copied());
        Stillness::of_all(self.asked(queue, Request::Pause), said)
    }

    /// Records a request to the loops of the queue, or of the place, `of`.
    pub(super) fn ask(&mut self, of: &Path, request: Request, at: SystemTime) {
        self.requests.insert((of.to_owned(), request), at);
    }

    /// Returns when the loops of a queue were asked last.
    pub(super) fn asked(&self, queue: &Path, request: Request) -> Option<SystemTime> {
        let of = |of: &Path| self.requests.get(&(of.to_owned(), request)).copied();
        of(queue).max(of(Path::new(PLACE)))
    }

    /// Returns the queues of the projects to which `queue` belongs.
    pub(super) fn neighbours(&self, queue: &Path) -> BTreeSet<PathBuf> {
        let projects = self.registered.values().filter(|queues| queues.contains(queue));
        projects.flatten().cloned().collect()
    }
}
