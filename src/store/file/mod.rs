//! Queues in files: the lock on their directories, the atomic write, the journal.
//!
//! One update consists of these steps, in this order: lock every directory that it needs; read what
//! changed since the last read; repair what was set back; change; write a temp file and sync it;
//! check the original again; append to the journal; rename; sync the directory. A reader takes no
//! lock and sees the old text or the new one, never a part.

mod beside;
mod commit;
mod edits;
mod keep;
mod loaded;
mod lost_tasks;
mod notes;
mod options;
mod parts;
mod passed;
mod peek;
mod reconcile;
mod recorded;
mod told;
mod watched;

use super::draft::Draft;
use super::journal::Journal;
use super::{Patience, QueueStore, StoreError};
use crate::domain::{Event, QueueIx};
use crate::platform::atomic_file::{is_littered, sweep};
use crate::platform::lock::{self, DirLock, LockError};
use crate::platform::{checks, descriptors, fs_kind};
use crate::queue::{QUEUE_VERSION, Queue, schema};
use loaded::Loaded;
pub use options::{FileOptions, OnChange, OnWait};
use parts::{Journals, Locking};
pub use peek::Peek;
use reconcile::Judge;
use recorded::{Recorded, SETTLE, decided, tasks_of};
use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::thread;
use std::time::{Duration, Instant};

/// How often an update starts over because another program saved the file meanwhile.
const ROUNDS: u32 = 5;
/// The interval between two reads of a file that is being saved.
const SETTLE_STEP: Duration = Duration::from_millis(20);

/// A set of queue files.
pub struct FileStore {
    queues: Vec<Queue>,
    loaded: Vec<Loaded>,
    /// The number of queues that may be changed; the others are only read.
    served: usize,
    /// Queues that are neither written nor repaired for now, whatever their files contain.
    alone: HashSet<QueueIx>,
    locking: Locking,
    journals: Journals,
    options: FileOptions,
    /// What was last recorded of each served queue.
    recorded: Recorded,
    /// Called with the queues when one of them has changed.
    on_change: Option<OnChange>,
}

impl std::fmt::Debug for FileStore {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileStore").field("files", &self.loaded).finish_non_exhaustive()
    }
}

impl FileStore {
    /// Opens and reads the queue files at `paths`. Writes nothing and takes no lock.
    ///
    /// # Errors
    /// [`StoreError`] when a file cannot be read, is refused or is unsafe.
    pub fn open(paths: &[PathBuf], options: FileOptions) -> Result<Self, StoreError> {
        let mut loaded = Vec::with_capacity(paths.len());
        let mut queues = Vec::with_capacity(paths.len());
        for path in paths {
            let real = checks::real_path(path).map_err(StoreError::io("open", path))?;
            let backups = options.backups.as_ref();
            let (file, queue) = settled(SETTLE, || Loaded::read(&real, backups))?;
            loaded.push(file);
            queues.push(queue);
        }
        let journal = |file: &Loaded| (file.dir().to_owned(), Journal::new(file.state().clone()));
        let by_dir = loaded.iter().map(journal).collect();
        let served = loaded.len();
        let alone = HashSet::new();
        let recorded = Recorded::of(served);
        Ok(Self {
            queues,
            loaded,
            served,
            alone,
            locking: Locking::default(),
            journals: Journals { by_dir, waiting: Vec::new() },
            options,
            recorded,
            on_change: None,
        })
    }

    /// Loads another queue for reading only. Returns `false` if it cannot be read.
    pub fn watch(&mut self, path: &Path) -> bool {
        let backups = self.options.backups.as_ref();
        let read = checks::real_path(path).ok().and_then(|real| Loaded::read(&real, backups).ok());
        let Some((file, queue)) = read else { return false };
        self.loaded.push(file);
        self.queues.push(queue);
        true
    }

    /// Locks more directories in each update: the project roots, if the claims of their other
    /// queues count.
    pub fn also_lock(&mut self, dirs: Vec<PathBuf>) {
        self.locking.also = dirs;
    }

    /// Fails if writes cannot be safe here.
    ///
    /// # Errors
    /// [`StoreError::Unsafe`] with the reason.
    pub fn check_writable(&self) -> Result<(), StoreError> {
        self.refuse_newer()?;
        for file in &self.loaded[..self.served] {
            let state = file.state();
            Journal::new(state.clone()).check_known()?;
            let refuse =
                |path: &Path, reason| Err(StoreError::Unsafe { path: path.to_owned(), reason });
            for path in [file.path(), state.root()] {
                match checks::refusal(path) {
                    Ok(None) => {}
                    Ok(Some(reason)) => return refuse(path, reason),
                    Err(error) if error.kind() == std::io::ErrorKind::NotFound => {}
                    Err(error) => return Err(StoreError::io("inspect", path)(error)),
                }
            }
            if !checks::is_writable(file.dir()) {
                let reason = "the folder is read-only for you: status, next, why and check \
                              work; verbs that write do not";
                return refuse(file.dir(), reason.to_owned());
            }
            let kind = fs_kind::refusal(file.dir())
                .map_err(StoreError::io("determine the file system of", file.dir()))?;
            if let Some(reason) = kind.filter(|_| !self.options.unsafe_fs) {
                return refuse(file.dir(), reason);
            }
        }
        Ok(())
    }

    /// Returns the real paths of the queues, symlinks resolved.
    pub fn paths(&self) -> impl Iterator<Item = &Path> {
        self.loaded.iter().map(Loaded::path)
    }

    fn lock(&mut self, patience: Patience) -> Result<Vec<DirLock>, StoreError> {
        self.check_room()?;
        let served = self.loaded[..self.served].iter();
        let mut dirs: Vec<PathBuf> = served.map(|f| f.dir().to_owned()).collect();
        // A root may be created after the store was opened.
        dirs.extend(self.locking.also.iter().filter(|dir| dir.is_dir()).cloned());
        let limit = self.limit(patience);
        let locks = lock::acquire_all(&dirs, limit, &mut *self.options.on_wait)?;
        if !self.locking.swept {
            self.locking.swept = true;
            for file in &self.loaded[..self.served] {
                if let Some(lock) = locks.iter().find(|lock| lock.dir().path() == file.dir()) {
                    // A leftover temp file costs space, not correctness.
                    drop(sweep(lock.dir(), file.name()));
                }
            }
        }
        Ok(locks)
    }

    /// Removes what dead writers left beside the queues. The first update does this too; call it if
    /// there may be nothing to write.
    ///
    /// # Errors
    /// [`StoreError`] when the lock cannot be acquired.
    pub fn sweep(&mut self, patience: Patience) -> Result<(), StoreError> {
        let served = &self.loaded[..self.served];
        if served.iter().any(|file| is_littered(file.dir(), file.name())) {
            drop(self.lock(patience)?);
        }
        Ok(())
    }

    /// Fails if there are so few descriptors that an existing file could seem to be missing.
    fn check_room(&self) -> Result<(), StoreError> {
        let dir = self.loaded.first().map_or(Path::new("."), Loaded::dir);
        descriptors::check_room().map_err(StoreError::io("open files in", dir))
    }

    fn limit(&self, patience: Patience) -> Option<Duration> {
        match patience {
            Patience::Limited => Some(self.options.lock_timeout),
            Patience::Unlimited => None,
        }
    }

    /// Fails if a queue has a newer format: such a queue is read, not written.
    fn refuse_newer(&self) -> Result<(), StoreError> {
        for queue in &self.queues[..self.served] {
            let found = queue.format_version();
            if found > QUEUE_VERSION {
                return Err(StoreError::Newer { path: queue.path().to_owned(), found });
            }
        }
        Ok(())
    }

    /// Reads what changed and returns the indices of the changed queues.
    fn load(&mut self) -> Result<Vec<QueueIx>, StoreError> {
        let mut changed = Vec::new();
        for (index, file) in QueueIx::each(&mut self.loaded) {
            match file.refresh(&mut self.queues[index]) {
                Ok(true) => changed.push(index),
                Ok(false) => {}
                // A queue that is only read stays as it was last read. Tasks that depend on it
                // wait; nothing else is delayed.
                Err(_) if index.index() >= self.served || self.alone.contains(&index) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(changed)
    }

    /// Runs one round of an update under the lock. Returns `None` if a file changed meanwhile.
    fn round(
        &mut self,
        locks: &[DirLock],
        change: &mut dyn FnMut(&mut Draft<'_>) -> Result<(), StoreError>,
    ) -> Result<Option<Vec<Event>>, StoreError> {
        self.load()?;
        self.refuse_newer()?;
        for (file, queue) in self.loaded.iter_mut().zip(&self.queues).take(self.served) {
            file.know(queue);
        }
        self.load_undecided()?;
        self.doubt_watched();
        let before: Vec<u64> = self.queues.iter().map(Queue::revision).collect();
        let now = self.options.clock.now();
        let mut draft = Draft::new(&mut self.queues, now);
        let served = &mut self.loaded[..self.served];
        let judge = Judge {
            journals: &self.journals.by_dir,
            memory: &self.recorded.memory,
            roots: &self.locking.also,
            alone: &self.alone,
            quiet: &self.recorded.quiet,
            verified: self.recorded.verified,
            verified_here: self.recorded.verified_here,
            ids: &*self.options.ids,
            backups: self.options.backups.as_ref(),
        };
        let unjudged: Vec<QueueIx> =
            QueueIx::first(served.len()).filter(|n| served[*n].is_unexplained()).collect();
        let undecided = &mut self.recorded.undecided;
        let judged = judge.external_edits(&mut draft, served, undecided);
        Self::forget_decided(draft.queues(), undecided, &self.alone);
        draft.hold(tasks_of(undecided).collect());
        let made = judged.and_then(|accepted| change(&mut draft).map(|()| accepted));
        let events = draft.into_events();
        let touched: Vec<QueueIx> = QueueIx::first(self.served)
            .filter(|n| self.queues[*n].revision() != before[*n])
            .collect();
        let written = made.and_then(|accepted| {
            let decided = decided(&events);
            let written = self.commit(locks, &touched, events)?;
            if written.is_some() {
                let changed = [touched.clone(), accepted].concat();
                self.tell_of_change(!changed.is_empty());
                self.keep(changed, &decided);
            }
            Ok(written)
        });
        if !matches!(written, Ok(Some(_))) {
            unjudged.into_iter().for_each(|index| self.loaded[index].doubt());
            // The queues in memory differ from the files.
            for index in touched {
                self.loaded[index].forget();
            }
            if written.is_err() {
                self.load()?;
            }
        }
        written
    }
}

impl QueueStore for FileStore {
    fn queues(&self) -> &[Queue] {
        &self.queues
    }

    fn read(&mut self) -> Result<bool, StoreError> {
        let changed = settled(self.recorded.settle, || self.load())?;
        Ok(!changed.is_empty())
    }

    fn update(
        &mut self,
        patience: Patience,
        change: &mut dyn FnMut(&mut Draft<'_>) -> Result<(), StoreError>,
    ) -> Result<Vec<Event>, StoreError> {
        schema::prepare();
        let until = Instant::now() + self.recorded.settle;
        let mut rounds = 0;
        while rounds < ROUNDS {
            self.tidy();
            let locks = self.lock(patience)?;
            let made = self.round(&locks, change);
            drop(locks);
            match made {
                Ok(Some(events)) => return Ok(events),
                Ok(None) => rounds += 1,
                // Do not sleep while holding the lock: the program that saves the file may need it.
                Err(error) if may_settle(&error) && Instant::now() < until => {
                    thread::sleep(SETTLE_STEP);
                }
                Err(error) => return Err(error),
            }
        }
        let path = self.loaded.first().map(|f| f.path().to_owned()).unwrap_or_default();
        Err(StoreError::Unsettled { path, times: ROUNDS })
    }

    fn note(
        &mut self,
        patience: Patience,
        queue: QueueIx,
        mut events: Vec<Event>,
    ) -> Result<Vec<Event>, StoreError> {
        self.check_room()?;
        let dir = self.loaded[queue].dir().to_owned();
        let limit = self.limit(patience);
        let dirs = std::slice::from_ref(&dir);
        let _lock = lock::acquire_all(dirs, limit, &mut *self.options.on_wait)?;
        let mut lines = self.take_waiting(&dir);
        lines.append(&mut events);
        self.append(&dir, &mut lines)?;
        Ok(lines)
    }
}

/// Returns whether the file is probably in the middle of being saved and will be valid again in a
/// moment: it is being written, or was removed to be replaced, as `git checkout` does.
fn may_settle(error: &StoreError) -> bool {
    if let StoreError::Refused(refused) = error {
        return refused.is_syntax() && loaded::is_fresh(&refused.path);
    }
    let gone = std::io::ErrorKind::NotFound;
    matches!(error, StoreError::Io { action: "read", source, .. } if source.kind() == gone)
}

/// Repeats `read` for a moment if it fails because a file is being saved.
fn settled<T>(
    wait: Duration,
    mut read: impl FnMut() -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    let until = Instant::now() + wait;
    loop {
        match read() {
            Err(error) if may_settle(&error) && Instant::now() < until => {
                thread::sleep(SETTLE_STEP);
            }
            other => return other,
        }
    }
}

impl From<LockError> for StoreError {
    fn from(error: LockError) -> Self {
        match error {
            LockError::TimedOut { path, waited, holder } => Self::Locked {
                path,
                holder: holder.unwrap_or_else(|| "another process".to_owned()),
                waited,
            },
            LockError::Io { path, source } => Self::Io { action: "lock", path, source },
        }
    }
}
