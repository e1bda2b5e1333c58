//! What all handles of a place share.

use super::tables::{Claims, Table};
use crate::domain::Event;
use crate::store::StoreError;
use crate::store::journal::Moment;
use crate::store::journal::writes::LastWrite;
use crate::store::judge;
use crate::store::records::undecided::Undecided;
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What all handles share.
#[derive(Debug, Default)]
pub(super) struct Shared {
    /// Held during an update.
    pub(super) turn: Mutex<()>,
    pub(super) documents: Mutex<Documents>,
    pub(super) claims: Mutex<Claims>,
    pub(super) control: Mutex<Table>,
}

/// The queues by their keys, and the number of the last text.
#[derive(Debug, Default)]
pub(super) struct Documents {
    pub(super) by_key: BTreeMap<PathBuf, Document>,
    pub(super) last: u64,
}

/// A queue with everything that is kept beside it.
#[derive(Clone, Debug, Default)]
pub(super) struct Document {
    pub(super) text: Vec<u8>,
    /// The number of the text: the same text, written again, has another number.
    pub(super) number: u64,
    pub(super) events: Vec<Event>,
    pub(super) last_good: Option<Vec<u8>>,
    pub(super) undecided: Undecided,
}

/// Locks `mutex`. A handle that died while it held the lock left everything as a killed process
/// would.
pub(super) fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Shared {
    pub(super) fn documents(&self) -> MutexGuard<'_, Documents> {
        locked(&self.documents)
    }

    /// Returns whether attempts of another queue of the project may have written into the queue
    /// `key`.
    pub(super) fn others_ran(&self, key: &Path) -> bool {
        let others = locked(&self.control).neighbours(key);
        let documents = self.documents();
        let others = others.iter().filter(|other| *other != key);
        let others = others.filter_map(|other| documents.by_key.get(other));
        let own = documents.by_key.get(key).map(Document::moments);
        judge::others_ran(own.into_iter().flatten(), others.map(Document::moments))
    }

    /// Returns whether the queue `key` is paused and nothing runs for it.
    pub(super) fn is_still(&self, key: &Path) -> bool {
        locked(&self.control).is_still(key)
    }

    /// Returns what `of` makes of the queue `key`.
    pub(super) fn with<T>(
        &self,
        key: &Path,
        of: impl FnOnce(&mut Document) -> T,
    ) -> Result<T, StoreError> {
        let missing = || StoreError::io("read", key)(std::io::ErrorKind::NotFound.into());
        self.documents().by_key.get_mut(key).map(of).ok_or_else(missing)
    }
}

impl Document {
    /// Returns what the journal records about the last write.
    pub(super) fn last_write(&self) -> Option<LastWrite> {
        self.events.iter().rev().find_map(LastWrite::of)
    }

    pub(super) fn moments(&self) -> impl Iterator<Item = Moment> {
        self.events.iter().map(Moment::from)
    }
}

impl Documents {
    pub(super) fn put(&mut self, key: &Path, text: Vec<u8>) {
        self.last += 1;
        let document = self.by_key.entry(key.to_owned()).or_default();
        (document.text, document.number) = (text, self.last);
    }
}
