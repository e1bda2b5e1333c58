//! Whose work a changed file is, if several attempts work in one tree.

use crate::engine::attempt::tests::case::Case;
use crate::platform::programs::lacks;
use crate::store::at_work::{AtWork, Working};
use crate::supervisor::scripted::Answer;
use serde_json::json;

fn working(task: &str, declares: &[&str]) -> Working {
    let declares = declares.iter().map(ToString::to_string).collect();
    Working { task: task.to_owned(), declares }
}

#[test]
fn a_changed_file_is_the_work_of_the_only_one_who_declares_it() {
    if lacks("git") {
        return;
    }
    let case = Case::new().task(json!({"files": ["own.rs", "both/*"]})).git();
    let names = ["own.rs", "both/x.rs", "theirs/x.rs", "nobodys.rs"];
    let agent = names.iter().fold(Answer::exit(0), |answer, name| answer.writes(name, "x\n"));
    let case = case.on("agent", agent.clone());
    let alone = case.run();
    assert_eq!(alone.report().files_changed, ["both/x.rs", "nobodys.rs", "own.rs", "theirs/x.rs"]);
    assert_eq!(alone.report().files_ambiguous, Vec::<String>::new());
    case.sh("rm -r both theirs own.rs nobodys.rs");
    let other = working("B", &["both/*", "theirs/"]);
    let entry = AtWork::enter(&case.root(), &case.root().join("b"), &other).unwrap();
    let ran = case.run();
    drop(entry);
    assert_eq!(ran.report().files_changed, ["own.rs"]);
    assert_eq!(ran.report().files_ambiguous, ["both/x.rs", "nobodys.rs"]);
    // Steps are told of everything that may be its work.
    assert_eq!(ran.text("changed-files.txt"), "both/x.rs\nnobodys.rs\nown.rs\n");
    assert_eq!(ran.finished.completion().files_ambiguous, ["both/x.rs", "nobodys.rs"]);
}

#[test]
fn an_attempt_whose_entry_cannot_be_made_still_works() {
    let case = Case::new().task(json!({"files": ["a"]}));
    let dir = AtWork::dir(&case.root());
    let shown = dir.strip_prefix(case.root()).unwrap().display().to_string();
    case.put(&shown, "in the way");
    let ran = case.on("agent", Answer::exit(0).writes("a", "x")).run();
    assert_eq!(ran.report().files_changed, ["a"]);
    let [warning] = &ran.finished.warnings[..] else { panic!("{:?}", ran.finished.warnings) };
    let begin = format!(
        "A: failed to record in {} that its agent works, so files that other agents change meanwhile \
         may count as its own: ",
        dir.display()
    );
    assert!(warning.starts_with(&begin) && warning.len() > begin.len(), "{warning}");
}

#[test]
fn queues_and_state_are_no_work() {
    if lacks("git") {
        return;
    }
    let case = Case::new().git();
    let agent = Answer::exit(0)
        .writes("q.json", "{\"tasks\": []}")
        .writes("sub/.workloop/x", "x")
        .writes("a.rs", "x");
    let ran = case.on("agent", agent).run();
    assert_eq!(ran.report().files_changed, ["a.rs"]);
    assert_eq!(ran.text("changed-files.txt"), "a.rs\n");
}
