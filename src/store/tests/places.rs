//! The places that the suite runs over.

use crate::domain::Event;
use crate::platform::clock::SystemClock;
use crate::platform::ids::RandomIds;
use crate::store::file::FileOptions;
use crate::store::journal::Journal;
use crate::store::log::Log;
use crate::store::memory::Memory;
use crate::store::{Backend, Opened, QueueStore, StateDir, StoreError, TaskKey};
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

/// A place for queues, as somebody sees it who does not use the program.
pub(crate) trait Somewhere: Sync {
    /// Opens the queues with these names, as another process.
    fn opened(&self, names: &[&str]) -> Result<Opened, StoreError>;
    /// Does the same, for a test that needs nothing but the queues.
    fn open(&self, names: &[&str]) -> Result<Box<dyn QueueStore>, StoreError> {
        Ok(self.opened(names)?.store)
    }
    /// Returns the journal of the queue with this key.
    fn log(&self, queue: &Path) -> Log;
    /// Deletes what git ignores.
    fn forget(&self);
    /// Writes what a supervisor is that holds a claim.
    fn record(&self, queue: &Path, key: &TaskKey, record: &[u8]);
    /// Saves the text of a queue.
    fn put(&self, name: &str, text: &str);
    /// Returns the text of a queue.
    fn text(&self, name: &str) -> String;
    /// Returns the events in the journal of a queue.
    fn events(&self, name: &str) -> Vec<Event>;
    /// Returns by what a queue is named.
    fn key(&self, name: &str) -> PathBuf;
}

/// Files in a folder.
pub(crate) struct Files(tempfile::TempDir);

impl Files {
    pub(crate) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }
}

impl Files {
    fn options() -> FileOptions {
        FileOptions {
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds),
            lock_timeout: Duration::from_secs(10),
            backups: None,
            unsafe_fs: true,
            on_wait: Box::new(|_, _| {}),
            on_warning: Box::new(|_| {}),
        }
    }
}

impl Somewhere for Files {
    fn opened(&self, names: &[&str]) -> Result<Opened, StoreError> {
        let paths: Vec<PathBuf> = names.iter().map(|name| self.key(name)).collect();
        let mut opened = Self::options().open(&paths)?;
        // What is tested here does not wait for an editor to finish.
        opened.store.recorded_mut().be_impatient(true);
        Ok(opened)
    }

    fn log(&self, queue: &Path) -> Log {
        Self::options().log(queue)
    }

    fn forget(&self) {
        drop(fs::remove_dir_all(self.key(".workloop")));
    }

    fn record(&self, queue: &Path, key: &TaskKey, record: &[u8]) {
        let state = StateDir::beside(queue);
        state.ensure(&state.claims()).expect("a folder");
        fs::write(state.claim_lock(key), record).expect("written");
    }

    fn put(&self, name: &str, text: &str) {
        let beside = self.key(&format!("{name}.new"));
        fs::write(&beside, text).expect("written");
        // A file that was just saved gets two seconds to become valid.
        let file = fs::File::options().write(true).open(&beside).expect("there");
        file.set_modified(UNIX_EPOCH + Duration::from_secs(1_000_000_000)).expect("dated");
        fs::rename(&beside, self.key(name)).expect("renamed");
    }

    fn text(&self, name: &str) -> String {
        fs::read_to_string(self.key(name)).expect("a queue")
    }

    fn events(&self, name: &str) -> Vec<Event> {
        let journal = Journal::new(StateDir::beside(&self.key(name)));
        journal.all().filter(|event| event.queue == name).collect()
    }

    fn key(&self, name: &str) -> PathBuf {
        self.0.path().canonicalize().expect("a folder").join(name)
    }
}

/// Memory.
pub(crate) struct Kept(Memory);

impl Kept {
    pub(crate) fn new() -> Self {
        Self(Memory::default())
    }
}

impl Somewhere for Kept {
    fn opened(&self, names: &[&str]) -> Result<Opened, StoreError> {
        let keys: Vec<PathBuf> = names.iter().map(|name| self.key(name)).collect();
        self.0.at(Arc::new(SystemClock)).open(&keys)
    }

    fn log(&self, queue: &Path) -> Log {
        self.0.at(Arc::new(SystemClock)).log(queue)
    }

    fn forget(&self) {
        self.0.forget();
    }

    fn record(&self, _: &Path, key: &TaskKey, record: &[u8]) {
        self.0.record(key, record.to_owned());
    }

    fn put(&self, name: &str, text: &str) {
        self.0.put(&self.key(name), text);
    }

    fn text(&self, name: &str) -> String {
        String::from_utf8(self.0.text(&self.key(name))).expect("text")
    }

    fn events(&self, name: &str) -> Vec<Event> {
        self.0.events(&self.key(name))
    }

    fn key(&self, name: &str) -> PathBuf {
        Path::new("/memory").join(name)
    }
}
