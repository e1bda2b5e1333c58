//! Loops and requests as files in the state folders, and the registry in that of the project.

use super::entry::{FileEntry, stem};
use super::peek::Peek;
use super::wake::FileWake;
use crate::domain::Task;
use crate::platform::{checks, open};
use crate::store::control::{
    Control, Entry, Looping, Request, Serving, Tell, Wake, Whom, Withdrawn,
};
use crate::store::records::registry::{Listing, Registry};
use crate::store::records::{requests, workers};
use crate::store::{StateDir, StoreError};
use std::collections::BTreeMap;
use std::fs;
use std::io;
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

    fn serving(&self, queue: &Path) -> Vec<Serving> {
        let all = workers::look(&StateDir::beside(queue)).into_iter();
        let serving = all.filter(|about| about.serves(stem(queue)));
        serving.map(|about| Serving { pid: about.pid, still: about.still(stem(queue)) }).collect()
    }

    fn group(&self, queue: &Path) -> (PathBuf, usize) {
        let folder = queue.parent().unwrap_or(queue).to_owned();
        (folder, workers::live(&StateDir::beside(queue)).len())
    }

    fn refusal(&self, queue: &Path) -> io::Result<Option<String>> {
        let state = StateDir::beside(queue);
        let state = state.root();
        match checks::refusal(state) {
            Ok(Some(reason)) => return Ok(Some(reason)),
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Ok(None) | Err(_) => {}
        }
        let place = if state.is_dir() { Some(state) } else { queue.parent() };
        let place = place.filter(|place| !checks::is_writable(place));
        Ok(place.map(|place| format!("the folder {} is read-only for you", place.display())))
    }

    fn ask(&self, queue: &Path, request: Request, whom: Whom) -> Result<(), StoreError> {
        let state = StateDir::beside(queue);
        let name = match whom {
            Whom::Queue => Some(stem(queue)),
            Whom::Group => None,
        };
        let file = requests::file(&state, request, name);
        requests::put(&state, &file).map_err(StoreError::io("write the request into", state.root()))
    }

    fn asked(&self, queue: &Path, request: Request) -> Option<SystemTime> {
        requests::asked(&StateDir::beside(queue), stem(queue), request)
    }

    fn withdraw(&self, queue: &Path, whom: Whom) -> Result<Withdrawn, StoreError> {
        let state = StateDir::beside(queue);
        let of = |name| Request::ALL.map(|request| requests::file(&state, request, name));
        let files = match whom {
            Whom::Queue => of(Some(stem(queue))).to_vec(),
            Whom::Group => requests::all(&state),
        };
        let mut withdrawn = Withdrawn::default();
        for path in files {
            if let Some(stray) = open::obstacle(&path) {
                withdrawn.strays.push(stray.to_string());
                continue;
            }
            match fs::remove_file(&path) {
                Ok(()) => withdrawn.count += 1,
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(StoreError::io("remove", path)(error)),
            }
        }
        withdrawn.group_is_asked = of(None).iter().any(|path| requests::date(path).is_some());
        Ok(withdrawn)
    }

    fn is_still(&self, queue: &Path) -> bool {
        requests::is_still(&StateDir::beside(queue), stem(queue))
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

    fn follow(&self, queues: &[&Path], served: usize, tell: Tell) -> Box<dyn Wake> {
        Box::new(FileWake::following(queues, served, tell))
    }
}
