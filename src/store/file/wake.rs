//! Watches the folders in which something that matters to a loop may change.

use crate::platform::watch::Watch;
use crate::store::StateDir;
use crate::store::control::{Request, Tell, Wake};
use crate::store::records::registry::Registry;
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};

/// The folders and paths whose changes wake a loop.
pub(super) struct FileWake {
    watch: Watch,
    /// The paths whose changes matter: queues, and the watched folders themselves.
    paths: Arc<RwLock<HashSet<PathBuf>>>,
}

impl FileWake {
    pub(super) fn new(queues: &[&Path], served: usize, roots: &[&Path], tell: Tell) -> Self {
        let registries: Vec<Registry> = roots.iter().map(|root| Registry::of(root)).collect();
        let neighbours = registries.iter().flat_map(|all| all.queues().unwrap_or_default());
        let named = queues.iter().map(|queue| (*queue).to_owned());
        let mut paths: HashSet<PathBuf> = named.chain(neighbours).collect();
        let states = queues[..served].iter().map(|queue| StateDir::beside(queue).root().to_owned());
        let entries: Vec<PathBuf> = registries.iter().map(Registry::dir).collect();
        let mut dirs: Vec<PathBuf> =
            folders(&paths).chain(states).chain(entries.iter().cloned()).collect();
        dirs.sort_unstable();
        dirs.dedup();
        paths.extend(dirs.iter().cloned());
        let paths = Arc::new(RwLock::new(paths));
        let known = Arc::clone(&paths);
        // Ignores the other files that agents and journals write beside the queues.
        let wanted = move |path: &Path| {
            let name = path.file_name().and_then(|name| name.to_str()).unwrap_or_default();
            let is_request = Request::ALL.iter().any(|request| name.starts_with(request.verb()));
            let is_entry = path.parent().is_some_and(|dir| entries.iter().any(|own| own == dir));
            let known = known.read().unwrap_or_else(PoisonError::into_inner);
            is_request || is_entry || known.contains(path)
        };
        Self { watch: Watch::new(&dirs, wanted, tell), paths }
    }

    /// Watches everything in the folders of `queues`, and the journals of the first `served`.
    pub(super) fn following(queues: &[&Path], served: usize, tell: Tell) -> Self {
        let paths: HashSet<PathBuf> = queues.iter().map(|queue| (*queue).to_owned()).collect();
        let states = queues[..served].iter().map(|queue| StateDir::beside(queue));
        // Without git, the journal is in the home of the state.
        let journals = states.flat_map(|state| [state.root().to_owned(), state.home()]);
        let mut dirs: Vec<PathBuf> = folders(&paths).chain(journals).collect();
        dirs.sort_unstable();
        dirs.dedup();
        Self { watch: Watch::new(&dirs, |_| true, tell), paths: Arc::new(RwLock::new(paths)) }
    }

    /// Adds the paths of `queues` and their folders. Returns the queues that are new.
    fn enter(&self, queues: &[&Path]) -> HashSet<PathBuf> {
        let mut paths = self.paths.write().unwrap_or_else(PoisonError::into_inner);
        let new = queues.iter().filter(|queue| !paths.contains(**queue));
        let new: HashSet<PathBuf> = new.map(|queue| (*queue).to_owned()).collect();
        paths.extend(folders(&new));
        paths.extend(new.iter().cloned());
        new
    }
}

impl Wake for FileWake {
    fn listen(&mut self) -> bool {
        self.watch.listen()
    }

    fn rearm(&mut self) {
        self.watch.rearm();
    }

    fn also(&mut self, queues: &[&Path]) -> bool {
        let new = self.enter(queues);
        // The lock is released here: the watcher's own thread may be waiting for it.
        for dir in folders(&new) {
            self.watch.also(dir);
        }
        !new.is_empty()
    }
}

fn folders(paths: &HashSet<PathBuf>) -> impl Iterator<Item = PathBuf> {
    paths.iter().filter_map(|path| path.parent().map(PathBuf::from))
}
