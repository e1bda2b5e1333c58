//! Finds the configuration file, and the folders that depend on where things lie.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Name of the configuration file.
pub const FILE_NAME: &str = "workloop.toml";

/// A configuration file that must not be believed: what it says is run as commands.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to trust {}: {why}", path.display())]
pub struct Untrusted {
    /// The file.
    pub path: PathBuf,
    /// Why not.
    pub why: &'static str,
}

/// The nearest configuration file at or above `folder`, up to the root of the file system.
pub fn find_upwards(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|above| above.join(FILE_NAME)).find(|path| path.is_file())
}

/// The top of the git work tree that holds `folder`: the nearest folder at or above it with
/// a `.git`, which is a file in linked work trees.
pub fn git_top(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|above| above.join(".git").exists())
}

/// Refuses a file that somebody else could have planted: one that anybody may write, and one of
/// another user (root excepted) that lies above the repository of `folder`, as in a shared `/tmp`.
///
/// # Errors
/// [`Untrusted`] with the reason, or the error of looking at it.
pub(super) fn check_trust(path: &Path, folder: &Path) -> io::Result<Result<(), Untrusted>> {
    check_not_world_writable(path).map(|result| {
        result?;
        let owner = fs::metadata(path).map_or(0, |metadata| metadata.uid());
        let ours = owner == 0 || owner == rustix::process::geteuid().as_raw();
        let top = git_top(folder).unwrap_or(folder);
        let above = path.parent().is_some_and(|parent| !parent.starts_with(top));
        let why = "it belongs to another user and lies above the queue's repository";
        if above && !ours { Err(Untrusted { path: path.to_owned(), why }) } else { Ok(()) }
    })
}

/// Refuses a file that anybody may write.
///
/// # Errors
/// [`Untrusted`], or the error of looking at it.
pub(super) fn check_not_world_writable(path: &Path) -> io::Result<Result<(), Untrusted>> {
    let why = "every user may write to it, and what it says is run as commands";
    let writable = fs::metadata(path)?.mode() & 0o002 != 0;
    Ok(if writable { Err(Untrusted { path: path.to_owned(), why }) } else { Ok(()) })
}
