//! Trees that are made, used by agents of every kind, captured and put back.

use super::super::change::DeltaKind;
use super::super::merge::Merge;
use super::super::repo::scratch::{Scratch, sh};
use super::super::repo::{Oid, Repository, Stamp};
use super::capture::CaptureError;
use super::*;
use std::fs;
use std::path::{Path, PathBuf};

mod captured;
mod kept;
mod modules;

/// A project with a workspace that was prepared for its commit.
struct Bench {
    scratch: Scratch,
    repository: Repository,
    tree: Tree,
    attempt: PathBuf,
}

impl Bench {
    fn new(rules: TreeRules) -> Self {
        Self::of(Scratch::new(), rules)
    }

    fn of(scratch: Scratch, rules: TreeRules) -> Self {
        let repository = scratch.repository();
        let dir = scratch.folder.path().join("trees");
        let slot =
            Places::of(&repository, Some(&dir), None).unwrap().take(Kind::Workspace).unwrap();
        let mut tree = Tree::new(&repository, slot, rules).unwrap();
        tree.prepare(&Wanted::commit(repository.tip().unwrap())).unwrap();
        let attempt = scratch.folder.path().join("attempt");
        fs::create_dir_all(&attempt).unwrap();
        Self { scratch, repository, tree, attempt }
    }

    #[track_caller]
    fn agent(&self, script: &str) -> String {
        sh(self.tree.path(), script)
    }

    fn capture(&self) -> Result<Captured, CaptureError> {
        self.captured(false)
    }

    fn captured(&self, anew: bool) -> Result<Captured, CaptureError> {
        self.tree.capture(&CaptureRules {
            ours: &|path| path == Path::new("q.json") || path.starts_with(".workloop"),
            own_attributes: false,
            anew,
            attempt_folder: &self.attempt,
            date: Stamp(1_767_225_600),
            message: "attempt",
        })
    }

    #[track_caller]
    fn paths(&self) -> Vec<String> {
        let captured = self.capture().unwrap();
        captured.deltas.iter().map(|delta| delta.path.display().to_string()).collect()
    }

    fn prepare(&mut self) -> Brought {
        let base = self.repository.tip().unwrap();
        self.tree.prepare(&Wanted::commit(base)).unwrap()
    }

    /// Returns everything in the workspace except its repository.
    fn listed(&self) -> String {
        self.agent("find . -path ./.git -prune -o ! -type d -print | LC_ALL=C sort | tr '\\n' ' '")
    }
}

const CLEAN: &str = "./.gitignore ./a ./sub/b";

#[test]
fn a_workspace_is_a_repository_at_the_base_with_nothing_to_commit() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new(TreeRules::default());
    assert_eq!(
        bench.agent("git status --porcelain; git rev-parse HEAD main; git config user.name"),
        {
            let head = bench.scratch.oid("HEAD");
            format!("{head}\n{head}\nt")
        }
    );
    assert_eq!(
        bench.agent(
            "git fsck 2>&1; git diff HEAD; echo x >>a; git commit -qam mine; git log --format=%s"
        ),
        "mine\none"
    );
    // Nothing of it reached the project except what is captured.
    assert_eq!(
        bench.scratch.sh("git status --porcelain; git for-each-ref --format='%(refname)'"),
        "refs/heads/main"
    );
    assert_eq!(bench.paths(), ["a"]);
}

#[test]
fn a_workspace_is_put_back_whatever_was_left_in_it() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let keep = vec!["cache/".to_owned()];
    let mut bench = Bench::new(TreeRules { keep, ..TreeRules::default() });
    bench.agent(
        "echo 4 >>a; rm -r sub; ln -s / sub; echo n >new; echo m >made; mkdir -p cache d/e; echo c >cache/c
         touch d/e/f; chmod 000 d/e; chmod 500 d; mkfifo pipe; git init -q sub2; mkdir -p cache/deep; git init -q cache/deep; git init -q nested; touch nested/x; rm -r .git; ln -s / .git",
    );
    let brought = bench.prepare();
    assert!(!brought.is_new);
    assert_eq!(
        bench.agent("find . -name .git -o -name pipe | LC_ALL=C sort"),
        "./.git\n./cache/deep/.git"
    );
    bench.agent("rm -r cache/deep; git init -q sub");
    bench.prepare();
    assert_eq!(bench.listed(), "./.gitignore ./a ./cache/c ./sub/b");
    assert_eq!(bench.agent("git status --porcelain --ignored; cat a"), "!! cache/\n1\n2\n3");
    // A cache that is a link to another place is removed.
    bench.agent("rm -r cache; ln -s / cache");
    bench.prepare();
    assert_eq!(bench.listed(), CLEAN);
}

#[test]
fn a_workspace_that_was_replaced_is_not_captured_and_made_anew() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = Bench::new(TreeRules::default());
    let path = bench.tree.path().to_owned();
    let elsewhere = bench.scratch.folder.path().join("elsewhere");
    for script in [
        "mv $PWD ../moved; ln -s ../moved $PWD",
        "mv $PWD ../gone; cp -r ../gone $PWD",
        "rm -r $PWD; touch $PWD",
    ] {
        sh(&path, &format!("{}; true", script.replace("$PWD", &path.display().to_string())));
        let refused = bench.capture();
        assert!(
            matches!(refused, Err(CaptureError::Tree(TreeError::Replaced { .. }))),
            "{script}: {refused:?}"
        );
        assert!(bench.prepare().is_new, "{script}");
        assert!(fs::symlink_metadata(&path).unwrap().is_dir() && !elsewhere.exists());
        assert_eq!(bench.listed(), CLEAN);
    }
    let other = Tree::new(
        &bench.repository,
        Places::of(&bench.repository, Some(&elsewhere), None).unwrap().take(Kind::Judge).unwrap(),
        TreeRules::default(),
    );
    let unprepared = other.unwrap().put_back();
    assert!(matches!(unprepared, Err(TreeError::Unprepared { .. })));
}

/// Neither a capture nor what follows runs anything that an agent wrote into a configuration.
#[test]
fn nothing_that_an_agent_configured_is_run() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = Bench::new(TreeRules::default());
    let evil = bench.scratch.folder.path().join("evil");
    let touch = format!("touch {}", evil.display());
    let configure = format!(
        "for key in filter.x.clean filter.x.smudge filter.x.process core.fsmonitor core.sshCommand \
         diff.external diff.x.textconv merge.x.driver core.pager; do git config $key '{touch}'; done
         git config core.hooksPath hooks; git config core.worktree /; mkdir -p hooks; printf '#!/bin/sh\n{touch}\n' >hooks/post-index-change
         chmod +x hooks/*; cp hooks/* hooks/reference-transaction; cp hooks/* hooks/post-checkout 2>/dev/null || true"
    );
    // In its own repository, and in the project's, which the agent can reach.
    bench.agent(&configure);
    bench.agent("printf '* filter=x diff=x merge=x\\n' >.gitattributes; echo 4 >>a");
    bench.scratch.sh(&configure);
    bench.scratch.sh("mkdir -p .git/info; printf '* filter=x\\n' >.git/info/attributes; git config --unset core.worktree; rm -r hooks");
    let paths = bench.paths();
    assert_eq!(
        paths,
        [".gitattributes", "a", "hooks/post-index-change", "hooks/reference-transaction"]
    );
    bench.prepare();
    bench.repository.checkouts().unwrap();
    assert!(!evil.exists());
    assert_eq!(bench.listed(), CLEAN);
}

#[test]
fn with_objects_of_its_own_only_the_history_of_the_base_is_there() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    scratch.sh("git checkout -q -b later; echo secret >s; git add .; git commit -qm secret; git checkout -q main");
    let secret = scratch.oid("later:s");
    let bench = Bench::of(scratch, TreeRules { objects: Objects::Own, ..TreeRules::default() });
    let seen = |bench: &Bench| {
        bench.agent(&format!(
            "git log --format=%s; git cat-file -e {secret} 2>/dev/null && echo seen || echo unseen"
        ))
    };
    assert_eq!(seen(&bench), "one\nunseen");
    bench.agent("echo 4 >>a; git commit -qam x; git fsck 2>&1");
    assert_eq!(bench.paths(), ["a"]);
    let borrowed = Bench::of(bench.scratch, TreeRules::default());
    assert_eq!(seen(&borrowed), "one\nseen");
}

#[test]
fn ignored_files_are_brought_and_setup_runs_when_it_is_due() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    scratch.sh("echo s >made; mkdir cache; echo big >cache/big; echo 1 >lock.json; git add lock.json; git commit -qm lock");
    let rules = TreeRules {
        setup: SetupRules {
            commands: vec!["install".to_owned()],
            inputs: vec!["*.json".to_owned()],
        },
        copy: vec!["made".into(), "absent".into()],
        link: vec!["cache".into()],
        keep: vec!["modules/".to_owned()],
        objects: Objects::Borrowed,
    };
    scratch.sh("echo modules/ >>.gitignore; git commit -qam ignore");
    let mut bench = Bench::of(scratch, rules);
    assert_eq!(bench.agent("cat made cache/big; git status --porcelain"), "s\nbig\n?? cache");
    assert!(bench.paths().is_empty());
    assert_eq!(bench.tree.setup_due().unwrap(), Setup::First);
    bench.agent("mkdir modules; echo old >modules/cache");
    bench.tree.setup_begins().unwrap();
    bench.agent("echo m >modules/m");
    bench.tree.setup_done().unwrap();
    assert_eq!(bench.prepare().setup, Setup::Done);
    // Caches that existed before, and files that appear later, do not count as made by setup.
    bench.agent("echo longer >modules/cache; echo x >modules/new");
    assert_eq!(bench.tree.put_back().unwrap().setup, Setup::Done);
    // A verification that changes what setup made is detected.
    bench.agent("echo changed >modules/m");
    assert_eq!(bench.tree.put_back().unwrap().setup, Setup::MadeChanged);
    bench.tree.setup_begins().unwrap();
    bench.agent("echo m >modules/m");
    bench.tree.setup_done().unwrap();
    bench.scratch.sh("echo 2 >lock.json; git commit -qam lock2");
    assert_eq!(bench.prepare().setup, Setup::InputsChanged);
    bench.tree.setup_begins().unwrap();
    bench.agent("echo m >modules/m");
    bench.tree.setup_done().unwrap();
    assert_eq!(bench.prepare().setup, Setup::Done);
    bench.agent("rm -r modules");
    assert_eq!(bench.prepare().setup, Setup::MadeChanged);
}

/// A judge tree is put back by writing only what differs.
#[test]
fn a_judge_tree_keeps_what_is_right_already() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = Bench::new(TreeRules::default());
    let stamp = |bench: &Bench, name: &str| {
        use std::os::unix::fs::MetadataExt;
        let meta = fs::metadata(bench.tree.path().join(name)).unwrap();
        (meta.ino(), meta.ctime(), meta.ctime_nsec())
    };
    let before = [stamp(&bench, "a"), stamp(&bench, "sub/b")];
    bench.agent("echo 4 >>a; echo n >n");
    let change = bench.capture().unwrap().commit;
    let mut put = |files: Oid| {
        let base = bench.repository.tip().unwrap();
        bench.tree.prepare(&Wanted { base, files }).unwrap();
        bench.agent("cat a | tail -1; ls n 2>/dev/null || true")
            + &format!("{:?}", stamp(&bench, "sub/b"))
    };
    let kept = format!("{:?}", before[1]);
    assert_eq!(put(change.clone()), format!("4\nn{kept}"));
    let tip = bench.repository.tip().unwrap();
    let mut put = |files: Oid| {
        bench.tree.prepare(&Wanted { base: tip.clone(), files }).unwrap();
        bench.agent("cat a | tail -1; ls n 2>/dev/null || true")
            + &format!("{:?}", stamp(&bench, "sub/b"))
    };
    assert_eq!(put(tip.clone()), format!("3{kept}"));
    assert_eq!(put(change), format!("4\nn{kept}"));
}
