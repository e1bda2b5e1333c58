//! The journal `events.jsonl`: append-only, one line an event, never needed to read the queue.
//!
//! Appended under the lock of the queue's directory, before the queue file is renamed into
//! place; not synced each time, because the queue file is what is durable. A transition's line
//! carries the hash of the file before and after: a line whose "after" never came to be is void.

use super::state::StateDir;
use crate::domain::{EVENT_VERSION, Event, EventKind};
use crate::platform::fault::{self, Fault};
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};

/// Size at which the journal is rotated, in bytes.
const ROTATE_AT: u64 = 64 << 20;
/// How much of the end is read to find the last line.
const TAIL: u64 = 64 << 10;

/// A failed append.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file could not be read or written.
    #[error("failed to append to the journal {path}")]
    Io {
        /// The journal.
        path: String,
        /// Why.
        source: io::Error,
    },
    /// A newer version wrote it.
    #[error(
        "the journal {path} was written by a newer workloop (format {found}, this one knows \
         {EVENT_VERSION}): it is read, not written; use the newer program"
    )]
    Newer {
        /// The journal.
        path: String,
        /// Its format version.
        found: u32,
    },
}

/// What the journal says of the last write of a queue file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LastWrite {
    /// Hash of the text that was replaced.
    pub before: String,
    /// Hash of the new text.
    pub after: String,
    /// Which file was to be replaced: it is still there only if the write never came to be.
    pub file: Option<String>,
}

/// The journal of one state folder, with what is known of its end.
#[derive(Debug)]
pub struct Journal {
    state: StateDir,
    end: Option<End>,
}

/// The file as it stood after the last look: an unchanged end need not be read again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct End {
    inode: u64,
    len: u64,
    seq: u64,
    whole_line: bool,
}

impl Journal {
    /// The journal in `state`; nothing is opened yet.
    pub fn new(state: StateDir) -> Self {
        Self { state, end: None }
    }

    /// Numbers `events` and appends them in one write.
    ///
    /// # Errors
    /// [`JournalError`]; at most an unfinished line was written then, which readers skip.
    pub fn append(&mut self, events: &mut [Event]) -> Result<(), JournalError> {
        if events.is_empty() || fault::is(Fault::NoJournal) {
            return Ok(());
        }
        let path = self.state.journal();
        let io = |source| JournalError::Io { path: path.display().to_string(), source };
        let mut file = self.open().map_err(io)?;
        let mut end = self.end_of(&mut file).map_err(io)??;
        if end.len >= ROTATE_AT {
            fs::rename(&path, self.state.rotated_journal()).map_err(io)?;
            file = self.open().map_err(io)?;
            end =
                End { inode: file.metadata().map_err(io)?.ino(), len: 0, whole_line: true, ..end };
        }
        let mut text = if end.whole_line { Vec::new() } else { b"\n".to_vec() };
        for event in events.iter_mut() {
            end.seq += 1;
            event.seq = end.seq;
            serde_json::to_writer(&mut text, event).map_err(|e| io(e.into()))?;
            text.push(b'\n');
        }
        file.write_all(&text).map_err(io)?;
        end.len += text.len() as u64;
        end.whole_line = true;
        self.end = Some(end);
        Ok(())
    }

    fn open(&self) -> io::Result<File> {
        let open = || {
            OpenOptions::new()
                .read(true)
                .append(true)
                .create(true)
                .mode(0o600)
                .open(self.state.journal())
        };
        self.state.with(self.state.root(), open)
    }

    /// Where the file ends, reading its last lines only if it changed since the last look.
    fn end_of(&self, file: &mut File) -> io::Result<Result<End, JournalError>> {
        let meta = file.metadata()?;
        if let Some(end) = self.end
            && end.inode == meta.ino()
            && end.len == meta.len()
        {
            return Ok(Ok(end));
        }
        let tail = tail(file, meta.len())?;
        let mut last = last_event(&tail);
        if last.is_none() && meta.len() > TAIL {
            last = read_file(&self.state.journal()).last();
        }
        if last.is_none() {
            last = read_file(&self.state.rotated_journal()).last();
        }
        if let Some(event) = &last
            && event.v > EVENT_VERSION
        {
            let path = self.state.journal().display().to_string();
            return Ok(Err(JournalError::Newer { path, found: event.v }));
        }
        Ok(Ok(End {
            inode: meta.ino(),
            len: meta.len(),
            seq: last.map_or(0, |event| event.seq),
            whole_line: tail.last().is_none_or(|byte| *byte == b'\n'),
        }))
    }

    /// The last write of the queue file `queue`, if it stands near the end of the journal or,
    /// failing that, anywhere.
    pub fn last_write(&self, queue: &str) -> Option<LastWrite> {
        let hashes = |event: &Event| {
            let text = |key| event.data.get(key)?.as_str().map(str::to_owned);
            (event.queue == queue).then_some(())?;
            Some(LastWrite { before: text("before")?, after: text("after")?, file: text("file") })
        };
        let near = File::open(self.state.journal()).ok().and_then(|mut file| {
            let len = file.metadata().ok()?.len();
            events_of(&tail(&mut file, len).ok()?).rev().find_map(|event| hashes(&event))
        });
        near.or_else(|| self.all().filter_map(|event| hashes(&event)).last())
    }

    /// The format version of the last line, if it is a newer one than ours.
    pub fn newer_version(&self) -> Option<u32> {
        let mut file = File::open(self.state.journal()).ok()?;
        let len = file.metadata().ok()?.len();
        let last = last_event(&tail(&mut file, len).ok()?)?;
        (last.v > EVENT_VERSION).then_some(last.v)
    }

    /// Refuses to write where a newer version did, before anything is written.
    ///
    /// # Errors
    /// [`JournalError::Newer`].
    pub fn check_known(&self) -> Result<(), JournalError> {
        let path = || self.state.journal().display().to_string();
        self.newer_version()
            .map_or(Ok(()), |found| Err(JournalError::Newer { path: path(), found }))
    }

    /// Every event, oldest first, the rotated journal included. Lines that cannot be read are
    /// skipped: an append that was cut off, or a newer version's.
    pub fn all(&self) -> impl Iterator<Item = Event> + use<> {
        read_file(&self.state.rotated_journal()).chain(read_file(&self.state.journal()))
    }

    /// The last event of a task that changed who runs it: claimed, or ended by a person or a
    /// take-over.
    pub fn last_ownership(&self, queue: &str, task: &str) -> Option<Event> {
        self.all()
            .filter(|event| event.queue == queue && event.task.as_deref() == Some(task))
            .filter(|event| {
                matches!(
                    event.event,
                    EventKind::Claimed
                        | EventKind::Released
                        | EventKind::StaleClaim
                        | EventKind::Cancelled
                        | EventKind::Blocked
                        | EventKind::Parked
                        | EventKind::Reset
                )
            })
            .last()
    }
}

fn tail(file: &mut File, len: u64) -> io::Result<Vec<u8>> {
    file.seek(SeekFrom::Start(len.saturating_sub(TAIL)))?;
    let mut bytes = Vec::new();
    file.take(TAIL).read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn events_of(bytes: &[u8]) -> impl DoubleEndedIterator<Item = Event> {
    bytes.split(|byte| *byte == b'\n').filter_map(|line| serde_json::from_slice(line).ok())
}

fn last_event(bytes: &[u8]) -> Option<Event> {
    events_of(bytes).next_back()
}

fn read_file(path: &std::path::Path) -> impl Iterator<Item = Event> + use<> {
    let lines = File::open(path).ok().map(|file| BufReader::new(file).split(b'\n'));
    lines
        .into_iter()
        .flatten()
        .map_while(Result::ok)
        .filter_map(|line| serde_json::from_slice(&line).ok())
}
