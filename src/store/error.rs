//! What can go wrong between a change and the disk.

use super::journal::JournalError;
use crate::domain::Illegal;
use crate::queue::{EditError, Refused};
use std::io;
use std::path::PathBuf;
use std::time::Duration;

/// A failed read or update.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The file is no queue; it was not touched.
    #[error(transparent)]
    Refused(#[from] Box<Refused>),
    /// The task's state does not allow the change.
    #[error(transparent)]
    Illegal(#[from] Illegal),
    /// The change would make the queue invalid.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// No task of that id.
    #[error("there is no task `{id}` in {queues}{}", nearest.as_ref().map(|n| format!("; did you mean `{n}`?")).unwrap_or_default())]
    UnknownTask {
        /// What was asked for.
        id: String,
        /// Where it was looked up.
        queues: String,
        /// The nearest id there.
        nearest: Option<String>,
    },
    /// Several tasks have that id.
    #[error("task id `{id}` exists in {} queues: {}", references.len(), references.join(", "))]
    AmbiguousTask {
        /// What was asked for.
        id: String,
        /// Each of them as `queue:ID`.
        references: Vec<String>,
    },
    /// The task is in a queue that the command does not serve.
    #[error("task `{id}` is in {queue}, which was not named: name that queue")]
    TaskElsewhere {
        /// What was asked for.
        id: String,
        /// The queue that has it.
        queue: String,
    },
    /// A newer version wrote the queue.
    #[error(
        "{path} needs a newer workloop (workloop_format {found}, this one knows {known}): it is \
         read, not written",
        known = crate::queue::QUEUE_VERSION
    )]
    Newer {
        /// The queue.
        path: PathBuf,
        /// Its format version.
        found: u64,
    },
    /// A change that this verb must not make, in words.
    #[error("{0}")]
    Rejected(String),
    /// The lock could not be had in time.
    #[error("could not lock {path} within {seconds} s: held by {holder}", seconds = .waited.as_secs())]
    Locked {
        /// The directory.
        path: PathBuf,
        /// Who holds it, as far as it can be told.
        holder: String,
        /// How long it was waited for.
        waited: Duration,
    },
    /// The file, its folder or the state folder is not to be trusted or not supported.
    #[error("refused {path}: {reason}")]
    Unsafe {
        /// The file or folder.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// Somebody saved the file again and again while it was being written.
    #[error("{path} changed {times} times while it was being written; nothing was written")]
    Unsettled {
        /// The queue.
        path: PathBuf,
        /// How often it was tried.
        times: u32,
    },
    /// The new file is in place, but the directory could not be synced.
    #[error(
        "{path} was replaced, but its folder could not be synced: the change is visible and may \
         not survive a power cut; no agent was started"
    )]
    NotDurable {
        /// The queue.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// The journal could not be written; the queue was not touched.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// Anything else of the file system.
    #[error("failed to {action} {path}")]
    Io {
        /// What was tried: "read", "write" …
        action: &'static str,
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

impl StoreError {
    /// An I/O failure of `action` on `path`.
    pub fn io(action: &'static str, path: impl Into<PathBuf>) -> impl FnOnce(io::Error) -> Self {
        let path = path.into();
        move |source| Self::Io { action, path, source }
    }
}
