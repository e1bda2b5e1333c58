//! Names the tree of the project: the name is the same only if the files are.
//!
//! In a git work tree the name is made of the commit and of the content of all files that differ
//! from it; ignored files do not count. Elsewhere it is made of the names, sizes and times of all
//! files, except those of tools. If neither is possible, the tree has no name. This module starts
//! no process.

use super::changes::GitState;
use super::content::ContentHash;
use super::git::{Git, Run};
use std::fs;
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// Folders of tools and of version control, which are not written by hand.
pub(crate) const NOT_OURS: [&str; 8] =
    [".git", ".workloop", "node_modules", "target", "dist", ".venv", "venv", "__pycache__"];

/// The most files that are examined one by one.
const MOST: usize = 20_000;

/// Returns the name of the tree at `root`, with `git` if it is in a work tree. Files for which
/// `ours` is true (queues) do not count. `None` if it cannot be computed.
pub(crate) fn tree_name(
    root: &Path,
    ours: &dyn Fn(&Path) -> bool,
    git: Option<&Git>,
    run: Run<'_>,
) -> Option<String> {
    match git {
        Some(git) => by_git(root, ours, &GitState::look(root, git, run)?).ok(),
        None => by_files(root, ours).ok(),
    }
}

fn by_git(root: &Path, ours: &dyn Fn(&Path) -> bool, state: &GitState) -> io::Result<String> {
    let mut hash = ContentHash::default();
    hash.text(b"git");
    for (head, dirty) in state.differences() {
        hash.text(head.as_bytes());
        for path in dirty {
            let whole = root.join(path);
            if !ours(&whole) {
                hash.text(path.as_bytes());
                hash.path(&whole)?;
            }
        }
    }
    Ok(hash.finish())
}

fn by_files(root: &Path, ours: &dyn Fn(&Path) -> bool) -> io::Result<String> {
    let mut hash = ContentHash::default();
    hash.text(b"files");
    let (mut folders, mut left) = (vec![root.to_owned()], MOST);
    while let Some(folder) = folders.pop() {
        let mut paths: Vec<PathBuf> = Vec::new();
        for entry in fs::read_dir(&folder)? {
            left = left.checked_sub(1).ok_or(io::ErrorKind::FileTooLarge)?;
            let entry = entry?;
            let name = entry.file_name();
            if !NOT_OURS.iter().any(|tool| name == *tool) {
                paths.push(entry.path());
            }
        }
        paths.sort_unstable();
        for path in paths {
            let meta = fs::symlink_metadata(&path)?;
            if ours(&path) {
                continue;
            }
            let name = path.strip_prefix(root).unwrap_or(&path);
            hash.text(name.as_os_str().as_bytes());
            hash.text(&meta.mode().to_le_bytes());
            if meta.is_dir() {
                folders.push(path);
            } else {
                hash.text(&meta.size().to_le_bytes());
                hash.text(&meta.mtime().to_le_bytes());
                hash.text(&meta.mtime_nsec().to_le_bytes());
            }
        }
    }
    Ok(hash.finish())
}

#[cfg(test)]
mod tests {
    use super::super::git::Call;
    use super::*;

    fn sh(dir: &Path, script: &str) {
        let done = duct::cmd!("sh", "-ec", script).dir(dir).stderr_to_stdout().stdout_capture();
        let done = done.unchecked().run().unwrap();
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    }

    fn name(root: &Path, git: Option<&Git>) -> Option<String> {
        let ours = |path: &Path| path.ends_with("q.json");
        let mut run = |call: &Call| {
            let done = duct::cmd(&call.argv[0], &call.argv[1..]).full_env(call.env.iter().cloned());
            let done = done.dir(&call.cwd).stdout_capture().stderr_capture().unchecked().run();
            let done = done.unwrap();
            done.status.success().then_some(done.stdout)
        };
        tree_name(root, &ours, git, &mut run)
    }

    /// The name is the same if the files are, and differs after any other change.
    #[test]
    fn a_tree_of_git_is_its_commit_and_what_differs_from_it() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        sh(root, "git init -q . && git config user.email t@example.org && git config user.name t");
        sh(root, "echo made >.gitignore; echo 1 >a; echo 1 >q.json; git add .; git commit -qm one");
        let path = std::env::var_os("PATH").unwrap();
        let mut programs = std::env::split_paths(&path).map(|dir| dir.join("git"));
        let program = programs.find(|program| program.is_file()).unwrap();
        let git = Git::new(&program, Some(&path), &std::env::vars_os().collect::<Vec<_>>());
        let now = || name(root, Some(&git)).unwrap();
        let first = now();
        for (change, back) in [
            ("echo 2 >a", "git checkout -q a"),
            ("rm a", "git checkout -q a"),
            ("chmod +x a", "chmod -x a"),
            ("echo n >new", "rm new"),
            ("echo 2 >a; git commit -qam two", "git reset -q --hard HEAD~"),
        ] {
            sh(root, change);
            assert_ne!(now(), first, "{change}");
            sh(root, back);
            assert_eq!(now(), first, "{back}");
        }
        sh(root, "touch a; echo 2 >q.json; echo 1 >made");
        assert_eq!(now(), first);
    }

    #[test]
    fn a_tree_without_git_is_its_files() {
        let dir = tempfile::tempdir().unwrap();
        let root = dir.path();
        sh(root, "mkdir -p sub .workloop; echo 1 >sub/a; echo 1 >q.json");
        let first = name(root, None);
        assert!(first.is_some());
        sh(root, "echo 2 >q.json; echo 2 >.workloop/x; mkdir node_modules; echo 3 >node_modules/y");
        assert_eq!(name(root, None), first);
        for change in ["echo 22 >sub/a", "echo 1 >sub/b", "chmod +x sub/b", "ln -s a sub/l"] {
            let before = name(root, None);
            sh(root, change);
            assert_ne!(name(root, None), before, "{change}");
        }
    }
}
