//! Wakes a loop when something changes in the folders that it watches.

use crate::platform::watch::Watch;
use crate::project::requests::{PAUSE, STOP};
use crate::project::{Neighbours, QueueSet};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// The folders and paths whose changes wake a loop.
pub(super) struct Attention {
    watch: Watch,
    /// The paths whose changes matter: queues, and the watched folders themselves.
    paths: Arc<RwLock<HashSet<PathBuf>>>,
    /// The structure of the queues when references were last followed.
    followed: Vec<u64>,
}

impl Attention {
    /// Prepares to watch the queues of `set` and the requests to the loop. Calls `tell` when
    /// something has changed.
    pub(super) fn start(set: &QueueSet, tell: impl Fn() + Send + 'static) -> Self {
        let queues = set.all_real().map(Path::to_owned).chain(Neighbours::queues(set));
        let mut paths: HashSet<PathBuf> = queues.collect();
        let states = set.each_served().map(|queue| set.state(queue).root().to_owned());
        let registries = set.roots().map(|root| Neighbours::dir(&root.path));
        let mut dirs: Vec<PathBuf> = folders(&paths).chain(states).chain(registries).collect();
        dirs.sort_unstable();
        dirs.dedup();
        paths.extend(dirs.iter().cloned());
        let entries: Vec<PathBuf> = set.roots().map(|root| Neighbours::dir(&root.path)).collect();
        let paths = Arc::new(RwLock::new(paths));
        let known = Arc::clone(&paths);
        // Ignores the other files that agents and journals write beside the queues.
        let wanted = move |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let is_request = [STOP, PAUSE].iter().any(|verb| name.starts_with(verb));
            let is_entry = path.parent().is_some_and(|dir| entries.iter().any(|own| own == dir));
            let known = known.read().unwrap_or_else(PoisonError::into_inner);
            is_request || is_entry || known.contains(path)
        };
        Self { watch: Watch::new(&dirs, wanted, tell), paths, followed: Vec::new() }
    }

    /// Starts watching. Returns whether it was not watching before: the caller then has to look for
    /// changes made until now.
    pub(super) fn listen(&mut self) -> bool {
        self.watch.listen()
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
        self.watch.rearm();
    }

    /// Watches `queues` too. Returns `true` if one of them is new.
    pub(super) fn also<'p>(&mut self, queues: impl Iterator<Item = &'p Path>) -> bool {
        let new = self.enter(queues);
        // The lock is released here: the watcher's own thread may be waiting for it.
        for dir in folders(&new) {
            self.watch.also(dir);
        }
        !new.is_empty()
    }

    /// Adds the paths of `queues` and their folders. Returns the queues that are new.
    fn enter<'p>(&self, queues: impl Iterator<Item = &'p Path>) -> HashSet<PathBuf> {
        let mut paths = self.paths.write().unwrap_or_else(PoisonError::into_inner);
        let new: HashSet<PathBuf> =
            queues.filter(|queue| !paths.contains(*queue)).map(Path::to_owned).collect();
        paths.extend(folders(&new));
        paths.extend(new.iter().cloned());
        new
    }
}

fn folders(paths: &HashSet<PathBuf>) -> impl Iterator<Item = PathBuf> {
    paths.iter().filter_map(|path| path.parent().map(PathBuf::from))
}
