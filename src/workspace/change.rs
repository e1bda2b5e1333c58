//! Computes a change: the difference of two trees, as paths and as lines.

use super::repo::{GitError, Oid, Repository};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A submodule that moved counts, even if `.gitmodules` says that it is to be ignored.
pub(super) const WHOLE: &str = "--ignore-submodules=none";

/// A path that differs between two trees.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delta {
    /// The path, in the second tree if it exists there.
    pub path: PathBuf,
    /// The kind of the difference.
    pub kind: DeltaKind,
    /// Mode and content in the first tree.
    pub old: Option<(String, Oid)>,
    /// Mode and content in the second tree.
    pub new: Option<(String, Oid)>,
}

/// The kind of a difference at a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum DeltaKind {
    /// The path is new.
    Added,
    /// Its content, file type or mode differs.
    Modified,
    /// The path is gone.
    Removed,
    /// The file was at another path before.
    Renamed {
        /// The earlier path.
        from: PathBuf,
    },
}

impl Repository {
    /// Returns the differences of two commits or trees. With `renames`, a file that moved is one
    /// delta.
    ///
    /// # Errors
    /// If one of them does not exist, or git fails.
    pub fn deltas(&self, from: &Oid, to: &Oid, renames: bool) -> Result<Vec<Delta>, GitError> {
        let renames = if renames { "--find-renames" } else { "--no-renames" };
        let args =
            ["diff-tree", "-r", "-z", "--raw", "--full-index", "--no-abbrev", WHOLE, renames];
        let args: Vec<&str> = args.into_iter().chain([from.as_str(), to.as_str()]).collect();
        // Both names determine the answer. A change that lands on its base was compared with it
        // when it was captured.
        let answer = self.answers().of(&args, || self.tool().get(&self.refs(), &args))?;
        Ok(read_raw(&answer))
    }

    /// Returns the difference of two commits as a patch without colours. The patch is either in a
    /// form that `git apply` accepts, or for a person, without the bytes of binary files.
    ///
    /// # Errors
    /// As [`Repository::deltas`].
    pub fn patch(&self, from: &Oid, to: &Oid, is_to_be_read: bool) -> Result<Vec<u8>, GitError> {
        let mut args = vec!["diff-tree", "-r", "-p", "--find-renames", "--no-ext-diff"];
        args.extend(["--no-textconv", "--no-color", WHOLE, "--src-prefix=a/", "--dst-prefix=b/"]);
        if !is_to_be_read {
            args.extend(["--binary", "--full-index"]);
        }
        args.extend([from.as_str(), to.as_str()]);
        self.tool().get(&self.refs(), &args)
    }

    /// Returns the lines that differ between two commits or trees, by the given diff algorithm of
    /// git.
    ///
    /// # Errors
    /// As [`Repository::deltas`].
    pub fn lines(&self, from: &Oid, to: &Oid, algorithm: &str) -> Result<Lines, GitError> {
        let algorithm = format!("--diff-algorithm={algorithm}");
        let args = [
            "diff-tree",
            "-r",
            "-p",
            "--unified=0",
            "--no-renames",
            "--full-index",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            WHOLE,
            &algorithm,
            from.as_str(),
            to.as_str(),
        ];
        Ok(Lines::read(&self.tool().get(&self.refs(), &args)?))
    }
}

/// Parses the entries of a raw diff: `:MODE MODE OID OID LETTER NUL PATH NUL`, with two paths for a
/// rename.
pub(super) fn read_raw(text: &[u8]) -> Vec<Delta> {
    let mut parts = text.split(|byte| *byte == 0).filter(|part| !part.is_empty());
    let mut deltas = Vec::new();
    while let Some(head) = parts.next() {
        let Some(head) = head.strip_prefix(b":") else { continue };
        let head = String::from_utf8_lossy(head);
        let words: Vec<&str> = head.split(' ').collect();
        let [old_mode, new_mode, old, new, letter] = words.as_slice() else { continue };
        let side = |mode: &str, oid: &str| {
            let oid = Oid::parse(oid).filter(|oid| !oid.is_nothing())?;
            Some((mode.to_owned(), oid))
        };
        let mut path = || parts.next().map(|path| PathBuf::from(OsStr::from_bytes(path)));
        let Some(first) = path() else { break };
        let (kind, path) = match letter.as_bytes().first() {
            Some(b'R') => match path() {
                Some(second) => (DeltaKind::Renamed { from: first }, second),
                None => break,
            },
            Some(b'A') => (DeltaKind::Added, first),
            Some(b'D') => (DeltaKind::Removed, first),
            _ => (DeltaKind::Modified, first),
        };
        deltas.push(Delta { path, kind, old: side(old_mode, old), new: side(new_mode, new) });
    }
    deltas
}

/// The removed and added lines, with how often each occurs: a multiset.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Lines(HashMap<(bool, Vec<u8>), u64>);

impl Lines {
    /// Parses a patch without context.
    fn read(patch: &[u8]) -> Self {
        let mut lines = Self::default();
        let mut names = (Vec::new(), Vec::new());
        let mut rest = patch;
        while let Some(line) = next(&mut rest) {
            if let Some(range) = line.strip_prefix(b"@@ ") {
                // Lines are counted and not recognised by their signs: a line may look like the
                // header of a file.
                let (removed, added) = counts(range);
                lines.take(&mut rest, removed + added);
            } else if let Some(oids) = line.strip_prefix(b"index ") {
                names = objects(oids);
            } else if line.starts_with(b"Binary files ") {
                lines.count(false, &names.0);
                lines.count(true, &names.1);
            } else if let Some(mode) = line.strip_prefix(b"old mode ") {
                lines.count(false, mode);
            } else if let Some(mode) = line.strip_prefix(b"new mode ") {
                lines.count(true, mode);
            }
        }
        lines
    }

    fn take(&mut self, rest: &mut &[u8], number: u64) {
        let mut left = number;
        while left > 0 {
            let Some(line) = next(rest) else { return };
            match line.first() {
                Some(b'+') => self.count(true, &line[1..]),
                Some(b'-') => self.count(false, &line[1..]),
                // The note that a line has no newline at its end is not a line.
                _ => continue,
            }
            left -= 1;
        }
    }

    fn count(&mut self, is_added: bool, line: &[u8]) {
        *self.0.entry((is_added, line.to_vec())).or_default() += 1;
    }

    /// Returns the lines that `all` does not have, or not as often; `true` means added ones.
    pub fn beyond(&self, all: &Self) -> Vec<(bool, &[u8])> {
        let more = self
            .0
            .iter()
            .filter(|(line, number)| all.0.get(*line).is_none_or(|there| there < *number));
        let mut more: Vec<(bool, &[u8])> =
            more.map(|((is_added, line), _)| (*is_added, line.as_slice())).collect();
        more.sort_unstable();
        more
    }
}

/// Returns the next line, without its newline.
fn next<'t>(rest: &mut &'t [u8]) -> Option<&'t [u8]> {
    if rest.is_empty() {
        return None;
    }
    let end = memchr::memchr(b'\n', rest).unwrap_or(rest.len());
    let line = &rest[..end];
    *rest = rest.get(end + 1..).unwrap_or_default();
    Some(line)
}

/// Returns how many lines `-A,B +C,D @@` covers, removed and added.
fn counts(range: &[u8]) -> (u64, u64) {
    let text = String::from_utf8_lossy(range);
    let number = |word: Option<&str>| {
        let word = word.unwrap_or_default();
        word.split_once(',').map_or(1, |(_, number)| number.parse().unwrap_or(0))
    };
    let mut words = text.split(' ');
    (number(words.next()), number(words.next()))
}

/// Returns the contents that `index OLD..NEW MODE` names.
fn objects(text: &[u8]) -> (Vec<u8>, Vec<u8>) {
    let text = text.split(|byte| *byte == b' ').next().unwrap_or_default();
    let dots = text.windows(2).position(|two| two == b"..").unwrap_or(text.len());
    (text[..dots].to_vec(), text.get(dots + 2..).unwrap_or_default().to_vec())
}

/// Returns whether `path` is one of `declared`, is below one of them, or matches one as a glob.
pub(crate) fn is_declared(path: &Path, declared: &[String]) -> bool {
    let bytes = path.as_os_str().as_bytes();
    declared.iter().any(|one| {
        let one = one.trim_end_matches('/');
        let name = one.trim_start_matches("./");
        let is_root = one == ".";
        let is_named = || path.starts_with(name) || fast_glob::glob_match(name, bytes);
        is_root || (!name.is_empty() && is_named())
    })
}

#[cfg(test)]
mod tests {
    use super::super::repo::scratch::Scratch;
    use super::*;

    #[test]
    fn paths_are_added_modified_removed_and_renamed() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        scratch.sh("seq 30 >long; git add .; git commit -qm long");
        let base = scratch.oid("HEAD");
        scratch.sh("git mv long deep.txt; echo 4 >>a; rm sub/b; printf n >'new
line'; chmod +x .gitignore; git add -A; git commit -qm two");
        let found = scratch.repository().deltas(&base, &scratch.oid("HEAD"), true).unwrap();
        let kinds: Vec<_> =
            found.iter().map(|one| (one.path.to_str().unwrap(), one.kind.clone())).collect();
        let renamed = DeltaKind::Renamed { from: "long".into() };
        assert_eq!(
            kinds,
            [
                (".gitignore", DeltaKind::Modified),
                ("a", DeltaKind::Modified),
                ("deep.txt", renamed),
                ("new\nline", DeltaKind::Added),
                ("sub/b", DeltaKind::Removed),
            ]
        );
        assert_eq!(found[0].old.as_ref().unwrap().0, "100644");
        assert_eq!(found[0].new.as_ref().unwrap().0, "100755");
        assert!(found[3].old.is_none() && found[4].new.is_none());
        let apart = scratch.repository().deltas(&base, &scratch.oid("HEAD"), false).unwrap();
        assert_eq!(apart.len(), 6);
    }

    /// Lines that look like parts of a patch count as lines.
    #[test]
    fn lines_are_counted_whatever_they_look_like() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        let base = scratch.oid("HEAD");
        scratch.sh("printf '%s\\n' '--- a/x' '+++ b/x' '@@ -1 +1 @@' x x >c; printf '1\\n2' >a; git add -A; git commit -qm two");
        let repository = scratch.repository();
        let lines = repository.lines(&base, &scratch.oid("HEAD"), "myers").unwrap();
        let count = |is_added: bool, line: &str| {
            lines.0.get(&(is_added, line.as_bytes().to_vec())).copied().unwrap_or(0)
        };
        assert_eq!(
            (count(true, "--- a/x"), count(true, "@@ -1 +1 @@"), count(true, "x")),
            (1, 1, 2)
        );
        assert_eq!((count(false, "3"), count(false, "2"), count(true, "2")), (1, 1, 1));
        assert!(lines.beyond(&lines).is_empty());
        let half = repository.lines(&scratch.oid("HEAD"), &base, "myers").unwrap();
        assert!(lines.beyond(&half).contains(&(true, b"x")));
    }

    #[test]
    fn what_is_no_text_counts_as_a_whole() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        scratch.sh("printf 'a\\0b' >bin; git add -A; git commit -qm bin");
        let base = scratch.oid("HEAD");
        scratch.sh("printf 'a\\0c' >bin; git commit -qam other");
        let lines = scratch.repository().lines(&base, &scratch.oid("HEAD"), "myers").unwrap();
        assert_eq!(lines.beyond(&Lines::default()).len(), 2);
    }

    #[test]
    fn a_path_is_declared_by_itself_its_folder_or_a_glob() {
        let declared = ["src/a.rs".to_owned(), "./docs/".to_owned(), "**/*.md".to_owned()];
        for (path, expected) in [
            ("src/a.rs", true),
            ("docs/x/y", true),
            ("deep/x.md", true),
            ("src/b.rs", false),
            ("docs2", false),
        ] {
            assert_eq!(is_declared(Path::new(path), &declared), expected, "{path}");
        }
        assert!(!is_declared(Path::new("a"), &[String::new()]));
    }
}
