//! What a file store is opened with.

use crate::platform::clock::Clock;
use crate::platform::ids::Ids;
use crate::queue::Queue;
use crate::store::Backups;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Told the directory and who holds it, as far as that is known.
pub type OnWait = Box<dyn FnMut(&Path, Option<&str>) + Send>;

/// Told the queues after a change; gives what went wrong beside it.
pub type OnChange = Box<dyn FnMut(&[Queue]) -> Vec<String> + Send>;

/// What a file store is opened with.
pub struct FileOptions {
    /// Tells the time.
    pub clock: Arc<dyn Clock>,
    /// Makes names of temp files.
    pub ids: Arc<dyn Ids>,
    /// How long a verb waits for the lock.
    pub lock_timeout: Duration,
    /// Where copies of what is recorded are kept, if there is such a place.
    pub backups: Option<Backups>,
    /// Accept file systems whose locks or renames are not to be trusted.
    pub unsafe_fs: bool,
    /// Told once when a lock is waited for.
    pub on_wait: OnWait,
    /// Told once of each thing that went wrong beside a change that was made.
    pub on_warning: Box<dyn FnMut(&str) + Send>,
}
