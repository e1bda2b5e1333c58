//! Wakes a waiting loop when something changes in a directory.
//!
//! Directories are watched, never files, because a rename replaces the inode of a file. Watching
//! only saves time: without it, the caller's slow poll finds every change, so all errors here are
//! ignored.

use super::dir::{Identity, identity};
use notify::event::{AccessKind, AccessMode, EventKind};
use notify::{Config, Event, RecommendedWatcher, RecursiveMode, Watcher};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Watches directories, but not what is below them.
pub(crate) struct Watch {
    /// Starts the watcher and its thread; deferred, because a caller may never wait.
    start: Option<Box<dyn FnOnce() -> Option<RecommendedWatcher> + Send>>,
    watcher: Option<RecommendedWatcher>,
    dirs: Vec<(PathBuf, Option<Identity>)>,
    pending: Arc<AtomicBool>,
    listening: bool,
}

impl Watch {
    /// Prepares to watch `dirs` from the first [`Watch::listen`] on. Calls `tell` once when
    /// something `wanted` changed, and not again before [`Watch::rearm`].
    ///
    /// `wanted` gets the changed path (the watched directory itself if it was replaced). Temp files
    /// of this program are filtered out before.
    pub(crate) fn new(
        dirs: &[PathBuf],
        wanted: impl Fn(&Path) -> bool + Send + 'static,
        tell: impl Fn() + Send + 'static,
    ) -> Self {
        let pending = Arc::new(AtomicBool::new(false));
        let flag = Arc::clone(&pending);
        let hear = move |event: notify::Result<Event>| {
            // An error means lost events: report a change to be safe.
            let matters = event.map_or(true, |event| is_change(&event, &wanted));
            if matters && !flag.swap(true, Ordering::AcqRel) {
                tell();
            }
        };
        let start = Box::new(move || with_thread(notify::recommended_watcher(hear).ok()?));
        let dirs = dirs.iter().map(|dir| (dir.clone(), None)).collect();
        Self { start: Some(start), watcher: None, dirs, pending, listening: false }
    }

    /// Starts to watch; `false` if it watches already. Earlier changes are not reported.
    pub(crate) fn listen(&mut self) -> bool {
        let first = !std::mem::replace(&mut self.listening, true);
        if first {
            self.rearm();
        }
        first
    }

    /// Prepares for the next change. Call it before reading the files again, so that a change in
    /// between is reported. Watches replaced directories again.
    pub(crate) fn rearm(&mut self) {
        self.pending.store(false, Ordering::Release);
        self.rewatch();
    }

    /// Watches `dir` too.
    pub(crate) fn also(&mut self, dir: PathBuf) {
        if !self.dirs.iter().any(|(watched, _)| *watched == dir) {
            self.dirs.push((dir, None));
            self.rewatch();
        }
    }

    /// Returns whether every directory is being watched; if not, only the poll notices changes.
    #[cfg(test)]
    pub(crate) fn is_complete(&self) -> bool {
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

/// Returns the watcher if its thread runs. The library starts that thread, ignores a failure, and
/// panics when such a watcher is used or dropped. A message that the thread must answer shows
/// whether it runs.
fn with_thread(mut watcher: RecommendedWatcher) -> Option<RecommendedWatcher> {
    if watcher.configure(Config::default()).is_ok() {
        return Some(watcher);
    }
    // Not dropped, because that would panic. Its two descriptors stay open; a watch starts at most
    // one.
    std::mem::forget(watcher);
    None
}

/// Returns whether `event` may have changed what a reader sees.
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
    fn only_what_a_reader_may_see_is_a_change() {
        use notify::event::{CreateKind, ModifyKind, RemoveKind};
        let of = |kind, paths: &[&str]| {
            let mut event = Event::new(kind);
            event.paths = paths.iter().map(PathBuf::from).collect();
            is_change(&event, &|path| path.ends_with("q.json"))
        };
        let written = EventKind::Access(AccessKind::Close(AccessMode::Write));
        for (kind, wanted) in [
            (written, true),
            (EventKind::Access(AccessKind::Close(AccessMode::Read)), false),
            (EventKind::Access(AccessKind::Open(AccessMode::Write)), false),
            (EventKind::Access(AccessKind::Read), false),
            (EventKind::Any, true),
            (EventKind::Create(CreateKind::File), true),
            (EventKind::Modify(ModifyKind::Any), true),
            (EventKind::Remove(RemoveKind::Folder), true),
            (EventKind::Other, true),
        ] {
            assert_eq!(of(kind, &["/d/q.json"]), wanted, "{kind:?}");
            assert_eq!(of(kind, &[]), wanted, "{kind:?} of no path: events may be lost");
            assert!(!of(kind, &["/d/other.json"]), "{kind:?}");
        }
        assert!(of(written, &["/d/other.json", "/d/q.json"]));
    }

    #[test]
    fn a_folder_is_watched_once_however_often_it_is_named() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        let (mut watch, told) = watch(one.path());
        for _ in 0..2 {
            watch.also(two.path().to_owned());
            watch.also(one.path().to_owned());
        }
        assert_eq!(watch.dirs.len(), 2);
        assert!(watch.is_complete() && !watch.listen());
        drop(File::create(two.path().join("q.json")).unwrap());
        assert!(comes(&told));
    }

    #[test]
    fn nothing_is_watched_before_somebody_listens() {
        let dir = tempfile::tempdir().unwrap();
        let mut watch = Watch::new(&[], |_| true, || ());
        watch.also(dir.path().to_owned());
        watch.rearm();
        assert!(!watch.is_complete());
        assert!(watch.listen() && watch.is_complete());
        assert!(!watch.listen(), "it watches already");
    }

    #[test]
    fn a_missing_directory_is_no_failure() {
        let (watch, _told) = watch(Path::new("/no/such/folder"));
        assert!(!watch.is_complete());
    }
}
