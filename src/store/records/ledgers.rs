//! What the attempts of a project used today: `.workloop/spent/day.json` beside its root.
//!
//! The file is written under the lock of its folder, which is never held together with the lock of
//! a queue.

use crate::domain::Ledger;
use crate::platform::atomic_file;
use crate::platform::dir::Dir;
use crate::platform::ids::Ids;
use crate::platform::lock::{DirLock, LockError};
use crate::platform::open;
use crate::platform::read_file::{self, ReadError};
use crate::store::state::{STATE_DIR, StateDir};
use std::ffi::OsStr;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The maximum number of bytes read from the file; files written by this program are smaller.
const MOST: u64 = 1 << 20;
/// How long to wait for the lock, which is held for milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);
/// The name of the file.
const DAY: &str = "day.json";

/// The ledger of what the attempts of one project used.
#[derive(Clone, Debug)]
pub struct Ledgers {
    state: StateDir,
}

impl Ledgers {
    /// The ledger of the project at `root`.
    pub fn of(root: &Path) -> Self {
        Self { state: StateDir::at(&root.join(STATE_DIR)) }
    }

    fn dir(&self) -> PathBuf {
        self.state.root().join("spent")
    }

    /// Reads the ledger; it is empty if nothing is recorded.
    ///
    /// # Errors
    /// When the system lacks the resources to read it.
    pub fn read(&self) -> io::Result<Ledger> {
        let dir = open::if_there(Dir::open(&self.dir()))?;
        dir.map_or_else(|| Ok(Ledger::default()), |dir| read(&dir))
    }

    /// Changes the ledger.
    ///
    /// # Errors
    /// Any I/O error, and a timeout of the lock.
    pub fn change(&self, ids: &dyn Ids, mut change: impl FnMut(&mut Ledger)) -> io::Result<Ledger> {
        self.state.with(&self.dir(), || {
            let lock = DirLock::acquire(&self.dir(), Some(PATIENCE), &mut |_, _| {});
            let lock = lock.map_err(LockError::into_io)?;
            let before = read(lock.dir())?;
            let mut after = before.clone();
            change(&mut after);
            if after != before {
                let mut text = serde_json::to_vec(&after)?;
                text.push(b'\n');
                let name = OsStr::new(DAY);
                // Left by killed writers: no other one is alive under this lock.
                drop(atomic_file::sweep(lock.dir(), name));
                let staged = atomic_file::stage(lock.dir(), name, [text.as_slice()], ids);
                staged.map_err(io::Error::other)?.commit().map_err(io::Error::other)?;
            }
            Ok(after)
        })
    }
}

/// Parses the file. A missing or invalid file means that nothing was used.
fn read(dir: &Dir) -> io::Result<Ledger> {
    match read_file::read(dir, OsStr::new(DAY), MOST) {
        Ok(contents) => Ok(serde_json::from_slice(contents.content.as_bytes()).unwrap_or_default()),
        Err(ReadError::Io(error)) if open::is_shortage(&error) => Err(error),
        Err(ReadError::Io(_) | ReadError::TooLarge { .. }) => Ok(Ledger::default()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::Usage;
    use crate::platform::ids::CountingIds;

    #[test]
    fn what_was_used_is_kept() {
        let root = tempfile::tempdir().expect("a folder");
        let ledgers = Ledgers::of(root.path());
        assert_eq!(ledgers.read().expect("read"), Ledger::default());
        let ids = CountingIds::default();
        let use_one = |ledger: &mut Ledger| ledger.settle("a", "claude", Usage::default());
        ledgers.change(&ids, use_one).expect("changed");
        let kept = ledgers.change(&ids, use_one).expect("changed");
        assert_eq!((ledgers.read().expect("read"), kept.kinds.len()), (kept.clone(), 1));
    }
}
