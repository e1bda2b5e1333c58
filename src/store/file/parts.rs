//! The parts of the state of a store.

use crate::domain::{Event, QueueIx};
use crate::store::journal::Journal;
use std::collections::HashMap;
use std::fs::File;
use std::path::PathBuf;

/// What an update does around the lock.
#[derive(Default)]
pub(super) struct Locking {
    /// The folders that are locked besides those of the queues.
    pub(super) also: Vec<PathBuf>,
    /// Whether temp files of dead writers were removed.
    pub(super) swept: bool,
    /// Replaced files that are still open.
    pub(super) replaced: Vec<File>,
}

/// The journals of the queues.
pub(super) struct Journals {
    pub(super) by_dir: HashMap<PathBuf, Journal>,
    /// Events that change no task and are appended to the journal with the next ones.
    pub(super) waiting: Vec<(QueueIx, Event)>,
}
