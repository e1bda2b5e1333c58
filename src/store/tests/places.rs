//! The places that the suites and the simulator run over. A new place is entered here: its
//! [`Somewhere`], a [`Kind`], and a module in [`over_each_place`].

use crate::domain::Event;
use crate::platform::clock::{Clock, SystemClock};
use crate::platform::ids::{Ids, RandomIds};
use crate::store::file::FileOptions;
use crate::store::log::{Log, Span};
use crate::store::memory::Memory;
use crate::store::{Backend, Backups, Opened, QueueStore, StateDir, StoreError, TaskKey};
use std::fmt::Debug;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// Runs each function as a test of every kind of place.
macro_rules! over_each_place {
    ($($name:ident),* $(,)?) => {
        mod files {
            $(#[test] fn $name() { super::$name(&crate::store::tests::places::Files::new()); })*
        }
        mod memory {
            $(#[test] fn $name() { super::$name(&crate::store::tests::places::Kept::new()); })*
        }
    };
}
pub(crate) use over_each_place;

/// The kind of place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Files,
    Memory,
}

impl Kind {
    /// Returns an empty place whose queues have keys in `folder`.
    pub(crate) fn at(self, folder: &Path, backups: Option<Backups>) -> Arc<dyn Somewhere> {
        let folder = folder.to_owned();
        match self {
            Self::Files => Arc::new(Files { folder, backups, _own: None }),
            Self::Memory => Arc::new(Kept { folder, memory: Memory::default() }),
        }
    }
}

/// A place for queues, as somebody sees it who does not use the program.
pub(crate) trait Somewhere: Debug + Send + Sync {
    /// Returns the place as a process opens it.
    fn backend(&self, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Box<dyn Backend>;
    /// Returns by what a queue is named.
    fn key(&self, name: &str) -> PathBuf;
    /// Saves the text of the queue with this key, as an editor does.
    fn write(&self, queue: &Path, text: &[u8]);
    /// Returns the text of the queue with this key; an empty one if there is no such queue.
    fn read(&self, queue: &Path) -> Vec<u8>;
    /// Writes what a supervisor is that holds a claim.
    fn record(&self, queue: &Path, key: &TaskKey, record: &[u8]);
    /// Deletes what git ignores beside the queue with this key: claims, loops and requests.
    fn forget_beside(&self, queue: &Path);

    /// Opens the queues with these names, as another process.
    fn opened(&self, names: &[&str]) -> Result<Opened, StoreError> {
        let keys: Vec<PathBuf> = names.iter().map(|name| self.key(name)).collect();
        let mut opened = self.backend(Arc::new(SystemClock), Arc::new(RandomIds)).open(&keys)?;
        // What is tested here does not wait for an editor to finish.
        opened.store.recorded_mut().be_impatient(true);
        Ok(opened)
    }
    /// Does the same, for a test that needs nothing but the queues.
    fn open(&self, names: &[&str]) -> Result<Box<dyn QueueStore>, StoreError> {
        Ok(self.opened(names)?.store)
    }
    /// Returns the journal of the queue with this key.
    fn log(&self, queue: &Path) -> Log {
        self.backend(Arc::new(SystemClock), Arc::new(RandomIds)).log(queue)
    }
    /// Deletes what git ignores.
    fn forget(&self) {
        self.forget_beside(&self.key("q.json"));
    }
    /// Saves the text of a queue.
    fn put(&self, name: &str, text: &str) {
        self.write(&self.key(name), text.as_bytes());
    }
    /// Returns the text of a queue.
    fn text(&self, name: &str) -> String {
        String::from_utf8(self.read(&self.key(name))).expect("text")
    }
    /// Returns the events in the journal of a queue.
    fn events(&self, name: &str) -> Vec<Event> {
        let events = self.log(&self.key(name)).events(Span::All);
        events.filter(|event: &Event| event.queue == name).collect()
    }
}

/// Returns how tests open files.
pub(crate) fn quietly(clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> FileOptions {
    FileOptions {
        clock,
        ids,
        lock_timeout: Duration::from_secs(10),
        backups: None,
        unsafe_fs: true,
        on_wait: Box::new(|_, _| {}),
        on_warning: Box::new(|_| {}),
    }
}

/// Files in a folder.
#[derive(Debug)]
pub(crate) struct Files {
    folder: PathBuf,
    backups: Option<Backups>,
    /// Removed with this.
    _own: Option<tempfile::TempDir>,
}

impl Files {
    pub(crate) fn new() -> Self {
        let own = tempfile::tempdir().expect("a folder");
        let folder = own.path().canonicalize().expect("a folder");
        Self { folder, backups: None, _own: Some(own) }
    }
}

impl Somewhere for Files {
    fn backend(&self, clock: Arc<dyn Clock>, ids: Arc<dyn Ids>) -> Box<dyn Backend> {
        Box::new(FileOptions { backups: self.backups.clone(), ..quietly(clock, ids) })
    }

    fn key(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn write(&self, queue: &Path, text: &[u8]) {
        let beside = queue.with_extension("edited");
        fs::write(&beside, text).expect("written");
        // A file that was just saved gets two seconds to become valid.
        let file = fs::File::options().write(true).open(&beside).expect("there");
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000_000)).expect("dated");
        fs::rename(&beside, queue).expect("renamed");
    }

    fn read(&self, queue: &Path) -> Vec<u8> {
        fs::read(queue).unwrap_or_default()
    }

    fn record(&self, queue: &Path, key: &TaskKey, record: &[u8]) {
        let state = StateDir::beside(queue);
        state.ensure(&state.claims()).expect("a folder");
        fs::write(state.claim_lock(key), record).expect("written");
    }

    fn forget_beside(&self, queue: &Path) {
        drop(fs::remove_dir_all(StateDir::beside(queue).root()));
    }
}

/// Memory.
#[derive(Debug)]
pub(crate) struct Kept {
    folder: PathBuf,
    memory: Memory,
}

impl Kept {
    pub(crate) fn new() -> Self {
        Self { folder: PathBuf::from("/memory"), memory: Memory::default() }
    }
}

impl Somewhere for Kept {
    fn backend(&self, clock: Arc<dyn Clock>, _: Arc<dyn Ids>) -> Box<dyn Backend> {
        Box::new(self.memory.at(clock))
    }

    fn key(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn write(&self, queue: &Path, text: &[u8]) {
        self.memory.put(queue, text);
    }

    fn read(&self, queue: &Path) -> Vec<u8> {
        self.memory.text(queue)
    }

    fn record(&self, _: &Path, key: &TaskKey, record: &[u8]) {
        self.memory.record(key, record.to_owned());
    }

    fn forget_beside(&self, queue: &Path) {
        // What attempts left is in a folder, as of every place.
        drop(fs::remove_dir_all(StateDir::beside(queue).root()));
        self.memory.forget();
    }
}
