//! Steps that report their items: what is read from files and from output, and what it is compared
//! with.

use super::super::{KnownCommands, Stage};
use super::case::{Case, Ran};
use crate::domain::{Items, Verdict};
use crate::platform::programs::lacks;
use crate::supervisor::scripted::Answer;
use serde_json::json;
use std::fs;

const FAIL: Option<Verdict> = Some(Verdict::Fail);
const PASS: Option<Verdict> = Some(Verdict::Pass);

/// Returns a project whose step reports what it prints as TAP; `more` follows the step.
fn tap(more: &str) -> Case {
    Case::more(&format!("report = {{ parser = \"tap\" }}\n{more}"))
}

/// Only new failures count.
const FORGIVES: &str = "[profiles.default]\nbaseline = \"no-new-failures\"\n";

/// Returns a run of tests: a name that begins with `-` failed.
fn tests(names: &[&str]) -> Answer {
    let line = |(number, name): (usize, &&str)| match name.strip_prefix('-') {
        Some(name) => format!("not ok {} - {name}\n", number + 1),
        None => format!("ok {} - {name}\n", number + 1),
    };
    let lines: String = names.iter().enumerate().map(line).collect();
    let failed = names.iter().any(|name| name.starts_with('-'));
    Answer::exit(i32::from(failed)).prints(&format!("1..{}\n{lines}", names.len()))
}

fn items(ran: &Ran) -> Items {
    ran.step("check").checked.items.clone().unwrap()
}

#[test]
fn the_tests_of_the_tree_before_the_agent_are_the_base() {
    let case = tap(FORGIVES).on("check", tests(&["a", "-b"]));
    let ran = case.run();
    assert_eq!(ran.end(), (PASS, "", ""), "b failed before");
    assert_eq!(case.script.words(), ["check", "agent", "check"]);
    let told = |name: &str| Stage::Verifying(name.to_owned());
    assert_eq!((&ran.stages[0], &ran.stages[3]), (&told("check (before)"), &told("check")));
    let Items { passed, failed, compared, old, new, .. } = items(&ran);
    assert_eq!((passed, failed, compared, old, new), (1, 1, true, vec!["b".to_owned()], vec![]));
    assert_eq!(ran.report().steps.len(), 2, "the base is no step of the attempt");
    assert!(ran.text("base-1.out").starts_with("1..2\n"));
}

#[test]
fn a_new_failure_is_named_before_old_ones() {
    let case = tap(FORGIVES).on("check", tests(&["a", "-b"])).on("check", tests(&["-a", "-b"]));
    let ran = case.run();
    let (verdict, code, reason) = ran.end();
    assert_eq!((verdict, code), (FAIL, "tests_failed"));
    assert!(reason.starts_with("step check: ") && reason.ends_with(": a"), "{reason}");
    assert_eq!(items(&ran).new, ["a"]);
}

#[test]
fn each_failure_counts_if_the_profile_is_strict() {
    let ran = tap("").on("check", tests(&["a", "-b"])).run();
    let (verdict, code, reason) = ran.end();
    assert_eq!((verdict, code), (FAIL, "tests_failed"));
    assert!(
        reason.starts_with("step check: exit status 1; ") && reason.ends_with(": b"),
        "{reason}"
    );
}

#[test]
fn a_test_that_no_longer_runs_is_lost() {
    let case = tap("").on("check", tests(&["a", "b"])).on("check", tests(&["a"]));
    let ran = case.run();
    let reason = "step check: 1 test that ran before did not run: b; let it run again, or have a person \
                  declare the renamed tests for the task (tests) or allow that tests go (may_remove_tests)";
    assert_eq!(ran.end(), (FAIL, "items_lost", reason));
    let case = tap("").task(json!({"may_remove_tests": true}));
    let case = case.on("check", tests(&["a", "b"])).on("check", tests(&["a"]));
    assert_eq!(case.run().end(), (PASS, "", ""));
}

#[test]
fn a_report_that_cannot_be_read_fails_the_step() {
    for (answer, why) in [
        (Answer::exit(0), "it has no plan: it is cut off"),
        (Answer::exit(0).prints("ok 1 - a\n"), "it has no plan: it is cut off"),
        (Answer::exit(0).prints("1..0\n"), "no test ran"),
        (Answer::exit(0).prints("1..1\nok 1 - a\nBail out! no disk\n"), "Bail out! no disk"),
    ] {
        let ran = tap("").on("check", tests(&["a"])).on("check", answer).run();
        let reason = format!("step check: its report cannot be used: {why}");
        assert_eq!(ran.end(), (FAIL, "tests_failed", &*reason));
        assert_eq!(ran.step("check").checked.items, None);
    }
    let broken = Answer::exit(2).prints("panic\n");
    let ran = tap("").on("check", tests(&["a"])).on("check", broken).run();
    let reason =
        "step check: exit status 2; its report cannot be used: it has no plan: it is cut off";
    assert_eq!(ran.end(), (FAIL, "tests_failed", reason));
}

#[test]
fn a_base_that_reports_nothing_is_a_warning_and_no_base() {
    let case = tap(FORGIVES).on("check", Answer::exit(2)).on("check", tests(&["a"]));
    let ran = case.run();
    assert_eq!((ran.end().0, items(&ran).compared), (PASS, false));
    let [warning] = &ran.finished.warnings[..] else { panic!("{:?}", ran.finished.warnings) };
    assert!(
        warning.starts_with("A: step check reported no items on the base: exit status 2"),
        "{warning}"
    );
}

#[test]
fn a_base_that_was_interrupted_ends_the_attempt_before_its_agent() {
    let case = tap("").on("check", Answer::ends(crate::domain::Outcome::Interrupted));
    assert_eq!(case.run().end(), (None, "", "interrupted"));
    assert_eq!(case.script.words(), ["check"]);
}

#[test]
fn steps_that_a_reporting_step_needs_run_on_the_base_as_well() {
    let more = "needs = [\"build\"]\n[[verify]]\nname = \"build\"\nrun = [\"build\"]\n\
                [[verify]]\nname = \"lint\"\nrun = [\"lint\"]\n";
    let case = tap(more).on("check", tests(&["a"]));
    assert_eq!(case.run().end().0, PASS);
    assert_eq!(case.script.words(), ["build", "check", "agent", "build", "check", "lint"]);
}

#[test]
fn the_base_of_a_task_is_that_of_its_first_attempt() {
    let mut case = tap(FORGIVES).on("check", tests(&["a", "-b"])).on("check", tests(&["-a", "-b"]));
    assert_eq!(case.run().end().0, FAIL);
    case.attempt(2);
    let ran = case.run();
    assert_eq!(ran.end().0, FAIL, "what the first attempt broke is not forgiven");
    assert_eq!(items(&ran).new, ["a"]);
    case.known = KnownCommands::default();
    case.attempt(3);
    assert_eq!(case.run().end().0, FAIL, "a later run knows it from the folder of the attempt");
    let words = case.script.words();
    assert_eq!(words.len(), 1 + 3 * 2, "the base ran once: {words:?}");
}

#[test]
fn a_test_that_passes_on_a_further_run_is_named_as_flaky() {
    let case = tap("retries = 1\n")
        .on("check", tests(&["a", "b"]))
        .on("check", tests(&["a", "-b"]))
        .on("check", tests(&["a", "b"]));
    let ran = case.run();
    assert_eq!((ran.end().0, items(&ran).flaky), (PASS, vec!["b".to_owned()]));
    assert_eq!(ran.report().warnings(), ["step check is flaky: b"]);
}

#[test]
fn a_report_in_a_file_must_be_of_this_run() {
    let xml = |name: &str| {
        format!(
            "<testsuites><testsuite name=\"s\" tests=\"1\" failures=\"0\"><testcase classname=\"s\" name=\"{name}\"/></testsuite></testsuites>"
        )
    };
    let keys = "report = { junit = \"out/junit.xml\" }\n";
    let writes = Answer::exit(0).writes("out/junit.xml", &xml("a"));
    let case = Case::more(keys).file("out/junit.xml", &xml("old")).on("check", writes.clone());
    let ran = case.run();
    assert_eq!(ran.end(), (PASS, "", ""));
    assert_eq!(items(&ran).passed, 1);
    let case = Case::more(keys).on("check", writes).on("check", Answer::exit(0));
    let ran = case.run();
    let (verdict, code, reason) = ran.end();
    assert_eq!((verdict, code), (FAIL, "tests_failed"), "the base's file does not count");
    assert!(reason.starts_with("step check: its report cannot be used: "), "{reason}");
}

#[test]
fn paths_in_a_report_are_relative_to_the_project() {
    let keys = "report = { parser = \"tsc\" }\n";
    let case = Case::more(keys);
    let root = case.root().display().to_string();
    let said = format!("{root}/src/a.ts(1,7): error TS2322: wrong\n");
    let case = case.on("check", Answer::exit(0)).on("check", Answer::exit(2).prints(&said));
    let ran = case.run();
    let found = items(&ran);
    let [one] = &found.new[..] else { panic!("{:?}", found.new) };
    assert!(one.starts_with("src/a.ts") && !one.contains(&root), "{one}");
}

#[test]
fn secrets_in_the_names_of_tests_are_masked() {
    let secret = "s3cr3t-0123456789";
    let case = tap("").var("API_TOKEN", secret);
    let ran = case.on("check", tests(&["a"])).on("check", tests(&[&format!("-{secret}")])).run();
    assert_eq!(items(&ran).new, ["[masked]"]);
    assert!(!ran.end().2.contains(secret), "{}", ran.end().2);
}

/// Adds the finished task `T`, and makes `A` a gate that waits for it.
fn gate(case: Case) -> Case {
    let mut case = case.task(json!({"type": "gate", "depends_on": ["T"]}));
    case.other("T");
    case
}

fn complete(case: &mut Case, more: serde_json::Value) {
    let task = case.queue["tasks"][1].as_object_mut().unwrap();
    task.remove("claim");
    task.insert("status".to_owned(), json!("complete"));
    task.insert("started_at".to_owned(), json!("2026-01-01T00:00:00Z"));
    task.extend(more.as_object().unwrap().clone());
    case.other("A");
}

#[test]
fn a_gate_is_compared_with_the_tree_before_the_first_task_that_it_covers() {
    let mut case = gate(tap(FORGIVES).on("check", tests(&["a", "-b"])));
    assert_eq!(case.run().end().0, PASS);
    complete(&mut case, json!({}));
    let ran = case.run();
    assert_eq!(ran.end(), (PASS, "", ""), "b failed before T began");
    assert_eq!(case.script.words(), ["check", "agent", "check", "check"]);
    case.known = KnownCommands::default();
    assert_eq!(case.run().end().0, PASS, "the next run reads it from the disk");
    case.script.on("check", tests(&["-a", "-b"]));
    case.script.on("check", tests(&["-a", "-b"]));
    case.run();
    assert_eq!(case.run().end().0, FAIL, "T broke a");
    let folder = case.prepared().state.attempt(&case.claimed_key("T"), 1);
    fs::remove_dir_all(folder).unwrap();
    case.known = KnownCommands::default();
    case.script.on("check", tests(&["a", "-b"]));
    case.script.on("check", tests(&["a", "-b"]));
    case.run();
    let ran = case.run();
    assert_eq!((ran.end().0, items(&ran).compared), (FAIL, false), "each failure counts");
}

#[test]
fn a_run_remembers_what_a_task_began_with_although_its_folder_is_gone() {
    let mut case = gate(tap(FORGIVES).on("check", tests(&["a", "-b"])));
    case.run();
    complete(&mut case, json!({}));
    fs::remove_dir_all(case.prepared().state.attempt(&case.claimed_key("T"), 1)).unwrap();
    let ran = case.run();
    assert_eq!((ran.end().0, items(&ran).compared), (PASS, true));
}

#[test]
fn a_gate_in_private_trees_is_compared_with_the_parent_of_the_first_landing() {
    if lacks("git") {
        return;
    }
    let at = |text: &'static str| {
        tests(&["a", "-b"]).does(move |spec| {
            assert_eq!(fs::read_to_string(spec.cwd.join("src/a")).unwrap(), text);
        })
    };
    let case = tap(FORGIVES).file("src/a", "one\n").private();
    let mut case = gate(case.on("check", at("one\n")).on("check", at("two\n")));
    case.put("src/a", "two\n");
    case.sh("git commit -qam landed");
    let landed = case.sh("git rev-parse HEAD");
    complete(&mut case, json!({"landed_commit": landed, "completed_at": "2026-01-01T00:00:00Z"}));
    let ran = case.run();
    assert_eq!(ran.end(), (PASS, "", ""), "b failed before T landed");
    assert!(items(&ran).compared);
    assert_eq!(case.script.words(), ["check", "check"]);
}
