//! The journal `events.jsonl`: append-only, one line an event, never needed to read the queue.
//!
//! Appended under the lock of the queue's directory, before the queue file is renamed into
//! place; not synced each time, because the queue file is what is durable. A transition's line
//! carries the hash of the file before and after: a line whose "after" never came to be is void.

use super::lines::{MOST, fill_line};
use super::state::{JOURNAL, StateDir};
use crate::domain::{EVENT_VERSION, Event, EventKind};
use crate::platform::fault::{self, Fault};
use crate::platform::open::{self, Links};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use std::fs::{self, File};
use std::io::{self, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// Size at which the journal is rotated, in bytes.
pub(super) const ROTATE_AT: u64 = 64 << 20;
/// How much of the end is read to find the last line: mostly little is enough.
const TAILS: [u64; 2] = [8 << 10, 64 << 10];
/// How much of the end is recent: the last hundred attempts or so.
const RECENT: u64 = 256 << 10;

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

/// An event without its details, of which a look at times needs nothing.
#[derive(Clone, Debug, Deserialize)]
pub struct Moment {
    /// When, as in [`Event::at`].
    pub at: String,
    /// What.
    pub event: EventKind,
    /// File name of the queue.
    #[serde(default)]
    pub queue: String,
    /// Id of the task.
    #[serde(default)]
    pub task: Option<String>,
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
        let opened = self.open();
        // Opening may have moved it.
        let path = self.state.journal();
        let io = |source| JournalError::Io { path: path.display().to_string(), source };
        let mut file = opened.map_err(io)?;
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
        const TRIES: u32 = 100;
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        // The state folder may vanish between the two steps.
        for _ in 0..TRIES {
            let path = self.state.settle()?.join(JOURNAL);
            // What lies in its place is no journal, and no reason to end a run.
            match open::in_place_of_others(&path, open::appending) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => last = error,
                other => return other,
            }
        }
        Err(last)
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
        let (found, whole_line) = near_end(file, meta.len(), |events| events.next_back())?;
        let files = || [self.state.journal(), self.state.rotated_journal()].into_iter();
        let last: Option<Event> =
            found.or_else(|| files().find_map(|file| read_file(&file).last()));
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
            whole_line,
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
        let near = open::reading(&self.state.journal(), Links::Refuse).ok().and_then(|mut file| {
            let len = file.metadata().ok()?.len();
            let find = |events: &mut Events<'_>| events.rev().find_map(|event| hashes(&event));
            near_end(&mut file, len, find).ok()?.0
        });
        near.or_else(|| self.all().filter_map(|event| hashes(&event)).last())
    }

    /// What was written to the queue file `queue` since its text had this hash; `None` when no line
    /// knows the hash.
    pub fn since(&self, queue: &str, hash: &str) -> Option<Vec<Event>> {
        let mut since: Option<Vec<Event>> = None;
        for event in self.all().filter(|event| event.queue == queue) {
            let is = |key| event.data.get(key).and_then(Value::as_str) == Some(hash);
            if is("after") {
                since = Some(Vec::new());
            } else if since.is_some() || is("before") {
                since.get_or_insert_default().push(event);
            }
        }
        since
    }

    /// The format version of the last line, if it is a newer one than ours.
    pub fn newer_version(&self) -> Option<u32> {
        let mut file = open::reading(&self.state.journal(), Links::Refuse).ok()?;
        let len = file.metadata().ok()?.len();
        let (last, _) = near_end(&mut file, len, |events| events.next_back()).ok()?;
        let last = last?;
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

    /// All moments, oldest first, as [`all`](Self::all) events.
    pub fn moments(&self) -> impl Iterator<Item = Moment> + use<> {
        read_file(&self.state.rotated_journal()).chain(read_file(&self.state.journal()))
    }

    /// The moments or events of the last 256 KiB, oldest first: the time that it takes to read them
    /// does not grow with the journal.
    pub fn recent<T: DeserializeOwned>(&self) -> impl Iterator<Item = T> + use<T> {
        let length = |path: &Path| fs::symlink_metadata(path).map_or(0, |meta| meta.len());
        let (before, now) = (self.state.rotated_journal(), self.state.journal());
        let of_before = RECENT.saturating_sub(length(&now));
        let rotated = (of_before > 0).then(|| read_last(&before, of_before));
        rotated.into_iter().flatten().chain(read_last(&now, RECENT))
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

/// The events of a part of the journal.
type Events<'a> = dyn DoubleEndedIterator<Item = Event> + 'a;

/// What `find` finds among the events near the end of a file of `len` bytes, and whether its last
/// line is whole.
fn near_end<T>(
    file: &mut File,
    len: u64,
    find: impl Fn(&mut Events<'_>) -> Option<T>,
) -> io::Result<(Option<T>, bool)> {
    let mut bytes = Vec::new();
    for size in TAILS {
        bytes.clear();
        file.seek(SeekFrom::Start(len.saturating_sub(size)))?;
        (&mut *file).take(size).read_to_end(&mut bytes)?;
        let lines = bytes.split(|byte| *byte == b'\n');
        let found = find(&mut lines.filter_map(|line| serde_json::from_slice(line).ok()));
        if found.is_some() || size >= len {
            return Ok((found, ends_whole(&bytes)));
        }
    }
    Ok((None, ends_whole(&bytes)))
}

fn ends_whole(bytes: &[u8]) -> bool {
    bytes.last().is_none_or(|byte| *byte == b'\n')
}

fn read_file<T: DeserializeOwned>(path: &Path) -> impl Iterator<Item = T> + use<T> {
    read_last(path, MOST)
}

/// Those of the lines in the last `size` bytes that can be read; the one that begins before cannot.
/// What is appended meanwhile is left out, so that this comes to an end.
fn read_last<T: DeserializeOwned>(path: &Path, size: u64) -> impl Iterator<Item = T> + use<T> {
    let open = || {
        let mut file = open::reading(path, Links::Refuse).ok()?;
        let start = file.metadata().ok()?.len().saturating_sub(size);
        file.seek(SeekFrom::Start(start)).ok()?;
        Some(BufReader::new(file.take(size)))
    };
    let mut reader = open();
    let lines = std::iter::from_fn(move || {
        let mut line = Vec::new();
        let whole = fill_line(reader.as_mut()?, &mut line).ok()?;
        (whole || !line.is_empty()).then_some(line)
    });
    lines.filter_map(|line| serde_json::from_slice(&line).ok())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::store::new_event;
    use chrono::DateTime;
    use serde_json::json;

    fn written(task: &str, padding: usize) -> Event {
        let data = json!({"before": "b", "after": task, "why": "x".repeat(padding)});
        let data = data.as_object().cloned().unwrap();
        let mut event =
            new_event(EventKind::Completed, DateTime::UNIX_EPOCH, "q.json".to_owned(), data);
        event.task = Some(task.to_owned());
        event
    }

    fn journal(folder: &Path) -> Journal {
        Journal::new(StateDir::beside(&folder.join("q.json")))
    }

    #[test]
    fn the_end_is_found_however_long_the_last_line_is() {
        let temp = tempfile::tempdir().unwrap();
        for (number, padding) in [10, 9_000, 70_000, 3].into_iter().enumerate() {
            // As another process sees it, which knows nothing of the end.
            let task = number.to_string();
            let mut events = [written(&task, padding)];
            journal(temp.path()).append(&mut events).unwrap();
            assert_eq!(events[0].seq, number as u64 + 1);
            let last = journal(temp.path()).last_write("q.json").unwrap();
            assert_eq!(last.after, task, "{padding}");
        }
        assert_eq!(journal(temp.path()).all().count(), 4);
    }

    #[test]
    fn what_is_recent_ends_the_journal_and_goes_over_its_rotation() {
        let temp = tempfile::tempdir().unwrap();
        let mut journal = journal(temp.path());
        let mut events: Vec<Event> = (0..30).map(|n| written(&n.to_string(), 25_000)).collect();
        journal.append(&mut events[..25]).unwrap();
        let ids = |moments: Vec<Moment>| -> Vec<String> {
            moments.into_iter().filter_map(|moment| moment.task).collect()
        };
        let expected =
            |range: std::ops::Range<u32>| range.map(|n| n.to_string()).collect::<Vec<_>>();
        assert_eq!(ids(journal.recent().collect()), expected(15..25));
        fs::rename(journal.state.journal(), journal.state.rotated_journal()).unwrap();
        journal.append(&mut events[25..]).unwrap();
        assert_eq!(ids(journal.recent().collect()), expected(20..30));
        assert_eq!(ids(journal.moments().collect()), expected(0..30));
    }
}
