//! Paths of the configuration and of the command line, as seen from a folder.

use std::path::{Component, Path, PathBuf};

/// `path` as seen from `folder`, without `.` and `..`: by the file system where the path exists
/// (a `..` behind a symbolic link is not what its name says), else by name.
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
            Component::ParentDir if resolved.file_name().is_some() => {
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
