//! Finds the configuration file, and the folders that depend on its location.

use crate::platform::checks;
use crate::platform::fault::{self, Fault};
use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The name of the configuration file.
pub(crate) const FILE_NAME: &str = "workloop.toml";

/// A configuration file that is not trusted. It must be trustworthy because it contains commands
/// that are run.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("failed to trust {}: {why}", path.display())]
pub struct Untrusted {
    /// The path of the file.
    pub path: PathBuf,
    /// The reason, and what to do about it.
    pub why: String,
}

/// Returns the nearest configuration file at or above `folder`, up to the root of the file system.
pub(crate) fn find_upwards(folder: &Path) -> Option<PathBuf> {
    folder.ancestors().map(|above| above.join(FILE_NAME)).find(|path| path.is_file())
}

/// Returns the top of the git work tree that contains `folder`: the nearest folder at or above it
/// with a `.git`, which is a file in linked work trees.
pub(crate) fn git_top(folder: &Path) -> Option<&Path> {
    folder.ancestors().find(|above| above.join(".git").exists())
}

/// Refuses a file that another user could have created or could change: one that belongs to another
/// user (except root), has more than one hard link, or is writable by everyone, directly or through
/// a folder between it and `folder`, from which it was found. Git handles repositories of other
/// users in the same way.
///
/// # Errors
/// Returns [`Untrusted`] with the reason, or the error of examining the file.
pub(super) fn check_trust(path: &Path, folder: &Path) -> io::Result<Result<(), Untrusted>> {
    let file = check_file(path)?;
    if file.is_ok() && open_folder(path, folder)? && !checks::is_trusted(path) {
        let why = "every user may write to its folder or one below it, and its contents are run as \
                   commands";
        return Ok(untrusted(path, format!("{why}; {}", checks::how_to_trust(path))));
    }
    Ok(file)
}

/// Applies the same checks to the file alone, for a file that the configuration names explicitly.
///
/// # Errors
/// As for [`check_trust`].
pub(super) fn check_file(path: &Path) -> io::Result<Result<(), Untrusted>> {
    let metadata = fs::metadata(path)?;
    if !checks::owned_by_us(metadata.uid()) && !checks::is_trusted(path) {
        let why = "it belongs to another user, and its contents are run as commands";
        return Ok(untrusted(path, format!("{why}; {}", checks::how_to_trust(path))));
    }
    // A folder always has several.
    if metadata.is_file() && metadata.nlink() > 1 {
        let why = "it has more than one hard link and can be changed by another name: keep one";
        return Ok(untrusted(path, why.to_owned()));
    }
    check_not_world_writable(path)
}

/// Returns whether every user may create files in a folder from `folder` to that of `path`, and
/// remove those of others.
fn open_folder(path: &Path, folder: &Path) -> io::Result<bool> {
    for between in folder.ancestors() {
        let mode = fs::metadata(between)?.mode();
        if mode & 0o1002 == 0o002 {
            return Ok(true);
        }
        if Some(between) == path.parent() {
            break;
        }
    }
    Ok(false)
}

/// Refuses a file that every user may write.
///
/// # Errors
/// Returns [`Untrusted`], or the error of examining the file.
pub(super) fn check_not_world_writable(path: &Path) -> io::Result<Result<(), Untrusted>> {
    let writable = fs::metadata(path)?.mode() & 0o002 != 0 && !checks::is_trusted(path);
    let why = "every user may write to it, and its contents are run as commands: chmod o-w it";
    let why = || format!("{why}; {}", checks::how_to_trust(path));
    Ok(if writable { untrusted(path, why()) } else { Ok(()) })
}

fn untrusted(path: &Path, why: String) -> Result<(), Untrusted> {
    if fault::is(Fault::NoRefusals) {
        return Ok(());
    }
    Err(Untrusted { path: path.to_owned(), why })
}
