//! Loops and requests as files in the state folders, and the registry in that of the project.

use super::entry::{FileEntry, stem};
use super::peek::Peek;
use super::wake::FileWake;
use crate::domain::Task;
use crate::store::control::{Control, Entry, Looping, Tell, Wake};
use crate::store::records::registry::{Listing, Registry};
use crate::store::records::{requests, workers};
use crate::store::{StateDir, StoreError};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

/// The files by which loops and people find each other.
#[derive(Debug, Default)]
pub struct ControlFiles {
    seen: Mutex<BTreeMap<PathBuf, Peek>>,
    listings: Mutex<BTreeMap<PathBuf, Listing>>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Control for ControlFiles {
    fn enter(&self, queues: &[&Path], about: &Looping) -> Result<Box<dyn Entry>, StoreError> {
        Ok(Box::new(FileEntry::enter(queues, about)?))
    }

    fn loops(&self, queue: &Path) -> usize {
        let all = workers::look(&StateDir::beside(queue));
        all.iter().filter(|about| about.serves(stem(queue))).count()
    }

    fn paused(&self, queue: &Path) -> Option<SystemTime> {
        requests::asked(&StateDir::beside(queue), stem(queue), requests::PAUSE)
    }

    fn register(&self, root: &Path, queue: &Path) -> Result<(), StoreError> {
        let registry = Registry::of(root);
        registry.enter(queue).map_err(StoreError::io("enter the queue in", registry.dir()))
    }

    fn registered(&self, root: &Path) -> Result<Vec<PathBuf>, StoreError> {
        let registry = Registry::of(root);
        let mut listings = locked(&self.listings);
        let listing = listings.entry(root.to_owned()).or_default();
        let listed = registry.list(listing).map_err(StoreError::io("list", registry.dir()));
        listed.map(<[PathBuf]>::to_vec)
    }

    fn tasks(
        &self,
        queue: &Path,
        may_run: &dyn Fn(&Task) -> bool,
    ) -> Result<Vec<Task>, StoreError> {
        let mut seen = locked(&self.seen);
        let peek = seen.entry(queue.to_owned()).or_insert_with(|| Peek::of(queue));
        Ok(peek.tasks(may_run)?.to_vec())
    }

    fn wake(&self, queues: &[&Path], served: usize, roots: &[&Path], tell: Tell) -> Box<dyn Wake> {
        Box::new(FileWake::new(queues, served, roots, tell))
    }
}
