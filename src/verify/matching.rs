//! Finds the files that match a pattern, such as `target/nextest/*/junit.xml`.
//!
//! Links to folders are not followed, and the number of examined entries is limited. A pattern can
//! therefore neither leave the project nor keep a loop busy.

use fast_glob::glob_match;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The most folder entries that are examined.
const LOOKED_AT: usize = 50_000;
/// The deepest nesting of folders above a file.
const DEEP: usize = 64;
/// The characters that make a path a pattern.
const SPECIAL: [char; 4] = ['*', '?', '[', '{'];

/// Returns whether `path` is a pattern.
pub(crate) fn is_pattern(path: &str) -> bool {
    path.contains(SPECIAL)
}

/// Returns the paths in `folder` that match `pattern`, relative to it and in order of names.
///
/// # Errors
/// Returns the reason why the files cannot be listed, in words.
pub(super) fn matching(folder: &Path, pattern: &str) -> Result<Vec<String>, String> {
    let plain: Vec<&str> = pattern.split('/').take_while(|part| !is_pattern(part)).collect();
    let below = pattern.split('/').count() - plain.len();
    // With braces or two stars, a path may have more parts than its pattern.
    let is_bounded = !pattern.contains("**") && !pattern.contains('{');
    let mut found = Found {
        pattern,
        left: LOOKED_AT,
        depth: if is_bounded { below } else { DEEP },
        paths: Vec::new(),
    };
    let begin: PathBuf = plain.iter().filter(|part| **part != ".").collect();
    found.look(folder, &begin, 1)?;
    found.paths.sort();
    Ok(found.paths)
}

struct Found<'p> {
    pattern: &'p str,
    left: usize,
    depth: usize,
    paths: Vec<String>,
}

impl Found<'_> {
    fn look(&mut self, root: &Path, below: &Path, depth: usize) -> Result<(), String> {
        let dir = root.join(below);
        // The folder of the pattern may be a link of the project itself; links inside it are not
        // followed.
        let entries = match fs::read_dir(&dir) {
            Ok(entries) => entries,
            Err(error) if is_absent(&error) => return Ok(()),
            Err(error) => return Err(format!("{}: {error}", below.display())),
        };
        for entry in entries {
            let entry = entry.map_err(|error| format!("{}: {error}", below.display()))?;
            self.left = self.left.checked_sub(1).ok_or_else(|| {
                format!("{} is too wide: more than {LOOKED_AT} entries to look at", self.pattern)
            })?;
            let path = below.join(entry.file_name());
            let is_dir = entry.file_type().is_ok_and(|kind| kind.is_dir());
            if is_dir && depth < self.depth && entry.file_name() != ".git" {
                self.look(root, &path, depth + 1)?;
            } else if !is_dir
                && let Some(text) = path.to_str()
                && glob_match(self.pattern.trim_start_matches("./"), text)
            {
                self.paths.push(text.to_owned());
            }
        }
        Ok(())
    }
}

/// Returns whether the error means that the path does not exist: no step has written these files
/// yet.
fn is_absent(error: &io::Error) -> bool {
    matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests {
    use super::*;

    #[test]
    fn a_pattern_names_files_and_follows_no_link() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        for path in ["out/a/junit.xml", "out/b/junit.xml", "out/b/deep/junit.xml", "junit.xml"] {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), "x").unwrap();
        }
        std::os::unix::fs::symlink(root.join("out"), root.join("out/link")).unwrap();
        let found = |pattern| matching(root, pattern).unwrap();
        assert_eq!(found("out/*/junit.xml"), ["out/a/junit.xml", "out/b/junit.xml"]);
        assert_eq!(found("./out/[a]/*.xml"), ["out/a/junit.xml"]);
        assert_eq!(found("**/junit.xml").len(), 4);
        assert_eq!(found("out/{a,b/deep}/junit.xml").len(), 2);
        assert_eq!(found("none/*/junit.xml"), Vec::<String>::new());
        assert_eq!(found("junit.xml/*"), Vec::<String>::new());
        assert!(is_pattern("a/*.xml") && !is_pattern("a/b.xml"));
    }
}
