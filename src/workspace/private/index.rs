//! Records which of our indexes are unchanged since this process wrote them. An index determines
//! which files are not read again, and an agent that finds its folder could write one that hides
//! the agent's own files.

use super::files;
use crate::platform::fault::{self, Fault};
use std::collections::HashMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

/// Properties of a file that cannot be forged: its time of change is set by the system.
type Stamp = [i128; 5];

/// The indexes that this process wrote last, shared by all slots of a run.
#[derive(Clone, Debug, Default)]
pub(super) struct Known(Arc<Mutex<HashMap<PathBuf, Stamp>>>);

impl Known {
    /// Returns whether the index at `path` is unchanged since this process wrote it.
    pub(super) fn is_as_left(&self, path: &Path) -> bool {
        if fault::is(Fault::IndexBelieved) {
            return path.exists();
        }
        let known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        known.get(path).is_some_and(|left| stamp(path).as_ref() == Some(left))
    }

    /// Records the index at `path` as it is now.
    pub(super) fn note(&self, path: &Path) {
        let mut known = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        match stamp(path) {
            Some(stamp) => known.insert(path.to_owned(), stamp),
            None => known.remove(path),
        };
    }
}

fn stamp(path: &Path) -> Option<Stamp> {
    let meta = files::look(path).ok().flatten().filter(std::fs::Metadata::is_file)?;
    let parts = [meta.ctime().into(), meta.ctime_nsec().into()];
    Some([meta.dev().into(), meta.ino().into(), meta.size().into(), parts[0], parts[1]])
}
