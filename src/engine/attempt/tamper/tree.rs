//! The files of the project that `guardrails.protect` matches, at one moment.

use super::fingerprint::{Fingerprint, Part, Room};
use crate::platform::open;
use crate::workspace::NOT_OURS;
use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// How many files are visited.
const MOST: usize = 20_000;

/// Everything that some patterns match.
#[derive(Clone, Debug, Default)]
pub(super) struct Protected {
    root: PathBuf,
    patterns: Vec<String>,
    /// The fingerprint of each file, by its path relative to the root.
    files: BTreeMap<PathBuf, Fingerprint>,
    /// Whether all files were visited.
    whole: bool,
}

impl Protected {
    /// Fingerprints what `patterns` match now, relative to `root`.
    pub(super) fn take(root: &Path, patterns: &[String], room: &mut Room) -> Self {
        let (found, whole) = matching(root, patterns).unwrap_or_default();
        // A file that cannot be read now cannot be compared later.
        let fingerprint = |path: PathBuf| {
            Some((Fingerprint::of(&root.join(&path), Part::Whole, room).ok()?, path))
        };
        let files = found
            .into_iter()
            .filter_map(fingerprint)
            .map(|(fingerprint, path)| (path, fingerprint))
            .collect();
        Self { root: root.to_owned(), patterns: patterns.to_vec(), files, whole }
    }

    /// Returns whether `path` is one of the protected files.
    pub(super) fn has(&self, path: &Path) -> bool {
        path.strip_prefix(&self.root).is_ok_and(|path| self.files.contains_key(path))
    }

    /// Returns the patterns, and the protected files as they were.
    pub(super) fn all(&self) -> (&[String], &BTreeMap<PathBuf, Fingerprint>) {
        (&self.patterns, &self.files)
    }

    /// Returns the first file that is new, changed or deleted and not `allowed`, and what happened
    /// to it.
    ///
    /// # Errors
    /// The same as [`Fingerprint::holds`].
    pub(super) fn changed(
        &self,
        allowed: &dyn Fn(&Path) -> bool,
    ) -> io::Result<Option<(PathBuf, &'static str)>> {
        for (path, fingerprint) in &self.files {
            let path = self.root.join(path);
            if !allowed(&path) && !fingerprint.holds(&path, Part::Whole)? {
                let what = if fs::symlink_metadata(&path).is_ok() { "changed" } else { "deleted" };
                return Ok(Some((path, what)));
            }
        }
        // Beyond the limit, a new file pushes another one out, which says nothing about either.
        let (found, whole) = matching(&self.root, &self.patterns)?;
        let new = found
            .into_iter()
            .find(|path| !self.files.contains_key(path) && !allowed(&self.root.join(path)));
        Ok(new.filter(|_| whole && self.whole).map(|path| (self.root.join(path), "made")))
    }

    /// Returns a warning for a person if there were too many files to check all of them.
    pub(super) fn warning(&self) -> Option<String> {
        (!self.whole).then(|| {
            format!(
                "guardrails.protect: {} has more than {MOST} files in the folders that the globs \
                 start with; the others are not protected: name narrower folders",
                self.root.display()
            )
        })
    }
}

/// Returns the files that the patterns match now and that are not `known`; none if there are too many
/// to visit all of them.
///
/// # Errors
/// Returns an error if the system is out of resources.
pub(super) fn made_since(
    root: &Path,
    patterns: &[String],
    known: &[&str],
) -> io::Result<Vec<String>> {
    let (found, whole) = matching(root, patterns)?;
    let found = found.into_iter().filter(|_| whole).map(|path| path.display().to_string());
    Ok(found.filter(|path| !known.contains(&path.as_str())).collect())
}

/// Returns the files that match, relative to `root`, and whether all files were visited.
fn matching(root: &Path, patterns: &[String]) -> io::Result<(Vec<PathBuf>, bool)> {
    let (mut found, mut left) = (Vec::new(), MOST);
    for pattern in patterns {
        let pattern = pattern.trim_start_matches("./").trim_end_matches('/');
        let folder = root.join(pattern).is_dir();
        let pattern = if folder { format!("{pattern}/**") } else { pattern.to_owned() };
        found.extend(expand(root, &pattern, &mut left)?);
    }
    found.sort();
    found.dedup();
    Ok((found, left > 0))
}

/// Returns the files below `root` that a glob matches; a pattern without wildcards is a path.
///
/// # Errors
/// Returns an error if the system is out of resources. A folder that may not be listed is skipped.
pub(super) fn expand(root: &Path, pattern: &str, left: &mut usize) -> io::Result<Vec<PathBuf>> {
    let is_plain = |part: &Path| !part.to_string_lossy().contains(['*', '?', '[', '{']);
    let fixed: PathBuf =
        Path::new(pattern).components().take_while(|part| is_plain(part.as_ref())).collect();
    let mut found = Vec::new();
    if fixed.as_os_str() == pattern {
        found.extend(fs::symlink_metadata(root.join(&fixed)).is_ok().then_some(fixed));
    } else if fast_glob::validate(pattern).is_ok() {
        walk(root, &fixed, left, &mut |path| {
            if fast_glob::glob_match(pattern, path.as_os_str().as_encoded_bytes()) {
                found.push(path.to_owned());
            }
        })?;
    }
    Ok(found)
}

/// Visits the files below a folder in the order of their names, so that the limit always leaves out
/// the same ones.
fn walk(
    root: &Path,
    below: &Path,
    left: &mut usize,
    visit: &mut dyn FnMut(&Path),
) -> io::Result<()> {
    let entries = match fs::read_dir(root.join(below)) {
        Ok(entries) => entries,
        Err(error) if open::is_shortage(&error) => return Err(error),
        Err(_) => return Ok(()),
    };
    let mut entries: Vec<_> = entries.flatten().collect();
    entries.sort_by_key(fs::DirEntry::file_name);
    for entry in entries {
        if *left == 0 {
            return Ok(());
        }
        let name = entry.file_name();
        let path = below.join(&name);
        // Links to folders are not followed: they may form a cycle.
        if !entry.file_type().is_ok_and(|kind| kind.is_dir()) {
            *left -= 1;
            visit(&path);
        } else if !NOT_OURS.iter().any(|tool| name == *tool) {
            walk(root, &path, left, visit)?;
        }
    }
    Ok(())
}

#[cfg(test)]
#[expect(clippy::disallowed_methods, reason = "tests write what they look at")]
mod tests {
    use super::*;

    fn project() -> tempfile::TempDir {
        let dir = tempfile::tempdir().unwrap();
        for path in ["golden/a.txt", "golden/deep/b.txt", "src/a.rs", "node_modules/x/g.txt"] {
            let path = dir.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, "as it was").unwrap();
        }
        dir
    }

    fn after(change: impl Fn(&Path)) -> Option<(String, &'static str)> {
        let dir = project();
        let patterns = ["golden/**".to_owned(), "**/g.txt".to_owned()];
        let before = Protected::take(dir.path(), &patterns, &mut Room::default());
        assert_eq!(before.changed(&|_| false).unwrap(), None);
        assert_eq!(before.warning(), None);
        change(dir.path());
        let changed = before.changed(&|path| path.ends_with("allowed")).unwrap();
        changed.map(|(path, what)| {
            (path.strip_prefix(dir.path()).unwrap().display().to_string(), what)
        })
    }

    #[test]
    fn new_changed_and_deleted_files_are_told() {
        let path = |name: &str, what| Some((name.to_owned(), what));
        let changed = after(|root| fs::write(root.join("golden/deep/b.txt"), "x").unwrap());
        assert_eq!(changed, path("golden/deep/b.txt", "changed"));
        let deleted = after(|root| fs::remove_file(root.join("golden/a.txt")).unwrap());
        assert_eq!(deleted, path("golden/a.txt", "deleted"));
        let new = after(|root| fs::write(root.join("golden/c"), "").unwrap());
        assert_eq!(new, path("golden/c", "made"));
    }

    #[test]
    fn what_matches_nothing_is_nobodys() {
        for path in ["src/a.rs", "src/new.rs", "node_modules/x/g.txt", "golden/allowed"] {
            assert_eq!(after(|root| fs::write(root.join(path), "x").unwrap()), None, "{path}");
        }
    }

    #[test]
    fn a_pattern_may_be_a_path_or_a_folder() {
        let dir = project();
        let found = |pattern: &str| matching(dir.path(), &[pattern.to_owned()]).unwrap().0.len();
        assert_eq!([found("golden"), found("./golden/"), found("golden/a.txt")], [2, 2, 1]);
        assert_eq!([found("golden/*"), found("**"), found("nothing"), found("[")], [1, 3, 0, 0]);
    }

    #[test]
    fn a_bound_is_told() {
        let dir = project();
        let mut left = 1;
        assert_eq!(expand(dir.path(), "**", &mut left).unwrap(), [PathBuf::from("golden/a.txt")]);
        assert_eq!(left, 0);
        let cut = Protected { whole: false, ..Protected::default() };
        assert!(cut.warning().is_some_and(|text| text.contains("20000 files")));
    }

    #[test]
    fn a_link_is_a_file_even_if_it_leads_to_a_folder() {
        let dir = project();
        std::os::unix::fs::symlink(".", dir.path().join("golden/loop")).unwrap();
        let (found, whole) = matching(dir.path(), &["golden".to_owned()]).unwrap();
        assert_eq!(found, ["golden/a.txt", "golden/deep/b.txt", "golden/loop"].map(PathBuf::from));
        assert!(whole);
        // A path is protected although it leads nowhere.
        std::os::unix::fs::symlink("nowhere", dir.path().join("link")).unwrap();
        let mut left = 0;
        assert_eq!(expand(dir.path(), "link", &mut left).unwrap(), [PathBuf::from("link")]);
        assert_eq!(expand(dir.path(), "*", &mut left).unwrap(), Vec::<PathBuf>::new());
    }

    #[test]
    fn each_file_is_listed_once_and_in_order() {
        let dir = project();
        let patterns = ["src/*.rs", "**/*.txt", "golden/a.txt", "golden/"].map(str::to_owned);
        let expected = ["golden/a.txt", "golden/deep/b.txt", "src/a.rs"].map(PathBuf::from);
        assert_eq!(matching(dir.path(), &patterns).unwrap(), (expected.to_vec(), true));
        assert_eq!(matching(dir.path(), &[]).unwrap(), (Vec::new(), true));
        assert_eq!(matching(&dir.path().join("gone"), &patterns).unwrap(), (Vec::new(), true));
    }

    #[test]
    fn what_was_made_since_is_what_nobody_knew() {
        let dir = project();
        let patterns = ["golden".to_owned()];
        let made = |known: &[&str]| made_since(dir.path(), &patterns, known).unwrap();
        assert_eq!(made(&["golden/a.txt", "golden/deep/b.txt"]), Vec::<String>::new());
        assert_eq!(made(&["golden/deep/b.txt"]), ["golden/a.txt"]);
        assert_eq!(made(&[]), ["golden/a.txt", "golden/deep/b.txt"]);
    }

    #[test]
    fn only_paths_of_the_project_are_protected() {
        let dir = project();
        let patterns = ["golden/*.txt".to_owned()];
        let protected = Protected::take(dir.path(), &patterns, &mut Room::default());
        for (path, expected) in [
            (dir.path().join("golden/a.txt"), true),
            (dir.path().join("golden/deep/b.txt"), false),
            (PathBuf::from("golden/a.txt"), false),
            (PathBuf::from("/elsewhere/golden/a.txt"), false),
        ] {
            assert_eq!(protected.has(&path), expected, "{}", path.display());
        }
        let (of, files) = protected.all();
        assert_eq!((of, files.len()), (&patterns[..], 1));
    }

    #[test]
    fn beyond_the_limit_a_new_file_is_not_told_and_a_changed_one_is() {
        let dir = project();
        let patterns = ["golden/**".to_owned()];
        let mut cut = Protected::take(dir.path(), &patterns, &mut Room::default());
        cut.whole = false;
        fs::write(dir.path().join("golden/b.txt"), "").unwrap();
        assert_eq!(cut.changed(&|_| false).unwrap(), None);
        fs::write(dir.path().join("golden/deep/b.txt"), "").unwrap();
        let changed = (dir.path().join("golden/deep/b.txt"), "changed");
        assert_eq!(cut.changed(&|_| false).unwrap(), Some(changed));
        let warning = format!(
            "guardrails.protect: {} has more than 20000 files in the folders that the globs start \
             with; the others are not protected: name narrower folders",
            dir.path().display()
        );
        assert_eq!(cut.warning(), Some(warning));
    }
}
