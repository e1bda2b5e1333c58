//! Records which attempts work in a project at the same time, so that a file that changed meanwhile
//! is not counted as the work of every one of them.
//!
//! Each attempt with an agent has an entry in the state folder of the project root. The entry is
//! locked while the agent works and renamed when the agent has ended. An attempt overlaps with
//! every entry that had not ended when the attempt began; no clock is involved. Ended entries stay
//! until no attempt works any more. Safety does not depend on the entries: if the folder vanishes,
//! a file may be counted for two tasks.

use crate::platform::hash::hex16;
use crate::platform::lock::FileLock;
use crate::platform::open::{self, Links};
use crate::store::state::{STATE_DIR, StateDir};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// Suffix of an entry whose agent has ended.
const OVER: &str = ".over";
/// The maximum number of bytes read from an entry.
const ENTRY: u64 = 16 << 20;
/// How often to try to create an entry: a process that inspects it holds its lock for an instant.
const TRIES: u32 = 100;

/// What an attempt records about itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Working {
    /// The reference of the task.
    pub task: String,
    /// The paths, folders and globs that it declares, relative to the project root.
    #[serde(default)]
    pub declares: Vec<String>,
}

/// The entry of a working attempt.
#[derive(Debug)]
pub struct AtWork {
    state: StateDir,
    lock: FileLock,
    /// The names of the entries that had already ended when it began.
    before: BTreeSet<String>,
}

impl AtWork {
    /// Returns the folder of the entries for the project at `root`.
    pub fn dir(root: &Path) -> PathBuf {
        dir_of(&StateDir::beside(&root.join(STATE_DIR)))
    }

    /// Enters the attempt with the folder `attempt` in the project at `root`. Call it before the
    /// files are first inspected.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn enter(root: &Path, attempt: &Path, about: &Working) -> io::Result<Self> {
        let state = StateDir::beside(&root.join(STATE_DIR));
        let dir = dir_of(&state);
        let path = dir.join(hex16(&[attempt.as_os_str().as_bytes()]));
        let lock = state.with(&dir, || locked(&path))?;
        lock.file().write_all_at(&serde_json::to_vec(about)?, 0)?;
        let mut before = BTreeSet::new();
        for name in names(&dir)? {
            if name.ends_with(OVER) {
                before.insert(name);
            } else if is_dead(&dir.join(&name)) {
                before.insert(format!("{name}{OVER}"));
                before.insert(name);
            }
        }
        Ok(Self { state, lock, before })
    }

    /// Returns the attempts whose agents worked at some time during this one. Call it after the
    /// files were inspected again.
    ///
    /// # Errors
    /// Any error of listing or reading the entries, except for entries that vanish meanwhile.
    pub fn others(&self) -> io::Result<Vec<Working>> {
        let dir = dir_of(&self.state);
        let own = self.lock.path().file_name();
        let mut others = Vec::new();
        for name in names(&dir)? {
            if self.before.contains(&name) || own == Some(name.as_ref()) {
                continue;
            }
            let path = dir.join(&name);
            match open::read(&path, Links::Refuse, ENTRY) {
                // An entry that is incomplete, or written by another program, declares nothing.
                Ok(bytes) => others.push(serde_json::from_slice(&bytes).unwrap_or_default()),
                Err(error) if open::is_shortage(&error) => return Err(error),
                // It ended meanwhile: its name changed.
                Err(_) => others.extend(ended(&dir.join(name + OVER))),
            }
        }
        Ok(others)
    }
}

impl Drop for AtWork {
    /// Marks the attempt as ended, whatever ended the agent.
    fn drop(&mut self) {
        let dir = dir_of(&self.state);
        let own = self.lock.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        over(&dir, &own);
        // Entries that cannot be listed or removed now are removed by a later drop.
        let Ok(all) = names(&dir) else { return };
        let working = all.iter().filter(|name| !name.ends_with(OVER));
        let (dead, working): (Vec<_>, Vec<_>) = working.partition(|name| is_dead(&dir.join(name)));
        dead.into_iter().for_each(|name| over(&dir, name));
        if working.is_empty() {
            for name in all.iter().filter(|name| name.ends_with(OVER)) {
                drop(fs::remove_file(dir.join(name)));
            }
        }
    }
}

fn over(dir: &Path, name: &str) {
    drop(fs::rename(dir.join(name), dir.join(format!("{name}{OVER}"))));
}

/// Returns whether no process is left that would rename the entry. An empty entry is still being
/// created.
fn is_dead(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.len() > 0) && !FileLock::is_held(path)
}

fn ended(path: &Path) -> Option<Working> {
    let bytes = open::read(path, Links::Refuse, ENTRY).ok()?;
    Some(serde_json::from_slice(&bytes).unwrap_or_default())
}

fn dir_of(state: &StateDir) -> PathBuf {
    state.root().join("working")
}

fn locked(path: &Path) -> io::Result<FileLock> {
    for _ in 0..TRIES {
        if let Some(lock) = FileLock::try_acquire(path).map_err(|error| error.into_io())? {
            lock.file().set_len(0)?;
            return Ok(lock);
        }
        std::thread::yield_now();
    }
    Err(io::ErrorKind::WouldBlock.into())
}

fn names(dir: &Path) -> io::Result<Vec<String>> {
    let Some(entries) = open::if_there(fs::read_dir(dir))? else { return Ok(Vec::new()) };
    entries.map(|entry| Ok(entry?.file_name().to_string_lossy().into_owned())).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn enter(root: &Path, name: &str) -> AtWork {
        let about = Working { task: name.to_owned(), declares: vec![format!("{name}/")] };
        AtWork::enter(root, Path::new(name), &about).unwrap()
    }

    fn others(work: &AtWork) -> Vec<String> {
        let mut all: Vec<String> = work.others().unwrap().into_iter().map(|o| o.task).collect();
        all.sort();
        all
    }

    #[test]
    fn attempts_overlap_that_work_at_the_same_time() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let a = enter(root, "a");
        assert!(others(&a).is_empty());
        let b = enter(root, "b");
        assert_eq!((others(&a), others(&b)), (vec!["b".to_owned()], vec!["a".to_owned()]));
        drop(a);
        let c = enter(root, "c");
        // An attempt ignores entries that ended before it began, but the other attempt still counts
        // it.
        assert_eq!(
            (others(&c), others(&b)),
            (vec!["b".to_owned()], ["a", "c"].map(String::from).to_vec())
        );
        drop(b);
        assert_eq!(others(&c), ["b"]);
        drop(c);
        assert_eq!(fs::read_dir(root.join(".workloop/working")).unwrap().count(), 0);
    }

    #[test]
    fn one_that_died_is_over_for_those_who_come_after() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        let folder = root.join(".workloop/working");
        let a = enter(root, "a");
        let dead = br#"{"task": "dead"}"#;
        open::new(&folder.join("dead")).unwrap().write_all_at(dead, 0).unwrap();
        assert_eq!(others(&a), ["dead"]);
        let b = enter(root, "b");
        assert_eq!(others(&b), ["a"]);
        drop(a);
        assert_eq!(others(&b), ["a"]);
        drop(b);
        assert_eq!(fs::read_dir(&folder).unwrap().count(), 0);
        let c = enter(root, "c");
        fs::remove_dir_all(root.join(".workloop")).unwrap();
        assert!(others(&c).is_empty());
    }
}
