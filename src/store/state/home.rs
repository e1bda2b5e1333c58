//! Prepares the folder of the journal for a writer.

use crate::platform::open::{self, Links};
use crate::store::state::StateDir;
use crate::store::state::backup::Backup;
use crate::store::state::tail::{JOURNAL, ROTATED};
use std::fs::{self, DirBuilder};
use std::io;
use std::os::unix::fs::{DirBuilderExt, symlink};
use std::path::{Path, PathBuf};

impl StateDir {
    /// Returns the folder of the journal and creates it if it is missing. Moves a journal from the
    /// state folder into the git directory and leaves a link for people who follow it. Call it
    /// under the lock.
    ///
    /// # Errors
    /// Any I/O error of creating the state folder, if the journal belongs there.
    pub(crate) fn settle(&self) -> io::Result<PathBuf> {
        if let Some(home) = self.repository()
            && let Ok(is_new) = make(&home)
            && self.move_into(&home).is_ok()
        {
            if is_new && let Some(backup) = self.backup() {
                backup.remove();
            }
            self.link(&home.join(JOURNAL));
            return Ok(home);
        }
        self.with(self.root(), || fs::metadata(self.root()).map(drop))?;
        Ok(self.root().to_owned())
    }

    /// Puts a journal that is gone from the state folder back from its backup, with everything that
    /// is kept beside it. Returns `false` if there is no backup. Call it under the lock.
    ///
    /// # Errors
    /// Any I/O error; `NotFound` if the state folder vanishes meanwhile.
    pub(crate) fn put_back(&self) -> io::Result<bool> {
        let Some(backup) = self.backup().filter(Backup::holds_any) else { return Ok(false) };
        self.ensure(self.root())?;
        backup.put_into(self.root())?;
        Ok(true)
    }

    fn move_into(&self, home: &Path) -> io::Result<()> {
        if home.join(JOURNAL).exists() || !self.has_journal() {
            return Ok(());
        }
        // The current journal is last: readers look here until it is moved.
        for name in [ROTATED, JOURNAL] {
            let (from, to) = (self.root().join(name), home.join(name));
            if !fs::symlink_metadata(&from).is_ok_and(|meta| meta.is_file()) {
                continue;
            }
            match fs::rename(&from, &to) {
                Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                    let mut old = open::reading(&from, Links::Refuse)?;
                    io::copy(&mut old, &mut open::appending(&to)?)?;
                    fs::remove_file(&from)?;
                }
                other => other?,
            }
        }
        Ok(())
    }

    /// Creates a link at the old path of the journal. The program itself never follows it.
    fn link(&self, journal: &Path) {
        let link = self.root().join(JOURNAL);
        if fs::read_link(&link).is_ok_and(|to| to == journal) {
            return;
        }
        if fs::symlink_metadata(&link).is_ok_and(|meta| meta.is_symlink()) {
            drop(fs::remove_file(&link));
        }
        // The journal works without the link; only `tail` then needs another path.
        drop(self.with(self.root(), || symlink(journal, &link)));
    }
}

/// Creates a folder that is private to the user. Returns whether it is new.
fn make(home: &Path) -> io::Result<bool> {
    if home.is_dir() {
        return Ok(false);
    }
    DirBuilder::new().recursive(true).mode(0o700).create(home)?;
    Ok(true)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "the files of an older version are made")]
mod tests {
    use super::*;

    #[test]
    fn a_journal_moves_into_the_git_directory_and_leaves_a_link() {
        let temp = tempfile::tempdir().unwrap();
        let top = temp.path().canonicalize().unwrap();
        let state = StateDir::beside(&top.join("q.json"));
        assert_eq!(state.settle().unwrap(), state.root());
        for (name, text) in [(ROTATED, "old\n"), (JOURNAL, "new\n")] {
            fs::write(state.root().join(name), text).unwrap();
        }
        fs::create_dir(top.join(".git")).unwrap();
        fs::write(top.join(".git/HEAD"), "ref: refs/heads/main\n").unwrap();
        // It is read in the old folder until a writer moves it.
        assert_eq!(state.journal(), state.root().join(JOURNAL));
        let home = state.settle().unwrap();
        assert!(home.starts_with(top.join(".git")));
        assert_eq!(state.journal(), home.join(JOURNAL));
        assert_eq!(fs::read_to_string(home.join(ROTATED)).unwrap(), "old\n");
        assert_eq!(fs::read_to_string(state.root().join(JOURNAL)).unwrap(), "new\n");
        fs::remove_dir_all(state.root()).unwrap();
        assert_eq!(state.settle().unwrap(), home);
        assert_eq!(fs::read_link(state.root().join(JOURNAL)).unwrap(), home.join(JOURNAL));
    }
}
