//! Landings in a project with a submodule: what a person did to it stays, in the project and in its
//! checkout.

use super::*;

/// A project with the submodule `lib` at its first of three commits, and the three commits.
fn bench() -> (Bench, [String; 3]) {
    let scratch = Scratch::new();
    sh(
        scratch.folder.path(),
        "export GIT_ALLOW_PROTOCOL=file; git init -q -b main lib; cd lib
         git config user.email t@example.org; git config user.name t
         for n in 1 2 3; do echo $n >f; git add f; git commit -qm $n; done
         cd ../project; git submodule --quiet add \"$PWD/../lib\" lib
         git -C lib checkout -q HEAD~2; git add lib; git commit -qm lib",
    );
    let repository = scratch.repository();
    let bench = Bench { scratch, repository, ids: CountingIds::default() };
    let commits = ["main~2", "main~1", "main"]
        .map(|name| bench.sh(&format!("git -C lib rev-parse origin/{name}")));
    (bench, commits)
}

fn link(commit: &str) -> String {
    format!("git update-index --cacheinfo 160000,{commit},lib; echo x >>a")
}

/// Returns the link on the branch, and what is in the person's checkout of the submodule.
fn seen(bench: &Bench, extra: &str) -> String {
    let of_lib = "git -C lib rev-parse HEAD; git -C lib status --porcelain; cat lib/f";
    bench.sh(&format!("{of_lib}; {extra}"))
}

const LINK: &str = "git rev-parse --verify -q main:lib || true";

#[test]
fn a_person_s_submodule_stays_as_it_is() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let cases = |[_, two, three]: &[String; 3]| {
        let (moves, plain) = (link(two), "echo x >>a".to_owned());
        let commits = format!("git -C lib checkout -q {three}; git commit -qam moved");
        let checks_out = format!("git -C lib checkout -q {three}");
        let edits = "echo edit >>lib/f; echo u >lib/u".to_owned();
        let removes = "cp -r lib ../kept; git rm -qf lib; git commit -qm removed; mv ../kept lib";
        [
            // What the person does, the change, and the link on the branch after it landed.
            (edits.clone(), moves.clone(), two.clone()),
            (checks_out, moves, two.clone()),
            (commits, plain.clone(), three.clone()),
            (removes.to_owned(), plain, String::new()),
            (edits, "git rm -qf --cached lib; rm -rf lib; echo x >>a".to_owned(), String::new()),
        ]
    };
    for number in 0..5 {
        let (bench, commits) = bench();
        let (person, change, expected) = cases(&commits)[number].clone();
        let mut entry = bench.enters("A", "main", &change);
        bench.sh(&person);
        let before = seen(&bench, "true");
        bench.lands(&mut entry);
        assert_eq!((seen(&bench, "true"), bench.sh(LINK)), (before, expected), "{person}");
        assert_eq!(bench.sh("tail -1 a; git fsck --no-dangling 2>&1"), "x", "{person}");
    }
}

#[test]
fn a_link_that_a_person_moved_is_not_moved_back() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let (bench, [one, two, three]) = bench();
    let mut entry = bench.enters("A", "main", &link(&two));
    // Staged, it is an edit in the way.
    bench.sh(&format!("git -C lib checkout -q {three}; git add lib"));
    let before = seen(&bench, "git status --porcelain");
    let (checkout, files) = (bench.scratch.top.clone(), vec![PathBuf::from("lib")]);
    assert_eq!(bench.land(&mut entry), Landed::Waits(Obstacle::Edits { checkout, files }));
    assert_eq!((seen(&bench, "git status --porcelain"), bench.sh(LINK)), (before, one.clone()));
    // Committed, it goes back to the agent with the person's commit.
    bench.sh("git commit -qm moved");
    let Landed::Conflict { files, paths, .. } = bench.land(&mut entry) else { panic!() };
    assert_eq!(paths, [Path::new("lib")]);
    assert_eq!(bench.sh(&format!("git rev-parse {files}:lib; git show {files}:a | tail -1")), {
        format!("{three}\nx")
    });
    // A stale link undoes the move, also where git is configured to hide it.
    let hides = "git config -f .gitmodules submodule.lib.ignore all; git commit -qam hides";
    for script in ["true", hides] {
        bench.sh(script);
        let mut stale = bench.enters("S", "main", &link(&one));
        let Landed::RevertsOthers(found) = bench.land(&mut stale) else { panic!("{script}") };
        assert_eq!(found, [Reverted { path: Some("lib".into()), tasks: Vec::new() }], "{script}");
    }
}
