//! The journals of queues, for those who only read them.

use serde::de::DeserializeOwned;
use std::fmt::Debug;
use std::io;
use std::path::Path;
use std::sync::Arc;

/// How much of a journal is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Span {
    /// Everything that is kept.
    All,
    /// The end, roughly the last hundred attempts. The time to read it does not grow with the
    /// journal.
    Recent,
}

/// The journal of a queue: one JSON object per event, oldest first. Several queues may share one;
/// each event names its queue.
pub trait EventLog: Debug + Send + Sync {
    /// Returns the key of the journal.
    fn key(&self) -> &Path;

    /// Returns its lines, without line ends. One that was not written to its end may be among
    /// them.
    fn lines(&self, span: Span) -> Box<dyn Iterator<Item = Vec<u8>>>;

    /// Returns a reader that starts with the first event.
    fn reader(&self) -> Box<dyn LogReader>;

    /// Returns the format version of the last event if it is newer than ours.
    fn newer_version(&self) -> Option<u32>;
}

/// A position in a journal.
pub trait LogReader: Debug + Send {
    /// Passes all complete lines since the last call to `each`, without their line ends.
    ///
    /// # Errors
    /// Any error of reading, and any error of `each`.
    fn read(&mut self, each: &mut dyn FnMut(&[u8]) -> io::Result<()>) -> io::Result<()>;
}

/// A journal, of any store.
pub type Log = Arc<dyn EventLog>;

impl dyn EventLog {
    /// Returns the events, parsed as `T`. Lines that do not parse are skipped: incomplete ones, and
    /// those of a newer version.
    pub fn events<T: DeserializeOwned>(&self, span: Span) -> impl Iterator<Item = T> + use<T> {
        self.lines(span).filter_map(|line| serde_json::from_slice(&line).ok())
    }

    /// Returns all events whose text contains `part`; the others are not parsed.
    pub fn events_with<T: DeserializeOwned>(
        &self,
        part: &'static str,
    ) -> impl Iterator<Item = T> + use<T> {
        let finder = memchr::memmem::Finder::new(part);
        let lines = self.lines(Span::All).filter(move |line| finder.find(line).is_some());
        lines.filter_map(|line| serde_json::from_slice(&line).ok())
    }
}
