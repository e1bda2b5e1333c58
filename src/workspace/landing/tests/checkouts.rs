//! Checkouts of the target while changes land.

use super::*;

#[test]
fn a_person_in_the_way_is_not_overrun() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let tip = bench.repository.tip().unwrap();
    let top = bench.scratch.top.clone();
    let mut entry = bench.enters("A", "main", "echo 4 >>a; echo n >new");
    let edits = |files: &[&str]| {
        let files = files.iter().map(PathBuf::from).collect();
        Landed::Waits(Obstacle::Edits { checkout: top.clone(), files })
    };
    let branch = "refs/heads/main";
    for (script, expected, back) in [
        ("echo mine >>a", edits(&["a"]), "git checkout -q a"),
        ("echo mine >>a; git add a", edits(&["a"]), "git reset -q --hard"),
        ("echo mine >new", edits(&["new"]), "rm new"),
        (
            "touch .git/index.lock",
            Landed::Waits(Obstacle::Locked {
                checkout: top.clone(),
                lock: top.join(".git/index.lock"),
            }),
            "rm .git/index.lock",
        ),
        (
            "git checkout -q -b side; echo s >s; git add s; git commit -qm s; git checkout -q main; git merge -q --no-ff --no-commit side",
            Landed::Waits(Obstacle::UnderWay { checkout: top.clone(), what: "a merge" }),
            "git merge --abort",
        ),
        (
            "GIT_SEQUENCE_EDITOR='sed -i s/pick/edit/' git rebase -q -i HEAD~1 2>/dev/null",
            Landed::Waits(Obstacle::UnderWay { checkout: top.clone(), what: "a rebase" }),
            "git rebase --abort",
        ),
        (
            "git bisect start -q HEAD HEAD~1 >/dev/null",
            Landed::Waits(Obstacle::UnderWay { checkout: top.clone(), what: "a bisect" }),
            "git bisect reset 2>/dev/null",
        ),
    ] {
        bench.sh(script);
        let status = bench.sh("git status --porcelain 2>/dev/null; cat a");
        assert_eq!(bench.land(&mut entry), expected, "{script}");
        assert_eq!(bench.sh("git status --porcelain 2>/dev/null; cat a"), status, "{script}");
        assert_eq!(bench.scratch.oid(branch), tip, "{script}");
        assert_eq!(entry.state, State::Waiting);
        bench.sh(back);
    }
    // A file with a new time only is not in the way.
    bench.sh("cp a x; mv x a");
    bench.lands(&mut entry);
    assert_eq!(bench.status(), "");
}

#[test]
fn every_checkout_of_the_target_is_brought_along_and_no_other() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    bench.sh("git checkout -q --detach; git worktree add -q ../one main; git worktree add -q -b side ../two main");
    let repository =
        Repository::open(&bench.scratch.top, crate::workspace::repo::scratch::git(), Some("main"));
    let bench = Bench { repository: repository.unwrap(), ..bench };
    let at = |name: &str| bench.scratch.top.with_file_name(name);
    bench.lands(&mut bench.enters("A", "main", "echo 4 >>a"));
    assert_eq!(sh(&at("one"), "git status --porcelain; tail -1 a"), "4");
    assert_eq!(sh(&at("two"), "git status --porcelain; tail -1 a"), "3");
    assert_eq!(bench.sh("git status --porcelain; tail -1 a"), "3");
}

/// A person who checks the target out while it moves has its old files, and would undo the landing.
#[test]
fn a_checkout_that_comes_too_late_is_brought_along() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    bench.scratch.sh("git checkout -q -b side");
    let mut entry = bench.enters("A", "main", "echo new >>a");
    let landed = bench.landing().land_until(&mut entry, &bench.ids, &mut |step| {
        if step == Step::Target {
            // As git does it: the files were written when the target was at its old position.
            bench.scratch.sh("git symbolic-ref HEAD refs/heads/main");
        }
        false
    });
    assert!(matches!(landed, Ok(Landed::Done { .. })), "{landed:?}");
    assert_eq!(bench.scratch.sh("git status --porcelain; tail -1 a"), "new");
}

#[test]
fn sparse_and_line_end_checkouts_stay_what_they_are() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    bench.sh("git config core.autocrlf true; git sparse-checkout set --no-cone '/*' '!/sub'");
    let bench = Bench { repository: bench.scratch.repository(), ..bench };
    bench.lands(&mut bench.enters("A", "main", "printf 'x\\r\\n' >n; mkdir -p sub; echo 4 >sub/c"));
    assert_eq!(
        bench.sh("git status --porcelain; ls sub 2>/dev/null || true; od -c n | head -1"),
        "0000000   x  \\r  \\n"
    );
    assert_eq!(
        bench.sh("git show main:sub/c; git show main:n | od -c | head -1"),
        "4\n0000000   x  \\n"
    );
}

/// A person's own filter makes their files; a filter that was configured since does not.
#[test]
fn filters_of_the_person_are_used_in_their_checkout() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    bench.sh(
        "git config filter.up.clean 'tr A-Z a-z'; git config filter.up.smudge 'tr a-z A-Z'
         printf '*.up filter=up\\n*.x filter=x\\n' >.gitattributes; git add .; git commit -qm attributes",
    );
    let bench = Bench { repository: bench.scratch.repository(), ..bench };
    bench.sh("git config filter.x.smudge 'tr a-z Z'; git config filter.x.process false");
    bench.lands(&mut bench.enters(
        "A",
        "main",
        "printf 'abc\\n' >f.up; git config filter.x.process ''; echo abc >f.x",
    ));
    assert_eq!(bench.sh("cat f.up f.x; git show main:f.up"), "ABC\nabc\nabc");
    assert_eq!(bench.status(), "");
}
