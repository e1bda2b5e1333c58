//! What of a tree becomes the change of an attempt.

use super::*;

#[test]
fn a_change_is_the_tree_whatever_was_committed_staged_or_left() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new(TreeRules::default());
    bench.agent("echo 4 >>a; git commit -qam mine; echo n >new; git add new; rm sub/b; echo i >made; mkdir cache; echo i >cache/x; touch .git/index.lock");
    let captured = bench.capture().unwrap();
    let kinds: Vec<_> = captured
        .deltas
        .iter()
        .map(|delta| (delta.path.to_str().unwrap(), delta.kind.clone()))
        .collect();
    let expected =
        [("a", DeltaKind::Modified), ("new", DeltaKind::Added), ("sub/b", DeltaKind::Removed)];
    assert_eq!(kinds, expected);
    let commit = &captured.commit;
    assert_eq!(
        bench.scratch.sh(&format!("git log --format=%s {commit}; git show {commit}:a")),
        "attempt\none\n1\n2\n3\n4"
    );
    assert_eq!(captured.tree, bench.repository.tree_of(commit).unwrap());
    // The same content gives the same commit.
    assert_eq!(bench.capture().unwrap(), captured);
}

#[test]
fn repositories_inside_are_moved_out_and_their_files_count() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new(TreeRules::default());
    bench.agent(
        "git init -q empty; echo 1 >empty/f
         git init -q full; cd full; echo 2 >g; git add .; git -c user.name=x -c user.email=x commit -qm x; cd ..
         git init -q sub; echo 3 >sub/new; git init -q made; mkdir worktree; echo 'gitdir: /nonexistent' >worktree/.git; echo 4 >worktree/h",
    );
    let captured = bench.capture().unwrap();
    let paths: Vec<_> = captured.deltas.iter().map(|one| one.path.to_str().unwrap()).collect();
    assert_eq!(paths, ["empty/f", "full/g", "sub/new", "worktree/h"]);
    assert!(captured.deltas.iter().all(|one| one.new.as_ref().unwrap().0 == "100644"));
    let from: Vec<_> = captured.nested.iter().map(|(from, _)| from.to_str().unwrap()).collect();
    assert_eq!(from, ["empty/.git", "full/.git", "sub/.git", "worktree/.git"]);
    assert!(captured.nested.iter().all(|(_, to)| to.starts_with(&bench.attempt) && to.exists()));
}

#[test]
fn what_cannot_be_captured_whole_is_not_captured() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new(TreeRules::default());
    bench.agent("mkfifo pipe");
    let captured = bench.capture().unwrap();
    assert_eq!((captured.deltas.len(), captured.special), (0, vec![PathBuf::from("pipe")]));
    bench.agent("rm a; mkfifo a");
    assert!(bench.capture().is_err());
    bench.agent("rm a pipe; git checkout -q a; mkdir closed cache; touch closed/f cache/f; chmod 000 closed cache");
    let as_root = fs::read_dir(bench.tree.path().join("closed")).is_ok();
    if as_root {
        // Root can read everything.
        assert_eq!(bench.paths(), ["closed/f"]);
        return;
    }
    assert!(matches!(bench.capture(), Err(CaptureError::Unreadable { .. })));
    bench.agent("chmod 700 closed; chmod 000 closed/f");
    assert!(matches!(bench.capture(), Err(CaptureError::Git(_))));
    bench.agent("chmod 600 closed/f");
    // Ignored files need not be readable.
    assert_eq!(bench.paths(), ["closed/f"]);
}

#[test]
fn queues_and_state_are_no_part_of_a_change() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    scratch.sh("echo '[]' >q.json; git add .; git commit -qm queue");
    let mut bench = Bench::of(scratch, TreeRules::default());
    bench.agent("echo '[1]' >q.json; mkdir .workloop; touch .workloop/x; echo 4 >>a");
    let captured = bench.capture().unwrap();
    assert_eq!(captured.undone, [Path::new(".workloop/x"), Path::new("q.json")]);
    assert_eq!(captured.deltas.len(), 1);
    let shown = bench.scratch.sh(&format!("git diff --name-only HEAD {}", captured.commit));
    assert_eq!(shown, "a");
    bench.agent("rm q.json");
    let captured = bench.capture().unwrap();
    assert!(captured.undone.contains(&PathBuf::from("q.json")));
    assert_eq!(bench.scratch.sh(&format!("git show {}:q.json", captured.commit)), "[]");
    bench.prepare();
    assert_eq!(bench.agent("cat q.json; git status --porcelain"), "[]");
}

#[test]
fn line_ends_and_filters_are_those_of_the_project() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    scratch.sh(
        "git config core.autocrlf true; git config filter.up.clean 'tr A-Z a-z'; git config filter.up.smudge 'tr a-z A-Z'
         echo '*.up filter=up' >.gitattributes; echo x >t.up; git add .; git commit -qm up",
    );
    let bench = Bench::of(scratch, TreeRules::default());
    assert_eq!(
        bench.agent("od -c a | head -1; cat t.up"),
        "0000000   1  \\r  \\n   2  \\r  \\n   3  \\r  \\n\nX"
    );
    bench.agent("printf 'Y\\r\\n' >>t.up");
    let captured = bench.capture().unwrap();
    assert_eq!(
        bench.scratch.sh(&format!("git show {}:t.up | od -c | head -1", captured.commit)),
        "0000000   x  \\n   y  \\n"
    );
    // An agent's own attributes count only if the task declares them.
    bench.agent("printf 'a filter=up\\n*.up filter=up\\n' >.gitattributes; printf 'ABC\\r\\n' >a");
    let captured = bench.capture().unwrap();
    assert_eq!(bench.scratch.sh(&format!("git show {}:a", captured.commit)), "ABC");
    // A file that looks unchanged is not read again.
    bench.agent("printf 'ABC\\r\\n' >b; mv b a");
    let declared = bench.tree.capture(&CaptureRules {
        ours: &|_| false,
        own_attributes: true,
        anew: false,
        attempt_folder: &bench.attempt,
        date: Stamp(0),
        message: "x",
    });
    let commit = declared.unwrap().commit;
    assert_eq!(bench.scratch.sh(&format!("git show {commit}:a")), "abc");
}
