//! Where queues and their configuration are searched for if they are not named.

use super::find::{self, FILE_NAME};
use super::globs;
use crate::platform::checks;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Folders in which queues are searched for by name.
pub(super) const FOLDERS: [&str; 2] = ["queues", "tasks"];

/// Returns the nearest folder at or above `cwd` with queues in its `queues/` or `tasks/`. The
/// search goes up to the top of the git work tree; without one, it stops at folders in which other
/// users can create files.
pub(super) fn project_folder(cwd: &Path) -> Option<PathBuf> {
    let top = find::git_top(cwd);
    for folder in cwd.ancestors() {
        if folder != cwd && top.is_none() && !is_ours(folder) {
            return None;
        }
        let holds = |name: &&str| {
            folder.join(name).join(FILE_NAME).is_file()
                || !globs::expand(folder, &format!("{name}/*.json")).is_empty()
        };
        if FOLDERS.iter().any(holds) {
            return Some(folder.to_owned());
        }
        if top == Some(folder) {
            return None;
        }
    }
    None
}

fn is_ours(folder: &Path) -> bool {
    let open = |mode: u32| mode & 0o002 != 0;
    std::fs::metadata(folder)
        .is_ok_and(|meta| checks::owned_by_us(meta.uid()) && !open(meta.mode()))
}

/// Returns the configuration that is among the queues of the project of `cwd`.
pub(super) fn config_below(cwd: &Path) -> Option<PathBuf> {
    let project = project_folder(cwd)?;
    let files = FOLDERS.map(|folder| project.join(folder).join(FILE_NAME));
    files.into_iter().find(|path| path.is_file())
}

/// Returns the folder of a queue, with links resolved.
pub(super) fn real_folder(queue: &Path) -> PathBuf {
    let real = queue.canonicalize().unwrap_or_else(|_| queue.to_owned());
    real.parent().map_or(real.clone(), Path::to_owned)
}

/// Returns a path for messages: relative to `cwd` if it is below `cwd` or below a folder close
/// above it.
pub(super) fn relative(path: &Path, cwd: &Path) -> PathBuf {
    if let Ok(below) = path.strip_prefix(cwd) {
        return below.to_owned();
    }
    for (up, above) in cwd.ancestors().enumerate().skip(1).take(MOST_UP) {
        if let Ok(below) = path.strip_prefix(above) {
            return Path::new(&"../".repeat(up)).join(below);
        }
    }
    path.to_owned()
}

/// The maximum number of `..` in a path for messages.
const MOST_UP: usize = 3;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_are_told_as_seen_from_here() {
        let seen = |path: &str, cwd: &str| relative(Path::new(path), Path::new(cwd));
        assert_eq!(seen("/a/b/q.json", "/a/b"), Path::new("q.json"));
        assert_eq!(seen("/a/b/queues/q.json", "/a/b/src/x"), Path::new("../../queues/q.json"));
        assert_eq!(seen("/a/q.json", "/a/b/c/d/e"), Path::new("/a/q.json"));
    }
}
