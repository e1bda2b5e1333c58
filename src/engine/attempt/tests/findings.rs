//! What the check of a change finds, and what that means beside the result of the steps.

use super::case::{Case, Ran};
use crate::domain::{Finding, Level, Verdict};
use crate::platform::programs::lacks;
use crate::supervisor::scripted::Answer;
use serde_json::json;

const STUB: &str = "a placeholder replaces the work; do the work, or say in the result file what is missing (stub)";
const FAIL: Option<Verdict> = Some(Verdict::Fail);

/// A git repository with `src/a.rs`; `more` follows the usual configuration.
fn project(more: &str) -> Case {
    Case::more(more).file("src/a.rs", "fn a() {}\n").git()
}

fn stub(path: &str) -> Answer {
    Answer::exit(0).writes(path, "fn a() {\n    todo!()\n}\n")
}

fn findings(ran: &Ran) -> Vec<(&str, Level, Option<u32>)> {
    let all: &[Finding] = &ran.report().findings.findings;
    all.iter().map(|one| (one.code.as_str(), one.level, one.line)).collect()
}

#[test]
fn a_finding_fails_work_whose_steps_pass() {
    if lacks("git") {
        return;
    }
    let case = project("").on("agent", stub("src/a.rs"));
    let ran = case.run();
    assert_eq!(ran.end(), (FAIL, "stub_added", &*format!("src/a.rs:2: {STUB}")));
    assert_eq!(case.script.words(), ["agent", "check"], "the steps run all the same");
    assert_eq!(findings(&ran), [("stub", Level::Fail, Some(2))]);
    assert!(ran.report().is_refused());
}

#[test]
fn a_failed_step_comes_first_and_the_finding_beside_it() {
    if lacks("git") {
        return;
    }
    let case = project("").on("agent", stub("src/a.rs")).on("check", Answer::exit(1));
    let reason = format!("step check: exit status 1; also: src/a.rs:2: {STUB}");
    assert_eq!(case.run().end(), (FAIL, "tests_failed", &*reason));
}

#[test]
fn a_reason_counts_the_findings_that_it_does_not_name() {
    if lacks("git") {
        return;
    }
    for (count, more) in [(1, ""), (2, "; 1 more finding"), (3, "; 2 more findings")] {
        let text = "fn f() {}\ntodo!()\n".repeat(count);
        let case = project("").on("agent", Answer::exit(0).writes("src/a.rs", &text));
        let ran = case.run();
        let reason = format!("src/a.rs:2: {STUB}{more}");
        assert_eq!(ran.end(), (FAIL, "stub_added", &*reason), "{count}");
        assert_eq!(findings(&ran).len(), count);
    }
}

#[test]
fn the_configuration_decides_how_bad_a_finding_is() {
    if lacks("git") {
        return;
    }
    let levels = |level: &str| format!("[guardrails.levels]\nstub = \"{level}\"\n");
    let run = |level: &str, check: i32| {
        let case = project(&levels(level)).on("agent", stub("src/a.rs"));
        let case = case.on("check", Answer::exit(check));
        (case.run(), case)
    };
    let (ran, case) = run("block", 0);
    let reason = format!("src/a.rs:2: {STUB}");
    assert_eq!(ran.end(), (Some(Verdict::Blocked), "stub_added", &*reason));
    assert_eq!(case.script.words(), ["agent"], "a person must look first");
    let (ran, _) = run("warn", 0);
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!(findings(&ran), [("stub", Level::Warn, Some(2))]);
    let (ran, _) = run("warn", 1);
    assert_eq!(ran.end().2, "step check: exit status 1", "a warning is no second reason");
    let (ran, _) = run("off", 0);
    assert_eq!((ran.end().0, findings(&ran).len()), (Some(Verdict::Pass), 0));
}

#[test]
fn only_lines_of_this_attempt_count() {
    if lacks("git") {
        return;
    }
    let old = Case::new().file("src/a.rs", "fn a() {\n    todo!()\n}\n").git();
    let more = Answer::exit(0).writes("src/a.rs", "fn a() {\n    todo!()\n}\nfn b() {}\n");
    let ran = old.on("agent", more).run();
    assert_eq!(ran.end().0, Some(Verdict::Pass), "{:?}", ran.end());
    let ran = project("").on("agent", Answer::exit(0).writes("src/b.rs", "todo!()\n")).run();
    assert_eq!(ran.end().2, format!("src/b.rs:1: {STUB}"), "a new file");
}

#[test]
fn work_that_must_change_something_ends_before_any_step_if_it_did_not() {
    if lacks("git") {
        return;
    }
    let any = "[guardrails]\nrequire_changes = \"any\"\n";
    let case = project(any);
    let reason = "no file was changed; do the task, or explain in the result file why it needs no change \
                  (nothing_changed)";
    assert_eq!(case.run().end(), (FAIL, "nothing_changed", reason));
    assert_eq!(case.script.words(), ["agent"]);
    let ran = project(any).on("agent", Answer::exit(0).writes("notes.md", "x")).run();
    assert_eq!(ran.end().0, Some(Verdict::Pass));
    let gate = project(any).task(json!({"type": "gate"}));
    assert_eq!(gate.run().end().0, Some(Verdict::Pass), "nobody works on a gate");
    let ran = Case::more(any).run();
    assert_eq!(ran.end().0, Some(Verdict::Pass), "without git it is not known");
}

#[test]
fn declared_files_must_change_and_new_ones_must_exist() {
    let case = Case::new().file("src/a.rs", "x").task(json!({"files": ["src/a.rs"]}));
    let reason = "none of the declared files was changed: src/a.rs; do the task there, or explain in the \
                  result file why it needs no change (nothing_changed)";
    assert_eq!(case.run().end(), (FAIL, "nothing_changed", reason));
    let case = case.on("agent", Answer::exit(0).writes("src/a.rs", "longer"));
    assert_eq!(case.run().end().0, Some(Verdict::Pass), "without git, by its size and time");
    let case = Case::new().task(json!({"files_to_create": ["src/new.rs"]}));
    let ran = case.run();
    let reason = "src/new.rs: the task declares new files that do not exist: src/new.rs; create them, where \
                  git does not ignore them (nothing_changed)";
    assert_eq!(ran.end(), (FAIL, "nothing_changed", reason));
}

#[test]
fn what_an_earlier_attempt_left_in_the_shared_tree_counts_as_a_change() {
    let mut case = Case::new()
        .file("src/a.rs", "x")
        .task(json!({"files": ["src/a.rs"]}))
        .on("agent", Answer::exit(0).writes("src/a.rs", "longer"))
        .on("agent", Answer::exit(0))
        .on("check", Answer::exit(1))
        .on("check", Answer::exit(0));
    assert_eq!(case.run().end().1, "tests_failed");
    case.attempt(2);
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""), "the tree still has it");
    assert_eq!(ran.report().files_changed, Vec::<String>::new());
}

#[test]
fn files_outside_of_the_declared_ones_are_told_by_name() {
    if lacks("git") {
        return;
    }
    let declares = json!({"files": ["src/a.rs"]});
    let case = project("[guardrails]\nscope = \"fail\"\n").task(declares);
    let both = Answer::exit(0).writes("src/a.rs", "fn b() {}\n").writes("docs/b.md", "x\n");
    let ran = case.on("agent", both).run();
    let reason = "docs/b.md: the task does not declare docs/b.md; leave these files unchanged, or have a \
                  person add them to the task's files or scope (scope)";
    assert_eq!(ran.end(), (FAIL, "scope", reason));
}

#[test]
fn a_change_in_a_private_tree_is_checked_line_by_line() {
    if lacks("git") {
        return;
    }
    let case = Case::new().file("src/a.rs", "fn a() {}\n").private();
    let ran = case.on("agent", stub("src/a.rs")).run();
    assert_eq!(ran.end(), (FAIL, "stub_added", &*format!("src/a.rs:2: {STUB}")));
    assert!(ran.finished.waiting().is_none());
}

#[test]
fn a_change_that_is_not_judged_is_not_checked_either() {
    if lacks("git") {
        return;
    }
    let case = project("").on("agent", stub("src/a.rs"));
    let ran = case.job(|job| job.judge = super::super::Judge::Nobody).run();
    assert_eq!(ran.end(), (Some(Verdict::Skipped), "", ""));
    assert_eq!(findings(&ran), []);
}
