//! Finds the git directory of a work tree without git, by its folder or file `.git`.

use crate::platform::open::{self, Links};
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// The most that is read of a file with one path.
const SMALL: u64 = 16 << 10;

/// Returns the git directory of the work tree at `top`.
pub(in super::super) fn git_dir_of(top: &Path) -> Option<PathBuf> {
    let git = top.join(".git");
    if std::fs::metadata(&git).ok()?.is_dir() {
        return git.canonicalize().ok();
    }
    let text = open::read(&git, Links::Refuse, SMALL).ok()?;
    let path = text.trim_ascii_end().strip_prefix(b"gitdir:")?.trim_ascii_start();
    top.join(OsStr::from_bytes(path)).canonicalize().ok()
}

/// Returns the git directory that all work trees of the one at `git_dir` share.
pub(super) fn common_of(git_dir: &Path) -> PathBuf {
    let text = open::read(&git_dir.join("commondir"), Links::Refuse, SMALL).unwrap_or_default();
    match text.trim_ascii() {
        b"" => git_dir.to_owned(),
        path => git_dir.join(OsStr::from_bytes(path)),
    }
}
