//! The parts of the state of a store.

use crate::domain::{Event, QueueIx};
use crate::store::journal::Journal;
use std::collections::HashMap;
use std::fs::File;
use std::io;
use std::path::PathBuf;

/// What an update does around the lock.
#[derive(Default)]
pub(super) struct Locking {
    /// The folders that are locked besides those of the queues.
    pub(super) also: Vec<PathBuf>,
    /// Whether somebody looked for temp files of dead writers.
    pub(super) looked: bool,
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

/// Which failures were reported already.
#[derive(Debug, Default)]
pub(super) struct Told {
    /// A copy could not be kept.
    copy: bool,
    /// The backup could not be written.
    backup: bool,
}

impl Told {
    /// Reports, the first time, that a copy could not be kept.
    pub(super) fn of_copy(&mut self, kept: io::Result<()>, tell: &mut (dyn FnMut(&str) + Send)) {
        if let Err(error) = kept
            && !std::mem::replace(&mut self.copy, true)
        {
            tell(&format!("the last good copy could not be written: {error}"));
        }
    }

    /// Reports, the first time, that the backup could not be written.
    pub(super) fn of_backup(&mut self, error: &io::Error, tell: &mut (dyn FnMut(&str) + Send)) {
        if !std::mem::replace(&mut self.backup, true) {
            tell(&format!("the backup outside of the project could not be written: {error}"));
        }
    }
}
