//! Backoffs of agents. Those of a project are in `.workloop/pauses/<agent16>.json` beside its root,
//! those of an account in `accounts/<name>/pauses/` in the user's state folder.
//!
//! The files are written under the lock of their folder, which is never held together with the lock
//! of a queue, and read without a lock. If the folder vanishes, the cost is one more try of an
//! agent.

use crate::domain::Backoff;
use crate::platform::atomic_file;
use crate::platform::dir::Dir;
use crate::platform::hash::hex16;
use crate::platform::ids::Ids;
use crate::platform::lock::DirLock;
use crate::platform::open;
use crate::platform::read_file::{self, ReadError};
use crate::store::state::{STATE_DIR, StateDir};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The maximum number of bytes read from a file; files written by this program are smaller.
const MOST: u64 = 1 << 20;
/// How long to wait for the lock, which is held for milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// The backoffs of the agents of one project or account.
#[derive(Clone, Debug)]
pub struct Backoffs {
    state: StateDir,
}

impl Backoffs {
    /// The backoffs of the project at `root`.
    pub fn of(root: &Path) -> Self {
        Self { state: StateDir::beside(&root.join(STATE_DIR)) }
    }

    /// The backoffs in the state folder `state` of a project or an account.
    pub fn at(state: &Path) -> Self {
        Self { state: StateDir::at(state) }
    }

    /// The path of the state folder that contains them.
    pub fn state(&self) -> &Path {
        self.state.root()
    }

    /// The path of the folder that contains the files.
    pub fn dir(&self) -> PathBuf {
        self.state.root().join("pauses")
    }

    /// Returns all readable backoffs, sorted by agent.
    pub fn all(&self) -> Vec<Backoff> {
        // Usually there is no such folder.
        let Ok(entries) = fs::read_dir(self.dir()) else { return Vec::new() };
        let Ok(dir) = Dir::open(&self.dir()) else { return Vec::new() };
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        let files = names.filter(|name| name.as_encoded_bytes().ends_with(b".json"));
        let mut all: Vec<Backoff> =
            files.filter_map(|name| read(&dir, &name).ok().flatten()).collect();
        all.sort_by(|one, other| one.agent.cmp(&other.agent));
        all
    }

    /// Returns the backoff of `agent`; `None` if the agent works.
    ///
    /// # Errors
    /// When the system lacks the resources to read it.
    pub fn get(&self, agent: &str) -> io::Result<Option<Backoff>> {
        let dir = open::if_there(Dir::open(&self.dir()))?;
        dir.map_or(Ok(None), |dir| read(&dir, &name(agent)))
    }

    /// Changes the backoff of `agent`.
    ///
    /// # Errors
    /// Any I/O error, and a timeout of the lock.
    pub fn change<T>(
        &self,
        agent: &str,
        ids: &dyn Ids,
        mut change: impl FnMut(Option<Backoff>) -> (Option<Backoff>, T),
    ) -> io::Result<T> {
        let name = name(agent);
        self.state.with(&self.dir(), || {
            let lock = DirLock::acquire(&self.dir(), Some(PATIENCE), &mut |_, _| {});
            let lock = lock.map_err(crate::platform::lock::LockError::into_io)?;
            let before = read(lock.dir(), &name)?;
            let (after, result) = change(before.clone());
            if after != before {
                write(lock.dir(), &name, after.as_ref(), ids)?;
            }
            Ok(result)
        })
    }
}

fn name(agent: &str) -> OsString {
    OsString::from(format!("{}.json", hex16(&[agent.as_bytes()])))
}

/// Reads a backoff. A missing or invalid file means that the agent works.
fn read(dir: &Dir, name: &OsStr) -> io::Result<Option<Backoff>> {
    match read_file::read(dir, name, MOST) {
        Ok(contents) => Ok(serde_json::from_slice(contents.content.as_bytes()).ok()),
        Err(ReadError::Io(error)) if open::is_shortage(&error) => Err(error),
        Err(ReadError::Io(_) | ReadError::TooLarge { .. }) => Ok(None),
    }
}

fn write(dir: &Dir, name: &OsStr, value: Option<&Backoff>, ids: &dyn Ids) -> io::Result<()> {
    let Some(value) = value.filter(|value| !value.is_empty()) else {
        return match fs::remove_file(dir.path().join(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        };
    };
    let mut text = serde_json::to_vec(value)?;
    text.push(b'\n');
    // Left by killed writers: no other one is alive under the lock.
    drop(atomic_file::sweep(dir, name));
    let staged = atomic_file::stage(dir, name, [text.as_slice()], ids).map_err(io::Error::other)?;
    staged.commit().map_err(io::Error::other)?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::QuickFailure;
    use crate::platform::ids::CountingIds;
    use chrono::DateTime;

    #[test]
    fn a_pause_is_kept_until_nothing_is_left_of_it() {
        let root = tempfile::tempdir().unwrap();
        let (backoffs, ids) = (Backoffs::of(root.path()), CountingIds::default());
        assert!(backoffs.all().is_empty());
        let now = DateTime::UNIX_EPOCH;
        let fail = |before: Option<Backoff>| {
            let mut backoff = before.unwrap_or_else(|| Backoff::new("../a", now));
            let failure = QuickFailure { task: "t", began: now, now, reason: "why", jitter: 0.0 };
            let cost = backoff.failed(&failure);
            (Some(backoff), cost)
        };
        backoffs.change("../a", &ids, fail).unwrap();
        assert_eq!(backoffs.all().len(), 1);
        assert_eq!(backoffs.get("../a").unwrap().unwrap().failures, 1);
        assert_eq!(backoffs.get("b").unwrap(), None);
        // A directory or an invalid file has no content.
        fs::create_dir(backoffs.dir().join("x.json")).unwrap();
        assert_eq!(backoffs.all().len(), 1);
        fs::remove_dir_all(root.path().join(STATE_DIR)).unwrap();
        assert!(backoffs.all().is_empty());
        backoffs.change("../a", &ids, fail).unwrap();
        backoffs.change("../a", &ids, |_| (None, ())).unwrap();
        assert_eq!((backoffs.all().len(), backoffs.get("../a").unwrap()), (0, None));
    }
}
