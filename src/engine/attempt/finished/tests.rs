//! What is stored about an attempt that ended, and what its slot returns.

use super::super::carried::Obstructed;
use super::super::samples::{entry, failed};
use super::super::untouched::{Named, Red};
use super::*;
use crate::agent::bound_file;
use crate::domain::{Checked, Finding, Level, StepKind, StepReport, Verdict, Waits};
use crate::engine::attempt::tests::case::Case;
use crate::store::{RedStep, TaskKey};
use crate::workspace::Oid;
use std::path::{Path, PathBuf};

/// Returns the end of the attempt of `case`, which failed at its step and printed `text` there.
fn ended(case: &Case, text: &str) -> Finished {
    let mut job = case.prepared();
    job.git = None;
    let mut report = failed("A", "check", Fingerprint::default());
    report.ended_at = "2026-01-01T00:00:00.000Z".to_owned();
    report.steps[0].log = "verify-1.out".to_owned();
    report.reason = Some("step check: exit status 1".to_owned());
    report.reason_code = Some(ReasonCode::TestsFailed);
    job.folder.put("verify-1.out", text.as_bytes()).unwrap();
    Finished::new(job, report, DateTime::UNIX_EPOCH)
}

/// Returns the reason of a stored attempt.
fn reason(finished: &Finished) -> &str {
    finished.report.reason.as_deref().unwrap_or_default()
}

fn object(digit: &str) -> Oid {
    Oid::parse(&digit.repeat(40)).unwrap()
}

#[test]
fn an_attempt_that_did_not_begin_has_a_reason_and_no_verdict() {
    let clock = Case::new().clock;
    let began = clock.now();
    for (outcome, code) in [
        (Outcome::Interrupted, None),
        (Outcome::FailedToStart { reason: "x".to_owned() }, Some(ReasonCode::Environment)),
        (Outcome::Lost, Some(ReasonCode::Crash)),
    ] {
        let job = Case::new().prepared();
        let worker = job.token.worker.to_string();
        let finished = not_started(job, outcome.clone(), "no disk".to_owned(), &*clock);
        let expected = AttemptReport {
            worker,
            started_at: exact_timestamp(began),
            ended_at: exact_timestamp(began),
            outcome: outcome.clone(),
            verdict: None,
            reason: Some("no disk".to_owned()),
            reason_code: code,
            steps: Vec::new(),
            ..failed("A", "check", Fingerprint::default())
        };
        assert_eq!(finished.report, expected);
        assert_eq!((finished.began, finished.made), (began, Made::InRoot));
        assert!(finished.warnings.is_empty() && finished.change.is_none());
    }
}

#[test]
fn what_it_leaves_on_its_task_is_masked_and_whole() {
    let secret = "s3cr3t-0123456789";
    let case = Case::new().var("API_TOKEN", secret);
    let mut finished = ended(&case, "");
    finished.report.files_changed = vec!["a.rs".to_owned()];
    finished.report.files_ambiguous = vec!["b.rs".to_owned()];
    let checked = Checked {
        allowed: true,
        verdict: Some(Verdict::Fail),
        why: Some(format!("found {secret}")),
        ..Checked::default()
    };
    finished.report.steps[0].checked = checked;
    finished.result.summary = Some("done".to_owned());
    finished.result.artifacts = vec![json!("out.md"), json!({"a": 1})];
    let expected = Completion {
        files_changed: vec!["a.rs".to_owned()],
        files_ambiguous: vec!["b.rs".to_owned()],
        warnings: vec!["step check: found [masked], which it may".to_owned()],
        summary: Some("done".to_owned()),
        artifacts: vec![json!("out.md"), json!({"a": 1})],
        notes_for: None,
        landed: None,
    };
    assert_eq!(finished.completion(), expected);
    finished.result.notes_for = [("B".to_owned(), "use it".to_owned())].into();
    let landed = Landed { commit: "c".repeat(40), tree: "d".repeat(40) };
    let came_to = CameTo::Landed(landed.clone());
    let entry = entry(&finished.job, object("b"), object("c"));
    finished.change = Some(Carried { entry, came_to });
    let notes_for = Some(json!({"B": "use it"}));
    assert_eq!(finished.completion(), Completion { notes_for, landed: Some(landed), ..expected });
}

#[test]
fn how_far_a_change_came_decides_what_happens_to_it() {
    let landed = Landed { commit: "c".repeat(40), tree: "d".repeat(40) };
    let obstructed = Obstructed { waits: Waits::Checkout, why: "in the way".to_owned() };
    let conflict = vec!["a.rs".to_owned()];
    for (came_to, waits, is_settled, paths) in [
        (CameTo::Waits(None), Some((Waits::Landing, None)), false, &[][..]),
        (CameTo::Waits(Some(obstructed)), Some((Waits::Checkout, Some("in the way"))), false, &[]),
        (CameTo::Review, Some((Waits::Review, None)), false, &[]),
        (CameTo::Landed(landed), None, true, &[]),
        (CameTo::Back(conflict.clone()), None, true, &conflict[..]),
    ] {
        let case = Case::new();
        let mut finished = ended(&case, "");
        let entry = entry(&finished.job, object("b"), object("c"));
        finished.change = Some(Carried { entry, came_to: came_to.clone() });
        let found = finished.waiting();
        let found = found.as_ref().map(|(change, entry)| {
            assert!(entry.is_some());
            (change.waits, change.obstacle.as_deref())
        });
        assert_eq!(found, waits, "{came_to:?}");
        assert_eq!(finished.settled().is_some(), is_settled, "{came_to:?}");
        assert_eq!(finished.conflict_paths(), paths, "{came_to:?}");
        let is_landed = matches!(came_to, CameTo::Landed(_));
        assert_eq!(finished.landed().is_some(), is_landed, "{came_to:?}");
    }
    let case = Case::new();
    let nothing = ended(&case, "");
    assert!(nothing.waiting().is_none() && nothing.settled().is_none());
    assert!(nothing.conflict_paths().is_empty() && nothing.landed().is_none());
}

#[test]
fn a_landing_that_did_not_begin_still_waits_with_its_obstacle() {
    let case = Case::new();
    let mut finished = ended(&case, "");
    let entry = entry(&finished.job, object("b"), object("c"));
    let change = Carried { entry: entry.clone(), came_to: CameTo::Waits(None) }.change().unwrap();
    let change = Change { obstacle: Some("earlier".to_owned()), ..change };
    finished.job.to_land = Some(ToLand { change: change.clone(), entry: Some(entry) });
    finished.report.reason = Some("no disk".to_owned());
    let (found, entry) = finished.waiting().unwrap();
    assert_eq!(found, Change { obstacle: Some("no disk".to_owned()), ..change.clone() });
    assert!(entry.is_some());
    finished.report.reason = None;
    assert_eq!(finished.waiting().unwrap().0, change);
}

#[test]
fn only_an_attempt_waits_for_a_review() {
    let case = Case::new();
    let mut finished = ended(&case, "");
    assert!(!finished.needs_review());
    finished.job.review = true;
    for (purpose, expected) in [
        (Purpose::Attempt, true),
        (Purpose::Landing, false),
        (Purpose::SetBack, false),
        (Purpose::Untouched, false),
    ] {
        finished.job.purpose = purpose;
        assert_eq!(finished.needs_review(), expected, "{purpose:?}");
    }
}

#[test]
fn the_verdict_is_stored_and_logged() {
    let case = Case::new();
    let mut finished = ended(&case, "1 failed\n");
    finished.keep();
    assert_eq!(finished.job.folder.report(), Some(finished.report.clone()));
    assert!(finished.report.fingerprint.output.is_some());
    let log = case.text(".workloop/verification.log");
    let expected = "2026-01-01T00:00:00Z FAIL A attempt 1: a\n    check: exit status 1 (0.0 s)\n    \
                    reason: step check: exit status 1\n";
    assert_eq!(log, expected);
    assert_eq!((finished.warnings.len(), finished.unlogged), (0, None));
}

#[test]
fn what_cannot_be_stored_is_a_warning_and_what_cannot_be_logged_is_told() {
    let case = Case::new();
    let mut finished = ended(&case, "");
    std::fs::remove_dir_all(case.root().join(".workloop")).unwrap();
    case.put(".workloop", "in the way");
    finished.keep();
    let [warning] = &finished.warnings[..] else { panic!("{:?}", finished.warnings) };
    assert!(warning.starts_with("failed to store the verdict: "), "{warning}");
    let unlogged = finished.unlogged.unwrap();
    assert!(unlogged.starts_with("failed to log verdicts: "), "{unlogged}");
}

#[test]
fn a_tree_that_was_known_is_not_stored_again() {
    let case = Case::new();
    let mut finished = ended(&case, "");
    let known = TreeReport {
        tree: Some("t".to_owned()),
        at: String::new(),
        verdict: Verdict::Fail,
        red: None,
    };
    finished.tree = TreeLook { name: Some("t".to_owned()), known: Some(known) };
    finished.keep();
    assert_eq!(finished.job.folder.report(), None);
    assert!(!case.root().join(".workloop/verification.log").exists());
}

/// Returns the step of `finished` as one that failed with the same output before the task began.
fn red(finished: &Finished, left_by: &[&str]) -> Red {
    let mut job = finished.job.clone();
    job.reds.clear();
    let mut first = Finished::new(job, finished.report.clone(), finished.began);
    first.keep();
    let step = RedStep {
        profile: "default".to_owned(),
        step: "check".to_owned(),
        outcome: "exit status 1".to_owned(),
        output: first.report.fingerprint.output,
        said: bound_file(&finished.job.folder.file("verify-1.out"), 1 << 10).unwrap(),
        log: PathBuf::new(),
    };
    let named =
        |id: &&str| Named { key: TaskKey::new(Path::new("/p/q.json"), id), id: (*id).to_owned() };
    Red { step, left_by: left_by.iter().map(named).collect() }
}

#[test]
fn a_failure_that_was_there_before_is_told_in_the_reason() {
    for (left_by, words, code) in [
        (&[][..], "", ReasonCode::TestsFailed),
        (&["B", "C"], ", since B, C were blocked", ReasonCode::LeftRed),
    ] {
        let case = Case::new();
        let mut finished = ended(&case, "1 failed\n");
        finished.job.reds = vec![red(&finished, left_by)];
        finished.keep();
        let expected = format!(
            "step check: exit status 1; it already failed on the untouched tree, with the same \
             output{words}"
        );
        assert_eq!((reason(&finished), finished.report.reason_code), (&*expected, Some(code)));
    }
    let case = Case::new();
    let mut finished = ended(&case, "1 failed\n");
    let mut other = red(&finished, &["B"]);
    other.step.step = "lint".to_owned();
    finished.job.reds = vec![other];
    finished.keep();
    assert_eq!(reason(&finished), "step check: exit status 1");
}

#[test]
fn a_step_that_cannot_run_at_all_is_no_fault_of_the_attempt() {
    let lacks = "/usr/bin/python3: No module named pytest\n";
    let case = Case::new();
    let mut finished = ended(&case, lacks);
    finished.job.reds = vec![red(&finished, &[])];
    finished.streak = Streak::of(3, 3);
    finished.keep();
    let why = "step check cannot run: python has no module pytest, neither here nor on the \
               untouched tree";
    assert_eq!(reason(&finished), why);
    let report = &finished.report;
    assert_eq!(report.outcome, Outcome::FailedToStart { reason: why.to_owned() });
    assert_eq!((report.verdict, report.reason_code), (None, Some(ReasonCode::Environment)));
    assert_eq!(finished.streak, Streak::default());
    assert_eq!(finished.job.folder.report().unwrap().verdict, None);
    // Tasks that were blocked since may have removed the tool.
    let case = Case::new();
    let mut finished = ended(&case, lacks);
    finished.job.reds = vec![red(&finished, &["B"])];
    finished.keep();
    assert_eq!(finished.report.reason_code, Some(ReasonCode::LeftRed));
    // The tool was there when the task began.
    let case = Case::new();
    let mut finished = ended(&case, "1 failed\n");
    let before = red(&finished, &[]);
    finished.job.folder.put("verify-1.out", lacks.as_bytes()).unwrap();
    finished.job.reds = vec![before];
    finished.keep();
    assert_eq!(
        (finished.report.verdict, finished.report.reason_code),
        (Some(Verdict::Fail), Some(ReasonCode::TestsFailed))
    );
}

#[test]
fn the_known_errors_that_it_met_are_stored_with_it() {
    let config = "[[known_errors]]\nmatch = \"EADDRINUSE\"\ncause = \"a port is taken\"\n\
                  [[known_errors]]\nmatch = \"exit status 9\"\nfix = \"never\"\n";
    for (verdict, expected) in [
        (Some(Verdict::Fail), vec!["a port is taken".to_owned()]),
        (Some(Verdict::Blocked), vec!["a port is taken".to_owned()]),
        (Some(Verdict::Pass), vec![]),
        (None, vec![]),
    ] {
        let case = Case::more(config);
        let mut finished = ended(&case, "bind: EADDRINUSE\n");
        finished.report.verdict = verdict;
        finished.keep();
        let known: Vec<String> =
            finished.report.known_errors.iter().map(|known| known.sentence()).collect();
        assert_eq!(known, expected, "{verdict:?}");
    }
}

#[test]
fn a_failure_names_the_variables_that_the_command_did_not_get() {
    let case = |text: &str| {
        let case = Case::new().var("API_TOKEN", "x").var("DB_PASSWORD", "y");
        let mut finished = ended(&case, text);
        finished.keep();
        reason(&finished).to_owned()
    };
    let begin = "step check: exit status 1";
    assert_eq!(case("nothing is missing\n"), begin);
    assert_eq!(
        case("error: API_TOKEN is not set\n"),
        format!(
            "{begin}; not passed to it: API_TOKEN (its name looks like a secret); if it needs that, \
             pass = [\"API_TOKEN\"] under [environment]"
        )
    );
    assert_eq!(
        case("DB_PASSWORD and API_TOKEN\n"),
        format!(
            "{begin}; not passed to it: API_TOKEN (its name looks like a secret), DB_PASSWORD (its \
             name looks like a secret); if it needs that, pass = [\"API_TOKEN\"] under [environment]"
        )
    );
    assert_eq!(case("MY_API_TOKEN is another one\n"), begin);
}

#[test]
fn only_a_failed_step_lacks_variables_and_no_more_than_five_are_named() {
    let names: Vec<String> = (0..7).map(|number| format!("TOKEN_{number}")).collect();
    let mut case = Case::new();
    for name in &names {
        case = case.var(name, "x");
    }
    let hint = |change: &dyn Fn(&mut AttemptReport)| {
        let mut finished = ended(&case, &names.join(" "));
        change(&mut finished.report);
        withheld::hint(&finished.job, &finished.report)
    };
    let five = names[..5].iter().map(|name| format!("{name} (its name looks like a secret)"));
    let expected = format!(
        "not passed to it: {}; if it needs that, pass = [\"TOKEN_0\"] under [environment]",
        five.collect::<Vec<_>>().join(", ")
    );
    assert_eq!(hint(&|_| {}), Some(expected));
    assert_eq!(hint(&|report| report.verdict = Some(Verdict::Blocked)), None);
    assert_eq!(hint(&|report| report.steps.clear()), None);
    assert_eq!(hint(&|report| report.steps[0].name = "service db".to_owned()), None);
    assert_eq!(hint(&|report| report.steps[0].kind = StepKind::Agent), None);
    let refused = |report: &mut AttemptReport| {
        let finding = Finding {
            code: "stub".to_owned(),
            level: Level::Fail,
            path: None,
            line: None,
            message: String::new(),
        };
        report.findings.findings = vec![finding];
        report.steps[0].outcome = Outcome::Exited { code: 0 };
    };
    assert_eq!(hint(&refused), None);
}

#[test]
fn an_agent_that_complains_about_a_variable_is_hinted_at_it() {
    let case = Case::new().var("API_TOKEN", "x");
    let mut finished = ended(&case, "");
    let step = StepReport {
        kind: StepKind::Agent,
        name: "agent".to_owned(),
        ..finished.report.steps[0].clone()
    };
    finished.report.steps = vec![step];
    assert_eq!(withheld::hint(&finished.job, &finished.report), None);
    finished.job.folder.put("agent.err", b"no API_TOKEN").unwrap();
    let hint = withheld::hint(&finished.job, &finished.report).unwrap();
    assert!(hint.starts_with("not passed to it: API_TOKEN ("), "{hint}");
}

#[test]
fn the_environment_of_the_first_command_is_listed_without_values_and_without_ours() {
    let mut case = Case::new().var("EDITOR", "vi").var("API_TOKEN", "x");
    let job = case.prepared();
    let expected =
        "{\n  \"passed\": [\n    \"EDITOR\"\n  ],\n  \"withheld\": [\n    \"API_TOKEN\"\n  ]\n}\n";
    assert_eq!(withheld::listed(&job), expected);
    case.queue["tasks"][0]["type"] = json!("gate");
    assert_eq!(withheld::listed(&case.prepared()), expected, "that of the step");
    let mut nobody = case.prepared();
    nobody.judge = super::super::job::Judge::Nobody;
    assert_eq!(withheld::listed(&nobody), "{\n  \"passed\": [],\n  \"withheld\": []\n}\n");
}
