//! What a loop attends to: the folders that it watches, and queues that it comes to know of
//! while it runs.

use super::neighbours::Neighbours;
use super::run_loop::RunLoop;
use crate::platform::watch::Watch;
use crate::project::QueueSet;
use crate::project::requests::{PAUSE, STOP};
use crate::queue::Queue;
use crate::store::{QueueStore, StoreError};
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

    /// Follows the references of the queues anew at the next look.
    pub(super) fn forget(&mut self) {
        self.followed.clear();
    }

    /// Makes ready for the next change.
    pub(super) fn rearm(&mut self) {
        self.watch.rearm();
    }

    /// Watches `queues` too; `true` when one of them is new.
    fn also<'p>(&mut self, queues: impl Iterator<Item = &'p Path>) -> bool {
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

impl RunLoop<'_> {
    /// Comes to know queues that tasks refer to since they were edited or since the files are
    /// there, and queues of the same project on which other loops began to work.
    ///
    /// Returns whether there is something new to look at.
    ///
    /// # Errors
    /// [`StoreError`] when a gate that an edit asks for cannot be added.
    pub(super) fn attend(&mut self) -> Result<bool, StoreError> {
        let key: Vec<u64> = self.store.queues().iter().map(Queue::structure).collect();
        let edited = key != self.attention.followed;
        // While nothing is to be done, a file that was missing may come.
        let idle = self.running() == 0 && self.outlook.ready == 0;
        let mut new = false;
        if edited || idle {
            let set = Arc::make_mut(&mut self.dispatcher.set);
            new = set.follow(&mut self.store);
            self.attention.followed = key;
        }
        if edited {
            self.add_gates()?;
        }
        let set = Arc::clone(&self.dispatcher.set);
        let neighbours = self.dispatcher.neighbours.paths();
        Ok(new | self.attention.also(set.all_real().chain(neighbours)))
    }
}
