//! Determines which files changed between the start and the end of an attempt.
//!
//! In a git work tree the answer comes from git: the files that it lists as changed, those of new
//! commits, and whether a file that was already dirty was written again. Elsewhere, and if git
//! fails, only the files that the task names are compared. This module starts no process: the
//! caller runs the calls of git.

use super::git::{Call, Git, Run, Settings};
use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::fs;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// The call for each repository. Submodules are queried separately: git would do it with a nested
/// call, which would run their filters.
const STATUS: [&str; 8] = [
    "status",
    "--porcelain=v2",
    "--branch",
    "--no-ahead-behind",
    "-z",
    "--untracked-files=all",
    "--no-renames",
    "--ignore-submodules=dirty",
];

/// The most repositories that are examined, nested ones included.
const REPOSITORIES: usize = 64;

/// The commit that git prints if there is none.
const INITIAL: &str = "(initial)";

/// The project at one moment.
#[derive(Clone, Debug)]
pub(crate) struct Snapshot {
    pub(super) root: PathBuf,
    pub(super) git: Option<GitState>,
    named: BTreeMap<String, Stamp>,
}

/// The state that git reports, by the top of each work tree.
#[derive(Clone, Debug)]
pub(super) struct GitState {
    repositories: BTreeMap<PathBuf, Repository>,
}

/// The state of one repository: the commit, and the paths that differ from it.
#[derive(Clone, Debug)]
struct Repository {
    head: String,
    dirty: BTreeMap<OsString, Stamp>,
}

/// Length and time of a file; `None` if it does not exist.
pub(super) type Stamp = Option<(u64, i64, i64, u64)>;

/// Returns whether `root` is in a git work tree. Starts no process.
pub(crate) fn is_git_work_tree(root: &Path) -> bool {
    root.ancestors().any(|dir| dir.join(".git").exists())
}

/// The changes since a snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Compared {
    /// Paths relative to the root.
    pub paths: Vec<String>,
    /// Whether the list is complete because git was used. Otherwise only files that the task names
    /// were compared.
    pub is_whole: bool,
}

impl Snapshot {
    /// Takes a snapshot of the project at `root`, with `git` if it is in a work tree. `named` are
    /// the files of the task, relative to the root.
    pub(crate) fn take(root: &Path, named: &[String], git: Option<&Git>, run: Run<'_>) -> Self {
        Self {
            root: root.to_owned(),
            git: git.and_then(|git| GitState::look(root, git, run)),
            named: named.iter().map(|path| (path.clone(), stamp(&root.join(path)))).collect(),
        }
    }

    /// Returns the changed paths since the snapshot, relative to the root and sorted. Paths for
    /// which `ours` is true (the queue itself) are left out.
    pub(crate) fn changed_since(
        &self,
        ours: &dyn Fn(&Path) -> bool,
        git: Option<&Git>,
        run: Run<'_>,
    ) -> Compared {
        let names: Vec<String> = self.named.keys().cloned().collect();
        let git = git.filter(|_| self.git.is_some());
        let now = Self::take(&self.root, &names, git, run);
        let mut changed: BTreeSet<String> = self
            .named
            .iter()
            .filter(|(path, stamp)| now.named.get(*path) != Some(stamp))
            .map(|(path, _)| path.clone())
            .collect();
        let mut is_whole = false;
        if let (Some(git), Some(before), Some(after)) = (git, &self.git, &now.git) {
            changed.extend(before.differs(after, &self.root, git, run));
            is_whole = true;
        }
        changed.retain(|path| !ours(&self.root.join(path)));
        Compared { paths: changed.into_iter().collect(), is_whole }
    }
}

impl GitState {
    /// Returns the state of the work tree around `root`, and of the submodules below it; `None` if
    /// git fails.
    pub(super) fn look(root: &Path, git: &Git, run: Run<'_>) -> Option<Self> {
        let mut left = vec![root.ancestors().find(|dir| dir.join(".git").exists())?.to_owned()];
        let mut repositories = BTreeMap::new();
        while let Some(top) = left.pop() {
            if repositories.len() >= REPOSITORIES {
                return None;
            }
            let settings = git.settings(&top, run)?;
            let status = run(&git.call(&top, &settings, &STATUS))?;
            if top.join(".gitmodules").exists() {
                let listed = run(&git.call(&top, &settings, &["ls-files", "-s", "-z"]))?;
                let modules = submodules(&listed).map(|path| top.join(path));
                left.extend(modules.filter(|path| path.starts_with(root) && is_checked_out(path)));
            }
            // Repositories that were never added as submodules: git names only their folders.
            let room = REPOSITORIES.saturating_sub(repositories.len() + left.len() + 1);
            let nested = nested(&status).map(|path| top.join(path));
            let nested = nested.filter(|path| path.starts_with(root) && is_checked_out(path));
            left.extend(nested.take(room));
            let read = Repository::read(&status, &top, root);
            repositories.insert(top, read);
        }
        Some(Self { repositories })
    }

    /// Returns the repository around the root: its top, its commit if it has one, and the paths
    /// that differ from that.
    pub(super) fn around(&self, root: &Path) -> Option<(&Path, &str, &BTreeMap<OsString, Stamp>)> {
        let is_around = |(top, _): &(&PathBuf, &Repository)| root.starts_with(top);
        let (top, one) = self.repositories.iter().rfind(is_around)?;
        (one.head != INITIAL).then_some((top, &one.head, &one.dirty))
    }

    /// Returns for each repository its commit, and the paths relative to the root that differ from
    /// it.
    pub(super) fn differences(&self) -> impl Iterator<Item = (&str, impl Iterator<Item = &OsStr>)> {
        let all = self.repositories.values();
        all.map(|one| (one.head.as_str(), one.dirty.keys().map(OsString::as_os_str)))
    }

    /// Returns the paths relative to the root that differ from `after`.
    fn differs(&self, after: &Self, root: &Path, git: &Git, run: Run<'_>) -> Vec<String> {
        let mut paths: BTreeSet<OsString> = BTreeSet::new();
        let nothing = Repository { head: INITIAL.to_owned(), dirty: BTreeMap::new() };
        for top in self.repositories.keys().chain(after.repositories.keys()) {
            let before = self.repositories.get(top).unwrap_or(&nothing);
            let now = after.repositories.get(top).unwrap_or(&nothing);
            let dirty = before.dirty.keys().chain(now.dirty.keys());
            paths.extend(
                dirty.filter(|path| before.dirty.get(*path) != now.dirty.get(*path)).cloned(),
            );
            let both = self.repositories.contains_key(top) && after.repositories.contains_key(top);
            if both && before.head != now.head {
                let call = between(top, &before.head, &now.head, git);
                let names = call.and_then(|call| run(&call)).unwrap_or_default();
                let names = names.split(|byte| *byte == 0).filter(|name| !name.is_empty());
                paths.extend(names.filter_map(|name| below(top, name, root)));
            }
        }
        paths.into_iter().map(|path| path.to_string_lossy().into_owned()).collect()
    }
}

impl Repository {
    /// Parses the output of `git status`.
    fn read(status: &[u8], top: &Path, root: &Path) -> Self {
        let (mut head, mut dirty) = (INITIAL.to_owned(), BTreeMap::new());
        for entry in status.split(|byte| *byte == 0) {
            if let Some(oid) = entry.strip_prefix(b"# branch.oid ").filter(|oid| is_oid(oid)) {
                head = String::from_utf8_lossy(oid).into_owned();
            }
            // Git names paths relative to the top of the work tree; ours are relative to the root.
            if let Some(path) = path_of(entry).and_then(|path| below(top, path, root)) {
                // Changes inside a submodule are queried in the submodule.
                let inside = is_submodule(entry) || entry.ends_with(b"/");
                let stamp = if inside { None } else { stamp(&root.join(&path)) };
                dirty.insert(path, stamp);
            }
        }
        Self { head, dirty }
    }
}

/// Returns the folders in the output of `git status` that it does not enter: other repositories.
fn nested(status: &[u8]) -> impl Iterator<Item = &Path> {
    let entries = status.split(|byte| *byte == 0);
    let folders = entries.filter_map(|entry| entry.strip_prefix(b"? ")?.strip_suffix(b"/"));
    folders.map(|folder| Path::new(OsStr::from_bytes(folder)))
}

/// Returns the path that git names `name`, relative to the root, if it is below the root.
fn below(top: &Path, name: &[u8], root: &Path) -> Option<OsString> {
    let name = name.strip_suffix(b"/").unwrap_or(name);
    let path = top.join(OsStr::from_bytes(name));
    Some(path.strip_prefix(root).ok()?.as_os_str().to_owned())
}

/// Returns the path in an entry of `git status --porcelain=v2`: after eight words for a changed
/// file, ten for an unmerged one, one for an untracked one.
fn path_of(entry: &[u8]) -> Option<&[u8]> {
    let words = match entry.first()? {
        b'1' => 8,
        b'u' => 10,
        b'?' => 1,
        _ => return None,
    };
    entry.splitn(words + 1, |byte| *byte == b' ').nth(words)
}

/// Returns whether an entry of `git status --porcelain=v2` is about a submodule.
fn is_submodule(entry: &[u8]) -> bool {
    let words = entry.splitn(4, |byte| *byte == b' ');
    matches!(entry.first(), Some(b'1' | b'u'))
        && words.skip(2).take(1).any(|word| word.starts_with(b"S"))
}

/// Returns the paths of submodules in the output of `git ls-files -s`.
fn submodules(listed: &[u8]) -> impl Iterator<Item = &Path> {
    let entries = listed.split(|byte| *byte == 0).filter(|entry| entry.starts_with(b"160000 "));
    let path = |entry: &'_ [u8]| entry.iter().position(|byte| *byte == b'\t');
    entries.filter_map(move |entry| Some(Path::new(OsStr::from_bytes(&entry[path(entry)? + 1..]))))
}

/// Returns whether a submodule is checked out: a folder, not a link to one, with its own `.git`.
fn is_checked_out(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|meta| meta.is_dir()) && path.join(".git").exists()
}

/// Returns whether this is an object name, and nothing else that git could parse as an argument.
fn is_oid(text: &[u8]) -> bool {
    (40..=64).contains(&text.len()) && text.iter().all(u8::is_ascii_hexdigit)
}

/// Returns the call that lists the paths that commits changed.
fn between(top: &Path, from: &str, to: &str, git: &Git) -> Option<Call> {
    let args: &[&str] = match (from, to) {
        (INITIAL, INITIAL) => return None,
        (INITIAL, only) | (only, INITIAL) => &["ls-tree", "-r", "-z", "--name-only", only],
        (from, to) => &["diff-tree", "-r", "-z", "--name-only", "--no-renames", from, to],
    };
    Some(git.call(top, &Settings::default(), args))
}

fn stamp(path: &Path) -> Stamp {
    let meta = fs::symlink_metadata(path).ok()?;
    Some((meta.size(), meta.mtime(), meta.mtime_nsec(), meta.ino()))
}

#[cfg(test)]
mod tests {
    use super::super::repo::scratch::run;
    use super::*;

    fn sh(dir: &Path, script: &str) {
        let done = duct::cmd!("sh", "-ec", script).dir(dir).stderr_to_stdout().stdout_capture();
        let done = done.unchecked().run().expect("a shell");
        assert!(done.status.success(), "{}", String::from_utf8_lossy(&done.stdout));
    }

    const INIT: &str = "git init -q . && git config user.email t@example.org && \
        git config user.name t && mkdir -p sub && echo 1 > a && echo 1 > sub/b && \
        echo 1 > dirty && git add a sub && git commit -qm one";

    fn git() -> Git {
        let path = std::env::var_os("PATH").expect("a PATH");
        let mut programs = std::env::split_paths(&path).map(|dir| dir.join("git"));
        let program = programs.find(|program| program.is_file()).expect("git");
        Git::new(&program, Some(&path), &std::env::vars_os().collect::<Vec<_>>())
    }

    fn changed_at(root: &Path, script: &str, named: &[&str]) -> Vec<String> {
        let named: Vec<String> = named.iter().map(|&n| n.to_owned()).collect();
        let git = git();
        let before = Snapshot::take(root, &named, Some(&git), &mut run);
        sh(root, script);
        before.changed_since(&|path| path.ends_with("queue.json"), Some(&git), &mut run).paths
    }

    fn changed(script: &str, sub: &str) -> Vec<String> {
        let dir = tempfile::tempdir().expect("a folder");
        sh(dir.path(), INIT);
        changed_at(&dir.path().join(sub), script, &[])
    }

    #[test]
    fn what_is_committed_written_made_and_removed_is_listed() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let script = "echo 2 > a; git commit -qam two; echo 3 > sub/b; echo n > new; \
            echo 22 > dirty; echo q > queue.json";
        assert_eq!(changed(script, "."), ["a", "dirty", "new", "sub/b"]);
        assert_eq!(changed("rm a", "."), ["a"]);
        assert!(changed("true", ".").is_empty());
    }

    #[test]
    fn paths_are_relative_to_the_root() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        assert_eq!(changed("echo 2 > b; echo 2 > ../a", "sub"), ["b"]);
        assert_eq!(changed("echo 2 > b; git commit -qam x", "sub"), ["b"]);
    }

    #[test]
    fn a_first_commit_and_one_that_is_taken_back_are_listed() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let dir = tempfile::tempdir().expect("a folder");
        sh(dir.path(), &INIT.replace("git commit -qm one", "true"));
        assert_eq!(changed_at(dir.path(), "git commit -qm one", &[]), ["a", "sub/b"]);
        assert_eq!(changed_at(dir.path(), "git update-ref -d HEAD", &[]), ["a", "sub/b"]);
    }

    /// A linked work tree has a file `.git`; a folder `.git` may be reached through a link; and the
    /// configured location of the work tree does not count.
    #[test]
    fn a_git_folder_may_stand_elsewhere() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let dir = tempfile::tempdir().expect("a folder");
        let at = |name: &str| dir.path().join(name);
        sh(dir.path(), &format!("mkdir main && cd main && {INIT} && git worktree add -q ../tree"));
        let script = "echo 2 > sub/b; git commit -qam two; echo n > new";
        assert_eq!(changed_at(&at("tree"), script, &[]), ["new", "sub/b"]);
        assert_eq!(changed_at(&at("tree/sub"), "echo 3 > b", &[]), ["b"]);
        sh(dir.path(), "mv main/.git elsewhere && ln -s ../elsewhere main/.git");
        sh(dir.path(), "mkdir other && git -C main config core.worktree ../other");
        assert_eq!(changed_at(&at("main"), "echo 3 > a", &[]), ["a"]);
    }

    #[test]
    fn work_inside_of_a_submodule_is_listed() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let dir = tempfile::tempdir().expect("a folder");
        sh(dir.path(), &format!("mkdir lib main && cd lib && {INIT} && cd ../main && {INIT}"));
        let add = "git -c protocol.file.allow=always submodule --quiet add ../lib deep/lib";
        sh(&dir.path().join("main"), &format!("{add} && git commit -qm lib"));
        let user = "git config user.email t@example.org && git config user.name t";
        let script =
            format!("cd deep/lib && {user} && echo 2 > a && git commit -qam x; echo 2 > sub/b");
        let root = dir.path().join("main");
        assert_eq!(changed_at(&root, &script, &[]), ["deep/lib", "deep/lib/a", "deep/lib/sub/b"]);
        assert_eq!(changed_at(&root.join("sub"), "echo 1 > ../deep/lib/sub/b", &[]), [""; 0]);
        assert_eq!(changed_at(&root, "echo n > deep/lib/new", &[]), ["deep/lib/new"]);
    }

    /// A nested repository that was not added as a submodule is examined like a submodule.
    #[test]
    fn work_inside_of_a_nested_repository_is_listed() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let dir = tempfile::tempdir().expect("a folder");
        sh(dir.path(), &format!("{INIT} && mkdir -p deep/own && cd deep/own && {INIT}"));
        let root = dir.path();
        assert_eq!(changed_at(root, "true", &[]), [""; 0]);
        let script = "cd deep/own; echo 2 > a; git commit -qam x; echo n > new; mv sub/b sub/c";
        assert_eq!(
            changed_at(root, script, &[]),
            ["deep/own/a", "deep/own/new", "deep/own/sub/b", "deep/own/sub/c"]
        );
        assert_eq!(
            changed_at(root, "mkdir o && cd o && git init -q . && touch x", &[]),
            ["o", "o/x"]
        );
        assert_eq!(changed_at(root, "rm -r o", &[]), ["o", "o/x"]);
    }

    /// Files that a person ignores globally do not count as the agent's work.
    #[test]
    fn what_is_ignored_everywhere_is_left_out() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let dir = tempfile::tempdir().expect("a folder");
        sh(dir.path(), &format!("{INIT} && git config core.excludesFile ../ignored-$$"));
        let name = fs::read_to_string(dir.path().join(".git/config")).expect("a configuration");
        let name = name.lines().find_map(|line| line.split("../").nth(1)).expect("its name");
        let path = dir.path().with_file_name(name);
        sh(dir.path(), &format!("echo '*.swp' > {}", path.display()));
        assert_eq!(changed_at(dir.path(), "touch x.swp y", &[]), ["y"]);
        fs::remove_file(path).expect("removed");
    }

    #[test]
    fn without_git_the_files_of_the_task_are_compared() {
        let dir = tempfile::tempdir().expect("a folder");
        let named = vec!["made.txt".to_owned(), "other.txt".to_owned()];
        let before = Snapshot::take(dir.path(), &named, None, &mut run);
        sh(dir.path(), "echo 1 > made.txt; echo 1 > unnamed.txt");
        assert_eq!(before.changed_since(&|_| false, None, &mut run).paths, ["made.txt"]);
    }

    #[test]
    fn where_git_cannot_tell_the_files_of_the_task_are_compared() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let dir = tempfile::tempdir().expect("a folder");
        sh(dir.path(), INIT);
        let (git, named) = (git(), vec!["a".to_owned()]);
        let mut left = 2;
        let mut tired = |call: &Call| {
            left -= 1;
            if left < 0 { None } else { run(call) }
        };
        let before = Snapshot::take(dir.path(), &named, Some(&git), &mut tired);
        sh(dir.path(), "echo 2 > a; echo 2 > sub/b");
        assert_eq!(before.changed_since(&|_| false, Some(&git), &mut tired).paths, ["a"]);
    }

    /// Covers every way in which a repository can name programs; none of them is run.
    #[test]
    fn nothing_that_a_repository_configures_is_run() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let dir = tempfile::tempdir().expect("a folder");
        let root = dir.path().canonicalize().expect("a real path").join("r");
        fs::create_dir(&root).expect("a folder");
        sh(&root, INIT);
        sh(&root, include_str!("tests/hostile.sh"));
        let git = git();
        let named = Vec::new();
        let before = Snapshot::take(&root, &named, Some(&git), &mut run);
        assert!(before.git.is_some());
        sh(&root, "touch a sub/b; echo 22 > dirty");
        let changed = before.changed_since(&|_| false, Some(&git), &mut run).paths;
        assert_eq!(changed, ["dirty"]);
        let ran: Vec<_> = fs::read_dir(root.join("ran")).expect("there").flatten().collect();
        assert!(ran.is_empty(), "{ran:?}");
        // The configured programs would have been run.
        sh(&root, "git status >/dev/null 2>&1 || true");
        let ran = fs::read_dir(root.join("ran")).expect("there").count();
        assert!(ran >= 4, "only {ran} of the programs are run by anybody's call");
    }
}
