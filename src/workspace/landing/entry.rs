//! What waits to land: a file for each change in the shared git directory, and refs that keep its
//! objects.

use super::super::repo::{GitError, Memory, Oid, RefMove, Repository};
use super::message::Message;
use crate::platform::atomic_file::{CommitError, StageError, stage, sweep};
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
/// The most that an entry may have, in bytes.
const LIMIT: u64 = 4 << 20;
/// How often the refs of an entry are removed that are not where they were.
const FREES: u32 = 3;
/// Where the refs are.
const REFS: &str = "refs/workloop/landing/";

/// A change that waits, and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Entry {
    version: u32,
    /// Whose it is.
    pub whose: Whose,
    /// The change.
    pub work: Work,
    /// What its commit is to say.
    pub message: Message,
    /// What its loop needs to write the completion, also when another loop does it.
    #[serde(default)]
    pub memo: Value,
    /// What became of it.
    pub state: State,
}

/// Whose change it is.
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

/// What became of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum State {
    /// It waits.
    Waiting,
    /// The target is being moved: what is to be done is written here before it is done.
    Moving {
        /// Where the target was.
        old: Oid,
        /// Where it is to be.
        new: Oid,
        /// The work trees that have it checked out.
        checkouts: Vec<PathBuf>,
    },
    /// It landed.
    Landed {
        /// As this commit.
        commit: Oid,
    },
    /// All of it was there already.
    Covered {
        /// In this commit.
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
    /// An entry is not what we write; it is left as it is.
    #[error("read {}: {why}", .path.display())]
    Strange {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// It cannot be written in one step.
    #[error("write {}", .path.display())]
    Stage {
        /// The file.
        path: PathBuf,
        /// Why.
        source: StageError,
    },
    /// It cannot be put in place.
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
    /// A change that begins to wait.
    pub fn new(whose: Whose, work: Work, message: Message) -> Self {
        Self { version: VERSION, whose, work, message, memo: Value::Null, state: State::Waiting }
    }

    /// Its name, the same for every loop.
    pub fn name(&self) -> String {
        name_of(&self.whose.part, self.whose.attempt)
    }

    /// The ref that keeps the change, or a merge of it that is being judged.
    pub(super) fn ref_of(&self, what: &str) -> String {
        format!("{REFS}{}/{what}", self.name())
    }
}

/// The name of the entry of an attempt at the task that is `part` of a ref.
pub fn name_of(part: &str, attempt: u32) -> String {
    format!("{part}-{attempt}")
}

/// The entries of one repository.
#[derive(Clone, Debug)]
pub struct Entries {
    folder: PathBuf,
    memory: Memory,
}

impl Entries {
    /// Those of `repository`; their folder is made where it is missing.
    ///
    /// # Errors
    /// When it cannot be made.
    pub fn of(repository: &Repository) -> Result<Self, EntryError> {
        let folder = repository.common().join("workloop/landing");
        let made = DirBuilder::new().recursive(true).mode(0o700).create(&folder);
        made.map_err(|source| EntryError::Io { path: folder.clone(), source })?;
        Ok(Self { folder, memory: repository.memory().clone() })
    }

    /// The same to look at them: nothing is made.
    pub fn look(repository: &Repository) -> Self {
        let folder = repository.common().join("workloop/landing");
        Self { folder, memory: repository.memory().clone() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{name}.json"))
    }

    /// Has a change wait. Its ref comes after its entry and goes before it, so that none is left of which
    /// nobody knows; until then the attempt keeps the objects.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn enter(
        &self,
        repository: &Repository,
        entry: &Entry,
        ids: &dyn Ids,
    ) -> Result<(), EntryError> {
        self.write(entry, ids)?;
        Ok(repository.put_ref(&entry.ref_of("change"), &entry.work.change)?)
    }

    /// Writes an entry in one step, durably.
    ///
    /// # Errors
    /// Any I/O error; the entry is as it was then.
    pub fn write(&self, entry: &Entry, ids: &dyn Ids) -> Result<(), EntryError> {
        let mut memory = self.memory.hold();
        // What a write that failed left is not known.
        memory.remove(&entry.name());
        let text = self.put(entry, ids)?;
        memory.insert(entry.name(), text);
        Ok(())
    }

    /// The same of an entry that a landing found: it stays that of the process which wrote it.
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

    /// Whether this process wrote the entry last.
    pub(super) fn is_ours(&self, entry: &Entry) -> bool {
        self.memory.hold().contains_key(&entry.name())
    }

    /// Reads an entry; `None` when there is none. Of one that another process wrote `judged` is empty:
    /// whoever can write the file could name any tree there, so that it is judged again.
    ///
    /// # Errors
    /// When it cannot be read, is not understood, or is not what this process wrote.
    pub fn read(&self, name: &str) -> Result<Option<Entry>, EntryError> {
        read(&self.path(name), name, &mut self.memory.hold())
    }

    /// All entries, the longest waiting first.
    ///
    /// # Errors
    /// As [`Entries::read`], of any of them: to pass over it would be to forget it.
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

    /// Ends the waiting, when the loop has written what became of it.
    ///
    /// # Errors
    /// When the file or the refs cannot be removed.
    pub fn leave(&self, repository: &Repository, entry: &Entry) -> Result<(), EntryError> {
        self.free(repository, entry)?;
        self.remove(&entry.name())
    }

    /// Removes the file of an entry.
    ///
    /// # Errors
    /// When it cannot be removed.
    pub fn remove(&self, name: &str) -> Result<(), EntryError> {
        let path = self.path(name);
        let io = |source| EntryError::Io { path: path.clone(), source };
        self.memory.hold().remove(name);
        if let Some(folder) = open::if_there(Dir::open(&self.folder)).map_err(io)? {
            // What a write left that was killed.
            sweep(&folder, path.file_name().unwrap_or_default()).map_err(io)?;
        }
        open::if_there(std::fs::remove_file(&path)).map_err(io).map(drop)
    }

    /// Removes the refs of an entry: its objects are kept by the target, or are needed no more.
    ///
    /// # Errors
    /// When they cannot be removed.
    pub fn free(&self, repository: &Repository, entry: &Entry) -> Result<(), EntryError> {
        // Again where a git that died removed some of them.
        for _ in 0..FREES {
            let kept = repository.refs_below(&entry.ref_of(""))?;
            let gone = |(name, from, _)| RefMove { name, from: Some(from), to: None };
            let gone: Vec<RefMove> = kept.into_iter().map(gone).collect();
            if repository.move_refs(&gone, "workloop: it landed")? {
                break;
            }
        }
        // One that moves all the time belongs to somebody who does not know that it landed.
        Ok(())
    }
}

/// Reads the entry of this name, which has to be what `memory` says that we wrote.
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
        // Another loop continued with it.
        Some(_) => drop(memory.remove(name)),
        None => {}
    }
    entry.work.judged.clear();
    Ok(Some(entry))
}

fn worker_of(text: &[u8]) -> Option<String> {
    serde_json::from_slice(text).ok().map(|entry: Entry| entry.whose.worker)
}
