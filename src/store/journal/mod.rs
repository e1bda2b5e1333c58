//! The journal `events.jsonl`: append-only, one line per event, never needed to read the queue.
//!
//! Lines are appended under the lock of the queue's directory, before the queue file is renamed
//! into place. They are not synced each time, because the queue file is the durable record. The
//! line of a transition contains the hash of the file before and after it. If the file never gets
//! the hash "after", the line is void.

pub(crate) mod last_good;
pub mod lines;
pub(crate) mod writes;

use crate::domain::{EVENT_VERSION, Event, EventKind};
use crate::platform::fault::{self, Fault};
use crate::platform::open::{self, Links};
use crate::platform::trouble;
use crate::store::state::StateDir;
use crate::store::state::backup::Appended;
use crate::store::state::tail::{
    End, Events, JOURNAL, MOST, ROTATE_AT, ROTATED, last_lines, near_end, read_file,
};
use serde::Deserialize;
use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use writes::LastWrite;

/// How much of the end counts as recent, in bytes: roughly the last hundred attempts.
const RECENT: u64 = 256 << 10;
/// How often to create a folder that other processes delete again.
const TRIES: u32 = 100;

/// A failed append.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The file could not be read or written.
    #[error("failed to append to the journal {path}")]
    Io {
        /// The path of the journal.
        path: String,
        /// The error of the operating system.
        source: io::Error,
    },
    /// A newer version wrote the journal.
    #[error(
        "the journal {path} was written by a newer workloop (format {found}, this version \
         supports {EVENT_VERSION}): it is read, not written; use the newer program"
    )]
    Newer {
        /// The path of the journal.
        path: String,
        /// The format version of its last line.
        found: u32,
    },
}

/// An event without its details, for readers that need only times.
#[derive(Clone, Debug, Deserialize)]
pub struct Moment {
    /// When it happened, as in [`Event::at`].
    pub at: String,
    /// The kind of the event.
    pub event: EventKind,
    /// The file name of the queue.
    #[serde(default)]
    pub queue: String,
    /// The id of the task, if the event is about one.
    #[serde(default)]
    pub task: Option<String>,
}

/// The journal of one state folder, with what is known about its end.
#[derive(Debug)]
pub struct Journal {
    state: StateDir,
    end: Option<End>,
    /// The end of the backup, as far as this process wrote it.
    backed_up: Option<End>,
    /// Why the backup lacks the last lines.
    trouble: Option<io::Error>,
}

impl Journal {
    /// Creates a handle for the journal in `state`; opens nothing yet.
    pub fn new(state: StateDir) -> Self {
        Self { state, end: None, backed_up: None, trouble: None }
    }

    /// Numbers `events` and appends them in one write.
    ///
    /// # Errors
    /// [`JournalError`]. At most an incomplete line was written then, which readers skip.
    pub fn append(&mut self, events: &mut [Event]) -> Result<(), JournalError> {
        if events.is_empty() || fault::is(Fault::NoJournal) {
            return Ok(());
        }
        let (mut file, home, mut end) = self.open_at_end()?;
        let path = home.join(JOURNAL);
        let io = |source| JournalError::Io { path: path.display().to_string(), source };
        if end.len >= ROTATE_AT {
            fs::rename(&path, home.join(ROTATED)).map_err(io)?;
            file = self.open().map_err(io)?.0;
            end =
                End { inode: file.metadata().map_err(io)?.ino(), len: 0, whole_line: true, ..end };
        }
        let before = end.seq;
        let mut text = Vec::new();
        for event in events.iter_mut() {
            end.seq += 1;
            event.seq = end.seq;
            serde_json::to_writer(&mut text, event).map_err(|e| io(e.into()))?;
            text.push(b'\n');
        }
        if !end.whole_line {
            file.write_all(b"\n").map_err(io)?;
            end.len += 1;
        }
        trouble::before().map_err(io)?;
        file.write_all(&text).map_err(io)?;
        trouble::after();
        end.len += text.len() as u64;
        end.whole_line = true;
        self.end = Some(end);
        self.back_up(&home, &Appended { before, last: end.seq, text: &text, state: &home });
        Ok(())
    }

    /// Adds new lines to the backup, if there is one.
    fn back_up(&mut self, home: &Path, new: &Appended<'_>) {
        let backup = if home == self.state.root() { self.state.backup() } else { None };
        let Some(backup) = backup else { return };
        match backup.follow(self.backed_up, new) {
            Ok(end) => self.backed_up = Some(end),
            Err(error) => (self.backed_up, self.trouble) = (None, Some(error)),
        }
    }

    /// Returns, once, why the backup lacks the lines that were appended last.
    pub(crate) fn take_trouble(&mut self) -> Option<io::Error> {
        self.trouble.take()
    }

    /// Opens the journal and returns it with its folder and its end. A journal without a readable
    /// line is first put back from the backup.
    fn open_at_end(&self) -> Result<(File, PathBuf, End), JournalError> {
        let io =
            |source| JournalError::Io { path: self.state.journal().display().to_string(), source };
        for _ in 0..TRIES {
            let (mut file, home) = self.open().map_err(io)?;
            let end = self.end_of(&mut file, &home).map_err(io)??;
            if end.seq > 0 {
                return Ok((file, home, end));
            }
            match if home == self.state.root() { self.state.put_back() } else { Ok(false) } {
                Ok(true) => {}
                Ok(false) => {
                    // Either this is the first journal, or a writer died after it had rotated the
                    // previous one.
                    let rotated = home.join(ROTATED);
                    let before: Option<Event> = read_file(&rotated).last();
                    let seq = known(before.as_ref(), &rotated)?;
                    return Ok((file, home, End { seq, ..end }));
                }
                // The state folder may vanish again.
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                Err(error) => return Err(io(error)),
            }
        }
        Err(io(io::ErrorKind::NotFound.into()))
    }

    fn open(&self) -> io::Result<(File, PathBuf)> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        // The state folder may vanish between the two steps.
        for _ in 0..TRIES {
            let home = self.state.settle()?;
            // Anything else at that path is removed: it must not end a run.
            match open::in_place_of_others(&home.join(JOURNAL), open::appending) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => last = error,
                other => return other.map(|file| (file, home)),
            }
        }
        Err(last)
    }

    /// Determines the end of the file. Reads its last lines only if it changed since the last call.
    fn end_of(&self, file: &mut File, home: &Path) -> io::Result<Result<End, JournalError>> {
        let meta = file.metadata()?;
        if let Some(end) = self.end
            && end.inode == meta.ino()
            && end.len == meta.len()
        {
            return Ok(Ok(end));
        }
        let (found, whole_line) = near_end(file, meta.len(), |events| events.next_back())?;
        let path = home.join(JOURNAL);
        let last: Option<Event> = found.or_else(|| read_file(&path).last());
        let (inode, len) = (meta.ino(), meta.len());
        Ok(known(last.as_ref(), &path).map(|seq| End { inode, len, seq, whole_line }))
    }

    /// Returns the last write of the queue file `queue`. Searches near the end of the journal
    /// first, then all of it.
    pub fn last_write(&self, queue: &str) -> Option<LastWrite> {
        let write = |event: &Event| LastWrite::of(event).filter(|_| event.queue == queue);
        let near = open::reading(&self.state.journal(), Links::Refuse).ok().and_then(|mut file| {
            let len = file.metadata().ok()?.len();
            let find = |events: &mut Events<'_>| events.rev().find_map(|event| write(&event));
            near_end(&mut file, len, find).ok()?.0
        });
        near.or_else(|| self.all().filter_map(|event| write(&event)).last())
    }

    /// Returns the hash of the text that was known before the last write of the queue file `queue`,
    /// if that write recorded an edit.
    pub fn known_before_last(&self, queue: &str) -> Option<String> {
        writes::read(self.of(queue)).0?.known
    }

    /// Returns the events written for the queue file `queue` since its text had this hash; `None`
    /// if no line contains the hash. Void lines are left out, and the lines of the last write if it
    /// `is_void`.
    pub fn since(&self, queue: &str, hash: &str, is_void: bool) -> Option<Vec<Event>> {
        writes::since(|| self.of(queue), hash, is_void)
    }

    /// All events of the queue file `queue`.
    fn of(&self, queue: &str) -> impl Iterator<Item = Event> {
        self.all().filter(move |event| event.queue == queue)
    }

    /// Returns the format version of the last line if it is newer than ours.
    pub fn newer_version(&self) -> Option<u32> {
        let mut file = open::reading(&self.state.journal(), Links::Refuse).ok()?;
        let len = file.metadata().ok()?.len();
        let (last, _) = near_end(&mut file, len, |events| events.next_back()).ok()?;
        let last = last?;
        (last.v > EVENT_VERSION).then_some(last.v)
    }

    /// Fails if a newer version wrote the journal, before anything is written.
    ///
    /// # Errors
    /// [`JournalError::Newer`].
    pub fn check_known(&self) -> Result<(), JournalError> {
        let path = || self.state.journal().display().to_string();
        self.newer_version()
            .map_or(Ok(()), |found| Err(JournalError::Newer { path: path(), found }))
    }

    /// Returns every event, oldest first, including the rotated journal. Unreadable lines are
    /// skipped: truncated appends, and lines of a newer version.
    pub fn all(&self) -> impl Iterator<Item = Event> + use<> {
        read_file(&self.state.rotated_journal()).chain(read_file(&self.state.journal()))
    }

    /// Returns all lines, oldest first, without their line ends.
    pub(in crate::store) fn raw(&self) -> impl Iterator<Item = Vec<u8>> + use<> {
        let of = |path: &Path| last_lines(path, MOST);
        of(&self.state.rotated_journal()).chain(of(&self.state.journal()))
    }

    /// Returns all moments, oldest first, like [`all`](Self::all) for events.
    pub fn moments(&self) -> impl Iterator<Item = Moment> + use<> {
        read_file(&self.state.rotated_journal()).chain(read_file(&self.state.journal()))
    }

    /// Returns the lines of the last 256 KiB, oldest first; the first one may be incomplete. The
    /// time to read them does not grow with the journal.
    pub(in crate::store) fn raw_recent(&self) -> impl Iterator<Item = Vec<u8>> + use<> {
        let length = |path: &Path| fs::symlink_metadata(path).map_or(0, |meta| meta.len());
        let (before, now) = (self.state.rotated_journal(), self.state.journal());
        let of_before = RECENT.saturating_sub(length(&now));
        let rotated = (of_before > 0).then(|| last_lines(&before, of_before));
        rotated.into_iter().flatten().chain(last_lines(&now, RECENT))
    }

    /// Returns the last event of a task that changed its owner: a claim, or an end by a person or a
    /// take-over.
    pub fn last_ownership(&self, queue: &str, task: &str) -> Option<Event> {
        let all = self.all().filter(|event| event.queue == queue);
        all.filter(|event| is_of_owner(event, task)).last()
    }
}

/// Returns whether an event gives the task `task` to a worker or takes it away.
pub(in crate::store) fn is_of_owner(event: &Event, task: &str) -> bool {
    let changes_owner = matches!(
        event.event,
        EventKind::Claimed
            | EventKind::Released
            | EventKind::StaleClaim
            | EventKind::Cancelled
            | EventKind::Blocked
            | EventKind::Parked
            | EventKind::Reset
    );
    // A person who retries or answers rejects work in review, whose worker still has the task. A
    // worker writes the same event at the end of its own claim.
    let rejects = matches!(event.event, EventKind::Retried | EventKind::Answered);
    (changes_owner || rejects && event.worker.is_none()) && event.task.as_deref() == Some(task)
}

impl From<&Event> for Moment {
    fn from(event: &Event) -> Self {
        let Event { at, event, queue, task, .. } = event;
        Self { at: at.clone(), event: *event, queue: queue.clone(), task: task.clone() }
    }
}

/// Returns the number of the last line of the journal at `path`, if this version may append to it.
fn known(last: Option<&Event>, path: &Path) -> Result<u64, JournalError> {
    match last {
        Some(event) if event.v > EVENT_VERSION => {
            Err(JournalError::Newer { path: path.display().to_string(), found: event.v })
        }
        _ => Ok(last.map_or(0, |event| event.seq)),
    }
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
            // As another process that does not know the end sees it.
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
        let recent = |journal: &Journal| -> Vec<Moment> {
            journal.raw_recent().filter_map(|line| serde_json::from_slice(&line).ok()).collect()
        };
        assert_eq!(ids(recent(&journal)), expected(15..25));
        fs::rename(journal.state.journal(), journal.state.rotated_journal()).unwrap();
        journal.append(&mut events[25..]).unwrap();
        assert_eq!(ids(recent(&journal)), expected(20..30));
        assert_eq!(ids(journal.moments().collect()), expected(0..30));
    }
}
