//! Steps that measure a number: where it is read, and what it has to be.

use super::case::Case;
use crate::domain::{Measured, Verdict};
use crate::supervisor::scripted::Answer;

#[test]
fn a_measure_must_be_within_its_limits_in_what_the_step_prints() {
    let keys = "measure = { regex = \"cover ([0-9.]+)%\", min = 80, unit = \"%\" }\n";
    let measured = |value: Option<f64>| Measured {
        value,
        min: Some(80.0),
        unit: Some("%".to_owned()),
        ..Measured::default()
    };
    let step = |printed: &str| Case::more(keys).on("check", Answer::exit(0).prints(printed));
    let ran = step("cover 80%\n").run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!(ran.step("check").checked.measure, Some(measured(Some(80.0))));
    let ran = step("cover 99%\ncover 79.9%\n").run();
    let reason = "step check: measured 79.9 % (at least 80 %)";
    assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", reason));
    assert_eq!(ran.step("check").checked.measure, Some(measured(Some(79.9))));
    for (printed, why) in
        [("", "nothing in it matches"), ("cover 1.2.3%", "\"1.2.3\" is not a number")]
    {
        let ran = step(printed).run();
        let reason = format!("step check: cannot read its measure from the output: {why}");
        assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", &*reason), "{printed}");
        assert_eq!(ran.step("check").checked.measure, Some(measured(None)));
    }
}

#[test]
fn a_step_that_fails_keeps_its_own_reason_beside_its_measure() {
    let keys = "measure = { regex = \"([0-9]+) ms\", max = 5 }\n";
    let ran = Case::more(keys).on("check", Answer::exit(2).prints("9 ms")).run();
    assert_eq!(ran.end().2, "step check: exit status 2");
    assert_eq!(ran.step("check").checked.measure.as_ref().unwrap().value, Some(9.0));
}

#[test]
fn a_measure_in_a_file_is_of_this_run_of_the_step() {
    let keys = "measure = { json_pointer = \"/lines\", file = \"out/cov.json\", min = 80 }\n";
    let writes = Answer::exit(0).writes("out/cov.json", "{\"lines\": 81}");
    let ran = Case::more(keys).on("check", writes).run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    let ran = Case::more(keys).file("out/cov.json", "{\"lines\": 99}").run();
    let (verdict, code, reason) = ran.end();
    assert_eq!((verdict, code), (Some(Verdict::Fail), "tests_failed"), "{reason}");
    assert!(
        reason.starts_with("step check: cannot read its measure from out/cov.json: "),
        "{reason}"
    );
}

#[test]
fn of_several_measured_files_the_worst_counts() {
    let keys = "measure = { regex = \"([0-9]+)\", file = \"out/*.txt\", max = 5 }\n";
    let both = |a: &str, b: &str| Answer::exit(0).writes("out/a.txt", a).writes("out/b.txt", b);
    assert_eq!(Case::more(keys).on("check", both("4", "5")).run().end().0, Some(Verdict::Pass));
    for (a, b) in [("6", "1"), ("1", "6")] {
        let ran = Case::more(keys).on("check", both(a, b)).run();
        let measured = ran.step("check").checked.measure.clone().unwrap();
        assert_eq!((measured.value, ran.end().0), (Some(6.0), Some(Verdict::Fail)), "{a} {b}");
        let file = if a == "6" { "out/a.txt" } else { "out/b.txt" };
        assert_eq!(measured.file.as_deref(), Some(file));
    }
}
