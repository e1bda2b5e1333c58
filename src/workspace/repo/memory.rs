//! Remembers what this process wrote into files of the repository. An agent that finds them can
//! write there too, so a file is trusted only if it is unchanged.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// The texts that this process wrote, by a name for each; shared by all clones of a repository.
#[derive(Clone, Debug, Default)]
pub(in super::super) struct Memory(Arc<Mutex<HashMap<String, Vec<u8>>>>);

impl Memory {
    /// Locks the memory, for the duration of a read or write of the files that it is about.
    pub(in super::super) fn hold(&self) -> MutexGuard<'_, HashMap<String, Vec<u8>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
