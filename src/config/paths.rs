//! Paths in the configuration and on the command line, relative to a folder.

use std::path::{Component, Path, PathBuf};

/// Resolves `path` relative to `folder`, without `.` and `..`. If the path exists it is resolved by
/// the file system (a `..` after a symbolic link is not the parent in the text), otherwise by text.
pub(super) fn resolve(folder: &Path, path: impl AsRef<Path>) -> PathBuf {
    let joined = folder.join(&path);
    let climbs = path.as_ref().components().any(|part| part == Component::ParentDir);
    if climbs && let Ok(real) = joined.canonicalize() {
        return real;
    }
    let mut resolved = PathBuf::new();
    for component in joined.components() {
        match component {
            Component::CurDir => {}
            // The parent of the root is the root.
            Component::ParentDir if resolved.has_root() => {
                resolved.pop();
            }
            Component::Prefix(_)
            | Component::RootDir
            | Component::ParentDir
            | Component::Normal(_) => resolved.push(component),
        }
    }
    resolved
}
