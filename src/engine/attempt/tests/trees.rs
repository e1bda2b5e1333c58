//! Verifications of the tree that attempts are to start from.

use super::super::{Job, ProfileKey, Purpose, Stage};
use super::case::Case;
use crate::domain::{Outcome, Verdict};
use crate::platform::ids::CountingIds;
use crate::platform::programs::lacks;
use crate::store::{RedStep, TreeReport, Trees};
use crate::supervisor::scripted::Answer;
use crate::workspace::Git;
use std::fs;

/// The key of the steps that judge the tree.
const STEPS: &str = "0123456789abcdef";

/// Makes an attempt a verification of the tree.
fn judge_tree(job: &mut Job) {
    (job.purpose, job.agent, job.prompt, job.turn) = (Purpose::Untouched, None, Ok(None), None);
    job.tree = Some(ProfileKey { root: job.root.clone(), steps: STEPS.to_owned() });
}

/// Makes attempts of a project verifications of its tree.
fn untouched(case: Case) -> Case {
    case.job(judge_tree)
}

/// Makes them so with this git.
fn with_git(case: Case, program: &str) -> Case {
    let path = std::env::var_os("PATH").unwrap();
    let git = Git::new(program.as_ref(), Some(&path), &[]);
    case.job(move |job| {
        judge_tree(job);
        job.git = Some(git.clone());
    })
}

/// Records that the steps ended so on the tree with this name.
fn known(case: &Case, tree: &str, red: Option<RedStep>) {
    let verdict = if red.is_some() { Verdict::Fail } else { Verdict::Pass };
    let report = TreeReport { tree: Some(tree.to_owned()), at: String::new(), verdict, red };
    Trees::of(&case.root()).put(STEPS, report, &CountingIds::default()).unwrap();
}

fn red() -> RedStep {
    RedStep {
        profile: "default".to_owned(),
        step: "lint".to_owned(),
        outcome: "exit status 9".to_owned(),
        output: None,
        said: String::new(),
        log: "/nowhere".into(),
    }
}

#[test]
fn a_tree_that_was_not_judged_yet_is_judged_and_gets_a_name() {
    let case = untouched(Case::new().file("src/a", "one"));
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!(case.script.words(), ["check"]);
    assert_eq!(ran.stages, [Stage::Started, Stage::Verifying("check".to_owned())]);
    assert_eq!((ran.finished.tree.name.is_some(), &ran.finished.tree.known), (true, &None));
}

#[test]
fn a_tree_that_was_judged_is_not_judged_again() {
    let case = untouched(Case::new().file("src/a", "one"));
    let name = case.run().finished.tree.name.unwrap();
    for (red, end) in [
        (None, (Some(Verdict::Pass), "", "")),
        (Some(red()), (Some(Verdict::Fail), "", "step lint: exit status 9")),
    ] {
        known(&case, &name, red.clone());
        let ran = case.run();
        assert_eq!(ran.end(), end);
        assert_eq!(ran.report().outcome, Outcome::Exited { code: 0 });
        assert_eq!(ran.report().steps, []);
        assert_eq!(ran.finished.tree.known.as_ref().unwrap().red, red);
        assert_eq!(ran.stages, []);
    }
    assert_eq!(case.script.words(), ["check"], "only the first time");
}

#[test]
fn a_known_tree_leaves_no_new_verdict() {
    let case = untouched(Case::new());
    let name = case.run().finished.tree.name.unwrap();
    known(&case, &name, Some(red()));
    fs::remove_dir_all(case.prepared().folder.path()).unwrap();
    let ran = case.run();
    assert_eq!(ran.finished.job.folder.report(), None);
}

#[test]
fn another_content_is_another_tree_and_a_queue_is_no_content() {
    let mut case = untouched(Case::new().file("src/a", "one"));
    let name = |case: &Case| case.run().finished.tree.name.unwrap();
    let first = name(&case);
    case.queue["note"] = serde_json::json!("a loop wrote this");
    assert_eq!(name(&case), first);
    case.put("src/a", "three");
    assert_ne!(name(&case), first);
}

#[test]
fn with_git_the_name_is_that_of_the_content_whatever_is_committed() {
    if lacks("git") {
        return;
    }
    let case = Case::new().file("src/a", "one").git();
    let program = case.sh("command -v git");
    let case = with_git(case, &program);
    let name = || case.run().finished.tree.name.unwrap();
    let first = name();
    assert_eq!(name(), first);
    case.put("src/a", "two");
    let changed = name();
    assert_ne!(changed, first);
    case.sh("git checkout -q -- src/a");
    assert_eq!(name(), first, "the same files");
}

#[test]
fn a_git_that_is_cut_off_while_it_names_the_tree_ends_the_verification() {
    if lacks("git") {
        return;
    }
    let case = with_git(Case::new().git(), "/opt/vcs");
    let case = case.on("/opt/vcs", Answer::ends(Outcome::Interrupted));
    assert_eq!(case.run().end(), (None, "", "interrupted"));
    assert_eq!(case.script.words(), ["-z"], "only the first call");
}

#[test]
fn in_private_trees_the_target_is_judged_and_not_what_a_person_changed() {
    if lacks("git") {
        return;
    }
    let case = untouched(Case::new().file("src/a", "one\n").private());
    let looks = Answer::exit(0).does(|spec| {
        assert_eq!(fs::read_to_string(spec.cwd.join("src/a")).unwrap(), "one\n");
    });
    let case = case.on("check", looks);
    case.put("src/a", "a person's work\n");
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    let tree = case.sh("git rev-parse HEAD^{tree}");
    assert_eq!(ran.finished.tree.name, Some(format!("git tree {tree}")));
    known(&case, &format!("git tree {tree}"), Some(red()));
    assert_eq!(case.run().end().2, "step lint: exit status 9");
}

#[test]
fn a_step_that_fails_on_the_tree_is_told_with_its_end() {
    let case = untouched(Case::new()).on("check", Answer::exit(4).prints("broken\n"));
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", "step check: exit status 4"));
    assert_eq!(ran.report().files_changed, Vec::<String>::new());
}
