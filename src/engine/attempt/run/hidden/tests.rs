//! What a hidden step sees, and what others see of it.

use super::*;
use crate::domain::{Items, Measured, StepKind};
use crate::engine::attempt::Judge;
use crate::engine::attempt::tests::case::{Case, Ran};
use crate::platform::programs::lacks;
use crate::supervisor::scripted::Answer;
use crate::verify::{Rules, StepRules};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

/// A project with a hidden step that has cases of its own. Returns their folder, too.
fn project() -> (Case, PathBuf) {
    let case = Case::new().file("src/a", "one\n").file("cases/open", "old\n").private();
    let hidden = case.root().with_file_name("hidden");
    fs::create_dir_all(hidden.join("cases")).unwrap();
    fs::write(hidden.join("cases/secret"), "4\n").unwrap();
    let step = format!(
        "[[verify]]\nname = \"cases\"\nrun = [\"cases\"]\nhidden = \"{}\"\n",
        hidden.display()
    );
    (case.also(&step).on("agent", Answer::exit(0).writes("src/a", "two\n")), hidden)
}

/// Returns the names of the files of an attempt whose text contains `word`.
fn files_with(ran: &Ran, word: &str) -> Vec<String> {
    let files = fs::read_dir(ran.finished.job.folder.path()).unwrap().flatten();
    let has = |path: &PathBuf| fs::read_to_string(path).is_ok_and(|text| text.contains(word));
    files.map(|file| file.path()).filter(has).map(|path| path.display().to_string()).collect()
}

#[test]
fn the_cases_are_in_the_tree_only_while_the_step_runs() {
    if lacks("git") {
        return;
    }
    let (case, _) = project();
    let judges = Answer::exit(0).prints("the secret is 4\n").does(|spec| {
        let text = |path: &str| fs::read_to_string(spec.cwd.join(path)).unwrap();
        assert_eq!((text("src/a"), text("cases/secret")), ("two\n".into(), "4\n".into()));
    });
    let before = Answer::exit(0).does(|spec| assert!(!spec.cwd.join("cases/secret").exists()));
    let case = case.on("check", before).on("cases", judges);
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""), "{:?}", ran.finished.warnings);
    let step = ran.step("cases");
    let told = Checked { verdict: Some(Verdict::Pass), hidden: true, ..Checked::default() };
    assert_eq!((&step.checked, step.log.as_str()), (&told, ""));
    let tree = case.script.last("cases").cwd;
    assert!(!tree.join("cases/secret").exists(), "{}", tree.display());
    assert_eq!(files_with(&ran, "the secret is 4"), Vec::<String>::new());
}

#[test]
fn a_hidden_step_that_fails_says_no_more_than_that() {
    if lacks("git") {
        return;
    }
    let (case, _) = project();
    let case = case.on("cases", Answer::exit(3).prints("want 4, got 5\n"));
    let ran = case.run();
    let reason = "step cases: failed; it is hidden, so its output is not shown";
    assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", reason));
    assert_eq!(ran.step("cases").outcome, Outcome::Exited { code: 1 });
    assert_eq!(files_with(&ran, "want 4"), Vec::<String>::new());
    assert_eq!(ran.report().fingerprint.output, None, "nothing is like an unknown output");
}

#[test]
fn a_hidden_folder_that_is_gone_is_no_fault_of_the_work() {
    if lacks("git") {
        return;
    }
    let (case, hidden) = project();
    let case =
        case.on("check", Answer::exit(0).does(move |_| fs::remove_dir_all(&hidden).unwrap()));
    let ran = case.run();
    let (verdict, code, reason) = ran.end();
    assert_eq!((verdict, code), (None, "environment"));
    let begin = "the hidden folder of step cases cannot be used: ";
    assert!(reason.starts_with(begin) && reason.len() > begin.len(), "{reason}");
    assert!(!case.script.words().contains(&"cases".to_owned()));
}

#[test]
fn a_shared_tree_has_no_place_for_a_hidden_folder() {
    let case = Case::new().job(|job| {
        let Judge::Steps(steps) = &mut job.judge else { panic!("{:?}", job.judge) };
        let hidden = StepRules { hidden: Some(PathBuf::from("/hidden")), ..StepRules::default() };
        steps[0].rules = Arc::new(Rules { step: hidden, ..Rules::default() });
    });
    let ran = case.run();
    let reason = "step check is hidden: only a run with private trees can judge it (workloop run)";
    assert_eq!(ran.end(), (None, "environment", reason));
    assert_eq!(case.script.words(), ["agent"]);
}

#[test]
fn nothing_is_told_of_a_hidden_step_but_whether_it_passed() {
    let report = |outcome: Outcome, verdict| StepReport {
        kind: StepKind::Verify,
        name: "cases".to_owned(),
        outcome,
        millis: 7,
        log: "verify-1.out".to_owned(),
        checked: Checked {
            verdict: Some(verdict),
            why: Some("secret".to_owned()),
            measure: Some(Measured { value: Some(3.0), ..Measured::default() }),
            items: Some(Items { new: vec!["secret".to_owned()], ..Items::default() }),
            ..Checked::default()
        },
    };
    for (outcome, verdict, said) in [
        (Outcome::Exited { code: 3 }, Verdict::Fail, FAILED),
        (Outcome::Exited { code: 0 }, Verdict::Fail, FAILED),
        (Outcome::Signaled { signal: 11 }, Verdict::Fail, FAILED),
        (Outcome::TimedOut { seconds: 5 }, Verdict::Fail, "timed out after 5 s"),
        (
            Outcome::Exited { code: 75 },
            Verdict::Blocked,
            "blocks; it is hidden, and a person must look",
        ),
        (Outcome::Exited { code: 0 }, Verdict::Pass, "exit status 0"),
    ] {
        let told = hushed(report(outcome, verdict));
        assert_eq!((told.ended().as_str(), told.checked.verdict), (said, Some(verdict)));
        let text = serde_json::to_string(&told).unwrap();
        for secret in ["secret", "verify-1", "items", "measure", "\"code\":3", "75"] {
            assert!(!text.contains(secret), "{text}");
        }
    }
}
