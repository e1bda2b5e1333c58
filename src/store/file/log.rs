//! The journal of a state folder, for those who only read it.

use crate::store::StateDir;
use crate::store::journal::Journal;
use crate::store::lines::JournalLines;
use crate::store::log::{EventLog, LogReader, Span};
use std::io;
use std::path::Path;

/// The journal of the queues of a folder.
#[derive(Debug)]
pub struct FileLog(pub(crate) StateDir);

impl EventLog for FileLog {
    fn key(&self) -> &Path {
        self.0.root()
    }

    fn lines(&self, span: Span) -> Box<dyn Iterator<Item = Vec<u8>>> {
        let journal = Journal::new(self.0.clone());
        match span {
            Span::All => Box::new(journal.raw()),
            Span::Recent => Box::new(journal.raw_recent()),
        }
    }

    fn reader(&self) -> Box<dyn LogReader> {
        Box::new(JournalLines::new(self.0.clone()))
    }

    fn newer_version(&self) -> Option<u32> {
        Journal::new(self.0.clone()).newer_version()
    }
}

impl LogReader for JournalLines {
    fn read(&mut self, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        Self::read(self, each)
    }
}
