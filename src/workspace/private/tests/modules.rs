//! Submodules in private trees.

use super::*;
use crate::workspace::repo::scratch::git;

/// A project with the submodule `deep/lib`, which has the submodule `inner`. The library has two
/// commits, of which the project names the first.
fn bench() -> Bench {
    let scratch = Scratch::new();
    sh(
        scratch.folder.path(),
        "export GIT_ALLOW_PROTOCOL=file
         for name in inner lib; do
             git init -q -b main $name; git -C $name config user.email t@example.org
             git -C $name config user.name t; echo $name >$name/f; printf 'made\n' >$name/.gitignore
             git -C $name add .; git -C $name commit -qm one
         done
         git -C lib submodule --quiet add \"$PWD/inner\" inner; git -C lib commit -qm two
         git -C project submodule --quiet add \"$PWD/lib\" deep/lib
         git -C project submodule --quiet update --init --recursive
         git -C project commit -qm lib
         echo more >>lib/f; git -C lib commit -qam three; git -C project/deep/lib fetch -q",
    );
    Bench::of(scratch, TreeRules::default())
}

const CLEAN: &str = "./.gitignore ./.gitmodules ./a ./deep/lib/.gitignore \
     ./deep/lib/.gitmodules ./deep/lib/f ./deep/lib/inner/.gitignore ./deep/lib/inner/f ./sub/b";

fn listed(bench: &Bench) -> String {
    bench.agent("find . -name .git -prune -o ! -type d -print | LC_ALL=C sort | tr '\\n' ' '")
}

#[test]
fn submodules_are_checked_out_each_with_a_repository() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = bench();
    assert_eq!(listed(&bench).trim(), CLEAN);
    let of_each = "for at in . deep/lib deep/lib/inner; do \
                   git -C $at status --porcelain; git -C $at log --format=%s | tr '\\n' ' '; done";
    assert_eq!(bench.agent(of_each).trim(), "lib one two one one");
    assert_eq!(bench.paths(), Vec::<String>::new());
    // Whatever an agent leaves in them is undone.
    bench.agent(
        "cd deep/lib; echo x >>f; echo n >new; echo i >made; mkfifo pipe; rm -rf inner/.git; \
         git init -q nested; ln -s /etc out; chmod 000 nested",
    );
    bench.prepare();
    assert_eq!(listed(&bench).trim(), CLEAN);
    assert_eq!(bench.agent(of_each).trim(), "lib one two one one");
    // A link in their place is not followed.
    let outside = bench.scratch.folder.path().join("outside");
    fs::create_dir(&outside).unwrap();
    bench.agent(&format!("rm -rf deep; ln -s {} deep", outside.display()));
    bench.prepare();
    assert_eq!(listed(&bench).trim(), CLEAN);
    assert_eq!(fs::read_dir(&outside).unwrap().count(), 0);
    assert_eq!(bench.scratch.sh("git status --porcelain; git -C deep/lib status --porcelain"), "");
}

#[test]
fn a_change_in_a_submodule_is_kept_and_does_not_land() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = bench();
    for script in [
        "echo x >>deep/lib/f",
        "cd deep/lib && echo x >>f && git commit -qam mine",
        "rm -rf deep/lib/.git; echo x >>deep/lib/f",
        "rm -rf deep/lib/.git && git init -q deep/lib && echo x >>deep/lib/f && cd deep/lib && \
         git add . && git -c user.name=x -c user.email=x commit -qm x",
    ] {
        bench.prepare();
        bench.agent(&format!("echo 4 >>a; {script}"));
        let captured = bench.capture().unwrap();
        let paths: Vec<_> = captured.deltas.iter().map(|delta| delta.path.to_str()).collect();
        assert_eq!(paths, [Some("a")], "{script}");
        let [module] = captured.modules.as_slice() else { panic!("{script}: {captured:?}") };
        assert_eq!(module.path, Path::new("deep/lib"), "{script}");
        let fetch = format!(
            "git -C deep/lib fetch -q {} changed; git -C deep/lib show FETCH_HEAD:f",
            module.bundle.display()
        );
        assert_eq!(bench.scratch.sh(&fetch), "lib\nx", "{script}");
    }
    // A change in an inner one alone.
    bench.prepare();
    bench.agent("echo x >>deep/lib/inner/f");
    let captured = bench.capture().unwrap();
    let paths: Vec<_> = captured.modules.iter().map(|module| module.path.to_str()).collect();
    assert_eq!(paths, [Some("deep/lib/inner")]);
    // What git ignores there is no change.
    bench.prepare();
    bench.agent("echo i >deep/lib/made; touch deep/lib/f");
    assert_eq!(bench.capture().unwrap().modules, []);
}

#[test]
fn a_commit_that_the_remote_has_moves_the_link() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = bench();
    let newest = bench.scratch.sh("git -C deep/lib rev-parse origin/main");
    bench.agent(&format!("git -C deep/lib checkout -q {newest}"));
    let captured = bench.capture().unwrap();
    assert_eq!(captured.modules, []);
    let [delta] = captured.deltas.as_slice() else { panic!("{captured:?}") };
    assert_eq!((delta.path.to_str(), &delta.kind), (Some("deep/lib"), &DeltaKind::Modified));
    assert_eq!(delta.new.as_ref().unwrap().0, "160000");
    // A tree with the moved link has the files of its commit.
    let commit = captured.commit;
    bench.tree.prepare(&Wanted::commit(commit)).unwrap();
    assert_eq!(bench.agent("cat deep/lib/f"), "lib\nmore");
    // A submodule that is removed is a change of the project.
    bench.prepare();
    bench.agent("git rm -qf deep/lib");
    assert_eq!(bench.paths(), [".gitmodules", "deep/lib"]);
}

/// Git refuses every call in a repository whose configuration names a work tree that is gone.
#[test]
fn a_submodule_that_a_person_removed_is_still_checked_out_for_older_commits() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = bench();
    let before = bench.repository.tip().unwrap();
    let newest = bench.scratch.sh("git -C deep/lib rev-parse origin/main");
    bench.scratch.sh("git rm -qf deep/lib; git commit -qm removed; ls .git/modules/deep/lib");
    assert!(!bench.scratch.top.join("deep/lib").exists());
    bench.tree.prepare(&Wanted::commit(before)).unwrap();
    assert_eq!(listed(&bench).trim(), CLEAN);
    bench.agent(&format!("git -C deep/lib checkout -q {newest}"));
    let captured = bench.capture().unwrap();
    assert_eq!((captured.deltas.len(), captured.modules), (1, vec![]));
    bench.prepare();
    assert_eq!(bench.listed().trim(), "./.gitignore ./.gitmodules ./a ./sub/b");
}

/// Git neither lists nor removes what is in the folder of a submodule that is not checked out.
#[test]
fn nothing_is_lost_or_stays_in_a_submodule_that_is_not_checked_out() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    scratch.sh(
        "mkdir lib; printf '[submodule \"lib\"]\n\tpath = lib\n\turl = ./lib\n' >.gitmodules
         git update-index --add --cacheinfo 160000,1234567890123456789012345678901234567890,lib
         git add .gitmodules; git commit -qm lib",
    );
    let mut bench = Bench::of(scratch, TreeRules::default());
    let folders = "ls -A lib; find lib";
    for script in
        ["echo x >lib/f", "mkdir -p lib/deep; ln -s / lib/deep/l", "git init -q lib; touch lib/f"]
    {
        bench.agent(script);
        let failed = bench.capture().unwrap_err();
        assert!(matches!(failed, CaptureError::Absent { .. }), "{script}: {failed}");
        bench.prepare();
        assert_eq!(bench.agent(folders), "lib", "{script}");
        assert_eq!(bench.paths(), Vec::<String>::new());
    }
    // Folders are no work, and without the submodule its files are the project's.
    bench.agent("mkdir -p lib/empty; echo 4 >>a");
    assert_eq!(bench.paths(), ["a"]);
    bench.prepare();
    bench.agent("git rm -qf --cached lib; rm -r lib; echo x >lib");
    assert_eq!(bench.paths(), ["lib"]);
    // A link on the way to it is not followed.
    let outside = bench.scratch.folder.path().join("outside");
    sh(bench.scratch.folder.path(), "mkdir outside; touch outside/f");
    bench.agent(&format!("rm lib; ln -s {} lib", outside.display()));
    bench.prepare();
    assert_eq!((bench.agent(folders), outside.join("f").exists()), ("lib".to_owned(), true));
}

#[test]
fn an_agent_may_check_a_submodule_out_itself() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = bench();
    bench.scratch.sh("git submodule --quiet deinit -f deep/lib; rm -rf .git/modules");
    let update = "git -c protocol.file.allow=always submodule --quiet update --init";
    let clone = "git clone -q ../../../lib deep/lib; git -C deep/lib checkout -q HEAD~1";
    for checkout in [update, clone] {
        for (more, changed) in [("true", 0), ("echo x >>deep/lib/f", 1)] {
            bench.prepare();
            assert_eq!(bench.agent("ls -A deep/lib"), "", "{checkout}");
            bench.agent(&format!("{checkout}; {more}"));
            let captured = bench.capture().unwrap();
            let found = (captured.deltas.len(), captured.modules.len());
            assert_eq!(found, (0, changed), "{checkout} {more}");
        }
    }
}

#[test]
fn a_submodule_that_a_person_adds_later_is_checked_out() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = Bench::of(Scratch::new(), TreeRules::default());
    let below = bench.scratch.folder.path().to_owned();
    sh(
        &below,
        "export GIT_ALLOW_PROTOCOL=file; git init -q -b main lib; cd lib; echo lib >f; git add .
         git -c user.name=t -c user.email=t commit -qm one; cd ../project
         git submodule --quiet add \"$PWD/../lib\" lib; git commit -qm lib",
    );
    bench.prepare();
    assert_eq!(bench.agent("cat lib/f; git -C lib status --porcelain"), "lib");
    bench.agent("echo x >>lib/f");
    assert_eq!(bench.capture().unwrap().modules.len(), 1);
}

/// The configuration that an agent leaves in a submodule names programs.
#[test]
fn nothing_that_an_agent_configures_in_a_submodule_runs() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = bench();
    let flag = bench.scratch.folder.path().join("ran");
    let touch = format!("touch {}", flag.display());
    for at in ["deep/lib", "deep/lib/inner"] {
        bench.agent(&format!(
            "cd {at}; git config core.fsmonitor '{touch}'; git config filter.x.clean '{touch}; cat'
             git config core.hooksPath hooks; mkdir hooks; printf '#!/bin/sh\n{touch}\n' >hooks/post-checkout
             chmod +x hooks/post-checkout; printf '* filter=x\n' >.gitattributes; echo y >>f
             git config core.worktree /; git config diff.external '{touch}'"
        ));
    }
    assert_eq!(bench.capture().unwrap().modules.len(), 2);
    bench.prepare();
    assert_eq!(listed(&bench).trim(), CLEAN);
    assert!(!flag.exists());
}

#[test]
fn a_commit_that_was_not_fetched_is_refused_and_one_that_was_not_checked_out_is_empty() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = bench();
    let scratch = &bench.scratch;
    sh(
        scratch.folder.path(),
        "git clone -q project bare; git -C bare config user.name t; git -C bare config user.email t",
    );
    let clone = scratch.top.with_file_name("bare");
    let repository = Repository::open(&clone, git(), None).unwrap();
    let dir = scratch.folder.path().join("others");
    let slot = Places::of(&repository, Some(&dir), None).unwrap().take(Kind::Judge).unwrap();
    let mut tree = Tree::new(&repository, slot, TreeRules::default()).unwrap();
    tree.prepare(&Wanted::commit(repository.tip().unwrap())).unwrap();
    assert_eq!(sh(tree.path(), "ls -A deep/lib; git status --porcelain"), "");
    scratch.sh("git update-index --cacheinfo 160000,1234567890123456789012345678901234567890,deep/lib; git commit -qm lost");
    let refused = Repository::open(&scratch.top, git(), None).map(drop).unwrap_err();
    assert_eq!(refused.code(), "submodules");
    assert!(refused.cure().contains("git submodule update"), "{}", refused.cure());
}
