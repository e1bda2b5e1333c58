//! What is judged again after a change passed, and what comes of that.

use crate::domain::{Outcome, Verdict};
use crate::engine::attempt::tests::case::{Case, Ran};
use crate::platform::programs::lacks;
use crate::supervisor::scripted::Answer;
use serde_json::{Value, json};
use std::fs;

mod gate;

/// The end of a reason, which tells where both outputs are.
const OUTPUTS: &str = "Both outputs are kept: verify-*.out and again-*.out";

/// An agent, and steps that run these commands.
fn config(steps: &[&str]) -> String {
    let step = |run: &&str| format!("[[verify]]\nname = \"{run}\"\nrun = \"{run}\"\n");
    let steps: String = steps.iter().map(step).collect();
    format!("[agents.default]\nrun = [\"agent\"]\n{steps}")
}

/// A project in which attempts have private trees, with a product and tests of several languages.
fn project(config: &str) -> Case {
    Case::of(config)
        .file("src/app.py", "right\n")
        .file("src/lib.rs", "fn a() {}\n")
        .file("tests/test_a.py", "strict\n")
        .file("tests/test_b.py", "strict\n")
        .file("check.sh", "exit 1\n")
        .file("feature.txt", "old\n")
        .private()
}

/// Returns an agent that writes these files.
fn agent(files: &[(&str, &str)]) -> Answer {
    files.iter().fold(Answer::exit(0), |answer, (path, text)| answer.writes(path, text))
}

/// Returns a step that passes or fails, on a tree in which these files have these texts.
fn step(code: i32, files: &[(&'static str, Option<&'static str>)]) -> Answer {
    let files = files.to_vec();
    Answer::exit(code).does(move |spec| {
        for (path, text) in &files {
            let found = fs::read_to_string(spec.cwd.join(path)).ok();
            assert_eq!(found.as_deref(), *text, "{path}");
        }
    })
}

/// Returns the commands that ran after the agent.
fn judged(case: &Case) -> Vec<String> {
    case.script.words().split_off(1)
}

#[track_caller]
fn assert_passed(ran: &Ran) {
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""), "{:?}", ran.finished.warnings);
}

#[test]
fn a_change_that_touches_nothing_that_judges_is_judged_once() {
    if lacks("git") {
        return;
    }
    let case = project(&config(&["sh x.sh"])).on("agent", agent(&[("src/app.py", "new\n")]));
    assert_passed(&case.run());
    assert_eq!(judged(&case), ["sh x.sh"]);
}

#[test]
fn a_change_that_fails_is_not_judged_again() {
    if lacks("git") {
        return;
    }
    let case = project(&config(&["pytest"])).on("agent", agent(&[("tests/test_a.py", "weak\n")]));
    let case = case.on("pytest", Answer::exit(2));
    assert_eq!(
        case.run().end(),
        (Some(Verdict::Fail), "tests_failed", "step pytest: exit status 2")
    );
    assert_eq!(judged(&case), ["pytest"]);
}

#[test]
fn a_changed_expectation_must_pass_with_the_bases_tests() {
    if lacks("git") {
        return;
    }
    let change =
        [("src/app.py", "wrong\n"), ("tests/test_a.py", "weak\n"), ("tests/test_n.py", "n\n")];
    let first = [
        ("src/app.py", Some("wrong\n")),
        ("tests/test_a.py", Some("weak\n")),
        ("tests/test_n.py", Some("n\n")),
    ];
    let again = [
        ("src/app.py", Some("wrong\n")),
        ("tests/test_a.py", Some("strict\n")),
        ("tests/test_n.py", None),
    ];
    let case = project(&config(&["pytest"])).on("agent", agent(&change));
    let case = case.on("pytest", step(0, &first)).on("pytest", step(1, &again));
    let ran = case.run();
    let reason = format!(
        "expectation_changed: it passes as it is, but not with the base's version of tests/test_a.py \
         (step pytest (again, with the base's files): exit status 1); leave these files as they were \
         and change the work instead, or a person declares them for the task (files, tests, \
         may_change_tests). {OUTPUTS}"
    );
    assert_eq!(ran.end(), (Some(Verdict::Fail), "expectation_changed", &*reason));
    let steps = [
        "agent: exit status 0",
        "pytest: exit status 0",
        "pytest (again, with the base's files): exit status 1",
    ];
    assert_eq!(ran.steps(), steps);
    assert_eq!(ran.report().steps[2].log, "again-1.out");
    assert!(ran.finished.waiting().is_none(), "nothing lands");
    // The same change with work that is right.
    let case = project(&config(&["pytest"])).on("agent", agent(&change));
    let case = case.on("pytest", step(0, &first)).on("pytest", step(0, &again));
    assert_passed(&case.run());
    assert_eq!(judged(&case), ["pytest", "pytest"]);
}

#[test]
fn what_a_task_may_change_stays_and_is_listed() {
    if lacks("git") {
        return;
    }
    let change = agent(&[("src/app.py", "new\n"), ("tests/test_a.py", "other\n")]);
    let permitted = |task: Value| {
        let case = project(&config(&["pytest"])).task(task).on("agent", change.clone());
        let case = case.on("pytest", Answer::exit(0)).on("pytest", Answer::exit(1));
        let ran = case.run();
        let listed = &ran.report().findings.changed_with_permission;
        let listed: Vec<String> =
            listed.iter().map(|one| format!("{}: {}", one.path, one.by)).collect();
        (ran.end().1.to_owned(), judged(&case).len(), listed)
    };
    let listed = |by: &str| (String::new(), 1, vec![format!("tests/test_a.py: {by}")]);
    assert_eq!(permitted(json!({"may_change_tests": true})), listed("may_change_tests"));
    assert_eq!(permitted(json!({"tests": ["tests/test_a.py"]})), listed("declared by the task"));
    let refused = ("expectation_changed".to_owned(), 2, vec![]);
    assert_eq!(permitted(json!({"may_change_tests": true, "discovered_by": "B"})), refused);
}

#[test]
fn tests_that_may_change_stay_until_the_work_is_restored_as_well() {
    if lacks("git") {
        return;
    }
    let change =
        [("check.sh", "exit 0\n"), ("tests/test_a.py", "other\n"), ("feature.txt", "new\n")];
    let case = project(&config(&["sh check.sh feature.txt"])).on("agent", agent(&change));
    let case = case.task(json!({"may_change_tests": true}));
    let tree = |check, test, feature| {
        step(
            0,
            &[
                ("check.sh", Some(check)),
                ("tests/test_a.py", Some(test)),
                ("feature.txt", Some(feature)),
            ],
        )
    };
    let answers = [
        tree("exit 0\n", "other\n", "new\n"),
        tree("exit 1\n", "other\n", "new\n"),
        tree("exit 1\n", "strict\n", "old\n"),
    ];
    let word = "sh check.sh feature.txt";
    let case = answers.into_iter().fold(case, |case, answer| case.on(word, answer));
    assert_passed(&case.run());
    assert_eq!(judged(&case).len(), 3);
}

#[test]
fn a_lost_test_and_a_judge_that_changed_have_codes_of_their_own() {
    if lacks("git") {
        return;
    }
    for (change, code, begin) in [
        (
            agent(&[("src/app.py", "wrong\n")]).removes("tests/test_b.py"),
            "items_lost",
            "it passes as it is, but not with the base's version of tests/test_b.py (",
        ),
        (
            agent(&[("check.sh", "exit 0\n"), ("tests/test_a.py", "weak\n")]),
            "steering_changed",
            "it passes as it is, but not with the base's version of check.sh, tests/test_a.py (",
        ),
        (
            agent(&[("src/app.py", "wrong\n"), ("tests/plugin.py", "")]),
            "steering_changed",
            "it passes as it is, but not without the new tests/plugin.py (",
        ),
    ] {
        let case = project(&config(&["sh check.sh"])).on("agent", change);
        let case = case.on("sh check.sh", Answer::exit(0)).on("sh check.sh", Answer::exit(1));
        let ran = case.run();
        let (verdict, found, reason) = ran.end();
        assert_eq!((verdict, found), (Some(Verdict::Fail), code));
        assert!(reason.starts_with(&format!("{code}: {begin}")), "{reason}");
        assert!(reason.contains(OUTPUTS), "{reason}");
    }
}

#[test]
fn a_file_that_may_be_the_work_is_restored_last() {
    if lacks("git") {
        return;
    }
    let change = [("tests/test_a.py", "weak\n"), ("feature.txt", "new\n")];
    let case = |answers: [Answer; 3]| {
        let case = project(&config(&["sh x.sh feature.txt"])).on("agent", agent(&change));
        answers.into_iter().fold(case, |case, answer| case.on("sh x.sh feature.txt", answer))
    };
    let first = step(0, &[("feature.txt", Some("new\n")), ("tests/test_a.py", Some("weak\n"))]);
    let second = [("feature.txt", Some("new\n")), ("tests/test_a.py", Some("strict\n"))];
    let third = [("feature.txt", Some("old\n")), ("tests/test_a.py", Some("strict\n"))];
    let passes = case([first.clone(), step(0, &second), step(0, &third)]);
    assert_passed(&passes.run());
    assert_eq!(judged(&passes).len(), 3);
    // If the second judgement fails, there is nothing more to find out.
    let fails = case([first.clone(), step(1, &second), Answer::exit(0)]);
    assert_eq!(fails.run().end().1, "expectation_changed");
    assert_eq!(judged(&fails).len(), 2);
    let alone = case([first, step(0, &second), step(1, &third)]);
    let ran = alone.run();
    let named = "but not with the base's version of tests/test_a.py, feature.txt (";
    assert!(ran.end().2.contains(named), "{}", ran.end().2);
}

#[test]
fn only_steps_that_read_what_changed_run_again() {
    if lacks("git") {
        return;
    }
    let steps = ["cargo build", "pytest -q", "cargo test", "ruff check"];
    for (change, again) in [
        (("tests/conftest.py", ""), &["pytest -q", "ruff check"][..]),
        (("build.rs", "fn main() {}\n"), &["cargo build", "cargo test"]),
        // No step reads it.
        ((".github/workflows/ci.yml", ""), &[]),
    ] {
        let case = project(&config(&steps)).on("agent", agent(&[change]));
        assert_passed(&case.run());
        let all = [&steps[..], again].concat();
        assert_eq!(judged(&case), all, "{}", change.0);
    }
}

#[test]
fn if_the_reached_steps_fail_alone_those_before_them_run_as_well() {
    if lacks("git") {
        return;
    }
    let steps = ["cargo build", "pytest -q", "cargo test"];
    let case = |last: i32| {
        let case = project(&config(&steps)).on("agent", agent(&[("tests/test_a.py", "weak\n")]));
        [0, 1, last].into_iter().fold(case, |case, code| case.on("pytest -q", Answer::exit(code)))
    };
    let all = ["cargo build", "pytest -q", "cargo test", "pytest -q", "cargo build", "pytest -q"];
    let built = case(0);
    assert_passed(&built.run());
    assert_eq!(judged(&built), all);
    let broken = case(1);
    assert_eq!(broken.run().end().1, "expectation_changed");
    assert_eq!(judged(&broken), all);
}

#[test]
fn without_tests_at_the_base_new_ones_stay_if_the_steps_need_them() {
    if lacks("git") {
        return;
    }
    let case = |answers: [Answer; 3]| {
        let case = Case::of(&config(&["pytest"])).file("src/app.py", "right\n").private();
        let case = case.on("agent", agent(&[("src/app.py", "new\n"), ("tests/plugin.py", "p\n")]));
        answers.into_iter().fold(case, |case, answer| case.on("pytest", answer))
    };
    let (without, with) = ([("tests/plugin.py", None)], [("tests/plugin.py", Some("p\n"))]);
    let found = case([Answer::exit(0), step(5, &without), step(0, &with)]);
    assert_passed(&found.run());
    assert_eq!(judged(&found).len(), 3);
    let red = case([Answer::exit(0), step(5, &without), step(1, &with)]);
    assert_eq!(red.run().end().1, "steering_changed");
}

#[test]
fn numbers_are_compared_with_the_tests_of_the_change() {
    if lacks("git") {
        return;
    }
    let measured = "[agents.default]\nrun = [\"agent\"]\n[[verify]]\nname = \"coverage\"\n\
        run = \"sh check.sh\"\nmeasure = { regex = '(\\d+)%', min = 80 }\n\
        [[verify]]\nname = \"lint\"\nrun = \"lint\"\n";
    let case = |change: &[(&str, &str)], printed: &[&str]| {
        let case = project(measured).on("agent", agent(change));
        let printed = printed.iter().map(|text| Answer::exit(0).prints(text));
        printed.fold(case, |case, answer| case.on("sh check.sh", answer))
    };
    // With the base's tests, less is covered.
    let tests = case(&[("tests/test_a.py", "more\n")], &["90%", "10%"]);
    assert_passed(&tests.run());
    assert_eq!(judged(&tests), ["sh check.sh", "lint", "sh check.sh", "lint"]);
    // The script that computes the number changed as well.
    let both = [("tests/test_a.py", "more\n"), ("check.sh", "echo 90%\n")];
    let honest = case(&both, &["90%", "10%", "85%"]);
    assert_passed(&honest.run());
    assert_eq!(judged(&honest), ["sh check.sh", "lint", "sh check.sh", "lint", "sh check.sh"]);
    let cheat = case(&both, &["90%", "10%", "20%", "20%"]);
    let ran = cheat.run();
    let (_, code, reason) = ran.end();
    assert_eq!(code, "steering_changed");
    assert!(reason.contains("(step coverage (again, with the base's files): "), "{reason}");
    // Without changed tests, the number of the second judgement counts.
    let script = case(&[("check.sh", "echo 90%\n")], &["90%", "10%"]);
    assert_eq!(script.run().end().1, "steering_changed");
}

#[test]
fn a_second_judgement_that_does_not_end_says_nothing_about_the_work() {
    if lacks("git") {
        return;
    }
    for (answer, code, reason) in [
        (Answer::ends(Outcome::Interrupted), "", "interrupted"),
        (
            Answer::vanishes(),
            "crash",
            "pytest (again, with the base's files): lost: its supervisor vanished",
        ),
    ] {
        let case =
            project(&config(&["pytest"])).on("agent", agent(&[("tests/test_a.py", "weak\n")]));
        let ran = case.on("pytest", Answer::exit(0)).on("pytest", answer).run();
        assert_eq!(ran.end(), (None, code, reason));
    }
}

#[test]
fn a_setup_that_fails_with_the_bases_files_counts_as_a_failed_step() {
    if lacks("git") {
        return;
    }
    let case = project(&config(&["pytest"]))
        .also("setup = [\"sh setup\"]\nsetup_inputs = [\"tests/test_a.py\"]\n");
    let case = case.on("agent", agent(&[("tests/test_a.py", "weak\n")]));
    let codes = [0, 0, 0, 3];
    let case = codes.into_iter().fold(case, |case, code| case.on("sh setup", Answer::exit(code)));
    let ran = case.run();
    assert_eq!(ran.end().1, "expectation_changed", "{}", ran.end().2);
    assert!(ran.end().2.contains("exit status 3"), "{}", ran.end().2);
}

#[test]
fn no_more_than_ten_paths_are_named() {
    if lacks("git") {
        return;
    }
    let paths: Vec<String> = (10..22).map(|number| format!("tests/test_{number}.py")).collect();
    let case =
        paths.iter().fold(Case::of(&config(&["pytest"])), |case, path| case.file(path, "a\n"));
    let change = paths.iter().fold(Answer::exit(0), |answer, path| answer.writes(path, "b\n"));
    let case = case.private().on("agent", change);
    let ran = case.on("pytest", Answer::exit(0)).on("pytest", Answer::exit(1)).run();
    let named = format!("version of {} (step", paths[..10].join(", "));
    assert!(ran.end().2.contains(&named), "{}", ran.end().2);
}
