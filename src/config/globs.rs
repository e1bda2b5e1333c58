//! Expands the globs by which the configuration lists queues.

use std::path::{Path, PathBuf};

/// Returns the files below `folder` that match `pattern`, sorted. `*` does not match across
/// folders, `**` does. Hidden files and folders are left out. A pattern without wildcards is a
/// path, whether or not it exists.
pub(super) fn expand(folder: &Path, pattern: &str) -> Vec<PathBuf> {
    let pattern = pattern.trim_start_matches("./");
    if !pattern.contains(['*', '?', '[', '{']) {
        return vec![folder.join(pattern)];
    }
    if fast_glob::validate(pattern).is_err() {
        return Vec::new();
    }
    let fixed: PathBuf = Path::new(pattern)
        .components()
        .take_while(|part| !part.as_os_str().to_string_lossy().contains(['*', '?', '[', '{']))
        .collect();
    let depth = if pattern.contains("**") {
        usize::MAX
    } else {
        Path::new(pattern).components().count() - fixed.components().count()
    };
    let mut found = Vec::new();
    walk(folder, &fixed, pattern, depth, &mut found);
    found.sort();
    found
}

fn walk(folder: &Path, below: &Path, pattern: &str, depth: usize, found: &mut Vec<PathBuf>) {
    let Ok(entries) = std::fs::read_dir(folder.join(below)) else { return };
    for entry in entries.flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(b".") {
            continue;
        }
        let path = below.join(entry.file_name());
        let Ok(metadata) = std::fs::metadata(folder.join(&path)) else { continue };
        // Links to folders are not followed, because they may form a loop.
        let is_link = entry.file_type().is_ok_and(|kind| kind.is_symlink());
        if metadata.is_dir() && !is_link && depth > 1 {
            walk(folder, &path, pattern, depth - 1, found);
        } else if metadata.is_file()
            && fast_glob::glob_match(pattern, path.as_os_str().as_encoded_bytes())
        {
            found.push(folder.join(&path));
        }
    }
}
