//! Which files changed between the start and the end of an attempt.
//!
//! In a git work tree git says it: what it lists as changed, what commits brought, and whether a
//! file that was dirty before was written again. Elsewhere only the files that the task names
//! are compared.

use crate::platform::command::Short;
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// How long git is given; a repository that needs longer is reported by the files of the task.
const GIT_LIMIT: Duration = Duration::from_secs(30);

/// The project at one moment.
#[derive(Clone, Debug)]
pub struct Snapshot {
    root: PathBuf,
    git: Option<GitState>,
    named: BTreeMap<String, Mark>,
}

/// What git says: the commit, and the paths that differ from it.
#[derive(Clone, Debug)]
struct GitState {
    head: String,
    dirty: BTreeMap<OsString, Mark>,
}

/// Length and time of a file; `None` when there is none.
type Mark = Option<(u64, i64, i64, u64)>;

/// Whether `root` lies in a git work tree. Starts no process.
pub fn is_git_work_tree(root: &Path) -> bool {
    root.ancestors().any(|dir| dir.join(".git").exists())
}

impl Snapshot {
    /// Looks at the project at `root`; `named` are the files of the task, relative to it.
    pub fn take(root: &Path, git: bool, named: &[String]) -> Self {
        Self {
            root: root.to_owned(),
            git: git.then(|| git_state(root)).flatten(),
            named: named.iter().map(|path| (path.clone(), mark(&root.join(path)))).collect(),
        }
    }

    /// Paths relative to the root that changed since, sorted; those for which `ours` is true
    /// (the queue itself) are left out.
    pub fn changed_since(&self, ours: &dyn Fn(&Path) -> bool) -> Vec<String> {
        let names: Vec<String> = self.named.keys().cloned().collect();
        let now = Self::take(&self.root, self.git.is_some(), &names);
        let mut changed: BTreeSet<String> = self
            .named
            .iter()
            .filter(|(path, mark)| now.named.get(*path) != Some(mark))
            .map(|(path, _)| path.clone())
            .collect();
        if let (Some(before), Some(after)) = (&self.git, &now.git) {
            let paths = before.dirty.keys().chain(after.dirty.keys());
            let differ = paths.filter(|path| before.dirty.get(*path) != after.dirty.get(*path));
            changed.extend(differ.map(|path| path.to_string_lossy().into_owned()));
            if before.head != after.head {
                changed.extend(between(&self.root, &before.head, &after.head));
            }
        }
        changed.retain(|path| !ours(&self.root.join(path)));
        changed.into_iter().collect()
    }
}

fn git_state(root: &Path) -> Option<GitState> {
    let args =
        ["status", "--porcelain=v2", "--branch", "-z", "--untracked-files=all", "--no-renames"];
    let status = git(root, &args)?;
    let top = root.ancestors().find(|dir| dir.join(".git").exists())?;
    let prefix = root.strip_prefix(top).ok()?;
    let (mut head, mut dirty) = (String::new(), BTreeMap::new());
    for entry in status.split(|byte| *byte == 0) {
        if let Some(oid) = entry.strip_prefix(b"# branch.oid ") {
            head = String::from_utf8_lossy(oid).into_owned();
        }
        // Git names paths from the top of the work tree; ours start at the root.
        let path = path_of(entry).and_then(|path| path.strip_prefix(prefix).ok());
        if let Some(path) = path {
            dirty.insert(path.as_os_str().to_owned(), mark(&root.join(path)));
        }
    }
    Some(GitState { head, dirty })
}

/// The path in an entry of `git status --porcelain=v2`: after eight words of a changed file,
/// ten of an unmerged one, one of an untracked one.
fn path_of(entry: &[u8]) -> Option<&Path> {
    let words = match entry.first()? {
        b'1' => 8,
        b'u' => 10,
        b'?' => 1,
        _ => return None,
    };
    let path = entry.splitn(words + 1, |byte| *byte == b' ').nth(words)?;
    Some(Path::new(OsStr::from_bytes(path)))
}

fn between(root: &Path, from: &str, to: &str) -> Vec<String> {
    let empty = "4b825dc642cb6eb9a060e54bf8d69288fbee4904"; // git's name of the empty tree
    let from = if from == "(initial)" { empty } else { from };
    let args = ["diff", "--name-only", "-z", "--no-renames", "--relative", from, to];
    let names = git(root, &args).unwrap_or_default();
    let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
    names.map(|name| String::from_utf8_lossy(name).into_owned()).collect()
}

fn git(root: &Path, args: &[&str]) -> Option<Vec<u8>> {
    let mut command = Short::new("git", args);
    command.dir = Some(root.to_owned());
    command.limit = Some(GIT_LIMIT);
    // Looking must not take the lock of the index, which an agent may need right now.
    command.env = vec![("GIT_OPTIONAL_LOCKS".into(), "0".into())];
    let finished = command.run().ok()?;
    (finished.code == 0).then_some(finished.stdout)
}

fn mark(path: &Path) -> Mark {
    let meta = fs::symlink_metadata(path).ok()?;
    Some((meta.size(), meta.mtime(), meta.mtime_nsec(), meta.ino()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sh(dir: &Path, script: &str) {
        let mut command = Short::new("sh", &["-c", script]);
        command.dir = Some(dir.to_owned());
        let done = command.run().expect("a shell");
        assert_eq!(done.code, 0, "{}", String::from_utf8_lossy(&done.stderr));
    }

    const INIT: &str = "git init -q . && git config user.email t@example.org && \
        git config user.name t && mkdir -p sub && echo 1 > a && echo 1 > sub/b && \
        echo 1 > dirty && git add a sub && git commit -qm one";

    fn changed(script: &str, sub: &str, named: &[&str]) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a folder");
        sh(dir.path(), INIT);
        let root = dir.path().join(sub);
        let named: Vec<String> = named.iter().map(|&n| n.to_owned()).collect();
        let before = Snapshot::take(&root, true, &named);
        sh(&root, script);
        before.changed_since(&|path| path.ends_with("queue.json"))
    }

    #[test]
    fn what_is_committed_written_made_and_removed_is_listed() {
        let script = "echo 2 > a; git commit -qam two; echo 3 > sub/b; echo n > new; \
            echo 22 > dirty; echo q > queue.json";
        assert_eq!(changed(script, ".", &[]), ["a", "dirty", "new", "sub/b"]);
        assert_eq!(changed("rm a", ".", &[]), ["a"]);
        assert!(changed("true", ".", &[]).is_empty());
    }

    #[test]
    fn paths_are_relative_to_the_root() {
        assert_eq!(changed("echo 2 > b; echo 2 > ../a", "sub", &[]), ["b"]);
        assert_eq!(changed("echo 2 > b; git commit -qam x", "sub", &[]), ["b"]);
    }

    #[test]
    fn without_git_the_files_of_the_task_are_compared() {
        let dir = tempfile::tempdir().expect("a folder");
        let named = vec!["made.txt".to_owned(), "other.txt".to_owned()];
        let before = Snapshot::take(dir.path(), false, &named);
        sh(dir.path(), "echo 1 > made.txt; echo 1 > unnamed.txt");
        assert_eq!(before.changed_since(&|_| false), ["made.txt"]);
    }
}
