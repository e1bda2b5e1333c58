//! The pauses of the agents of one project: `.workloop/pauses/<agent16>.json` beside its root; those of
//! an account: `accounts/<name>/pauses/` in the state folder of the user.
//!
//! Written under a lock of their own (the folder's), which is never held together with that of a
//! queue; read without one. What vanishes with the folder costs one try of an agent.

use super::state::{STATE_DIR, StateDir};
use crate::domain::Backoff;
use crate::platform::atomic_file;
use crate::platform::dir::Dir;
use crate::platform::hash::hex16;
use crate::platform::ids::Ids;
use crate::platform::lock::DirLock;
use crate::platform::open;
use crate::platform::read_file::{self, ReadError};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// More than any file of ours has.
const MOST: u64 = 1 << 20;
/// How long the lock is waited for: it is held for milliseconds.
const PATIENCE: Duration = Duration::from_secs(5);

/// The pauses of the agents of one project or account.
#[derive(Clone, Debug)]
pub struct Backoffs {
    state: StateDir,
}

impl Backoffs {
    /// Those of the project at `root`.
    pub fn of(root: &Path) -> Self {
        Self { state: StateDir::beside(&root.join(STATE_DIR)) }
    }

    /// Those in the state folder `state`, of a project or of an account.
    pub fn at(state: &Path) -> Self {
        Self { state: StateDir::at(state) }
    }

    /// The state folder that they are in.
    pub fn state(&self) -> &Path {
        self.state.root()
    }

    /// The folder of the files.
    pub fn dir(&self) -> PathBuf {
        self.state.root().join("pauses")
    }

    /// All that can be read, by agent.
    pub fn all(&self) -> Vec<Backoff> {
        // Mostly there is no such folder.
        let Ok(entries) = fs::read_dir(self.dir()) else { return Vec::new() };
        let Ok(dir) = Dir::open(&self.dir()) else { return Vec::new() };
        let names = entries.filter_map(|entry| Some(entry.ok()?.file_name()));
        let files = names.filter(|name| name.as_encoded_bytes().ends_with(b".json"));
        let mut all: Vec<Backoff> =
            files.filter_map(|name| read(&dir, &name).ok().flatten()).collect();
        all.sort_by(|one, other| one.agent.cmp(&other.agent));
        all
    }

    /// What is known of `agent`; `None` when it works.
    ///
    /// # Errors
    /// When the system lacks what it takes to read it.
    pub fn get(&self, agent: &str) -> io::Result<Option<Backoff>> {
        let dir = open::if_there(Dir::open(&self.dir()))?;
        dir.map_or(Ok(None), |dir| read(&dir, &name(agent)))
    }

    /// Changes what is known of `agent`.
    ///
    /// # Errors
    /// Any I/O error, and a lock that cannot be had.
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

/// What a file says; a file that says nothing, or is none, says that the agent works.
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
        // What is no file, or no pause, says nothing.
        fs::create_dir(backoffs.dir().join("x.json")).unwrap();
        assert_eq!(backoffs.all().len(), 1);
        fs::remove_dir_all(root.path().join(STATE_DIR)).unwrap();
        assert!(backoffs.all().is_empty());
        backoffs.change("../a", &ids, fail).unwrap();
        backoffs.change("../a", &ids, |_| (None, ())).unwrap();
        assert_eq!((backoffs.all().len(), backoffs.get("../a").unwrap()), (0, None));
    }
}
