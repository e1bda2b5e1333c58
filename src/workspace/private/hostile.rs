//! Agents that leave obstacles for a capture, and that write outside their workspace.

use super::super::repo::scratch::{Scratch, git, sh};
use super::super::repo::{Repository, Stamp};
use super::capture::CaptureError;
use super::*;
use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt;
use std::path::{Path, PathBuf};

/// A project, and the places of one run of it.
struct Bench {
    scratch: Scratch,
    repository: Repository,
    places: Places,
}

impl Bench {
    fn of(scratch: Scratch) -> Self {
        let repository = scratch.repository();
        let dir = scratch.folder.path().join("trees");
        let places = Places::of(&repository, Some(&dir), None).unwrap();
        Self { scratch, repository, places }
    }

    /// Returns the same places for another process that finds what this one left.
    fn again(&self) -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::at(Scratch { folder, top: self.scratch.top.clone() }, &self.places)
    }

    fn at(scratch: Scratch, places: &Places) -> Self {
        let repository = Repository::open(&scratch.top, git(), None).unwrap();
        let dir = places.dir().parent().unwrap();
        let places = Places::of(&repository, Some(dir), None).unwrap();
        Self { scratch, repository, places }
    }

    fn tree(&self, kind: Kind) -> Tree {
        let slot = self.places.take(kind).unwrap();
        let mut tree = Tree::new(&self.repository, slot, TreeRules::default()).unwrap();
        tree.prepare(&Wanted::commit(self.repository.tip().unwrap())).unwrap();
        tree
    }

    fn capture(&self, tree: &Tree) -> Result<Captured, CaptureError> {
        tree.capture(&CaptureRules {
            ours: &|_| false,
            own_attributes: false,
            anew: false,
            attempt_folder: self.scratch.folder.path(),
            date: Stamp(1_767_225_600),
            message: "attempt",
        })
    }

    /// Returns the output of `script`, run as an agent in `tree`.
    #[track_caller]
    fn agent(&self, tree: &Tree, script: &str) -> String {
        let places = self.places.dir().display();
        let (top, own) = (self.scratch.top.display(), self.places.dir().join("own"));
        sh(
            tree.path(),
            &format!("top='{top}'; places='{places}'; own='{}'; {script}", own.display()),
        )
    }
}

fn names(captured: &Captured) -> Vec<&[u8]> {
    captured.deltas.iter().map(|delta| delta.path.as_os_str().as_bytes()).collect()
}

/// What an agent does, and the paths that its change then has.
const LEFT: &[(&str, &[&[u8]])] = &[
    // A file becomes a folder here, and a folder a file.
    ("rm -r a sub; mkdir a; echo x >a/x; echo f >sub", &[b"a", b"a/x", b"sub", b"sub/b"]),
    // Names that differ only in case are different names.
    ("mv a A; echo x >B; echo y >b", &[b"A", b"B", b"a", b"b"]),
    (
        "printf x >\"$(printf 'new\\nline')\"; printf x >\"$(printf '\\377')\"; printf x >-q; printf x >':(top)x'; printf x >'*'; printf x >' '; printf x >'b\\'",
        &[b" ", b"*", b"-q", b":(top)x", b"b\\", b"new\nline", b"\xff"],
    ),
    (
        "rm -r sub; ln -s $top sub; ln -sf /etc/passwd a; ln -s nowhere l",
        &[b"a", b"l", b"sub", b"sub/b"],
    ),
    ("truncate -s 20M big; echo 4 >>a", &[b"a", b"big"]),
    ("mkfifo pipe; echo 4 >>a; mkdir empty; chmod 000 empty; chmod 400 a", &[b"a"]),
    // Its own repository in every state.
    ("rm -r .git; echo 4 >>a", &[b"a"]),
    ("rm -r .git; echo 'gitdir: /nonexistent' >.git; echo 4 >>a", &[b"a"]),
    ("rm -r .git; ln -s $top/.git .git; echo 4 >>a", &[b"a"]),
    ("rm -r .git; mkfifo .git; echo 4 >>a", &[b"a"]),
    (
        "git update-index --assume-unchanged a; git update-index --skip-worktree sub/b; echo 4 >>a; rm sub/b",
        &[b"a", b"sub/b"],
    ),
    (
        "git commit -qam x --allow-empty; git update-ref -d HEAD; git config core.worktree /; mkdir .git/index.lock; echo 4 >>a",
        &[b"a"],
    ),
    (
        "printf 'a text eol=crlf working-tree-encoding=UTF-16 ident\\n* filter=x\\n' >.gitattributes; printf '$Id$\\r\\n' >a",
        &[b".gitattributes", b"a"],
    ),
    // Our own folder, which the agent can reach.
    (
        "own_git update-index --assume-unchanged a; own_git update-index --skip-worktree sub/b; echo 4 >>a; rm sub/b",
        &[b"a", b"sub/b"],
    ),
    ("echo 4 >>a; rm $own/ws-1/index", &[b"a"]),
    ("echo 4 >>a; ln -sf $top/.git/index $own/ws-1/index", &[b"a"]),
    ("echo 4 >>a; rm $own/ws-1/index; mkfifo $own/ws-1/index", &[b"a"]),
    ("echo 4 >>a; rm $own/ws-1/index; mkdir -p $own/ws-1/index/x", &[b"a"]),
    ("echo 4 >>a; echo garbage >$own/ws-1/index; touch $own/ws-1/index.lock", &[b"a"]),
    ("echo 4 >>a; rm -r $own/ws-1/git; ln -s $top/.git $own/ws-1/git", &[b"a"]),
    (
        "echo 4 >>a; echo a >>$own/ws-1/git/info/exclude || echo 'info/' >x; mkdir -p $own/ws-1/git/info; echo 'a filter=x' >$own/ws-1/git/info/attributes",
        &[b"a", b"x"],
    ),
];

/// Each is captured completely, whatever the agent did besides its work, and nothing of the person
/// changes.
#[test]
fn a_capture_is_whole_whatever_an_agent_left() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    scratch.sh(
        "git config core.ignoreCase true; echo staged >>a; git add a; echo u >u; echo e >>sub/b",
    );
    let bench = Bench::of(scratch);
    let person =
        || bench.scratch.sh("git status --porcelain; git ls-files -s; cat a sub/b; ls .git");
    let (before, mut tree) = (person(), bench.tree(Kind::Workspace));
    let clean = bench.agent(&tree, "find . -path ./.git -prune -o -print | sort");
    let own = "own_git() { GIT_INDEX_FILE=$own/ws-1/index GIT_DIR=$top/.git GIT_WORK_TREE=$PWD git \"$@\"; }";
    for (script, expected) in LEFT {
        bench.agent(&tree, &format!("{own}\n{script}"));
        let captured = bench.capture(&tree).unwrap_or_else(|error| panic!("{script}: {error}"));
        assert_eq!(names(&captured), *expected, "{script}");
        // All existing files, as git sees them without interference.
        assert!(
            captured
                .deltas
                .iter()
                .all(|one| one.new.as_ref().is_none_or(|(mode, _)| mode != "160000"))
        );
        assert_eq!(
            bench.scratch.sh(&format!("git fsck --no-dangling {} 2>&1", captured.commit)),
            ""
        );
        tree.put_back().unwrap();
        assert_eq!(
            bench.agent(&tree, "find . -path ./.git -prune -o -print | sort"),
            clean,
            "{script}"
        );
        assert_eq!(
            bench.agent(&tree, "git status --porcelain; cat a sub/b"),
            "1\n2\n3\n1\n2\n3",
            "{script}"
        );
        assert_eq!(person(), before, "{script}");
    }
}

/// A verdict is about the tree that it names, whatever was written into the judge tree or into our
/// record of it: in this run and in the next one.
#[test]
fn a_judge_tree_is_what_it_is_to_be() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::of(Scratch::new());
    let (tree, mut judge) = (bench.tree(Kind::Workspace), bench.tree(Kind::Judge));
    bench.agent(&tree, "echo n >n");
    let captured = bench.capture(&tree).unwrap();
    let wanted = Wanted { base: captured.base.clone(), files: captured.commit };
    let own =
        "GIT_INDEX_FILE=$own/judge-1/index GIT_DIR=$top/.git GIT_WORK_TREE=$places/judge-1 git";
    let good = bench.agent(&tree, "cat a sub/b .gitignore n");
    for script in [
        "printf '9\\n2\\n3\\n' >$places/judge-1/a; rm $places/judge-1/sub/b; echo e >$places/judge-1/evil",
        &format!("printf '9\\n2\\n3\\n' >$places/judge-1/a; {own} update-index --assume-unchanged a"),
        &format!("cd $places/judge-1; printf '9\\n2\\n3\\n' >a; {own} update-index --skip-worktree a"),
        // An index that declares the forged file unchanged.
        &format!(
            "cd $places/judge-1; printf '9\\n2\\n3\\n' >a; touch -d 2020-01-01 a; {own} add a
             oid=$(printf '9\\n2\\n3\\n' | git hash-object --stdin | sed 's/../&/g')
             good=$(git rev-parse HEAD:a); printf \"$(echo $oid | sed 's/../\\\\x&/g')\" >$places/from; printf \"$(echo $good | sed 's/../\\\\x&/g')\" >$places/to
             python3 -c \"
import hashlib, sys
places, path = sys.argv[1:]
bytes = open(path, 'rb').read()[:-20].replace(open(places + '/from', 'rb').read(), open(places + '/to', 'rb').read())
open(path, 'wb').write(bytes + hashlib.sha1(bytes).digest())\" $places $own/judge-1/index"
        ),
        "rm -r $places/judge-1; ln -s $top $places/judge-1",
        "rm -r $own/judge-1; ln -s $top/.git $own/judge-1",
    ] {
        for is_same in [true, false] {
            bench.agent(&tree, script);
            let seen = |judge: &Tree| {
                let path = judge.path().display();
                bench.agent(&tree, &format!("cd {path}; cat a sub/b .gitignore n; ls evil 2>/dev/null || true"))
            };
            if is_same {
                judge.prepare(&wanted).unwrap();
                assert_eq!(seen(&judge), good, "{script}");
            } else {
                drop(judge);
                let next = bench.again();
                judge = next.tree(Kind::Judge);
                judge.prepare(&wanted).unwrap();
                assert_eq!(seen(&judge), good, "{script}");
            }
        }
    }
    assert_eq!(bench.scratch.sh("git status --porcelain"), "");
}

/// The record of unchanged files stays valid if no other process wrote to it: unchanged files are
/// neither read nor written.
#[test]
fn a_tree_of_another_process_keeps_its_files() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    use std::os::unix::fs::MetadataExt;
    let bench = Bench::of(Scratch::new());
    let tree = bench.tree(Kind::Workspace);
    let stamp = |path: &Path| {
        path.join("a").metadata().map(|meta| (meta.ino(), meta.ctime_nsec())).unwrap()
    };
    let (before, path) = (stamp(tree.path()), tree.path().to_owned());
    drop(tree);
    let next = bench.again();
    let tree = next.tree(Kind::Workspace);
    assert_eq!((stamp(tree.path()), tree.path()), (before, &*path));
    let name = PathBuf::from(OsStr::from_bytes(b"a"));
    assert!(names(&bench.capture(&tree).unwrap()).is_empty() && path.join(name).exists());
}
