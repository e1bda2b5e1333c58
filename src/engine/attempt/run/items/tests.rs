//! Items of the tree that a task began with, and what a change may do to them.

use super::*;
use crate::domain::Verdict;
use crate::engine::attempt::KnownCommands;
use crate::engine::attempt::tests::case::{Case, Ran};
use crate::platform::programs::lacks;
use crate::supervisor::scripted::Answer;
use serde_json::json;

/// An agent, and a step whose report is its output.
const CONFIG: &str = "[agents.default]\nrun = [\"agent\"]\n[[verify]]\nname = \"check\"\n\
                      run = [\"check\"]\nreport = { parser = \"tap\" }\n";

/// Returns a step that reports these tests; those that begin with `!` fail.
fn reports(tests: &str) -> Answer {
    let names: Vec<&str> = tests.split_whitespace().collect();
    let mut text = format!("1..{}\n", names.len());
    for (at, name) in names.iter().enumerate() {
        let (word, name) = match name.strip_prefix('!') {
            Some(name) => ("not ok", name),
            None => ("ok", *name),
        };
        text.push_str(&format!("{word} {} - {name}\n", at + 1));
    }
    Answer::exit(i32::from(tests.contains('!'))).prints(&text)
}

/// Returns a project whose step reports these tests, one list after the other.
fn case_of(config: &str, tests: &[&str]) -> Case {
    let case = Case::of(config).file("src/a", "one\n");
    tests.iter().fold(case, |case, tests| case.on("check", reports(tests)))
}

fn case(tests: &[&str]) -> Case {
    case_of(CONFIG, tests).on("agent", Answer::exit(0).writes("src/a", "two\n"))
}

/// Returns the items of the step as they were compared.
#[track_caller]
fn items(ran: &Ran) -> &Items {
    ran.step("check").checked.items.as_ref().unwrap()
}

#[test]
fn the_tests_that_a_task_begins_with_are_found_before_its_agent_works() {
    let case = case(&["a b", "a b c"]);
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""), "{:?}", ran.finished.warnings);
    assert_eq!(case.script.words(), ["check", "agent", "check"]);
    let first = Stage::Verifying("check (before)".to_owned());
    assert_eq!((ran.stages[0].clone(), ran.stages[1].clone()), (first, Stage::Started));
    assert_eq!(ran.steps(), ["agent: exit status 0", "check: exit status 0"], "that was no step");
    assert_eq!(ran.text("base-1.out"), "1..2\nok 1 - a\nok 2 - b\n");
    assert_eq!((items(&ran).passed, items(&ran).compared), (3, true));
}

#[test]
fn a_test_that_does_not_run_any_more_is_lost_unless_a_person_said_so() {
    for (task, now, code) in [
        (json!({}), "a", "items_lost"),
        (json!({"may_remove_tests": true}), "a", ""),
        (json!({"may_remove_tests": true, "discovered_by": "B"}), "a", "items_lost"),
        // A test that was renamed is no lost one, for who may change tests.
        (json!({}), "a c", "items_lost"),
        (json!({"may_change_tests": true}), "a c", ""),
        (json!({"may_change_tests": true}), "a", "items_lost"),
    ] {
        let ran = case(&["a b", now]).task(task.clone()).run();
        assert_eq!(ran.end().1, code, "{task} {now}: {}", ran.end().2);
        let lost: &[&str] = if code.is_empty() { &[] } else { &["b"] };
        assert_eq!(items(&ran).lost, lost, "{task} {now}");
    }
}

#[test]
fn old_failures_count_only_if_the_profile_is_strict() {
    let lenient = format!("{CONFIG}[profiles.default]\nbaseline = \"no-new-failures\"\n");
    for (config, now, verdict) in [
        (CONFIG, "a !b", Verdict::Fail),
        (&*lenient, "a !b", Verdict::Pass),
        (&*lenient, "!a !b", Verdict::Fail),
        (&*lenient, "a b", Verdict::Pass),
    ] {
        let ran = case_of(config, &["a !b", now]).run();
        assert_eq!(ran.end().0, Some(verdict), "{now}: {}", ran.end().2);
    }
    let ran = case_of(&lenient, &["a !b !c", "!a !b c"]).run();
    let found = items(&ran);
    assert_eq!(
        (&found.new[..], &found.old[..], &found.fixed[..]),
        (&["a".to_owned()][..], &["b".to_owned()][..], &["c".to_owned()][..])
    );
}

#[test]
fn what_an_earlier_attempt_did_to_the_tests_does_not_become_the_base() {
    let mut case = case(&["a b", "a", "a"]);
    assert_eq!(case.run().end().1, "items_lost");
    case.attempt(2);
    let ran = case.run();
    assert_eq!((ran.end().1, &items(&ran).lost[..]), ("items_lost", &["b".to_owned()][..]));
    let words = ["check", "agent", "check", "agent", "check"];
    assert_eq!(case.script.words(), words, "the base is known");
    // Another loop reads what the first attempt recorded.
    case.known = KnownCommands::default();
    case.attempt(3);
    assert_eq!(case.run().end().1, "items_lost");
    assert_eq!(case.script.words().len(), words.len() + 2);
}

#[test]
fn a_tree_that_passed_is_what_the_next_task_begins_with() {
    let case = case(&["a", "a b", "a"]);
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
    let ran = case.run();
    assert_eq!((ran.end().1, &items(&ran).lost[..]), ("items_lost", &["b".to_owned()][..]));
    assert_eq!(case.script.words(), ["check", "agent", "check", "agent", "check"]);
}

#[test]
fn a_base_that_reports_nothing_is_a_warning_and_every_failure_is_new() {
    let case = case_of(CONFIG, &[]).on("check", Answer::exit(0).prints("no plan\n"));
    let ran = case.on("check", reports("a")).run();
    assert_eq!(ran.end().0, Some(Verdict::Pass));
    let [warning] = &ran.finished.warnings[..] else { panic!("{:?}", ran.finished.warnings) };
    assert!(warning.starts_with("A: step check reported no items on the base: "), "{warning}");
    assert!(!items(&ran).compared);
}

#[test]
fn an_attempt_whose_base_cannot_be_found_says_nothing_about_the_work() {
    for (answer, code, reason) in [
        (Answer::ends(Outcome::Interrupted), "", "interrupted"),
        (Answer::vanishes(), "crash", "check: lost: its supervisor vanished"),
    ] {
        let case = case_of(CONFIG, &[]).on("check", answer);
        let ran = case.run();
        assert_eq!(ran.end(), (None, code, reason));
        assert_eq!(case.script.words(), ["check"], "no agent works");
    }
}

#[test]
fn before_a_step_that_reports_tests_those_that_it_needs_run() {
    let step = |name: &str, more: &str| {
        format!("[[verify]]\nname = \"{name}\"\nrun = [\"{name}\"]\n{more}")
    };
    let report = "report = { parser = \"tap\" }\n";
    let config = [
        "[agents.default]\nrun = [\"agent\"]\n".to_owned(),
        step("deps", ""),
        step("build", "needs = [\"deps\"]\n"),
        step("lint", ""),
        step("check", &format!("needs = [\"build\"]\n{report}")),
        step("last", ""),
    ];
    let case = case_of(&config.concat(), &["a", "a"]);
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
    let words = case.script.words();
    assert_eq!(words[..4], ["deps", "build", "check", "agent"]);
    assert_eq!(words[4..], ["deps", "build", "lint", "check", "last"]);
    let job = case.prepared();
    let Judge::Steps(steps) = &job.judge else { panic!("{:?}", job.judge) };
    let names =
        |steps: &[Ready]| wanted(steps).iter().map(|step| step.name.clone()).collect::<Vec<_>>();
    assert_eq!(names(steps), ["deps", "build", "check"]);
    assert_eq!((names(&steps[..3]), names(&[])), (vec![], vec![]));
}

#[test]
fn a_gate_and_a_step_without_a_report_need_no_base() {
    let gate = case(&["a"]).task(json!({"type": "gate"}));
    assert_eq!(gate.run().end().0, Some(Verdict::Pass));
    assert_eq!(gate.script.words(), ["check"]);
    let plain = Case::new();
    plain.run();
    assert_eq!(plain.script.words(), ["agent", "check"]);
}

#[test]
fn in_private_trees_the_base_of_the_change_is_judged_once_for_all() {
    if lacks("git") {
        return;
    }
    let sees = |text: &'static str, tests: &str| {
        reports(tests).does(move |spec| {
            assert_eq!(std::fs::read_to_string(spec.cwd.join("src/a")).unwrap(), text);
        })
    };
    let case = case_of(CONFIG, &[]).private().on("agent", Answer::exit(0).writes("src/a", "two\n"));
    let case = case.on("check", sees("one\n", "a b")).on("check", sees("two\n", "a"));
    let ran = case.run();
    assert_eq!((ran.end().1, &items(&ran).lost[..]), ("items_lost", &["b".to_owned()][..]));
    assert_eq!(case.script.words(), ["agent", "check", "check"]);
    // The next attempt begins with the same tree.
    assert_eq!(case.run().end().1, "items_lost");
    assert_eq!(case.script.words(), ["agent", "check", "check", "agent", "check"]);
}

#[test]
fn a_test_that_the_task_declares_may_be_replaced() {
    if lacks("git") {
        return;
    }
    let text = "test('b', () => {});\n";
    for (task, code) in [
        (json!({"tests": ["tests/a_test.js"]}), ""),
        (json!({}), "items_lost"),
        (json!({"tests": ["tests/a_test.js"], "discovered_by": "B"}), "items_lost"),
    ] {
        let case = case_of(CONFIG, &["a b", "a c", "a c"])
            .file("tests/a_test.js", text)
            .task(task.clone());
        let case = case.private();
        let agent = Answer::exit(0).writes("tests/a_test.js", "test('c', () => {});\n");
        let ran = case.on("agent", agent).run();
        assert_eq!(ran.end().1, code, "{task}: {}", ran.end().2);
    }
}

#[test]
fn what_was_mended_or_hidden_may_not_fail_with_the_tests_of_the_base() {
    use ItemState::{Failed, Passed, Skipped};
    let items = |list: &[(&str, ItemState)]| -> ItemMap {
        list.iter().map(|(name, state)| (ItemId::new("t", *name), *state)).collect()
    };
    let base = items(&[("old", Failed), ("mended", Failed), ("gone", Failed), ("a", Passed)]);
    let first = items(&[("old", Failed), ("mended", Passed), ("new", Failed), ("a", Skipped)]);
    let expected = items(&[("old", Failed), ("mended", Passed), ("gone", Passed), ("a", Passed)]);
    assert_eq!(without_fixed(&base, &first), expected);
}

#[test]
fn an_item_belongs_to_what_the_task_declares() {
    let declares = ["tests/test_a.py", "src/cart/sum.rs", "calc/**", "pkg/arith/a_test.go"];
    let declares = declares.map(str::to_owned);
    for (file, name, expected) in [
        ("tests/test_a.py", "test_x", true),
        ("tests.test_a", "test_x", true),
        ("tests.test_a.TestGroup", "test_x", true),
        ("demo:src/lib.rs", "cart::sum::tests::adds", true),
        ("demo:src/cart/sum.rs", "adds", true),
        ("tests.test_ab", "test_x", false),
        ("tests/test_b.py", "test_x", false),
        ("demo:src/lib.rs", "cart::summary::tests::adds", false),
        ("x/calc", "TestAdd", true),
        ("example.com/x/calc/deep", "TestAdd", true),
        ("x/pkg/arith", "TestAdd", true),
        ("x/arith", "TestAdd", false),
        ("calculus", "TestAdd", false),
    ] {
        assert_eq!(is_declared(&declares, &ItemId::new(file, name)), expected, "{file} {name}");
    }
}
