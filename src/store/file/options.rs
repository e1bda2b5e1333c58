//! The options of a file store.

use crate::platform::clock::Clock;
use crate::platform::ids::Ids;
use crate::store::Backups;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Called with a directory and the holder of its lock, as far as that is known.
pub type OnWait = Box<dyn FnMut(&Path, Option<&str>) + Send>;

/// The options of a file store.
pub struct FileOptions {
    /// Returns the current time.
    pub clock: Arc<dyn Clock>,
    /// Generates the names of temp files.
    pub ids: Arc<dyn Ids>,
    /// How long a verb waits for the lock.
    pub lock_timeout: Duration,
    /// The place for backups, if there is one.
    pub backups: Option<Backups>,
    /// Whether to accept file systems whose locks or renames are unreliable.
    pub unsafe_fs: bool,
    /// Called once when a lock must be waited for.
    pub on_wait: OnWait,
    /// Called once for each failure that does not affect the change itself.
    pub on_warning: Box<dyn FnMut(&str) + Send>,
}
