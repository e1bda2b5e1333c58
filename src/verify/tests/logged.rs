//! Tests the block of an attempt in `verification.log`.

use super::super::log_block;
use crate::domain::{
    AttemptReport, Checked, Finding, Findings, Fingerprint, Items, Level, Measured, Outcome,
    Permitted, StepKind, StepReport, Verdict,
};

fn step(name: &str, code: i32, checked: Checked) -> StepReport {
    StepReport {
        kind: StepKind::Verify,
        name: name.to_owned(),
        outcome: Outcome::Exited { code },
        millis: 1450,
        log: String::new(),
        checked,
    }
}

fn report(steps: Vec<StepReport>) -> AttemptReport {
    AttemptReport {
        v: 1,
        task: "T-1".to_owned(),
        attempt: 3,
        worker: "h:1:00000000".to_owned(),
        started_at: "2026-01-19T14:35:45Z".to_owned(),
        ended_at: "2026-01-19T14:35:46.999Z".to_owned(),
        outcome: Outcome::Exited { code: 0 },
        verdict: Some(Verdict::Pass),
        reason: None,
        reason_code: None,
        evidence: None,
        known_errors: Vec::new(),
        hooks: Vec::new(),
        agent: None,
        steps,
        files_changed: Vec::new(),
        files_ambiguous: Vec::new(),
        fingerprint: Fingerprint::default(),
        findings: Findings::default(),
    }
}

#[test]
fn an_attempt_without_steps_is_one_line() {
    let passed = report(Vec::new());
    assert_eq!(log_block(&passed, "Add it"), "2026-01-19T14:35:46Z PASS T-1 attempt 3: Add it\n");
    // Without a verdict it is how the agent ended, and a time that is none is told as it is.
    let lost = AttemptReport {
        verdict: None,
        outcome: Outcome::TimedOut { seconds: 5 },
        ended_at: "later".to_owned(),
        ..passed
    };
    assert_eq!(log_block(&lost, ""), "later timed out after 5 s T-1 attempt 3: \n");
}

#[test]
fn each_step_tells_its_items_numbers_and_warnings() {
    let items = Items {
        passed: 4,
        failed: 2,
        compared: true,
        new: vec!["a".into(), "b".into()],
        fixed: vec!["c".into()],
        ..Items::default()
    };
    let measure = Measured { value: Some(71.0), min: Some(80.0), ..Measured::default() };
    let fail = Some(Verdict::Fail);
    let red =
        Checked { verdict: fail, items: Some(items), measure: Some(measure), ..Checked::default() };
    let allowed = Checked { verdict: fail, allowed: true, ..Checked::default() };
    let green = Checked { verdict: Some(Verdict::Pass), ..Checked::default() };
    let steps = vec![step("test", 1, red), step("lint", 2, allowed), step("build", 0, green)];
    assert_eq!(
        log_block(&report(steps), "x"),
        "2026-01-19T14:35:46Z PASS T-1 attempt 3: x\n\
         \x20   test: exit status 1 (1.4 s)\n\
         \x20     items: 4 passed, 2 failed, 1 fixed\n\
         \x20       new failures: a, b\n\
         \x20       fixed: c\n\
         \x20     measured: 71 (at least 80)\n\
         \x20   lint: exit status 2 (1.4 s)\n\
         \x20     warning: step lint: exit status 2, which it may\n\
         \x20   build: exit status 0 (1.4 s)\n"
    );
}

#[test]
fn twenty_items_of_a_list_are_named() {
    let of = |count: usize| {
        let lost = (1..=count).map(|number| format!("n{number}")).collect();
        let items = Items { lost, ..Items::default() };
        let checked = Checked { items: Some(items), ..Checked::default() };
        let text = log_block(&report(vec![step("t", 0, checked)]), "x");
        text.lines().nth(3).map(|line| line.trim().to_owned()).expect("the list")
    };
    assert_eq!(of(1), "lost: n1");
    assert!(of(20).ends_with(", n19, n20"), "{}", of(20));
    assert!(of(21).ends_with(", n19, n20 …"), "{}", of(21));
}

#[test]
fn the_reason_the_findings_and_the_files_follow() {
    let finding = Finding {
        code: "stub".into(),
        level: Level::Warn,
        path: Some("a.rs".into()),
        line: Some(3),
        message: "do it".into(),
    };
    let permitted = Permitted { path: "tests/a.rs".into(), by: "may_change_tests".into() };
    let text = log_block(
        &AttemptReport {
            verdict: Some(Verdict::Blocked),
            reason: Some("tampered".into()),
            files_changed: vec!["a.rs".into(), "b c.rs".into()],
            files_ambiguous: vec!["d.rs".into()],
            findings: Findings {
                findings: vec![finding.clone()],
                changed_with_permission: vec![permitted],
            },
            ..report(Vec::new())
        },
        "x",
    );
    assert_eq!(
        text,
        format!(
            "2026-01-19T14:35:46Z BLOCKED T-1 attempt 3: x\n    reason: tampered\n    \
             found (warn): {finding}\n    changed with permission: tests/a.rs (may_change_tests)\n    \
             changed: a.rs b c.rs\n    possibly by other attempts: d.rs\n"
        )
    );
}
