//! Writes changed queues to disk.

use super::FileStore;
use crate::domain::{Event, QueueIx};
use crate::platform::atomic_file::{CommitError, Committed, StageError, Staged, stage};
use crate::platform::fault::{self, Fault};
use crate::platform::lock::DirLock;
use crate::store::StoreError;
use crate::store::journal::writes::LastWrite;
use std::fs::File;
use std::io::ErrorKind;
use std::thread;

/// How often to write a new text again because its temp file was deleted.
const CLEANED: u32 = 20;

/// Files larger than this take so long to be freed that a thread closes them, in bytes.
const LARGE: u64 = 1 << 20;

/// A new text in a temp file that has not replaced the queue file yet.
struct Ready<'l> {
    index: QueueIx,
    staged: Staged<'l>,
    hash: String,
}

impl FileStore {
    /// Writes the `touched` queues with their `events`. Returns `None`, having replaced no file, if
    /// one of the files changed since it was read.
    pub(super) fn commit(
        &mut self,
        locks: &[DirLock],
        touched: &[QueueIx],
        events: Vec<(QueueIx, Event)>,
    ) -> Result<Option<Vec<Event>>, StoreError> {
        let now = self.options.clock.now();
        let mut ready = Vec::with_capacity(touched.len());
        for index in in_order_of(touched, &events) {
            self.queues[index].refresh(now);
            ready.push(self.stage(locks, index)?);
        }
        for new in &ready {
            if !self.loaded[new.index].is_current()? {
                return Ok(None);
            }
        }
        let events = self.marked(&ready, events);
        if fault::is(Fault::JournalLate) {
            let is_put = self.put_all(locks, ready)?;
            return is_put.then(|| self.journal(events)).transpose();
        }
        let events = self.journal(events)?;
        Ok(self.put_all(locks, ready)?.then_some(events))
    }

    fn stage<'l>(&self, locks: &'l [DirLock], index: QueueIx) -> Result<Ready<'l>, StoreError> {
        let file = &self.loaded[index];
        let lock = locks.iter().find(|lock| lock.dir().path() == file.dir());
        let Some(lock) = lock.or_else(|| same_directory(locks, file.dir())) else {
            let source = std::io::Error::other("its folder was replaced");
            return Err(StoreError::io("lock", file.dir())(source));
        };
        let pieces = self.queues[index].pieces();
        let staged = stage(lock.dir(), file.name(), pieces, &*self.options.ids)
            .map_err(|error| refused(error, file.path()))?;
        Ok(Ready { index, staged, hash: self.queues[index].text_hash() })
    }

    /// Adds to each event the hashes of its queue before and after.
    fn marked(
        &self,
        ready: &[Ready<'_>],
        mut events: Vec<(QueueIx, Event)>,
    ) -> Vec<(QueueIx, Event)> {
        for (index, event) in &mut events {
            if let Some(new) = ready.iter().find(|new| new.index == *index) {
                let (file, after) = (&self.loaded[*index], new.hash.clone());
                let (before, file) = (file.hash().to_owned(), Some(file.identity()));
                LastWrite { before, after, file }.name_in(&mut event.data);
            }
        }
        events
    }

    /// Appends the events, each to the journal of its queue.
    fn journal(&mut self, events: Vec<(QueueIx, Event)>) -> Result<Vec<Event>, StoreError> {
        let mut written = Vec::with_capacity(events.len());
        let mut rest = events;
        while let Some((first, _)) = rest.first() {
            let dir = self.loaded[*first].dir().to_owned();
            let same = |(index, _): &(QueueIx, Event)| self.loaded[*index].dir() == dir;
            let (mine, others): (Vec<_>, Vec<_>) = rest.into_iter().partition(same);
            rest = others;
            let mut lines = self.take_waiting(&dir);
            lines.extend(mine.into_iter().map(|(_, event)| event));
            self.append(&dir, &mut lines)?;
            written.extend(lines);
        }
        Ok(written)
    }

    /// Renames all new texts into place. Returns `false` if a queue file changed meanwhile.
    fn put_all(&mut self, locks: &[DirLock], ready: Vec<Ready<'_>>) -> Result<bool, StoreError> {
        for new in ready {
            if !self.put(locks, new)? {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Renames a new text into place. Returns `false` if the queue file changed meanwhile.
    fn put(&mut self, locks: &[DirLock], new: Ready<'_>) -> Result<bool, StoreError> {
        let Ready { index, mut staged, hash } = new;
        let path = self.loaded[index].path().to_owned();
        for _ in 0..CLEANED {
            let settled = staged.is_settled();
            match staged.commit() {
                Ok(Committed { stamp, replaced }) => {
                    self.loaded[index].wrote(stamp, hash, settled);
                    self.locking.replaced.extend(replaced);
                    return Ok(true);
                }
                Err(CommitError::DurabilityUnknown { source, .. }) => {
                    return Err(StoreError::NotDurable { path, source });
                }
                // `git clean` deletes untracked files, including the temp file.
                Err(CommitError::Rename(source)) if source.kind() == ErrorKind::NotFound => {
                    staged = self.stage(locks, index)?.staged;
                    if !self.loaded[index].is_current()? {
                        return Ok(false);
                    }
                }
                Err(CommitError::Rename(source)) => {
                    return Err(StoreError::io("replace", &path)(source));
                }
            }
        }
        let source = std::io::Error::other("its temp file keeps being deleted");
        Err(StoreError::io("replace", &path)(source))
    }
}

impl FileStore {
    /// Closes the files that the last update replaced, which frees their blocks. Call it when
    /// nobody waits; large files are closed by a thread. Otherwise the next update closes them.
    pub(super) fn tidy(&mut self) {
        let files = std::mem::take(&mut self.locking.replaced);
        let large = |file: &File| file.metadata().is_ok_and(|meta| meta.len() > LARGE);
        if files.iter().any(large) {
            // If the thread cannot be started, this closes them.
            drop(thread::Builder::new().name("closer".to_owned()).spawn(move || drop(files)));
        }
    }
}

/// Finds the lock on `dir` under another spelling of its path.
fn same_directory<'a>(locks: &'a [DirLock], dir: &std::path::Path) -> Option<&'a DirLock> {
    use std::os::unix::fs::MetadataExt;
    let meta = std::fs::metadata(dir).ok()?;
    locks.iter().find(|lock| lock.dir().identity() == (meta.dev(), meta.ino()))
}

/// Sorts the touched queues by their first event, so that a result is written before the claim that
/// follows it.
fn in_order_of(touched: &[QueueIx], events: &[(QueueIx, Event)]) -> Vec<QueueIx> {
    let mut order = touched.to_vec();
    order.sort_by_key(|index| events.iter().position(|(of, _)| of == index).unwrap_or(usize::MAX));
    order
}

fn refused(error: StageError, path: &std::path::Path) -> StoreError {
    match error {
        StageError::Io(source) => StoreError::io("write", path)(source),
        StageError::HardLink { .. } | StageError::Owner { .. } => {
            StoreError::Unsafe { path: path.to_owned(), reason: error.to_string() }
        }
    }
}
