//! The errors that can occur between a change and the disk.

use super::journal::JournalError;
use crate::domain::Illegal;
use crate::queue::{EditError, Refused};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A failed read or update.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is not a queue; it was not touched.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
    /// The task's state does not allow the change.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// The change would make the queue invalid.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// No task has that id.
    #[error("there is no task `{id}` in {queues}{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    UnknownTask {
        /// The id that was asked for.
        id: String,
        /// The queues that were searched.
        queues: String,
        /// The most similar id there, if one is similar.
        nearest: Option<String>,
    },
    /// Several tasks have that id.
    #[error("task id `{id}` exists in {} queues: {}", references.len(), references.join(", "))]
    AmbiguousTask {
        /// The id that was asked for.
        id: String,
        /// All matches as `queue:ID`.
        references: Vec<String>,
    },
    /// The task is in a queue that the command does not serve.
    #[error("task `{id}` is in {queue}, which was not named: name that queue")]
    TaskElsewhere {
        /// The id that was asked for.
        id: String,
        /// The queue that contains it.
        queue: String,
    },
    /// A newer version wrote the queue.
    #[error(
        "{path} needs a newer workloop (workloop_format {found}, this version supports {known}): \
         it is read, not written",
        known = crate::queue::QUEUE_VERSION
    )]
    Newer {
        /// The queue file.
        path: PathBuf,
        /// The format version in the file.
        found: u64,
    },
    /// A change that this verb does not allow, with a message.
    #[error("{0}")]
    Rejected(String),
    /// The lock could not be acquired in time.
    #[error("could not lock {path} within {seconds} s: held by {holder}", seconds = .waited.as_secs())]
    Locked {
        /// The locked directory.
        path: PathBuf,
        /// The process that holds it, as far as it can be determined.
        holder: String,
        /// How long the update waited for it.
        waited: Duration,
    },
    /// The file, its folder or the state folder is unsafe or not supported.
    #[error("refused {path}: {reason}")]
    Unsafe {
        /// The file or folder.
        path: PathBuf,
        /// The reason, and what to do about it.
        reason: String,
    },
    /// Another program saved the file repeatedly while it was being written.
    #[error("{path} changed {times} times while it was being written; nothing was written")]
    Unsettled {
        /// The queue file.
        path: PathBuf,
        /// The number of tries.
        times: u32,
    },
    /// The new file is in place, but the directory could not be synced.
    #[error(
        "{path} was replaced, but its folder could not be synced: the change is visible and may \
         not survive a power cut; no agent was started"
    )]
    NotDurable {
        /// The queue file.
        path: PathBuf,
        /// The error of the sync.
        source: io::Error,
    },
    /// The journal could not be written; the queue was not touched.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Any other error of the file system.
    #[error("failed to {action} {path}")]
    Io {
        /// The action that failed: "read", "write" …
        action: &'static str,
        /// The file or folder.
        path: PathBuf,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl StoreError {
    /// Returns a function that wraps the I/O error of `action` on `path`.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
