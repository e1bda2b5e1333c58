//! Paths as people know them: relative to the project root.

use std::path::Path;

/// Returns whether a list of paths, folders and globs, relative to the project root, contains
/// `path`.
pub(in super::super) fn owns(list: &[String], path: &Path) -> bool {
    let has = |entry: &str| {
        !entry.is_empty()
            && (path.starts_with(entry)
                || fast_glob::glob_match(entry, path.as_os_str().as_encoded_bytes()))
    };
    list.iter().any(|entry| has(entry.trim_start_matches("./").trim_end_matches('/')))
}

/// Returns paths relative to `root`.
pub(super) fn relative(root: &Path, paths: &[String]) -> Vec<String> {
    paths.iter().map(|path| shown(root, Path::new(path))).collect()
}

/// Returns a path as people know it: relative to the project root, if it is below.
pub(super) fn shown(root: &Path, path: &Path) -> String {
    path.strip_prefix(root).unwrap_or(path).display().to_string()
}
