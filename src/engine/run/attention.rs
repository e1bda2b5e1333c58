//! What wakes a loop: changes in the folders that it watches.

use crate::platform::watch::Watch;
use crate::project::requests::{PAUSE, STOP};
use crate::project::{Neighbours, QueueSet};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// What wakes a loop.
pub(super) struct Attention {
    watch: Watch,
    /// Paths whose changes concern it: queues, and the watched folders themselves.
    paths: Arc<RwLock<HashSet<PathBuf>>>,
    /// The structure of the queues when references were last followed.
    followed: Vec<u64>,
}

impl Attention {
    /// Gets ready to watch the queues of `set` and the requests to it; calls `tell` when something
    /// changed.
    pub(super) fn start(set: &QueueSet, tell: impl Fn() + Send + 'static) -> Self {
        let queues = set.all_real().map(Path::to_owned).chain(Neighbours::queues(set));
        let mut paths: HashSet<PathBuf> = queues.collect();
        let states = (0..set.served()).map(|queue| set.state(queue).root().to_owned());
        let registries = set.roots().map(|root| Neighbours::dir(&root.path));
        let mut dirs: Vec<PathBuf> = folders(&paths).chain(states).chain(registries).collect();
        dirs.sort_unstable();
        dirs.dedup();
        paths.extend(dirs.iter().cloned());
        let entries: Vec<PathBuf> = set.roots().map(|root| Neighbours::dir(&root.path)).collect();
        let paths = Arc::new(RwLock::new(paths));
        let known = Arc::clone(&paths);
        // Not what else agents and journals write beside the queues.
        let wanted = move |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let is_request = [STOP, PAUSE].iter().any(|verb| name.starts_with(verb));
            let is_entry = path.parent().is_some_and(|dir| entries.iter().any(|own| own == dir));
            let known = known.read().unwrap_or_else(PoisonError::into_inner);
            is_request || is_entry || known.contains(path)
        };
        Self { watch: Watch::new(&dirs, wanted, tell), paths, followed: Vec::new() }
    }

    /// Watches from now on. Returns whether it did not before: then what changed until now has to
    /// be looked for.
    pub(super) fn listen(&mut self) -> bool {
        self.watch.listen()
    }

    /// Whether references are to be followed anew: the structure of the queues is another one.
    pub(super) fn is_edited(&self, structure: &[u64]) -> bool {
        structure != self.followed
    }

    /// The references of queues with this structure were followed.
    pub(super) fn followed(&mut self, structure: Vec<u64>) {
        self.followed = structure;
    }

    /// Follows the references of the queues anew at the next look.
    pub(super) fn forget(&mut self) {
        self.followed.clear();
    }

    /// Makes ready for the next change.
    pub(super) fn rearm(&mut self) {
        self.watch.rearm();
    }

    /// Watches `queues` too; `true` when one of them is new.
    pub(super) fn also<'p>(&mut self, queues: impl Iterator<Item = &'p Path>) -> bool {
        let new = self.enter(queues);
        // Without the lock: the watcher's own thread may be waiting for it.
        for dir in folders(&new) {
            self.watch.also(dir);
        }
        !new.is_empty()
    }

    /// Enters the paths of `queues` and their folders; gives the queues that are new.
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
