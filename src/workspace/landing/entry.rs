//! Stores the changes that wait to land: a file for each change in the shared git directory, and
//! refs that keep its objects.

use super::super::repo::{GitError, Memory, Oid, Repository};
use super::message::Message;
use crate::platform::atomic_file::{CommitError, StageError, stage, sweep, sweep_old};
use crate::platform::dir::Dir;
use crate::platform::ids::Ids;
use crate::platform::open::{self, Links};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use std::collections::HashMap;
use std::ffi::OsStr;
use std::fs::DirBuilder;
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use thiserror::Error;

/// The version of an entry that this program writes and reads.
const VERSION: u32 = 1;
/// The largest size of an entry, in bytes.
const LIMIT: u64 = 4 << 20;
/// The prefix of the refs.
const REFS: &str = "refs/workloop/landing/";

/// A change that waits, and its state.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    version: u32,
    /// The task and loop that it belongs to.
    pub whose: Whose,
    /// The change.
    pub work: Work,
    /// The content of its commit message.
    pub message: Message,
    /// The data that a loop needs to write the completion; another loop may do it.
    #[serde(default)]
    pub memo: Value,
    /// The state of its landing.
    pub state: State,
}

/// A commit of an entry that a ref keeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Keeps {
    /// The change as it was captured.
    Change,
    /// The change on the target, which is being judged or is to land.
    Merge,
}

impl Keeps {
    const ALL: [Self; 2] = [Self::Change, Self::Merge];
}

/// The task and loop that a change belongs to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Whose {
    /// The queue file, absolute.
    pub queue: PathBuf,
    /// The task, as a part of a ref.
    pub part: String,
    /// The number of the attempt.
    pub attempt: u32,
    /// The loop that writes the completion.
    pub worker: String,
    /// When the change began to wait, in seconds since 1970: the date of its commit.
    pub since: i64,
}

/// What is to land.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Work {
    /// The commit that the attempt began with.
    pub base: Oid,
    /// The change: a commit on the base.
    pub change: Oid,
    /// The trees that a verification passed; nothing else lands.
    pub judged: Vec<Oid>,
    /// Paths and globs that the task declares.
    pub declared: Vec<String>,
}

/// The state of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits.
    Waiting,
    /// The target is being moved: the intent is written here before the action.
    Moving {
        /// The position of the target before.
        old: Oid,
        /// The position of the target afterwards.
        new: Oid,
        /// The work trees that have it checked out.
        checkouts: Vec<PathBuf>,
    },
    /// It landed.
    Landed {
        /// The commit on the target.
        commit: Oid,
    },
    /// The target contained all of it already.
    Covered {
        /// The commit that contains it.
        by: Oid,
    },
}

/// Why the entries cannot be read or written.
#[derive(Debug, Error)]
pub enum EntryError {
    /// The system refused.
    #[error("read or write {}: {source}", .path.display())]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// An entry has an unexpected format; it is left as it is.
    #[error("read {}: {why}", .path.display())]
    Strange {
        /// The file.
        path: PathBuf,
        /// The problem.
        why: String,
    },
    /// The temporary file cannot be written.
    #[error("write {}", .path.display())]
    Stage {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StageError,
    },
    /// The file cannot be put in place.
    #[error("write {}", .path.display())]
    Commit {
        /// The file.
        path: PathBuf,
        /// Why.
        source: Box<CommitError>,
    },
    /// A ref cannot be written.
    #[error(transparent)]
    Git(#[from] GitError),
}

impl Entry {
    /// Creates a change that begins to wait.
    pub fn new(whose: Whose, work: Work, message: Message) -> Self {
        Self { version: VERSION, whose, work, message, memo: Value::Null, state: State::Waiting }
    }

    /// Returns its name, the same for every loop.
    pub fn name(&self) -> String {
        name_of(&self.whose.part, self.whose.attempt)
    }

    /// Returns the name of the ref that keeps it.
    pub(super) fn ref_of(&self, what: Keeps) -> String {
        let what = match what {
            Keeps::Change => "change",
            Keeps::Merge => "merge",
        };
        format!("{REFS}{}/{what}", self.name())
    }
}

/// Returns the name of the entry of an attempt; `part` is the task as a part of a ref.
pub(crate) fn name_of(part: &str, attempt: u32) -> String {
    format!("{part}-{attempt}")
}

/// The entries of one repository.
#[derive(Clone, Debug)]
pub struct Entries {
    folder: PathBuf,
    memory: Memory,
}

impl Entries {
    /// Opens the entries of `repository`; creates their folder if it is missing.
    ///
    /// # Errors
    /// If the folder cannot be created.
    pub fn of(repository: &Repository) -> Result<Self, EntryError> {
        let folder = repository.common().join("workloop/landing");
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|source| EntryError::Io { path: folder.clone(), source })?;
        Ok(Self { folder, memory: repository.memory().clone() })
    }

    /// Opens the entries for reading only: nothing is created.
    pub fn look(repository: &Repository) -> Self {
        let folder = repository.common().join("workloop/landing");
        Self { folder, memory: repository.memory().clone() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    /// Adds a change that waits. Its ref is written after its entry and removed before it, so that
    /// no unknown ref remains; until then the attempt keeps the objects.
    ///
    /// # Errors
    /// If it cannot be written.
    pub fn enter(
        &self,
        repository: &Repository,
        entry: &Entry,
        ids: &dyn Ids,
    ) -> Result<(), EntryError> {
        self.write(entry, ids)?;
        Ok(repository.put_ref(&entry.ref_of(Keeps::Change), &entry.work.change)?)
    }

    /// Writes an entry atomically and durably.
    ///
    /// # Errors
    /// Any I/O error; the entry is unchanged then.
    pub fn write(&self, entry: &Entry, ids: &dyn Ids) -> Result<(), EntryError> {
        let mut memory = self.memory.hold();
        // After a failed write, the content of the file is unknown.
        memory.remove(&entry.name());
        let text = self.put(entry, ids)?;
        memory.insert(entry.name(), text);
        Ok(())
    }

    /// Writes an entry that a landing found, without taking it over from the process that wrote it.
    pub(super) fn note(&self, entry: &Entry, ids: &dyn Ids) -> Result<(), EntryError> {
        if self.is_ours(entry) { self.write(entry, ids) } else { self.put(entry, ids).map(drop) }
    }

    fn put(&self, entry: &Entry, ids: &dyn Ids) -> Result<Vec<u8>, EntryError> {
        let path = self.path(&entry.name());
        let strange = |why: String| EntryError::Strange { path: path.clone(), why };
        let text = serde_json::to_vec_pretty(entry).map_err(|error| strange(error.to_string()))?;
        let io = |source| EntryError::Io { path: path.clone(), source };
        let dir = Dir::open(&self.folder).map_err(io)?;
        let name = path.file_name().unwrap_or(OsStr::new("entry"));
        let staged = stage(&dir, name, [text.as_slice()], ids);
        let staged = staged.map_err(|source| EntryError::Stage { path: path.clone(), source })?;
        staged.commit().map_err(|source| {
            let source = Box::new(source);
            EntryError::Commit { path: path.clone(), source }
        })?;
        Ok(text)
    }

    /// Returns whether this process wrote the entry last.
    pub(super) fn is_ours(&self, entry: &Entry) -> bool {
        self.memory.hold().contains_key(&entry.name())
    }

    /// Reads an entry; `None` if there is none. `judged` is empty in an entry that another process
    /// wrote: any process that can write the file could name any tree there, so the change is
    /// judged again.
    ///
    /// # Errors
    /// If it cannot be read, has an unexpected format, or is not what this process wrote.
    pub fn read(&self, name: &str) -> Result<Option<Entry>, EntryError> {
        read(&self.path(name), name, &mut self.memory.hold())
    }

    /// Returns all entries, the longest waiting first.
    ///
    /// # Errors
    /// As [`Entries::read`], for any of them: skipping one would lose it.
    pub fn all(&self) -> Result<Vec<Entry>, EntryError> {
        let io = |source| EntryError::Io { path: self.folder.clone(), source };
        let mut memory = self.memory.hold();
        let files = open::if_there(std::fs::read_dir(&self.folder)).map_err(io)?;
        let mut found = Vec::new();
        for file in files.into_iter().flatten() {
            let name = file.map_err(io)?.file_name();
            if let Some(name) = name.to_str().and_then(|name| name.strip_suffix(".json")) {
                found.extend(read(&self.path(name), name, &mut memory)?);
            }
        }
        found.sort_by(|one: &Entry, other| {
            (one.whose.since, &one.whose.part).cmp(&(other.whose.since, &other.whose.part))
        });
        Ok(found)
    }

    /// Removes an entry, after the loop has written its result.
    ///
    /// # Errors
    /// If the file or the refs cannot be removed.
    pub fn leave(&self, repository: &Repository, entry: &Entry) -> Result<(), EntryError> {
        self.free(repository, entry)?;
        self.remove(&entry.name())
    }

    /// Removes the file of an entry.
    ///
    /// # Errors
    /// If it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), EntryError> {
        let path = self.path(name);
        let io = |source| EntryError::Io { path: path.clone(), source };
        self.memory.hold().remove(name);
        if let Some(folder) = open::if_there(Dir::open(&self.folder)).map_err(io)? {
            // Leftovers of a killed write.
            sweep(&folder, path.file_name().unwrap_or_default()).map_err(io)?;
        }
        open::if_there(std::fs::remove_file(&path)).map_err(io).map(drop)
    }

    /// Removes what processes left that were killed while they wrote the first version of an entry:
    /// another attempt has another entry, which does not remove them.
    pub(super) fn sweep(&self) -> Result<(), EntryError> {
        let io = |source| EntryError::Io { path: self.folder.clone(), source };
        sweep_old(&self.folder, None).map_err(io)
    }

    /// Removes the refs of an entry: the target keeps its objects, or they are no longer needed.
    ///
    /// # Errors
    /// If they cannot be removed.
    pub fn free(&self, repository: &Repository, entry: &Entry) -> Result<(), EntryError> {
        let names = Keeps::ALL.map(|what| entry.ref_of(what));
        Ok(repository.drop_refs(&names, "workloop: it landed")?)
    }
}

/// Reads the entry of this name, and compares it with what `memory` says that this process wrote.
fn read(
    path: &Path,
    name: &str,
    memory: &mut HashMap<String, Vec<u8>>,
) -> Result<Option<Entry>, EntryError> {
    let text = open::if_there(open::read(path, Links::Refuse, LIMIT));
    let text = text.map_err(|source| EntryError::Io { path: path.to_owned(), source })?;
    let strange = |why: String| EntryError::Strange { path: path.to_owned(), why };
    let Some(text) = text else {
        memory.remove(name);
        return Ok(None);
    };
    let mut entry: Entry =
        serde_json::from_slice(&text).map_err(|error| strange(error.to_string()))?;
    if entry.version > VERSION {
        let why = format!("it was written by a newer version ({})", entry.version);
        return Err(strange(why));
    }
    if entry.name() != name {
        return Err(strange(format!("it is about {}", entry.name())));
    }
    match memory.get(name) {
        Some(ours) if *ours == text => return Ok(Some(entry)),
        Some(ours) if worker_of(ours).as_ref() == Some(&entry.whose.worker) => {
            let why = "it was changed by something else than this run, which believes it no more; \
                       a further run judges the change again";
            return Err(strange(why.to_owned()));
        }
        // Another loop took the entry over.
        Some(_) => drop(memory.remove(name)),
        None => {}
    }
    entry.work.judged.clear();
    Ok(Some(entry))
}

fn worker_of(text: &[u8]) -> Option<String> {
    serde_json::from_slice(text).ok().map(|entry: Entry| entry.whose.worker)
}
