//! The history of the target: which commits are landings of tasks, and what they changed.

use super::super::change::WHOLE;
use super::super::repo::{GitError, Oid, Repository};
use std::collections::HashMap;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::PathBuf;

/// The first byte of a commit's header in the output of git.
const HEADER: u8 = 1;

/// A commit that changed a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Author {
    /// The commit.
    pub commit: Oid,
    /// The task that landed with it, by its trailer; `None` if it is no landing.
    pub task: Option<String>,
}

impl Repository {
    /// Returns the commits from `before` to `after`, by the paths that they changed, the newest
    /// first. A merge counts only for paths that differ from all of its parents.
    ///
    /// # Errors
    /// If git fails.
    pub(crate) fn authors_between(
        &self,
        before: &Oid,
        after: &Oid,
    ) -> Result<HashMap<PathBuf, Vec<Author>>, GitError> {
        // The empty part before a header cannot be a path, whatever names files have.
        let format =
            "--format=%x00%x01%H%x02%(trailers:key=Workloop-Task,valueonly,separator=%x02)";
        let range = format!("{before}..{after}");
        let args = ["log", "-z", "--name-only", "--diff-merges=combined", "--no-renames", format];
        let args: Vec<&str> = args.into_iter().chain([WHOLE, range.as_str(), "--"]).collect();
        Ok(read(&self.tool().get(&self.refs(), &args)?))
    }

    /// Returns the commit of the target's history by which the landing `commit` is known now: the
    /// same, or, if a person rewrote the history, the one with its receipt. `None` if there is
    /// neither.
    ///
    /// # Errors
    /// If git fails.
    pub(crate) fn landed_as(&self, commit: &Oid) -> Result<Option<Oid>, GitError> {
        if self.has_landed(commit)? {
            return Ok(Some(commit.clone()));
        }
        if !self.has_commit(commit)? {
            return Ok(None);
        }
        let format = "--format=%(trailers:key=Workloop-Receipt,valueonly)";
        let args = ["log", "-1", "--no-walk", format, commit.as_str()];
        let receipt = self.tool().get(&self.refs(), &args)?;
        let receipt = String::from_utf8_lossy(&receipt).trim().to_owned();
        if receipt.is_empty() { Ok(None) } else { self.landed_for(&receipt) }
    }
}

/// Parses commits: `NUL \x01 COMMIT \x02 TASK NUL`, then a line feed before the first path, and a
/// NUL after each.
fn read(text: &[u8]) -> HashMap<PathBuf, Vec<Author>> {
    let mut found: HashMap<PathBuf, Vec<Author>> = HashMap::new();
    let (mut author, mut is_header, mut is_first) = (None, false, false);
    for part in text.split(|byte| *byte == 0) {
        if part.is_empty() {
            is_header = true;
        } else if is_header && part[0] == HEADER {
            author = header(&part[1..]);
            (is_header, is_first) = (false, true);
        } else {
            let path = part.strip_prefix(b"\n").filter(|_| is_first).unwrap_or(part);
            if let Some(author) = &author {
                let path = PathBuf::from(OsStr::from_bytes(path));
                found.entry(path).or_default().push(Author::clone(author));
            }
            (is_header, is_first) = (false, false);
        }
    }
    found
}

fn header(text: &[u8]) -> Option<Author> {
    let text = String::from_utf8_lossy(text);
    let mut words = text.split('\u{2}').map(str::trim);
    let commit = Oid::parse(words.next()?)?;
    let task = words.find(|task| !task.is_empty()).map(str::to_owned);
    Some(Author { commit, task })
}

#[cfg(test)]
mod tests {
    use super::super::super::repo::scratch::Scratch;
    use super::*;
    use crate::platform::programs::lacks;

    const LANDED: &str = "git commit -qm 'x\n\nWorkloop-Task: A\nWorkloop-Receipt: A/1/b'";

    #[test]
    fn each_path_has_the_commits_that_changed_it() {
        if lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        let before = scratch.oid("HEAD");
        let odd = "$(printf '\\nodd')";
        let forged = "$(printf '\\001forged\\002A')";
        scratch.sh(&format!("echo 1 >b; echo 1 >\"{odd}\"; git add .; {LANDED}"));
        let landed = scratch.oid("HEAD");
        scratch.sh(&format!("echo 2 >b; echo 1 >\"{forged}\"; git add .; git commit -qm mine"));
        let mine = scratch.oid("HEAD");
        scratch.sh("git switch -qc side HEAD~1; echo 3 >b; git add .; git commit -qm side");
        let side = scratch.oid("HEAD");
        scratch
            .sh("git switch -q main; git merge -q side || true; echo 4 >b; git commit -qam merge");
        let merge = scratch.oid("HEAD");
        let found = scratch.repository().authors_between(&before, &merge).unwrap();
        let by = |path: &str| -> Vec<(Oid, Option<&str>)> {
            let all = found[&PathBuf::from(path)].iter();
            all.map(|author| (author.commit.clone(), author.task.as_deref())).collect()
        };
        let mut all = by("b");
        // The order of commits of the same second is open.
        all.sort_by_key(|(commit, _)| commit.to_string());
        let mut expected =
            vec![(landed.clone(), Some("A")), (mine.clone(), None), (side, None), (merge, None)];
        expected.sort_by_key(|(commit, _)| commit.to_string());
        assert_eq!(all, expected);
        assert_eq!(by("\nodd"), [(landed, Some("A"))]);
        assert_eq!(by("\u{1}forged\u{2}A"), [(mine, None)]);
        assert_eq!(found.len(), 3);
    }

    #[test]
    fn a_rewritten_landing_is_known_by_its_receipt() {
        if lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        let repository = scratch.repository();
        scratch.sh(&format!("echo 1 >b; git add .; {LANDED}"));
        let landed = scratch.oid("HEAD");
        assert_eq!(repository.landed_as(&landed).unwrap(), Some(landed.clone()));
        scratch.sh("echo 2 >c; git add .; git commit -q --amend --no-edit");
        let amended = scratch.oid("HEAD");
        assert_eq!(repository.landed_as(&landed).unwrap(), Some(amended));
        scratch.sh("git commit -q --amend -m mine");
        assert_eq!(repository.landed_as(&landed).unwrap(), None);
        let none = Oid::parse(&"1".repeat(40)).unwrap();
        assert_eq!(repository.landed_as(&none).unwrap(), None);
    }
}
