//! Locks between processes: `flock` on directories (queues) and on claim files.
//!
//! A directory lock needs no lock file that could be deleted, and survives the rename of the file
//! that it protects. The kernel does the waiting, in a helper thread, so that no process starves
//! and the caller still has a deadline. In addition to the kernel's lock, each directory has a lock
//! inside the process, granted in the order of arrival, so that threads of one process exclude each
//! other too. This is the only file that uses `fs2`.

use super::dir::{Dir, Identity, identity};
use super::lock_table::holder_of;
use super::open::{self, Links};
use crate::platform::fault::{self, Fault};
use fs2::FileExt;
use std::collections::{HashMap, VecDeque};
use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError, mpsc};
use std::time::{Duration, Instant};
use thiserror::Error;

/// How long to wait for a lock before reporting it.
const QUIET: Duration = Duration::from_secs(1);
/// How often to reopen a path that keeps being replaced before giving up.
const REPLACED: u32 = 100;
/// How often to try to take a lock that a child may hold until its exec, and the time between.
const SOON_TRIES: u32 = 20;
const SOON: Duration = Duration::from_millis(5);

/// Why a lock was not taken.
#[derive(Debug, Error)]
pub enum LockError {
    /// The deadline passed.
    #[error("lock {path} within {} s: it is held by {}", .waited.as_secs_f32(), .holder.as_deref().unwrap_or("another process"))]
    TimedOut {
        /// The directory.
        path: PathBuf,
        /// How long the caller waited.
        waited: Duration,
        /// The process that holds it, if it can be determined.
        holder: Option<String>,
    },
    /// The system refused.
    #[error("lock {path}")]
    Io {
        /// The directory or file.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl LockError {
    /// Returns only the error of the system, for callers that name the file themselves.
    pub fn into_io(self) -> io::Error {
        match self {
            Self::Io { source, .. } => source,
            timed_out @ Self::TimedOut { .. } => io::Error::other(timed_out),
        }
    }
}

/// Reports the holder of a lock that is awaited: called once, after a second.
pub type OnWait<'a> = &'a mut dyn FnMut(&Path, Option<&str>);

/// The exclusive lock of one directory, until it is dropped.
#[derive(Debug)]
pub struct DirLock {
    dir: Arc<Dir>,
    _turn: Turn,
}

impl DirLock {
    /// Locks the directory at `path`. Waits at most `limit`, or without limit if `None`.
    pub fn acquire(
        path: &Path,
        limit: Option<Duration>,
        on_wait: OnWait<'_>,
    ) -> Result<Self, LockError> {
        let mut wait = Wait { path, start: Instant::now(), limit, told: false, on_wait };
        for _ in 0..REPLACED {
            let dir = Dir::open(path).map_err(|source| wait.io(source))?;
            let turn = Turn::take(dir.identity(), &mut wait)?;
            let lock = Self { dir: lock_in_kernel(dir, &mut wait)?, _turn: turn };
            if lock.dir.is_current().map_err(|source| wait.io(source))? {
                return Ok(lock);
            }
        }
        Err(wait.io(io::Error::other("the directory keeps being replaced")))
    }

    /// The locked directory, open.
    pub fn dir(&self) -> &Dir {
        &self.dir
    }
}

impl Drop for DirLock {
    fn drop(&mut self) {
        // Explicitly, not by closing: a child between fork and exec still has the descriptor open.
        drop(FileExt::unlock(self.dir.file()));
    }
}

/// Locks several directories, each once, in an order that all processes share.
pub fn acquire_all(
    paths: &[PathBuf],
    limit: Option<Duration>,
    on_wait: OnWait<'_>,
) -> Result<Vec<DirLock>, LockError> {
    let start = Instant::now();
    for _ in 0..REPLACED {
        let mut order: Vec<(Identity, &PathBuf)> = Vec::with_capacity(paths.len());
        for path in paths {
            let meta = std::fs::metadata(path)
                .map_err(|source| LockError::Io { path: path.clone(), source })?;
            order.push((identity(&meta), path));
        }
        order.sort_unstable_by_key(|(identity, _)| *identity);
        order.dedup_by_key(|(identity, _)| *identity);
        let mut locks = Vec::with_capacity(order.len());
        for (_, path) in &order {
            let left = limit.map(|limit| limit.saturating_sub(start.elapsed()));
            locks.push(DirLock::acquire(path, left, on_wait)?);
        }
        // A directory that was replaced in between may have left the common order: start again.
        if order.iter().zip(&locks).all(|((identity, _), lock)| *identity == lock.dir.identity()) {
            return Ok(locks);
        }
    }
    let path = paths.first().cloned().unwrap_or_default();
    let source = io::Error::other("the directories keep being replaced");
    Err(LockError::Io { path, source })
}

/// A wait for `path`: how long it has lasted, and what to do about it.
struct Wait<'a, 'b> {
    path: &'a Path,
    start: Instant,
    limit: Option<Duration>,
    told: bool,
    on_wait: OnWait<'b>,
}

impl Wait<'_, '_> {
    fn io(&self, source: io::Error) -> LockError {
        LockError::Io { path: self.path.to_owned(), source }
    }

    /// Returns how long to wait until the next [`tick`](Self::tick); `None` without limit.
    fn slice(&self) -> Option<Duration> {
        let waited = self.start.elapsed();
        let end = self.limit.map(|limit| limit.saturating_sub(waited));
        if self.told {
            return end;
        }
        let quiet = QUIET.saturating_sub(waited);
        Some(end.map_or(quiet, |end| end.min(quiet)))
    }

    /// Reports the holder once the quiet time has passed; fails once the limit has passed.
    fn tick(&mut self, identity: Identity) -> Result<(), LockError> {
        let waited = self.start.elapsed();
        if !self.told && waited >= QUIET {
            self.told = true;
            (self.on_wait)(self.path, holder_of(identity).as_deref());
        }
        if self.limit.is_some_and(|limit| waited >= limit) {
            let path = self.path.to_owned();
            return Err(LockError::TimedOut { path, waited, holder: holder_of(identity) });
        }
        Ok(())
    }
}

const WAITING: u8 = 0;
const TAKEN: u8 = 1;
const ABANDONED: u8 = 2;

/// Takes the kernel's lock: at once if it is free, otherwise through a helper thread that blocks.
fn lock_in_kernel(dir: Dir, wait: &mut Wait<'_, '_>) -> Result<Arc<Dir>, LockError> {
    let dir = Arc::new(dir);
    if fault::is(Fault::NoLock) {
        return Ok(dir);
    }
    match retried(|| FileExt::try_lock_exclusive(dir.file())) {
        Ok(()) => return Ok(dir),
        Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
        Err(source) => return Err(wait.io(source)),
    }
    let state = Arc::new(AtomicU8::new(WAITING));
    let (sender, receiver) = mpsc::channel();
    let (helper_dir, helper_state) = (Arc::clone(&dir), Arc::clone(&state));
    let block = move || {
        let result = retried(|| FileExt::lock_exclusive(helper_dir.file()));
        let late = swap(&helper_state, TAKEN).is_err();
        if late && result.is_ok() {
            drop(FileExt::unlock(helper_dir.file()));
        }
        drop(sender.send(result));
    };
    let helper = std::thread::Builder::new().name("lock".to_owned()).stack_size(64 * 1024);
    drop(helper.spawn(block).map_err(|source| wait.io(source))?);
    loop {
        let answer = match wait.slice() {
            None => receiver.recv().map_err(|_| mpsc::RecvTimeoutError::Disconnected),
            Some(slice) => receiver.recv_timeout(slice),
        };
        match answer {
            Ok(result) => return result.map(|()| dir).map_err(|source| wait.io(source)),
            Err(mpsc::RecvTimeoutError::Disconnected) => {
                return Err(wait.io(io::Error::other("the helper thread ended")));
            }
            Err(mpsc::RecvTimeoutError::Timeout) => {}
        }
        if let Err(error) = wait.tick(dir.identity()) {
            if swap(&state, ABANDONED).is_ok() {
                return Err(error);
            }
            // The helper got the lock in the same instant, so nothing else will release it.
            let result = receiver.recv().unwrap_or_else(|_| Err(io::Error::other("lost")));
            return result.map(|()| dir).map_err(|source| wait.io(source));
        }
    }
}

fn swap(state: &AtomicU8, to: u8) -> Result<u8, u8> {
    state.compare_exchange(WAITING, to, Ordering::AcqRel, Ordering::Acquire)
}

fn retried(mut call: impl FnMut() -> io::Result<()>) -> io::Result<()> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            other => return other,
        }
    }
}

/// The threads of this process that wait for each directory, in the order of arrival.
type Queues = HashMap<Identity, VecDeque<u64>>;

static QUEUES: Mutex<Option<Queues>> = Mutex::new(None);
static MOVED: Condvar = Condvar::new();
static NEXT: AtomicU64 = AtomicU64::new(0);

fn queues() -> MutexGuard<'static, Option<Queues>> {
    QUEUES.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The turn of one thread among those of this process.
#[derive(Debug)]
struct Turn {
    identity: Identity,
    ticket: u64,
}

impl Turn {
    fn take(identity: Identity, wait: &mut Wait<'_, '_>) -> Result<Self, LockError> {
        let ticket = NEXT.fetch_add(1, Ordering::Relaxed);
        let mut guard = queues();
        guard.get_or_insert_default().entry(identity).or_default().push_back(ticket);
        let turn = Self { identity, ticket };
        while !turn.is_first(&guard) {
            guard = match wait.slice() {
                None => MOVED.wait(guard).unwrap_or_else(PoisonError::into_inner),
                Some(slice) => {
                    MOVED.wait_timeout(guard, slice).unwrap_or_else(PoisonError::into_inner).0
                }
            };
            if turn.is_first(&guard) {
                break;
            }
            // Without the mutex: the caller's closure, and the drop on failure, may take time.
            drop(guard);
            wait.tick(identity)?;
            guard = queues();
        }
        Ok(turn)
    }

    fn is_first(&self, queues: &Option<Queues>) -> bool {
        let queue = queues.as_ref().and_then(|all| all.get(&self.identity));
        queue.and_then(VecDeque::front) == Some(&self.ticket)
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut guard = queues();
        let all = guard.get_or_insert_default();
        if let Some(queue) = all.get_mut(&self.identity) {
            queue.retain(|ticket| *ticket != self.ticket);
            if queue.is_empty() {
                all.remove(&self.identity);
            }
        }
        drop(guard);
        MOVED.notify_all();
    }
}

/// A claim file, locked without waiting. Closing its last descriptor unlocks it.
#[derive(Debug)]
pub struct FileLock {
    file: File,
    path: PathBuf,
    created: bool,
}

impl FileLock {
    /// Does the same as [`Self::try_acquire`], but does not take a lock for held that this process
    /// just released: a child has all files of its parent open between fork and exec.
    pub fn acquire_soon(path: &Path) -> Result<Option<Self>, LockError> {
        for _ in 1..SOON_TRIES {
            if let Some(lock) = Self::try_acquire(path)? {
                return Ok(Some(lock));
            }
            std::thread::sleep(SOON);
        }
        Self::try_acquire(path)
    }

    /// Locks the file at `path` and creates it if it is missing; `None` while another process holds
    /// its lock.
    pub fn try_acquire(path: &Path) -> Result<Option<Self>, LockError> {
        let fail = |source| LockError::Io { path: path.to_owned(), source };
        for _ in 0..REPLACED {
            // Anything else in the place of a claim file proves no more than a deleted file.
            let opened = open::in_place_of_others(path, open::existing_or_new);
            let (file, created) = opened.map_err(fail)?;
            match retried(|| FileExt::try_lock_exclusive(&file)) {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(None),
                Err(error) => return Err(fail(error)),
            }
            // A lock on a file that was deleted or replaced meanwhile excludes nobody.
            let ours = identity(&file.metadata().map_err(fail)?);
            if std::fs::symlink_metadata(path).is_ok_and(|meta| identity(&meta) == ours) {
                return Ok(Some(Self { file, path: path.to_owned(), created }));
            }
        }
        Err(fail(io::Error::other("the file keeps being replaced")))
    }

    /// Returns whether another process holds the lock of the file at `path`. Creates and changes
    /// nothing.
    pub fn is_held(path: &Path) -> bool {
        let file = open::reading(path, Links::Refuse);
        let tried = file.map(|file| retried(|| FileExt::try_lock_exclusive(&file)));
        matches!(tried, Ok(Err(error)) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Returns whether this call created the file.
    pub fn created(&self) -> bool {
        self.created
    }

    /// The path by which it was locked.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Device and inode of the locked file, whatever its path names now.
    pub fn identity(&self) -> io::Result<Identity> {
        Ok(identity(&self.file.metadata()?))
    }

    /// The locked file.
    pub fn file(&self) -> &File {
        &self.file
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::ffi::OsStr;
    use std::fs;
    use std::io::{BufRead, BufReader};

    const SOON: Option<Duration> = Some(Duration::from_millis(50));

    fn lock(path: &Path, limit: Option<Duration>) -> Result<DirLock, LockError> {
        DirLock::acquire(path, limit, &mut |_, _| {})
    }

    /// Another process that holds the lock until this is dropped, or the test dies.
    struct Other(io::PipeWriter, BufReader<duct::ReaderHandle>);

    impl Other {
        fn locks(path: &Path) -> Self {
            let script = ["sh", "-c", "echo; exec cat"].map(OsStr::new);
            let args = [path.as_os_str()].into_iter().chain(script);
            let (input, keep) = io::pipe().unwrap();
            let handle = duct::cmd("flock", args).stdin_file(input).unchecked().reader().unwrap();
            let mut reader = BufReader::new(handle);
            reader.read_line(&mut String::new()).unwrap();
            Self(keep, reader)
        }

        fn ends(self) {
            drop(self.0);
            self.1.lines().for_each(drop);
        }
    }

    #[test]
    fn an_error_says_what_was_locked_and_who_has_it() {
        let timed_out = |holder: Option<&str>| LockError::TimedOut {
            path: "/queues".into(),
            waited: Duration::from_millis(1_500),
            holder: holder.map(str::to_owned),
        };
        let text = "lock /queues within 1.5 s: it is held by ";
        assert_eq!(timed_out(None).to_string(), format!("{text}another process"));
        assert_eq!(timed_out(Some("process 7 (vi)")).to_string(), format!("{text}process 7 (vi)"));
        assert_eq!(timed_out(None).into_io().to_string(), format!("{text}another process"));
        let refused =
            || LockError::Io { path: "/queues".into(), source: io::ErrorKind::NotFound.into() };
        assert_eq!(refused().to_string(), "lock /queues");
        assert_eq!(refused().into_io().kind(), io::ErrorKind::NotFound);
    }

    #[test]
    fn a_wait_reports_the_holder_once_and_ends_at_its_limit() {
        let dir = tempfile::tempdir().unwrap();
        let held = lock(dir.path(), None).unwrap();
        let identity = held.dir().identity();
        let mut told = Vec::new();
        let mut on_wait = |_: &Path, holder: Option<&str>| told.push(holder.map(str::to_owned));
        let since = |millis| Instant::now().checked_sub(Duration::from_millis(millis)).unwrap();
        let limit = Some(Duration::from_secs(5));
        let mut wait =
            Wait { path: dir.path(), start: since(10), limit, told: false, on_wait: &mut on_wait };
        assert!(wait.slice().is_some_and(|slice| slice <= QUIET));
        wait.tick(identity).unwrap();
        wait.start = since(2_000);
        assert_eq!(wait.slice(), Some(Duration::ZERO), "the holder is to be reported now");
        wait.tick(identity).unwrap();
        wait.tick(identity).unwrap();
        assert!(
            wait.slice().is_some_and(
                |slice| slice > Duration::from_secs(2) && slice <= Duration::from_secs(3)
            )
        );
        wait.limit = None;
        assert_eq!(wait.slice(), None, "it waits without an end");
        (wait.limit, wait.start) = (limit, since(5_000));
        let error = wait.tick(identity).unwrap_err();
        assert!(
            matches!(error, LockError::TimedOut { waited, .. } if waited >= Duration::from_secs(5))
        );
        if cfg!(target_os = "linux") {
            assert_eq!(told, [Some("another thread of this process".to_owned())]);
        }
    }

    #[test]
    fn a_folder_that_is_missing_or_locked_here_is_told_at_once() {
        let dir = tempfile::tempdir().unwrap();
        let none = dir.path().join("none");
        let error = lock(&none, None).unwrap_err();
        assert!(
            matches!(&error, LockError::Io { path, source } if *path == none && source.kind() == io::ErrorKind::NotFound)
        );
        let _held = lock(dir.path(), None).unwrap();
        let error = lock(dir.path(), Some(Duration::ZERO)).unwrap_err();
        assert!(matches!(error, LockError::TimedOut { .. }), "{error}");
        let both = [dir.path().to_owned(), none.clone()];
        let error = acquire_all(&both, Some(Duration::ZERO), &mut |_, _| ()).unwrap_err();
        assert!(
            matches!(error, LockError::Io { path, .. } if path == none),
            "before any is locked"
        );
        assert!(acquire_all(&[], None, &mut |_, _| ()).unwrap().is_empty());
    }

    #[test]
    fn excludes_threads_in_order() {
        let dir = tempfile::tempdir().unwrap();
        let count = AtomicU64::new(0);
        let add = || {
            let _lock = lock(dir.path(), None).unwrap();
            let seen = count.load(Ordering::Relaxed);
            std::thread::yield_now();
            count.store(seen + 1, Ordering::Relaxed);
        };
        std::thread::scope(|scope| {
            for _ in 0..8 {
                scope.spawn(|| (0..100).for_each(|_| add()));
            }
        });
        assert_eq!(count.load(Ordering::Relaxed), 800);
        assert!(
            queues()
                .as_ref()
                .is_none_or(|all| !all.contains_key(&Dir::open(dir.path()).unwrap().identity()))
        );
    }

    #[test]
    fn another_process_excludes_us_until_it_dies() {
        if crate::platform::programs::lacks("flock") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let other = Other::locks(dir.path());
        let error = lock(dir.path(), SOON).unwrap_err();
        let LockError::TimedOut { holder, .. } = &error else { panic!("{error}") };
        if cfg!(target_os = "linux") {
            assert!(holder.as_ref().unwrap().contains("process"), "{holder:?}");
        }
        let mut told = Vec::new();
        let slow = Some(Duration::from_millis(1_200));
        let waited = DirLock::acquire(dir.path(), slow, &mut |_, holder| {
            told.push(holder.map(str::to_owned));
        });
        assert!(matches!(waited, Err(LockError::TimedOut { .. })));
        assert_eq!(told.len(), 1);
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| lock(dir.path(), Some(Duration::from_secs(20))));
            other.ends();
            waiting.join().unwrap().unwrap();
        });
        // The helpers that were too late must have released the lock.
        drop(lock(dir.path(), Some(Duration::from_secs(20))).unwrap());
    }

    #[test]
    fn we_exclude_another_process() {
        if crate::platform::programs::lacks("flock") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let taken = lock(dir.path(), SOON).unwrap();
        let try_it = || {
            let args = ["-n".as_ref(), dir.path().as_os_str(), "true".as_ref()];
            duct::cmd("flock", args).unchecked().run().unwrap().status.success()
        };
        assert!(!try_it());
        drop(taken);
        assert!(try_it());
    }

    #[test]
    fn a_replaced_directory_is_opened_anew() {
        let dir = tempfile::tempdir().unwrap();
        let (path, old) = (dir.path().join("queues"), dir.path().join("old"));
        fs::create_dir(&path).unwrap();
        let first = lock(&path, SOON).unwrap();
        std::thread::scope(|scope| {
            let waiting = scope.spawn(|| lock(&path, Some(Duration::from_secs(20))).unwrap());
            let is_waiting = || queues().as_ref().unwrap()[&first.dir().identity()].len() == 2;
            while !is_waiting() {
                std::thread::yield_now();
            }
            fs::rename(&path, &old).unwrap();
            fs::create_dir(&path).unwrap();
            let now = Dir::open(&path).unwrap().identity();
            let before = first.dir().identity();
            drop(first);
            let second = waiting.join().unwrap();
            assert_ne!(second.dir().identity(), before);
            assert_eq!(second.dir().identity(), now);
        });
    }

    #[test]
    fn several_are_locked_once_each() {
        let dir = tempfile::tempdir().unwrap();
        let (a, b) = (dir.path().join("a"), dir.path().join("b"));
        fs::create_dir(&a).unwrap();
        fs::create_dir(&b).unwrap();
        std::os::unix::fs::symlink("a", dir.path().join("c")).unwrap();
        let paths = [b, a.clone(), dir.path().join("c")];
        let locks = acquire_all(&paths, SOON, &mut |_, _| {}).unwrap();
        assert_eq!(locks.len(), 2);
        assert!(locks[0].dir().identity() < locks[1].dir().identity());
        assert!(lock(&a, SOON).is_err());
        drop(locks);
        drop(lock(&a, SOON).unwrap());
    }

    #[test]
    fn claim_files_are_locked_until_closed_everywhere() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("1.lock");
        let first = FileLock::try_acquire(&path).unwrap().unwrap();
        assert!(first.created());
        assert!(FileLock::try_acquire(&path).unwrap().is_none());
        let copy = first.file().try_clone().unwrap();
        drop(first);
        assert!(FileLock::try_acquire(&path).unwrap().is_none());
        drop(copy);
        assert!(!FileLock::try_acquire(&path).unwrap().unwrap().created());
        // A link is not followed: a new file in its place is locked.
        let lock = FileLock::try_acquire(&path).unwrap();
        let link = dir.path().join("2.lock");
        std::os::unix::fs::symlink("1.lock", &link).unwrap();
        assert!(FileLock::try_acquire(&link).unwrap().unwrap().created());
        drop(lock);
        duct::cmd!("mkfifo", dir.path().join("3.lock")).run().unwrap();
        assert!(!FileLock::is_held(&dir.path().join("3.lock")));
        let lock = FileLock::try_acquire(&dir.path().join("3.lock")).unwrap().unwrap();
        assert!(lock.created() && FileLock::is_held(lock.path()));
        assert!(!FileLock::is_held(&path) && !FileLock::is_held(&dir.path().join("4.lock")));
    }
}
