//! Which attempts work in a project at the same time, so that a file which changed meanwhile is not
//! taken for the work of each of them.
//!
//! Each attempt with an agent has an entry in the state folder of the project root, locked as long as
//! its agent works and renamed when that is over. An attempt overlaps with every entry that was not
//! over when it began; no clock is asked. Entries that are over stay until nothing works any more.
//! Nothing safe rests on them: if the folder vanishes, a file may be counted for two tasks.

use super::state::{STATE_DIR, StateDir};
use crate::platform::hash::hex16;
use crate::platform::lock::FileLock;
use crate::platform::open::{self, Links};
use serde::{Deserialize, Serialize};
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::FileExt;
use std::path::{Path, PathBuf};

/// What follows the name of an entry whose agent has ended.
const OVER: &str = ".over";
/// The most that is read of an entry, in bytes.
const ENTRY: u64 = 16 << 20;
/// How often a new entry is tried: a look at it holds its lock for an instant.
const TRIES: u32 = 100;

/// What an attempt says of itself.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Working {
    /// The task.
    pub task: String,
    /// The paths, folders and globs that it declares, from the project root.
    #[serde(default)]
    pub declares: Vec<String>,
}

/// The entry of an attempt that works.
#[derive(Debug)]
pub struct AtWork {
    state: StateDir,
    lock: FileLock,
    /// The names of the entries that were over before it began.
    before: BTreeSet<String>,
}

impl AtWork {
    /// Where the attempts in the project at `root` are entered.
    pub fn dir(root: &Path) -> PathBuf {
        dir_of(&StateDir::beside(&root.join(STATE_DIR)))
    }

    /// Enters the attempt with this folder in the project at `root`, before it looks at the files.
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

    /// The attempts whose agents worked at some time while this one did; called after the files were
    /// looked at again.
    ///
    /// # Errors
    /// When the system does not let us look.
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
                // One that is just being written, or written by somebody else, declares nothing.
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
    /// The agent's work is over, however that came.
    fn drop(&mut self) {
        let dir = dir_of(&self.state);
        let own = self.lock.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        over(&dir, &own);
        // What cannot be listed or removed now is another time.
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

/// Whether nobody is left who would say that it is over. An empty one is just being made.
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
        // What was over before it began is none of its concern, but still of the other's.
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
