//! What is captured of the work in a private tree, and what of it has no effect.

use crate::domain::Verdict;
use crate::engine::attempt::tests::case::Case;
use crate::platform::programs::lacks;
use crate::supervisor::scripted::Answer;
use std::fs;

#[test]
fn what_an_agent_does_to_its_copy_of_a_queue_has_no_effect() {
    if lacks("git") {
        return;
    }
    let case = Case::new().file("src/a", "one\n").private();
    case.prepared();
    case.sh("git add -A; git commit -qm queue");
    let agent = Answer::exit(0)
        .writes("q.json", "{\"tasks\": []}")
        .writes("src/a", "two\n")
        .writes(".workloop/x", "mine");
    let case = case.on("agent", agent);
    let ran = case.run();
    assert_eq!(ran.end().0, Some(Verdict::Pass), "{}", ran.end().2);
    assert_eq!(ran.report().files_changed, ["src/a"]);
    assert_eq!(ran.text("changed-files.txt"), "src/a\n");
    let queue = "A: what the agent did to its copy of q.json has no effect".to_owned();
    assert!(ran.finished.warnings.contains(&queue), "{:?}", ran.finished.warnings);
    let (change, _) = ran.finished.waiting().unwrap();
    let changed = case.sh(&format!("git diff --name-only main {}", change.commit));
    assert_eq!(changed, "src/a");
}

#[test]
fn an_attempt_that_changes_nothing_has_nothing_to_land() {
    if lacks("git") {
        return;
    }
    let case = Case::new().file("src/a", "one\n").private();
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!((ran.report().files_changed.len(), ran.finished.waiting().is_none()), (0, true));
    assert_eq!(ran.text("changed-files.txt"), "\n");
}

#[test]
fn work_in_a_submodule_is_kept_and_blocks_the_task() {
    if lacks("git") {
        return;
    }
    let case = Case::new().file("src/a", "one\n").git();
    case.sh(
        "git init -q -b main ../lib; cd ../lib; git config user.email t@example.org
         git config user.name t; echo one >x; git add x; git commit -qm one; cd ../project
         git -c protocol.file.allow=always submodule --quiet add ../lib lib; git commit -qm module",
    );
    let case = case.private().on("agent", Answer::exit(0).writes("lib/x", "two\n"));
    let ran = case.run();
    let (verdict, code, reason) = ran.end();
    assert_eq!((verdict, code), (Some(Verdict::Blocked), "submodule_changed"), "{reason}");
    let begin = "changed in submodules, whose remotes do not have it: lib (kept in ";
    let end = "); bring it there (git fetch BUNDLE changed), then retry";
    assert!(reason.starts_with(begin) && reason.ends_with(end), "{reason}");
    let bundle = &reason[begin.len()..reason.len() - end.len()];
    assert!(fs::metadata(bundle).is_ok_and(|meta| meta.len() > 0), "{bundle}");
    assert_eq!(case.script.words(), ["agent"], "no step judges a part of the work");
}
