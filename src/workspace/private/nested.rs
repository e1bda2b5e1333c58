//! Handles repositories that an agent made inside its workspace: with them git would capture a link
//! instead of the files, or nothing. They are moved to the attempt's folder, and their files count.

use super::files;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The result of walking through a workspace.
#[derive(Debug, Default)]
pub(super) struct Found {
    /// Each `.git` below the top, relative to it.
    pub(super) repositories: Vec<PathBuf>,
    /// Folders that cannot be read, with the system's reason.
    pub(super) unreadable: Vec<(PathBuf, io::ErrorKind)>,
    /// Paths that are neither file, link nor folder.
    pub(super) special: Vec<PathBuf>,
}

/// Walks through every folder of the tree at `top`; links are not followed.
pub(super) fn walk(top: &Path) -> io::Result<Found> {
    let mut found = Found::default();
    let mut left = vec![PathBuf::new()];
    while let Some(folder) = left.pop() {
        let entries = match fs::read_dir(top.join(&folder)) {
            Ok(entries) => entries,
            Err(error) if folder.as_os_str().is_empty() => return Err(error),
            Err(error) => {
                found.unreadable.push((folder, error.kind()));
                continue;
            }
        };
        for entry in entries {
            let entry = entry?;
            let (kind, path) = (entry.file_type()?, folder.join(entry.file_name()));
            // Git accepts no other spelling, but a file system that ignores case does.
            if entry.file_name().eq_ignore_ascii_case(".git") {
                if !folder.as_os_str().is_empty() {
                    found.repositories.push(path);
                }
            } else if kind.is_dir() {
                left.push(path);
            } else if !kind.is_file() && !kind.is_symlink() {
                found.special.push(path);
            }
        }
    }
    found.repositories.sort_unstable();
    Ok(found)
}

/// Moves each `.git` of `found` from `top` into `to`; returns their new paths.
pub(super) fn move_out(top: &Path, found: &Found, to: &Path) -> io::Result<Vec<PathBuf>> {
    let mut moved = Vec::new();
    for (number, path) in found.repositories.iter().enumerate() {
        let target = to.join(format!("nested-{}.git", number + 1));
        files::remove(&target)?;
        let source = top.join(path);
        match fs::rename(&source, &target) {
            Err(error) if error.kind() == io::ErrorKind::CrossesDevices => {
                let parent = path.parent().unwrap_or(Path::new(""));
                let name = Path::new(path.file_name().unwrap_or_default());
                fs::DirBuilder::new().recursive(true).create(&target)?;
                files::copy(&top.join(parent), &target, name)?;
                files::remove(&source)?;
            }
            other => other?,
        }
        moved.push(target);
    }
    Ok(moved)
}
