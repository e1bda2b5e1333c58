//! Computes which lines of which files differ, in the order of the files.

use super::change::{Delta, DeltaKind};
use super::repo::{GitError, Oid, Repository};

/// Larger files count as binary: their lines are not read.
const LARGEST: &str = "8m";

/// A line with its number in its file, from 1.
pub(crate) type NumberedLine = (u32, Vec<u8>);

/// A file that differs, with its lines.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LineChange {
    /// The difference of the file.
    pub delta: Delta,
    /// The lines that the second tree has and the first does not.
    pub added: Vec<NumberedLine>,
    /// The lines that only the first tree has.
    pub removed: Vec<NumberedLine>,
    /// Whether the file is binary.
    pub is_binary: bool,
    /// Its size in the second tree, if it is a file there.
    pub size: Option<u64>,
}

impl Repository {
    /// Returns the files that differ between two commits or trees, with their lines. A file that
    /// moved is one entry.
    ///
    /// # Errors
    /// If one of them does not exist, or git fails.
    pub fn line_changes(&self, from: &Oid, to: &Oid) -> Result<Vec<LineChange>, GitError> {
        let deltas = self.deltas(from, to, true)?;
        let at = self.refs().set("core.bigFileThreshold", LARGEST);
        let args = [
            "diff-tree",
            "-r",
            "-p",
            "--unified=0",
            "--find-renames",
            "--full-index",
            "--no-ext-diff",
            "--no-textconv",
            "--no-color",
            from.as_str(),
            to.as_str(),
        ];
        let patch = self.tool().get(&at, &args)?;
        let sizes = self.sizes(&deltas)?;
        let joined = joined(deltas, &patch);
        let mut joined = joined.ok_or_else(|| GitError::Strange {
            verb: "diff-tree".to_owned(),
            said: "its list and its patch do not agree".to_owned(),
        })?;
        for (change, size) in joined.iter_mut().zip(sizes) {
            change.size = size;
        }
        Ok(joined)
    }

    /// Returns the sizes of the new contents, in order.
    fn sizes(&self, deltas: &[Delta]) -> Result<Vec<Option<u64>>, GitError> {
        let is_file = |delta: &&Delta| delta.new.as_ref().is_some_and(|(mode, _)| mode != "160000");
        let mut stdin = Vec::new();
        for (_, oid) in deltas.iter().filter(is_file).filter_map(|delta| delta.new.as_ref()) {
            stdin.extend(format!("{oid}\n").into_bytes());
        }
        if stdin.is_empty() {
            return Ok(vec![None; deltas.len()]);
        }
        let args = ["cat-file", "--batch-check=%(objectsize)"];
        let answer = self.tool().put(&self.refs(), &args, stdin)?;
        let answer = String::from_utf8_lossy(&answer).into_owned();
        let mut sizes = answer.lines().map(|line| line.trim().parse().ok());
        let one = |delta: &Delta| if is_file(&delta) { sizes.next().flatten() } else { None };
        Ok(deltas.iter().map(one).collect())
    }

    /// Returns the paths of all files of a commit or tree that are valid UTF-8.
    ///
    /// # Errors
    /// If it does not exist, or git fails.
    pub fn paths_of(&self, tree: &Oid) -> Result<Vec<String>, GitError> {
        let args = ["ls-tree", "-r", "-z", "--name-only", tree.as_str()];
        let listed = self.tool().get(&self.refs(), &args)?;
        let paths = listed.split(|byte| *byte == 0).filter(|path| !path.is_empty());
        Ok(paths.map(|path| String::from_utf8_lossy(path).into_owned()).collect())
    }

    /// Returns the content of a file of at most `limit` bytes; `None` if it is larger.
    ///
    /// # Errors
    /// If it does not exist, or git fails.
    pub fn content(&self, oid: &Oid, limit: u64) -> Result<Option<Vec<u8>>, GitError> {
        let size = self.tool().get(&self.refs(), &["cat-file", "-s", oid.as_str()])?;
        let size: Option<u64> = String::from_utf8_lossy(&size).trim().parse().ok();
        if size.is_none_or(|size| size > limit) {
            return Ok(None);
        }
        self.tool().get(&self.refs(), &["cat-file", "blob", oid.as_str()]).map(Some)
    }
}

/// Combines the files with the lines of a patch that lists them in the same order; `None` if it
/// does not.
pub(super) fn joined(deltas: Vec<Delta>, patch: &[u8]) -> Option<Vec<LineChange>> {
    let mut parts = parts(patch).into_iter();
    let mut all = Vec::new();
    for delta in deltas {
        let mut change = LineChange {
            added: Vec::new(),
            removed: Vec::new(),
            is_binary: false,
            size: None,
            delta,
        };
        let part = parts.next()?;
        // A patch contains a file that became a link twice: removed and added.
        let is_twice = part.is_removal && change.delta.kind != DeltaKind::Removed;
        change.take(part);
        if is_twice {
            change.take(parts.next()?);
        }
        all.push(change);
    }
    parts.next().is_none().then_some(all)
}

impl LineChange {
    fn take(&mut self, part: PatchPart) {
        self.added.extend(part.added);
        self.removed.extend(part.removed);
        self.is_binary |= part.is_binary;
    }
}

/// The part of a patch about one file.
#[derive(Default)]
struct PatchPart {
    added: Vec<NumberedLine>,
    removed: Vec<NumberedLine>,
    is_binary: bool,
    is_removal: bool,
}

fn parts(patch: &[u8]) -> Vec<PatchPart> {
    let mut all: Vec<PatchPart> = Vec::new();
    let mut lines = patch.split(|byte| *byte == b'\n');
    while let Some(line) = lines.next() {
        if line.starts_with(b"diff --git ") {
            all.push(PatchPart::default());
        } else if let Some(part) = all.last_mut() {
            if line.starts_with(b"Binary files ") || line.starts_with(b"GIT binary patch") {
                part.is_binary = true;
            } else if line.starts_with(b"deleted file mode ") {
                part.is_removal = true;
            } else if let Some(range) = line.strip_prefix(b"@@ ") {
                part.hunk(range, &mut lines);
            }
        }
    }
    all
}

impl PatchPart {
    /// Lines are counted and not recognised by their signs: a line may look like the header of a
    /// file.
    fn hunk<'p>(&mut self, range: &[u8], lines: &mut impl Iterator<Item = &'p [u8]>) {
        let [(mut old, mut removed), (mut new, mut added)] = ranges(range);
        while removed + added > 0 {
            let Some(line) = lines.next() else { return };
            match line.split_first() {
                Some((b'-', text)) if removed > 0 => {
                    self.removed.push((old, text.to_vec()));
                    (old, removed) = (old.saturating_add(1), removed - 1);
                }
                Some((b'+', text)) if added > 0 => {
                    self.added.push((new, text.to_vec()));
                    (new, added) = (new.saturating_add(1), added - 1);
                }
                // The note that a line has no newline at its end is not a line.
                _ => {}
            }
        }
    }
}

/// Returns the first line and the number of lines of `-A,B +C,D @@`, removed and added.
fn ranges(range: &[u8]) -> [(u32, u32); 2] {
    let text = String::from_utf8_lossy(range);
    let mut words = text.split(' ');
    [(); 2].map(|()| {
        let word = words.next().unwrap_or_default().trim_start_matches(['-', '+']);
        let (first, count) = word.split_once(',').unwrap_or((word, "1"));
        (first.parse().unwrap_or(0), count.parse().unwrap_or(0))
    })
}

#[cfg(test)]
mod tests {
    use super::super::repo::scratch::Scratch;
    use super::*;

    #[test]
    fn lines_have_numbers_and_files_their_order() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        let base = scratch.oid("HEAD");
        scratch.sh(
            "seq 30 >long; git add .; git commit -qm long; git mv long 'odd \"name'; echo 31 >>'odd \"name'
             printf '1\\n--- a/x\\n+++ b/x\\n3' >a; rm sub/b; ln -s a sub/b; printf 'a\\0b' >bin; chmod +x .gitignore
             git add -A; git commit -qm two",
        );
        let repository = scratch.repository();
        let first = scratch.oid("HEAD^");
        let found = repository.line_changes(&first, &scratch.oid("HEAD")).unwrap();
        let shown: Vec<_> = found
            .iter()
            .map(|one| {
                let text = |lines: &[NumberedLine]| {
                    let one = |(at, text): &NumberedLine| {
                        format!("{at}:{}", String::from_utf8_lossy(text))
                    };
                    lines.iter().map(one).collect::<Vec<_>>().join(",")
                };
                let path = one.delta.path.display().to_string();
                (path, text(&one.added), text(&one.removed), one.is_binary, one.size)
            })
            .collect();
        let row = |path: &str, added: &str, removed: &str, is_binary, size| {
            (path.to_owned(), added.to_owned(), removed.to_owned(), is_binary, Some(size))
        };
        assert_eq!(
            shown,
            [
                row(".gitignore", "", "", false, 12),
                row("a", "2:--- a/x,3:+++ b/x,4:3", "2:2,3:3", false, 19),
                row("bin", "", "", true, 3),
                row("odd \"name", "31:31", "", false, 84),
                row("sub/b", "1:a", "1:1,2:2,3:3", false, 1),
            ]
        );
        assert!(repository.line_changes(&base, &base).unwrap().is_empty());
        let (_, oid) = found[1].delta.new.clone().unwrap();
        assert_eq!(repository.content(&oid, 100).unwrap().unwrap(), b"1\n--- a/x\n+++ b/x\n3");
        assert_eq!(repository.content(&oid, 5).unwrap(), None);
    }
}
