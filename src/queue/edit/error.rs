//! The errors of changes. A failed change leaves the queue as it was.

use crate::queue::check::schema::Mismatch;

/// Why a change was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// No task has this index.
    #[error("there is no task number {0}")]
    NoTask(usize),
    /// The id is already in use.
    #[error("there is already a task `{0}`")]
    DuplicateId(String),
    /// The result would not be a valid task.
    #[error("{0}")]
    NotATask(String),
    /// A value does not match the schema.
    #[error("`{key}` {reason}")]
    Invalid {
        /// The key of the value.
        key: String,
        /// What the value must be.
        reason: String,
    },
}

impl From<Mismatch> for EditError {
    fn from(Mismatch { path, reason }: Mismatch) -> Self {
        let key = path.into_iter().next().unwrap_or_else(|| "task".to_owned());
        Self::Invalid { key, reason }
    }
}
