//! Lists the work trees of a repository and their branches.

use super::calls::GitError;
use super::found::Repository;
use super::git_dir::git_dir_of;
use crate::platform::open::{self, Links};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The most that is read of a small file of a git directory.
const SMALL: u64 = 16 << 10;

/// A work tree of the repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkout {
    /// The top of the work tree.
    pub path: PathBuf,
    /// Its own git directory.
    pub git_dir: PathBuf,
    /// The full name of the branch that is checked out; `None` if there is none.
    pub branch: Option<String>,
}

/// Operations in progress, by the file that indicates each.
const UNDER_WAY: [(&str, &str); 6] = [
    ("MERGE_HEAD", "a merge"),
    ("rebase-merge", "a rebase"),
    ("rebase-apply", "a rebase"),
    ("CHERRY_PICK_HEAD", "a cherry-pick"),
    ("REVERT_HEAD", "a revert"),
    ("BISECT_LOG", "a bisect"),
];

impl Repository {
    /// Returns the existing work trees: that of the repository itself and linked ones.
    ///
    /// # Errors
    /// If git fails.
    pub fn checkouts(&self) -> Result<Vec<Checkout>, GitError> {
        let at = self.refs();
        let text = self.tool().get(&at, &["worktree", "list", "--porcelain", "-z"])?;
        Ok(self.read(&text))
    }

    fn read(&self, text: &[u8]) -> Vec<Checkout> {
        let mut found: Vec<Checkout> = Vec::new();
        for line in text.split(|byte| *byte == 0) {
            if let Some(path) = line.strip_prefix(b"worktree ") {
                let path = PathBuf::from(OsStr::from_bytes(path));
                // The first one is named by the folder of the git directory, wherever that is.
                let path = if found.is_empty() { self.main_tree(path) } else { path };
                let git_dir = git_dir_of(&path).unwrap_or_default();
                found.push(Checkout { path, git_dir, branch: None });
            } else if let (Some(branch), Some(last)) =
                (line.strip_prefix(b"branch "), found.last_mut())
            {
                last.branch = Some(String::from_utf8_lossy(branch).into_owned());
            }
        }
        // A folder that is gone, or no longer belongs to the repository, needs no update.
        found.retain(|one| !one.git_dir.as_os_str().is_empty());
        found
    }

    fn main_tree(&self, listed: PathBuf) -> PathBuf {
        let is_main = self.git_dir() == self.common();
        if is_main { self.top().to_owned() } else { listed }
    }
}

impl Checkout {
    /// Returns whether `branch`, a full name, is checked out there at this moment.
    pub(in super::super) fn has_now(&self, branch: &str) -> bool {
        let head = open::read_text(&self.git_dir.join("HEAD"), Links::Refuse, SMALL);
        head.is_ok_and(|head| head.trim_end().strip_prefix("ref: ") == Some(branch))
    }

    /// Returns the operation that a person has in progress there, if it concerns `branch`.
    pub fn under_way(&self, branch: &str) -> Option<&'static str> {
        let file = |name: &str| self.git_dir.join(name);
        let here = self.branch.as_deref() == Some(branch);
        let about = |name: &str| {
            // A rebase or a bisect has no branch checked out, and returns to it at its end.
            let said = open::read_text(&file(name), Links::Refuse, SMALL).unwrap_or_default();
            said.trim_end() == branch || Some(said.trim_end()) == branch.strip_prefix("refs/heads/")
        };
        let comes_back = ["rebase-merge/head-name", "rebase-apply/head-name", "BISECT_START"];
        if !here && !comes_back.iter().any(|name| about(name)) {
            return None;
        }
        UNDER_WAY.iter().find(|(name, _)| file(name).exists()).map(|(_, what)| *what)
    }
}
