//! Queues in files: the lock on their directories, the atomic write, the journal.
//!
//! One update consists of these steps, in this order: lock every directory that it needs; read what
//! changed since the last read; repair what was set back; change; write a temp file and sync it;
//! check the original again; append to the journal; rename; sync the directory. A reader takes no
//! lock and sees the old text or the new one, never a part.

mod beside;
mod claims;
mod commit;
mod control;
mod entry;
mod evidence;
mod keep;
mod loaded;
mod log;
mod notes;
mod options;
mod parts;
mod peek;
mod requests;
mod round;
mod store;
mod told;
mod wake;

use super::journal::Journal;
use super::judge::Recorded;
use super::{OnChange, Patience, StoreError};
use crate::domain::QueueIx;
use crate::platform::atomic_file::sweep;
use crate::platform::lock::{self, DirLock, LockError};
use crate::platform::{checks, descriptors};
use crate::queue::{QUEUE_VERSION, Queue};
pub use claims::ClaimFiles;
pub use control::ControlFiles;
use loaded::Loaded;
pub use log::FileLog;
pub use options::{FileOptions, OnWait};
use parts::{Journals, Locking, Told};
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
    locking: Locking,
    journals: Journals,
    options: FileOptions,
    /// What was last recorded of each served queue.
    recorded: Recorded,
    /// Called with the queues when one of them has changed.
    on_change: Option<OnChange>,
    told: Told,
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
        let recorded = Recorded::of(paths.len());
        let mut loaded = Vec::with_capacity(paths.len());
        let mut queues = Vec::with_capacity(paths.len());
        for path in paths {
            let real = checks::real_path(path).map_err(StoreError::io("open", path))?;
            let backups = options.backups.as_ref();
            let (file, queue) = settled(recorded.settle(), || Loaded::read(&real, backups))?;
            loaded.push(file);
            queues.push(queue);
        }
        let journal = |file: &Loaded| (file.dir().to_owned(), Journal::new(file.state().clone()));
        let by_dir = loaded.iter().map(journal).collect();
        let served = loaded.len();
        Ok(Self {
            queues,
            loaded,
            served,
            locking: Locking::default(),
            journals: Journals { by_dir, waiting: Vec::new() },
            options,
            recorded,
            on_change: None,
            told: Told::default(),
        })
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
                Err(_) if index.index() >= self.served || self.recorded.alone.contains(&index) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(changed)
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
