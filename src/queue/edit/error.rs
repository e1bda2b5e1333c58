//! Why a change was not made; the queue is as it was then.

use crate::queue::check::schema::Mismatch;

/// Why a change was not made.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum EditError {
    /// There is no task with this index.
    #[error("there is no task number {0}")]
    NoTask(usize),
    /// The id is in use already.
    #[error("there is a task `{0}` already")]
    DuplicateId(String),
    /// The task would be no task any more.
    #[error("{0}")]
    NotATask(String),
    /// A value does not match the schema.
    #[error("`{key}` {reason}")]
    Invalid {
        /// The key.
        key: String,
        /// What it must be.
        reason: String,
    },
}

impl From<Mismatch> for EditError {
    fn from(Mismatch { path, reason }: Mismatch) -> Self {
        let key = path.into_iter().next().unwrap_or_else(|| "task".to_owned());
        Self::Invalid { key, reason }
    }
}
