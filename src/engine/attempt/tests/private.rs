//! Attempts in private trees: where commands run, and what becomes of a change.

use super::super::Stage;
use super::case::Case;
use crate::domain::{Outcome, Verdict};
use crate::platform::programs::lacks;
use crate::supervisor::scripted::{Answer, variable};
use serde_json::json;
use std::fs;

/// A project with `src/a` in which attempts have private trees.
fn project(more: &str) -> Case {
    Case::more(more).file("src/a", "one\n").private()
}

#[test]
fn an_agent_works_in_a_workspace_and_steps_judge_its_change_elsewhere() {
    if lacks("git") {
        return;
    }
    let judges = Answer::exit(0).does(|spec| {
        assert_eq!(fs::read_to_string(spec.cwd.join("src/a")).unwrap(), "two\n");
    });
    let case =
        project("").on("agent", Answer::exit(0).writes("src/a", "two\n")).on("check", judges);
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""), "{:?}", ran.finished.warnings);
    let (agent, check) = (case.script.last("agent"), case.script.last("check"));
    assert_ne!(agent.cwd, check.cwd);
    for spec in [&agent, &check] {
        assert_ne!(spec.cwd, case.root());
        assert_eq!(variable(spec, "WORKLOOP_ROOT").unwrap(), spec.cwd.display().to_string());
    }
    assert_eq!(case.text("src/a"), "one\n", "nothing landed");
    assert_eq!(ran.report().files_changed, ["src/a"]);
    let (change, entry) = ran.finished.waiting().unwrap();
    assert_eq!(entry.unwrap().work.change.as_str(), change.commit);
    assert_eq!(case.sh(&format!("git show {}:src/a", change.commit)), "two");
    assert_eq!(ran.text("workspace"), agent.cwd.display().to_string());
    assert_eq!(
        ran.stages,
        [
            Stage::Started,
            Stage::AgentFinished(Outcome::Exited { code: 0 }),
            Stage::Verifying("check".to_owned()),
        ]
    );
}

#[test]
fn a_change_that_fails_does_not_wait_to_land() {
    if lacks("git") {
        return;
    }
    let case = project("").on("agent", Answer::exit(0).writes("src/a", "two\n"));
    let ran = case.on("check", Answer::exit(1)).run();
    assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", "step check: exit status 1"));
    assert_eq!(ran.finished.waiting(), None);
}

#[test]
fn variables_that_lead_git_elsewhere_do_not_reach_private_trees() {
    if lacks("git") {
        return;
    }
    let leads = ["GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_NAMESPACE", "GIT_PREFIX"];
    let more = "[environment]\ninherit = \"all\"\n";
    let case = leads.iter().fold(Case::more(more), |case, name| case.var(name, "/elsewhere"));
    let shared = case.var("GIT_EDITOR", "vi");
    shared.run();
    for word in ["agent", "check"] {
        let spec = shared.script.last(word);
        let found = leads.map(|name| variable(&spec, name));
        assert_eq!(found, leads.map(|_| Some("/elsewhere".to_owned())), "shared: {word}");
    }
    let mut private = project(more);
    private.vars.extend(shared.vars.clone());
    let ran = private.run();
    assert!(ran.report().verdict.is_some(), "{:?}", ran.end());
    for word in ["agent", "check"] {
        let spec = private.script.last(word);
        assert_eq!(leads.map(|name| variable(&spec, name)), leads.map(|_| None), "private: {word}");
        assert_eq!(variable(&spec, "GIT_EDITOR").as_deref(), Some("vi"));
    }
}

#[test]
fn a_gate_has_no_workspace() {
    if lacks("git") {
        return;
    }
    let case = project("").task(json!({"type": "gate"}));
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!(ran.text("workspace"), "");
    assert_ne!(case.script.last("check").cwd, case.root());
}

/// A project in a folder of a repository, beside a file that is not of the project.
fn below() -> Case {
    let case = Case::new().file("src/a", "one\n").file("../beside", "one\n");
    case.private_below()
}

#[test]
fn a_project_below_the_top_of_its_repository_has_the_same_place_in_private_trees() {
    if lacks("git") {
        return;
    }
    let works = Answer::exit(0).writes("src/a", "two\n").writes("../beside", "two\n");
    let case = below().on("agent", works);
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    for word in ["agent", "check"] {
        let spec = case.script.last(word);
        assert!(spec.cwd.ends_with("project"), "{}", spec.cwd.display());
        assert_eq!(variable(&spec, "WORKLOOP_ROOT").unwrap(), spec.cwd.display().to_string());
    }
    assert_eq!(ran.report().files_changed, ["beside", "src/a"]);
    let (change, _) = ran.finished.waiting().unwrap();
    assert_eq!(case.sh(&format!("git show {}:project/src/a", change.commit)), "two");
}

#[test]
fn a_project_root_without_files_is_there_for_the_steps() {
    if lacks("git") {
        return;
    }
    let empties = Answer::exit(0).removes("src").does(|spec| {
        for entry in fs::read_dir(&spec.cwd).unwrap() {
            fs::remove_file(entry.unwrap().path()).unwrap();
        }
    });
    let looks = Answer::exit(0).does(|spec| assert!(!spec.cwd.join("src").exists()));
    let case = below().on("agent", empties).on("check", looks);
    let ran = case.run();
    assert_eq!(ran.end().0, Some(Verdict::Pass), "{:?}", ran.end());
}

#[test]
fn an_agent_that_replaces_the_project_root_fails_and_its_work_is_not_continued() {
    if lacks("git") {
        return;
    }
    let replaces = Answer::exit(0).does(|spec| {
        fs::remove_dir_all(&spec.cwd).unwrap();
        fs::write(&spec.cwd, "a file").unwrap();
    });
    let looks = Answer::exit(0).does(|spec| {
        assert_eq!(fs::read_to_string(spec.cwd.join("src/a")).unwrap(), "one\n");
    });
    let mut case = below().on("agent", replaces).on("agent", looks);
    let ran = case.run();
    let (verdict, code, reason) = ran.end();
    assert_eq!((verdict, code), (Some(Verdict::Fail), "tests_failed"), "{reason}");
    assert!(reason.starts_with("the project root is gone: "), "{reason}");
    assert!(reason.ends_with("project is not a folder"), "{reason}");
    assert_eq!(case.script.words(), ["agent"]);
    case.attempt(2);
    let ran = case.run();
    assert_eq!(ran.end().0, Some(Verdict::Pass), "{:?}", ran.end());
    assert!(!ran.text("prompt.md").contains("You continue the work"));
}
