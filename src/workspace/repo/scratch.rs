//! Repositories for tests.

use super::super::git::{Call, Git};
use super::found::Repository;
use super::names::Oid;
use crate::platform::test_shell;
use std::path::{Path, PathBuf};

/// Runs a shell script with a git configuration that is independent of the machine.
#[track_caller]
pub(in super::super) fn sh(dir: &Path, script: &str) -> String {
    let date = "2026-01-01T00:00:00Z";
    test_shell::sh(dir, script, &[("GIT_AUTHOR_DATE", date), ("GIT_COMMITTER_DATE", date)])
}

/// Returns the git of this machine.
pub(in super::super) fn git() -> Git {
    let path = std::env::var_os("PATH").unwrap();
    let mut programs = std::env::split_paths(&path).map(|dir| dir.join("git"));
    let program = programs.find(|program| program.is_file()).unwrap();
    let home = [("HOME".into(), "/nonexistent".into())];
    Git::new(&program, Some(&path), &home)
}

/// Runs a call of git, without a time limit.
pub(in super::super) fn run(call: &Call) -> Option<Vec<u8>> {
    let done = duct::cmd(&call.argv[0], &call.argv[1..]).full_env(call.env.iter().cloned());
    let done = done.dir(&call.cwd).stdout_capture().stderr_capture().unchecked().run();
    let done = done.expect("git");
    done.status.success().then_some(done.stdout)
}

/// A repository with a commit, in a folder that is deleted with it.
pub(in super::super) struct Scratch {
    pub(in super::super) folder: tempfile::TempDir,
    pub(in super::super) top: PathBuf,
}

impl Scratch {
    /// Creates the files `a` and `sub/b` of three lines each, and ignored paths: `made` and
    /// `cache/`.
    pub(in super::super) fn new() -> Self {
        let folder = crate::platform::quick_dir();
        let top = folder.path().canonicalize().unwrap().join("project");
        std::fs::create_dir(&top).unwrap();
        let scratch = Self { folder, top };
        scratch.sh(
            "git init -q -b main .; printf '[user]\\nname = t\\nemail = t@example.org\\n' >>.git/config
             mkdir sub; printf '1\\n2\\n3\\n' >a; printf '1\\n2\\n3\\n' >sub/b
             printf 'made\\ncache/\\n' >.gitignore; git add .; git commit -qm one",
        );
        scratch
    }

    #[track_caller]
    pub(in super::super) fn sh(&self, script: &str) -> String {
        sh(&self.top, script)
    }

    #[track_caller]
    pub(in super::super) fn repository(&self) -> Repository {
        Repository::open(&self.top, git(), None).unwrap()
    }

    #[track_caller]
    pub(in super::super) fn oid(&self, name: &str) -> Oid {
        Oid::parse(&self.sh(&format!("git rev-parse '{name}'"))).unwrap()
    }
}

mod tests {
    use super::super::refusal::Refusal;
    use super::*;

    fn refused(top: &Path, target: Option<&str>) -> Refusal {
        Repository::open(top, git(), target).map(|found| found.top().to_owned()).unwrap_err()
    }

    #[test]
    fn a_repository_is_found_from_below_and_from_linked_trees() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        scratch.sh(
            "git worktree add -q -b other ../linked; git worktree add -q ../gone; rm -r ../gone",
        );
        let main = Repository::open(&scratch.top.join("sub"), git(), None).unwrap();
        assert_eq!((main.top(), main.target()), (&*scratch.top, "refs/heads/main"));
        assert_eq!(main.tip().unwrap(), scratch.oid("HEAD"));
        let linked = scratch.top.with_file_name("linked");
        let other = Repository::open(&linked, git(), None).unwrap();
        assert_eq!((other.common(), other.target()), (main.common(), "refs/heads/other"));
        assert_ne!(other.git_dir(), main.git_dir());
        for found in [main.checkouts().unwrap(), other.checkouts().unwrap()] {
            let found: Vec<_> =
                found.iter().map(|one| (one.path.clone(), one.branch.clone().unwrap())).collect();
            let main = (scratch.top.clone(), "refs/heads/main".to_owned());
            assert_eq!(found, [main, (linked.clone(), "refs/heads/other".to_owned())]);
        }
    }

    #[test]
    fn what_cannot_have_workspaces_is_refused_with_a_cure() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let folder = tempfile::tempdir().unwrap();
        let top = folder.path();
        assert!(matches!(refused(top, None), Refusal::NoRepository { .. }));
        sh(top, "git init -q --bare bare; git init -q empty");
        assert!(matches!(refused(&top.join("bare"), None), Refusal::Bare { .. }));
        let empty = refused(&top.join("empty"), None);
        assert!(matches!(empty, Refusal::NoCommit));
        assert!(empty.cure().contains("git commit"));
        let scratch = Scratch::new();
        assert!(matches!(refused(&scratch.top, Some("nope")), Refusal::NoBranch { .. }));
        scratch.sh("git checkout -q --detach");
        assert!(matches!(refused(&scratch.top, None), Refusal::Detached));
        assert!(Repository::open(&scratch.top, git(), Some("main")).is_ok());
        scratch.sh("git checkout -q main; echo '*.bin filter=lfs' >.gitattributes; git add .; git commit -qm lfs");
        assert!(matches!(refused(&scratch.top, None), Refusal::NoLfs));
        scratch.sh("git rm -q .gitattributes; git commit -qm none");
        scratch.sh("git -c protocol.file.allow=always submodule --quiet add ./. lib; git commit -qm module");
        assert!(Repository::open(&scratch.top, git(), None).is_ok());
        scratch.sh("git update-index --cacheinfo 160000,1234567890123456789012345678901234567890,lib; git commit -qm lost");
        let module = refused(&scratch.top, None);
        assert!(matches!(&module, Refusal::Submodules { first } if first == Path::new("lib")));
    }

    #[test]
    fn what_is_missing_is_told_apart() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        scratch.sh("git clone -q --depth 1 file://$PWD ../shallow && git config uploadpack.allowFilter true");
        assert!(Repository::open(&scratch.top.with_file_name("shallow"), git(), None).is_ok());
        scratch.sh("git clone -q --filter=blob:none --no-checkout file://$PWD ../partial");
        let partial = refused(&scratch.top.with_file_name("partial"), None);
        assert!(matches!(partial, Refusal::Partial { missing: 2 }), "{partial}");
        let tree = scratch.sh("git rev-parse HEAD^{tree}");
        scratch.sh(&format!("rm -f .git/objects/{}/{}", &tree[..2], &tree[2..]));
        assert!(matches!(refused(&scratch.top, None), Refusal::Damaged));
        scratch.sh("git rev-parse HEAD >.git/shallow");
        assert!(matches!(refused(&scratch.top, None), Refusal::Shallow));
    }

    /// What an agent configures after the repository was found is not carried over.
    #[test]
    fn settings_are_those_of_the_moment_it_was_found() {
        if crate::platform::programs::lacks("git") {
            return;
        }
        let scratch = Scratch::new();
        scratch.sh("git config core.autocrlf input; git config filter.x.clean 'tr a b'");
        let found = scratch.repository();
        scratch.sh("git config filter.evil.clean 'touch evil'");
        let keys: Vec<_> = found.carried().iter().map(|(key, _)| key.to_str().unwrap()).collect();
        assert!(keys.contains(&"core.autocrlf") && keys.contains(&"filter.x.clean"));
        assert!(!keys.iter().any(|key| key.contains("evil")));
        assert_eq!(found.user(), ["t", "t@example.org"]);
    }
}
