//! What judged each attempt before it began, and what attempts left of it: one small file per task
//! in the folder `judges` of the project.
//!
//! The files are outside of what agents clean: in the git directory, without git in the user's
//! state folder, and only if there is neither in `.workloop/`. The file of a task is written by the
//! process that holds its claim, so that no lock is needed. The single exception is harmless: a
//! loop that finds the file of a dead attempt may complete it.

use crate::platform::atomic_file;
use crate::platform::dir::Dir;
use crate::platform::hash::hex16;
use crate::platform::ids::Ids;
use crate::platform::open;
use crate::platform::read_file::{self, ReadError};
use crate::store::state::backup::Backup;
use crate::store::state::{STATE_DIR, StateDir, TaskKey};
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::ffi::OsStr;
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Name of the folder.
const FOLDER: &str = "judges";
/// The maximum number of bytes read from a file.
const MOST: u64 = 16 << 20;
/// How often a folder that vanishes is created again.
const TRIES: u32 = 100;

/// The folder of these files for one project.
#[derive(Clone, Debug)]
pub struct JudgeFiles {
    folder: PathBuf,
    /// The state folder, if the files are in it.
    state: Option<StateDir>,
}

impl JudgeFiles {
    /// The folder for the project at `root`. `state` is the state folder of one of its queues.
    pub fn of(root: &Path, state: &StateDir) -> Self {
        let own = StateDir::at(&root.join(STATE_DIR)).backed_up(state.backups());
        let outside = own.repository().map(|home| home.join(FOLDER));
        let outside = outside.or_else(|| own.backup().as_ref().and_then(Backup::judges));
        match outside {
            Some(folder) => Self { folder, state: None },
            None => Self { folder: own.root().join(FOLDER), state: Some(own) },
        }
    }

    /// The name of the file of the task `key`, whose queue has the state folder `state`. It does not
    /// change if the project is moved.
    pub fn name(root: &Path, state: &StateDir, key: &TaskKey) -> String {
        let place = state.root().strip_prefix(root).unwrap_or_else(|_| state.root());
        let place = place.as_os_str().as_encoded_bytes();
        format!("{}.json", hex16(&[place, b"\0", key.id16.as_bytes()]))
    }

    /// Reads all files, with their names. What cannot be parsed is left out. Removes what a killed
    /// writer of `own` left, if the caller is the only one that may write it now.
    ///
    /// # Errors
    /// When the system lacks the resources to read them.
    pub fn all<T: DeserializeOwned>(&self, own: Option<&str>) -> io::Result<Vec<(String, T)>> {
        let Some(entries) = open::if_there(fs::read_dir(&self.folder))? else {
            return Ok(Vec::new());
        };
        let (mut all, mut dir) = (Vec::new(), None);
        for entry in entries {
            let entry = entry?;
            let Ok(name) = entry.file_name().into_string() else { continue };
            if own.is_some_and(|own| atomic_file::is_temp(name.as_ref(), Some(own.as_ref()))) {
                drop(fs::remove_file(entry.path()));
            }
            if !name.ends_with(".json") {
                continue;
            }
            let dir = match &mut dir {
                Some(dir) => dir,
                none => none.insert(Dir::open(&self.folder)?),
            };
            match read_file::read(dir, OsStr::new(&name), MOST) {
                Err(ReadError::Io(error)) if open::is_shortage(&error) => return Err(error),
                Err(_) => {}
                Ok(read) => {
                    let parsed = serde_json::from_slice(read.content.as_bytes());
                    all.extend(parsed.ok().map(|value| (name, value)));
                }
            }
        }
        Ok(all)
    }

    /// Writes a file durably, whatever is at its path.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn put(&self, name: &str, value: &impl Serialize, ids: &dyn Ids) -> io::Result<()> {
        let mut text = serde_json::to_vec(value)?;
        text.push(b'\n');
        let write = || {
            let dir = Dir::open(&self.folder)?;
            let staged = atomic_file::stage(&dir, OsStr::new(name), [text.as_slice()], ids);
            staged.map_err(io::Error::other)?.commit().map(drop).map_err(io::Error::other)
        };
        let first = self.with(write);
        if first.as_ref().err().is_none_or(open::is_shortage) {
            return first;
        }
        // Something that cannot be replaced is there: a folder, a hard link.
        let path = self.folder.join(name);
        drop(fs::remove_file(&path).or_else(|_| fs::remove_dir_all(&path)));
        self.with(write)
    }

    /// Removes a file. Returns whether there was one.
    ///
    /// # Errors
    /// Any I/O error.
    pub fn remove(&self, name: &str) -> io::Result<bool> {
        open::if_there(fs::remove_file(self.folder.join(name))).map(|removed| removed.is_some())
    }

    fn with<T>(&self, mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        if let Some(state) = &self.state {
            return state.with(&self.folder, work);
        }
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for _ in 0..TRIES {
            match work() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => last = error,
                other => return other,
            }
            DirBuilder::new().recursive(true).mode(0o700).create(&self.folder)?;
        }
        Err(last)
    }
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests {
    use super::*;
    use crate::platform::ids::CountingIds;
    use crate::store::Backups;

    fn put_and_remove(files: &JudgeFiles, spoil: impl Fn(&Path)) {
        let ids = CountingIds::default();
        assert_eq!(files.all::<u32>(None).unwrap(), Vec::new());
        files.put("a.json", &1, &ids).unwrap();
        files.put("a.json", &2, &ids).unwrap();
        fs::write(files.folder.join("b.json"), "not a number").unwrap();
        assert_eq!(files.all::<u32>(None).unwrap(), [("a.json".to_owned(), 2)]);
        let temp = files.folder.join(".a.json.0123abcd.tmp");
        fs::write(&temp, "cut off").unwrap();
        files.all::<u32>(Some("a.json")).unwrap();
        assert!(!temp.exists());
        spoil(&files.folder);
        files.put("a.json", &3, &ids).unwrap();
        assert_eq!(files.all::<u32>(None).unwrap(), [("a.json".to_owned(), 3)]);
        assert!(files.remove("a.json").unwrap() && !files.remove("a.json").unwrap());
    }

    #[test]
    fn whatever_is_done_to_the_files_they_are_written_again() {
        let root = tempfile::tempdir().unwrap();
        let state = StateDir::beside(&root.path().join("q.json"));
        let files = JudgeFiles::of(root.path(), &state);
        assert!(files.folder.starts_with(state.root()));
        put_and_remove(&files, |_| fs::remove_dir_all(state.root()).unwrap());
        put_and_remove(&files, |folder| {
            fs::hard_link(folder.join("a.json"), root.path().join("other")).unwrap();
        });
        put_and_remove(&files, |folder| {
            fs::remove_file(folder.join("a.json")).unwrap();
            fs::create_dir_all(folder.join("a.json/b")).unwrap();
        });
    }

    #[test]
    fn they_are_outside_of_the_work_tree_if_they_can_be() {
        let temp = tempfile::tempdir().unwrap();
        let root = temp.path().canonicalize().unwrap().join("project");
        fs::create_dir(&root).unwrap();
        let home = temp.path().join("home");
        let backups = Backups::find(|name| (name == "HOME").then_some(home.as_os_str())).unwrap();
        let state = StateDir::beside(&root.join("q.json")).backed_up(Some(&backups));
        let files = JudgeFiles::of(&root, &state);
        assert!(files.folder.starts_with(&home), "{files:?}");
        put_and_remove(&files, |folder| fs::remove_dir_all(folder).unwrap());
        // Another project at the same path has another folder.
        fs::rename(&root, temp.path().join("moved")).unwrap();
        fs::create_dir(&root).unwrap();
        assert_ne!(JudgeFiles::of(&root, &state).folder, files.folder);
        fs::create_dir(root.join(".git")).unwrap();
        fs::write(root.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        assert!(JudgeFiles::of(&root, &state).folder.starts_with(root.join(".git")));
    }
}
