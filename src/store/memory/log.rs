//! The journal of a queue in memory, for those who only read it.

use super::place::Shared;
use crate::domain::EVENT_VERSION;
use crate::store::log::{EventLog, LogReader, Span};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How many events count as recent.
const RECENT: usize = 1000;

/// The journal of one queue.
#[derive(Clone, Debug)]
pub(super) struct MemoryLog {
    pub(super) key: PathBuf,
    pub(super) shared: Arc<Shared>,
}

impl MemoryLog {
    fn all(&self) -> Vec<Vec<u8>> {
        let events = self.shared.with(&self.key, |document| document.events.clone());
        let line = |event| serde_json::to_vec(event).unwrap_or_default();
        events.unwrap_or_default().iter().map(line).collect()
    }
}

impl EventLog for MemoryLog {
    fn key(&self) -> &Path {
        &self.key
    }

    fn lines(&self, span: Span) -> Box<dyn Iterator<Item = Vec<u8>>> {
        let all = self.all();
        let skipped = match span {
            Span::All => 0,
            Span::Recent => all.len().saturating_sub(RECENT),
        };
        Box::new(all.into_iter().skip(skipped))
    }

    fn reader(&self) -> Box<dyn LogReader> {
        Box::new(MemoryReader { log: self.clone(), read: 0 })
    }

    fn newer_version(&self) -> Option<u32> {
        let last =
            |document: &mut super::place::Document| document.events.last().map(|last| last.v);
        let last = self.shared.with(&self.key, last).ok().flatten();
        last.filter(|version| *version > EVENT_VERSION)
    }
}

#[derive(Debug)]
struct MemoryReader {
    log: MemoryLog,
    read: usize,
}

impl LogReader for MemoryReader {
    fn read(&mut self, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()> {
        for line in self.log.all().into_iter().skip(self.read) {
            each(&line)?;
            self.read += 1;
        }
        Ok(())
    }
}
