//! One queue file as it was last read, and whether it must be read again.

use crate::platform::dir::Dir;
use crate::platform::fault::{self, Fault};
use crate::platform::open;
use crate::platform::read_file::{self, ReadError, Stamp, TICK};
use crate::platform::utf8::Content;
use crate::queue::{MAX_BYTES, Queue, Refused};
use crate::store::journal::Journal;
use crate::store::judge::{Origin, origin};
use crate::store::{Backups, StateDir, StoreError};
use std::ffi::OsStr;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};
use xxhash_rust::xxh3::{Xxh3, xxh3_64};

/// A file that was saved this recently may still be in the middle of being saved.
const FRESH: Duration = Duration::from_secs(2);

/// What is remembered of a queue file.
#[derive(Debug)]
pub(super) struct Loaded {
    path: PathBuf,
    state: StateDir,
    stamp: Option<Stamp>,
    /// When the stamp was first seen. The clock is monotonic: no decision depends on a wall clock.
    since: Instant,
    /// Whether the content was compared when the stamp was old enough to prove it.
    proven: bool,
    /// Hash of the content, computed on first use, because a verb that only reads never needs it.
    hash: Option<String>,
    unexplained: bool,
}

impl Loaded {
    /// Reads the file at the real path `path`.
    pub(super) fn read(
        path: &Path,
        backups: Option<&Backups>,
    ) -> Result<(Self, Queue), StoreError> {
        let (stamp, content) = read(path)?;
        let loaded = Self {
            path: path.to_owned(),
            state: StateDir::beside(path).backed_up(backups),
            stamp: Some(stamp),
            since: Instant::now(),
            proven: false,
            hash: None,
            unexplained: true,
        };
        Ok((loaded, Queue::parse(path, content).map_err(Box::<Refused>::new)?))
    }

    /// Computes the hash of the text that was read. `queue` is its parsed form, still unchanged.
    pub(super) fn know(&mut self, queue: &Queue) {
        self.hash.get_or_insert_with(|| queue.text_hash());
    }

    /// Reads the file again into `queue`, its last parsed form. Returns `false` if it is unchanged.
    pub(super) fn refresh(&mut self, queue: &mut Queue) -> Result<bool, StoreError> {
        self.know(queue);
        let read = self.read_again(|content| queue.reread(content))?;
        Ok(read.is_some())
    }

    /// Reads the file again unless it is certainly unchanged, and passes its content to `parse` if
    /// that changed.
    pub(super) fn read_again<T>(
        &mut self,
        parse: impl FnOnce(Content) -> Result<T, Refused>,
    ) -> Result<Option<T>, StoreError> {
        let meta = fs::metadata(&self.path).map_err(StoreError::io("read", &self.path))?;
        if self.stamp == Some(Stamp::of(&meta)) && self.proven {
            return Ok(None);
        }
        let (stamp, content) = read(&self.path)?;
        let hash = Some(hash_of(content.as_bytes()));
        let content_same = hash == self.hash && self.stamp.is_some();
        if self.stamp == Some(stamp) {
            self.proven = content_same && self.since.elapsed() >= TICK;
        } else {
            self.since = Instant::now();
            self.proven = false;
            // Another process may have written it, and a third one may have put back the remembered
            // text.
            self.unexplained = true;
        }
        if content_same {
            self.stamp = Some(stamp);
            return Ok(None);
        }
        let parsed = parse(content).map_err(Box::<Refused>::new)?;
        self.stamp = Some(stamp);
        self.hash = hash;
        self.unexplained = true;
        Ok(Some(parsed))
    }

    /// Discards the stamp, because the queue in memory differs from the file: the next refresh
    /// reads the file again.
    pub(super) fn forget(&mut self) {
        self.stamp = None;
        self.proven = false;
    }

    /// Records that the file now contains what this process wrote. `settled` means that a tick
    /// passed between the last byte and the rename, so that a later change cannot have the same
    /// stamp.
    pub(super) fn wrote(&mut self, stamp: Stamp, hash: String, settled: bool) {
        self.stamp = Some(stamp);
        self.since = Instant::now();
        self.proven = settled;
        self.hash = Some(hash);
        self.unexplained = false;
    }

    /// Returns whether the file contains text that this process neither wrote nor judged.
    pub(super) fn is_unexplained(&self) -> bool {
        self.unexplained
    }

    /// Marks the text as unjudged again, because its judgement was not recorded.
    pub(super) fn doubt(&mut self) {
        self.unexplained = true;
    }

    /// Returns, once, the hash of text that this process did not write. It must be
    /// [known](Self::know).
    pub(super) fn take_unexplained(&mut self) -> Option<String> {
        std::mem::take(&mut self.unexplained).then(|| self.hash().to_owned())
    }

    /// Compares the text, which must be [known](Self::know), with the last write of its journal.
    pub(super) fn origin(&self, journal: &Journal) -> Origin {
        let name = self.journal_name();
        let Some(last) = journal.last_write(&name) else { return Origin::Unknown };
        origin(last, self.hash(), &self.identity(), || journal.known_before_last(&name))
    }

    /// The name of the queue in its journal.
    pub(super) fn journal_name(&self) -> String {
        self.name().to_string_lossy().into_owned()
    }

    /// Returns whether the file on disk is still the one that was read.
    pub(super) fn is_current(&self) -> Result<bool, StoreError> {
        if fault::is(Fault::NoSecondLook) {
            return Ok(true);
        }
        let same = open::if_there(self.is_same()).map(|same| same.unwrap_or(false));
        same.map_err(StoreError::io("check", &self.path))
    }

    fn is_same(&self) -> io::Result<bool> {
        let same = self.stamp == Some(Stamp::of(&fs::metadata(&self.path)?));
        Ok(same && (self.proven || self.is_same_content()?))
    }

    /// Returns whether the file contains what was read and is not being written.
    fn is_same_content(&self) -> io::Result<bool> {
        let mut hash = Xxh3::new();
        let dir = Dir::open(self.dir())?;
        let stamp = read_file::pass_over(&dir, self.name(), |piece| hash.update(piece))?;
        Ok(stamp == self.stamp && self.hash.as_deref() == Some(&*shown(hash.digest())))
    }

    /// Returns an identity of the file that does not depend on its content: a copy put in its place
    /// has another identity.
    pub(super) fn identity(&self) -> String {
        self.stamp.map(|stamp| format!("{}.{}", stamp.inode, stamp.ctime_ns)).unwrap_or_default()
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// The state folder beside the file.
    pub(super) fn state(&self) -> &StateDir {
        &self.state
    }

    /// The hash of the text that was read; it must be [known](Self::know).
    pub(super) fn hash(&self) -> &str {
        self.hash.as_deref().unwrap_or_default()
    }

    pub(super) fn dir(&self) -> &Path {
        self.path.parent().unwrap_or_else(|| Path::new("/"))
    }

    /// The file name without its extension, which requests use.
    pub(super) fn stem(&self) -> &str {
        self.path.file_stem().and_then(OsStr::to_str).unwrap_or_default()
    }

    pub(super) fn name(&self) -> &OsStr {
        self.path.file_name().unwrap_or_default()
    }
}

/// Returns whether the file was saved so recently that a program may still be saving it.
///
/// This clock decides only how long a reader waits: a wrong one costs waiting time, not safety.
pub(super) fn is_fresh(path: &Path) -> bool {
    fs::metadata(path)
        .and_then(|meta| meta.modified())
        .is_ok_and(|time| time.elapsed().map_or(true, |age| age < FRESH))
}

/// Reads the stamp and the content of a file through one descriptor.
fn read(path: &Path) -> Result<(Stamp, Content), StoreError> {
    let failed = |source| StoreError::Io { action: "read", path: path.to_owned(), source };
    let folder = path.parent().unwrap_or_else(|| Path::new("/"));
    let dir = Dir::open(folder).map_err(failed)?;
    let name = path.file_name().unwrap_or_default();
    match read_file::read(&dir, name, MAX_BYTES as u64) {
        Ok(contents) => Ok((contents.stamp, contents.content)),
        Err(ReadError::TooLarge { size, .. }) => {
            Err(Box::new(Refused::too_large(path, size)).into())
        }
        Err(ReadError::Io(source)) => Err(failed(source)),
    }
}

fn hash_of(bytes: &[u8]) -> String {
    shown(xxh3_64(bytes))
}

fn shown(hash: u64) -> String {
    format!("{hash:016x}")
}
