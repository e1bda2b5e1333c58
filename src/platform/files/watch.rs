//! Wakes a waiting loop when something changes in a directory.
//!
//! Directories are watched, never files: a rename replaces the inode of a file. It is a help, not
//! a promise: where nothing can be watched the caller's slow poll is all there is, so every
//! failure here is silent.

use super::dir::{Identity, identity};
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Config, Event, RecommendedWatcher, RecursiveMode, Watcher};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Watches directories, not what lies below them.
pub struct Watch {
    /// Starts the watcher, which has a thread of its own: who never waits is spared it.
    start: Option<Box<dyn FnOnce() -> Option<RecommendedWatcher> + Send>>,
    watcher: Option<RecommendedWatcher>,
    dirs: Vec<(PathBuf, Option<Identity>)>,
    pending: Arc<AtomicBool>,
    listening: bool,
}

impl Watch {
    /// Gets ready to watch `dirs` from the first [`Watch::listen`] on; calls `tell` once when
    /// something `wanted` changed, then not again before [`Watch::rearm`].
    ///
    /// `wanted` is given the changed path (a watched directory itself when it was replaced); temp
    /// files of our own writes are left out before.
    pub fn new(
        dirs: &[PathBuf],
        wanted: impl Fn(&Path) -> bool + Send + 'static,
        tell: impl Fn() + Send + 'static,
    ) -> Self {
        let pending = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&pending);
        let hear = move |event: notify::Result<Event>| {
            // An error means lost events: better one look too many.
            let matters = event.map_or(true, |event| is_change(&event, &wanted));
            if matters && !flag.swap(true, Ordering::AcqRel) {
                tell();
            }
        };
        let start = Box::new(move || with_thread(notify::recommended_watcher(hear).ok()?));
        let dirs = dirs.iter().map(|dir| (dir.clone(), None)).collect();
        Self { start: Some(start), watcher: None, dirs, pending, listening: false }
    }

    /// Watches from now on; `false` when it did so before. What changed until now is not told.
    pub fn listen(&mut self) -> bool {
        let first = !std::mem::replace(&mut self.listening, true);
        if first {
            self.rearm();
        }
        first
    }

    /// Makes ready for the next change; call it before looking at the files again, so that what
    /// changes in between is told. Watches directories again that were replaced.
    pub fn rearm(&mut self) {
        self.pending.store(false, Ordering::Release);
        self.rewatch();
    }

    /// Watches `dir` too.
    pub fn also(&mut self, dir: PathBuf) {
        if !self.dirs.iter().any(|(watched, _)| *watched == dir) {
            self.dirs.push((dir, None));
            self.rewatch();
        }
    }

    /// Whether every directory is being watched; if not, only the poll notices changes.
    pub fn is_complete(&self) -> bool {
        self.watcher.is_some() && self.dirs.iter().all(|(_, watched)| watched.is_some())
    }

    fn rewatch(&mut self) {
        if !self.listening {
            return;
        }
        if let Some(start) = self.start.take() {
            self.watcher = start();
        }
        let Some(watcher) = &mut self.watcher else { return };
        for (dir, watched) in &mut self.dirs {
            let now = fs::metadata(&*dir).ok().map(|meta| identity(&meta));
            if now.is_some() && now == *watched {
                continue;
            }
            if watched.take().is_some() {
                drop(watcher.unwatch(dir));
            }
            if now.is_some() && watcher.watch(dir, RecursiveMode::NonRecursive).is_ok() {
                *watched = now;
            }
        }
    }
}

/// The watcher, if its thread runs: the library starts one, says nothing when the system refuses it,
/// and panics when such a watcher is used or dropped. A message that its thread answers tells.
fn with_thread(mut watcher: RecommendedWatcher) -> Option<RecommendedWatcher> {
    if watcher.configure(Config::default()).is_ok() {
        return Some(watcher);
    }
    // Not dropped: that would panic. Its two descriptors stay open; a watch starts one at most.
    std::mem::forget(watcher);
    None
}

/// Whether `event` may have changed what somebody reads.
fn is_change(event: &Event, wanted: &dyn Fn(&Path) -> bool) -> bool {
    let changes = match event.kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_) => false,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    };
    let is_ours =
        |path: &Path| path.file_name().is_some_and(|name| super::atomic_file::is_temp(name, None));
    changes
        && (event.paths.is_empty() || event.paths.iter().any(|path| !is_ours(path) && wanted(path)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::sync::mpsc::{Receiver, channel};
    use std::time::Duration;

    fn watch(dir: &Path) -> (Watch, Receiver<()>) {
        let (sender, receiver) = channel();
        let tell = move || sender.send(()).unwrap_or_default();
        let wanted = |path: &Path| path.extension().is_none_or(|e| e == "json");
        let mut watch = Watch::new(&[dir.to_owned()], wanted, tell);
        assert!(watch.listen() && !watch.listen());
        (watch, receiver)
    }

    fn comes(receiver: &Receiver<()>) -> bool {
        receiver.recv_timeout(Duration::from_secs(10)).is_ok()
    }

    #[test]
    fn tells_once_until_rearmed() {
        let temp = tempfile::tempdir().unwrap();
        let (mut watch, told) = watch(temp.path());
        assert!(watch.is_complete());
        drop(File::create(temp.path().join(".q.json.0123abcd.tmp")).unwrap());
        drop(File::create(temp.path().join("other.txt")).unwrap());
        drop(File::create(temp.path().join("q.json")).unwrap());
        assert!(comes(&told));
        drop(File::create(temp.path().join("r.json")).unwrap());
        assert!(told.try_recv().is_err());
        watch.rearm();
        std::fs::rename(temp.path().join("r.json"), temp.path().join("q.json")).unwrap();
        assert!(comes(&told));
    }

    #[test]
    fn follows_a_replaced_directory() {
        let temp = tempfile::tempdir().unwrap();
        let dir = temp.path().join("queues");
        std::fs::create_dir(&dir).unwrap();
        let (mut watch, told) = watch(&dir);
        std::fs::remove_dir(&dir).unwrap();
        assert!(comes(&told));
        watch.rearm();
        assert!(!watch.is_complete());
        std::fs::create_dir(&dir).unwrap();
        watch.rearm();
        assert!(watch.is_complete());
        while told.try_recv().is_ok() {}
        watch.rearm();
        drop(File::create(dir.join("q.json")).unwrap());
        assert!(comes(&told));
    }

    #[test]
    fn a_missing_directory_is_no_failure() {
        let (watch, _told) = watch(Path::new("/no/such/folder"));
        assert!(!watch.is_complete());
    }
}
