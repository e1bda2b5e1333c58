//! The state folder `.workloop/` beside a queue: its paths, and how it is created.
//!
//! It may vanish at any time (agents run `git clean`). Every writer therefore creates what it needs
//! again, and nothing that safety depends on is stored only here.

pub(crate) mod backup;
mod home;
mod repository;
pub(crate) mod tail;

use backup::Backup;
pub use backup::Backups;
use tail::{JOURNAL, ROTATED, has_content};

use crate::platform::claim_tag::{ClaimTag, Sought};
use crate::platform::dir::{Identity, identity};
use crate::platform::hash::hex16;
use crate::platform::open;
use std::fs::{self, DirBuilder};
use std::io::{self, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// Name of the state folder.
pub const STATE_DIR: &str = ".workloop";

/// The state folder of the queues of one directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateDir {
    root: PathBuf,
    backups: Option<Backups>,
}

impl StateDir {
    /// The state folder beside the queue file `queue` (a real path, symlinks resolved).
    pub fn beside(queue: &Path) -> Self {
        let parent = queue.parent().unwrap_or_else(|| Path::new("."));
        Self { root: parent.join(STATE_DIR), backups: None }
    }

    /// The state folder at `root` itself.
    pub fn at(root: &Path) -> Self {
        Self { root: root.to_owned(), backups: None }
    }

    /// Returns the same folder, with a backup in `backups` if there is no git.
    pub fn backed_up(self, backups: Option<&Backups>) -> Self {
        Self { backups: backups.cloned(), ..self }
    }

    /// Returns the folder for backups.
    pub(crate) fn backups(&self) -> Option<&Backups> {
        self.backups.as_ref()
    }

    /// The path of the folder.
    pub fn root(&self) -> &Path {
        &self.root
    }

    /// Returns the folder of the journal and of the last good texts: inside the git directory if
    /// there is one, otherwise the state folder. A journal in the state folder is read there until
    /// a writer has moved it into the git directory. A journal that is gone from the state folder
    /// is read in the backup.
    pub fn home(&self) -> PathBuf {
        match self.repository() {
            Some(home) if home.join(JOURNAL).exists() || !self.has_journal() => home,
            Some(_) => self.root.clone(),
            None if has_content(&self.root.join(JOURNAL)) => self.root.clone(),
            None => match self.backup().filter(Backup::holds_any) {
                Some(backup) => backup.dir().to_owned(),
                None => self.root.clone(),
            },
        }
    }

    /// Returns the folders of what is recorded beside the journal: the home and the backup.
    pub(crate) fn homes(&self) -> Vec<PathBuf> {
        let home = self.home();
        let backup = if home == self.root { self.backup().filter(Backup::is_ours) } else { None };
        let backup = backup.map(|backup| backup.dir().to_owned());
        std::iter::once(home).chain(backup).collect()
    }

    /// The backup of the state folder, if backups are kept.
    pub(crate) fn backup(&self) -> Option<Backup> {
        let folder = self.root.parent()?;
        Some(self.backups.as_ref()?.of(folder, &hex16(&[folder.as_os_str().as_encoded_bytes()])))
    }

    /// Returns whether the recorded state would be lost with the state folder: there is no git, and
    /// no folder for a backup.
    pub fn is_alone(&self) -> bool {
        self.backups.is_none() && self.repository().is_none()
    }

    /// The folder inside the git directory.
    pub(crate) fn repository(&self) -> Option<PathBuf> {
        repository::home(self.root.parent()?)
    }

    /// Returns whether the state folder itself contains a journal, not a link to one.
    pub(crate) fn has_journal(&self) -> bool {
        fs::symlink_metadata(self.root.join(JOURNAL)).is_ok_and(|meta| meta.is_file())
    }

    /// The path of the journal.
    pub fn journal(&self) -> PathBuf {
        self.home().join(JOURNAL)
    }

    /// The path of the rotated journal.
    pub fn rotated_journal(&self) -> PathBuf {
        self.home().join(ROTATED)
    }

    /// The path of the log of verdicts, which is made for `tail -f`.
    pub fn verification_log(&self) -> PathBuf {
        self.root.join("verification.log")
    }

    /// The path of the folder of claim locks.
    pub fn claims(&self) -> PathBuf {
        self.root.join("claims")
    }

    /// The path of the claim lock of one task.
    pub fn claim_lock(&self, key: &TaskKey) -> PathBuf {
        self.lock_of(&key.id16)
    }

    /// The path of the claim lock of the task with the key `id16`.
    pub fn lock_of(&self, id16: &str) -> PathBuf {
        self.claims().join(format!("{id16}.lock"))
    }

    /// The path of the folder of all attempts of one task.
    pub fn attempts(&self, key: &TaskKey) -> PathBuf {
        self.root.join("attempts").join(&key.id16)
    }

    /// The path of the folder of one attempt.
    pub fn attempt(&self, key: &TaskKey, number: u32) -> PathBuf {
        self.attempts(key).join(number.to_string())
    }

    /// The path of the folder that contains one file for each running loop.
    pub fn workers(&self) -> PathBuf {
        self.root.join("workers")
    }

    /// The path of the request file of `verb` (`stop`, `pause`) for the queue `name`, or for all
    /// queues.
    pub fn request(&self, verb: &str, name: Option<&str>) -> PathBuf {
        // A queue's file stem cannot contain a slash, so it is safe inside a file name.
        self.root.join(format!("{verb}-{}", name.unwrap_or("all")))
    }

    /// Creates the folder and `sub` below it, private to the user and ignored by git.
    ///
    /// # Errors
    /// Any I/O error except "already exists".
    pub fn ensure(&self, sub: &Path) -> io::Result<()> {
        let mut builder = DirBuilder::new();
        builder.recursive(true).mode(0o700);
        if !self.root.is_dir() {
            builder.create(&self.root)?;
        }
        let ignore = self.root.join(".gitignore");
        if !ignore.exists() {
            match open::new(&ignore) {
                Ok(mut file) => file.write_all(b"*\n")?,
                // Another process was faster, or there is a dangling symlink.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                Err(error) => return Err(error),
            }
        }
        builder.create(sub)
    }

    /// Runs `work`, which needs `folder`. If the folder is missing, creates it and runs `work`
    /// again, repeatedly, because an agent may be cleaning up at the same time.
    ///
    /// # Errors
    /// Any error of `work` except `NotFound`; `NotFound` after too many tries.
    pub fn with<T>(&self, folder: &Path, mut work: impl FnMut() -> io::Result<T>) -> io::Result<T> {
        const TRIES: u32 = 100;
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        for _ in 0..TRIES {
            match work() {
                Err(error) if error.kind() == io::ErrorKind::NotFound => last = error,
                other => return other,
            }
            match self.ensure(folder) {
                Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
                Ok(()) | Err(_) => {}
            }
        }
        Err(last)
    }

    /// Returns the numbers of the attempts of `key` that have a folder, lowest first.
    ///
    /// # Errors
    /// When the folder of the attempts exists and cannot be listed.
    pub fn attempt_numbers(&self, key: &TaskKey) -> io::Result<Vec<u32>> {
        let Some(entries) = open::if_there(fs::read_dir(self.attempts(key)))? else {
            return Ok(Vec::new());
        };
        let mut numbers: Vec<u32> = Vec::new();
        for entry in entries {
            let name = entry?.file_name();
            numbers.extend(name.to_str().and_then(|name| name.parse::<u32>().ok()));
        }
        numbers.sort_unstable();
        Ok(numbers)
    }
}

/// Returns device and inode of the folder of the queue file `queue`; `None` if they cannot be read.
pub fn place_of(queue: &Path) -> Option<Identity> {
    fs::metadata(queue.parent()?).ok().as_ref().map(identity)
}

/// The name of a task where its id must not be used: in paths and in the environment.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct TaskKey {
    /// First 16 hex digits of SHA-256 of queue name and task id.
    pub id16: String,
    /// First 16 hex digits of SHA-256 of the real path of the queue's folder.
    pub folder16: String,
}

impl TaskKey {
    /// The key of the task `id` of the queue file `queue` (a real path).
    pub fn new(queue: &Path, id: &str) -> Self {
        let name = queue.file_stem().unwrap_or_default().as_encoded_bytes();
        let folder = queue.parent().unwrap_or_else(|| Path::new("."));
        Self {
            id16: hex16(&[name, b"\0", id.as_bytes()]),
            folder16: hex16(&[folder.as_os_str().as_encoded_bytes()]),
        }
    }

    /// The claim tag of the processes of this task in the folder at `place`, with the `random` part
    /// of its claim.
    pub fn tag(&self, place: Option<Identity>, random: &str) -> ClaimTag {
        ClaimTag::new(&self.folder16, place, &self.id16, random)
    }

    /// The search key for all processes of this task in the folder at `place`.
    pub fn sought(&self, place: Option<Identity>) -> Sought {
        Sought::task(&self.folder16, place, &self.id16)
    }

    /// Returns whether a process with this claim tag runs for this task in the folder at `place`.
    pub fn is_tagged(&self, place: Option<Identity>, tag: &ClaimTag) -> bool {
        tag.is_of(&self.folder16, place, &self.id16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_never_becomes_a_path() {
        let key = TaskKey::new(Path::new("/q/a.json"), "../../etc/passwd\0\n");
        assert_eq!(key.id16.len(), 16);
        assert!(key.id16.bytes().all(|b| b.is_ascii_hexdigit()));
        let state = StateDir::beside(Path::new("/q/a.json"));
        assert_eq!(state.claim_lock(&key).parent(), Some(Path::new("/q/.workloop/claims")));
    }

    #[test]
    fn queue_and_id_do_not_run_into_each_other() {
        let one = TaskKey::new(Path::new("/q/ab.json"), "c");
        let other = TaskKey::new(Path::new("/q/a.json"), "bc");
        assert_ne!(one.id16, other.id16);
    }

    #[test]
    fn requests_have_the_names_of_the_contract() {
        let state = StateDir::beside(Path::new("/q/a.json"));
        assert!(state.request("stop", Some("a")).ends_with("stop-a"));
        assert!(state.request("pause", None).ends_with("pause-all"));
    }
}
