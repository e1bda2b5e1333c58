//! In which order an attempt runs its commands, and what stops it.

use super::super::{Judge, Refusal, Stage};
use super::case::Case;
use crate::domain::{AttemptReport, Outcome, ReasonCode, StepKind, Verdict};
use crate::supervisor::Unstarted;
use crate::supervisor::scripted::{Answer, Script, variable};
use serde_json::json;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Two steps after the agent.
const TWO: &str = "[[verify]]\nname = \"lint\"\nrun = [\"lint\"]\n";

#[test]
fn an_agent_that_works_and_steps_that_pass_make_a_pass() {
    let case = Case::more(TWO).on("agent", Answer::exit(0).prints("done\n"));
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    let passed = ["agent: exit status 0", "check: exit status 0", "lint: exit status 0"];
    assert_eq!(ran.steps(), passed);
    assert_eq!(case.script.words(), ["agent", "check", "lint"]);
    assert_eq!(
        ran.stages,
        [
            Stage::Started,
            Stage::AgentFinished(Outcome::Exited { code: 0 }),
            Stage::Verifying("check".to_owned()),
            Stage::Verifying("lint".to_owned()),
        ]
    );
    assert_eq!((ran.text("agent.out").as_str(), ran.text("verify-1.out").as_str()), ("done\n", ""));
    assert_eq!(ran.finished.warnings, Vec::<String>::new());
    let logs: Vec<(StepKind, &str, u64)> =
        ran.report().steps.iter().map(|step| (step.kind, &*step.log, step.millis)).collect();
    assert_eq!(
        logs,
        [
            (StepKind::Agent, "agent.out", 7),
            (StepKind::Verify, "verify-1.out", 7),
            (StepKind::Verify, "verify-2.out", 7),
        ]
    );
}

#[test]
fn a_report_names_the_task_the_worker_and_both_times() {
    let mut case = Case::new();
    case.attempt(3);
    let ran = case.run();
    let AttemptReport { v, task, attempt, worker, started_at, ended_at, .. } = ran.report();
    assert_eq!((*v, task.as_str(), *attempt, worker.as_str()), (1, "A", 3, "h:7:00000000"));
    let midnight = "2026-01-01T00:00:00.000Z";
    assert_eq!((started_at.as_str(), ended_at.as_str()), (midnight, midnight));
    let stored = ran.finished.job.folder.report().unwrap();
    assert_eq!(&stored, ran.report(), "verdict.json");
}

#[test]
fn the_first_step_that_fails_is_the_reason_and_the_last_one_that_runs() {
    let case = Case::more(TWO).on("check", Answer::exit(3).prints("boom").complains("!"));
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", "step check: exit status 3"));
    assert_eq!(case.script.words(), ["agent", "check"]);
    assert_eq!(ran.text("verify-1.out"), "boom!", "both streams of a step are one output");
}

#[test]
fn how_a_step_ends_decides_the_verdict_and_its_code() {
    let ends = Answer::ends;
    for (answer, verdict, code, reason) in [
        (
            ends(Outcome::TimedOut { seconds: 5 }),
            Some(Verdict::Fail),
            "timeout",
            "timed out after 5 s",
        ),
        (ends(Outcome::Silent { seconds: 9 }), Some(Verdict::Fail), "silent", "silent for 9 s"),
        (
            ends(Outcome::Signaled { signal: 11 }),
            Some(Verdict::Fail),
            "tests_failed",
            "ended by signal 11",
        ),
    ] {
        let ran = Case::new().on("check", answer).run();
        assert_eq!(ran.end(), (verdict, code, &*format!("step check: {reason}")));
    }
    for (answer, code, reason) in [
        (ends(Outcome::Interrupted), "", "interrupted"),
        (Answer::vanishes(), "crash", "check: lost: its supervisor vanished"),
        (
            Answer::unstarted(Unstarted::Missing, "check: not found"),
            "environment",
            "check: failed to start: check: not found",
        ),
    ] {
        let ran = Case::more(TWO).on("check", answer).run();
        assert_eq!(ran.end(), (None, code, reason), "nothing is known about the work");
        assert_eq!(ran.report().steps.len(), 2, "{:?}", ran.steps());
    }
}

#[test]
fn how_an_agent_ends_decides_whether_its_work_is_verified() {
    let ends = Answer::ends;
    let fail = Some(Verdict::Fail);
    for (answer, end) in [
        (ends(Outcome::Exited { code: 2 }), (fail, "agent_error", "agent: exit status 2")),
        (ends(Outcome::Exited { code: 137 }), (fail, "agent_error", "agent: exit status 137")),
        (ends(Outcome::Signaled { signal: 9 }), (fail, "agent_error", "agent: ended by signal 9")),
        (ends(Outcome::TimedOut { seconds: 60 }), (fail, "timeout", "agent: timed out after 60 s")),
        (ends(Outcome::Silent { seconds: 30 }), (fail, "silent", "agent: silent for 30 s")),
        (ends(Outcome::Interrupted), (None, "", "interrupted")),
        (Answer::vanishes(), (None, "crash", "agent: lost: its supervisor vanished")),
        (
            Answer::unstarted(Unstarted::Other, "no memory"),
            (None, "environment", "agent: failed to start: no memory"),
        ),
    ] {
        let case = Case::new().on("agent", answer);
        let ran = case.run();
        assert_eq!(ran.end(), end);
        assert_eq!(case.script.words(), ["agent"], "{:?}: no step ran", ran.end());
        assert!(!ran.stages.iter().any(|stage| matches!(stage, Stage::Verifying(_))));
    }
}

#[test]
fn an_agent_may_have_other_exit_statuses_that_mean_done() {
    let config = "[agents.default]\nrun = [\"agent\"]\nok_exit_codes = [3]\n\
                  [[verify]]\nname = \"check\"\nrun = [\"check\"]\n";
    for (code, verdict) in [(0, Verdict::Pass), (3, Verdict::Pass), (4, Verdict::Fail)] {
        let ran = Case::of(config).on("agent", Answer::exit(code)).run();
        assert_eq!(ran.end().0, Some(verdict), "exit status {code}");
        assert_eq!(ran.report().outcome, Outcome::Exited { code }, "of the agent");
    }
}

#[test]
fn a_cancelled_attempt_starts_nothing() {
    let case = Case::more("[hooks]\nbefore_attempt = [\"gate\"]\n");
    case.cancelled.store(true, Ordering::SeqCst);
    let ran = case.run();
    assert_eq!(ran.end(), (None, "", "interrupted"));
    assert_eq!(case.script.words(), Vec::<String>::new());
}

#[test]
fn an_attempt_that_is_cancelled_while_its_agent_works_is_not_verified() {
    let case = Case::new();
    let cancelled = Arc::clone(&case.cancelled);
    let cancels = Answer::exit(0).does(move |_| cancelled.store(true, Ordering::SeqCst));
    let case = case.on("agent", cancels);
    let ran = case.run();
    assert_eq!(ran.end(), (None, "", "interrupted"));
    assert_eq!(ran.steps(), ["agent: exit status 0", "check: interrupted"]);
    assert_eq!(case.script.words(), ["agent"]);
}

#[test]
fn a_supervisor_that_vanishes_is_told_as_a_warning() {
    let ran = Case::new().on("agent", Answer::vanishes()).run();
    let warning = "failed to keep the attempt running: its supervisor vanished";
    assert_eq!(ran.finished.warnings, [warning]);
    assert_eq!(ran.step("agent").outcome, Outcome::Lost);
}

#[test]
fn a_supervisor_that_was_refused_what_it_needs_runs_nothing() {
    let mut case = Case::new();
    case.script = Script::refusing();
    let ran = case.run();
    assert_eq!(ran.end(), (None, "crash", "agent: lost: its supervisor vanished"));
    assert_eq!(case.script.words(), Vec::<String>::new());
}

#[test]
fn a_pause_is_acknowledged_when_nothing_runs_any_more() {
    let case =
        Case::new().on("agent", Answer::exit(0).pauses(4)).on("check", Answer::exit(0).pauses(5));
    case.run();
    assert_eq!(*case.still.lock().unwrap(), [4, 5]);
}

#[test]
fn a_task_that_cannot_be_run_blocks_and_a_missing_environment_does_not() {
    for (code, word, verdict) in [
        (ReasonCode::UnknownAgent, "unknown_agent", Some(Verdict::Blocked)),
        (ReasonCode::BadTask, "bad_task", Some(Verdict::Blocked)),
        (ReasonCode::Environment, "environment", None),
    ] {
        let reason = "no such thing".to_owned();
        let refusal = Refusal { code, reason: reason.clone() };
        let case = Case::new().job(move |job| job.refusal = Some(refusal.clone()));
        let ran = case.run();
        assert_eq!(ran.end(), (verdict, word, "no such thing"));
        assert_eq!(ran.report().outcome, Outcome::FailedToStart { reason });
        assert_eq!(case.script.words(), Vec::<String>::new());
        assert_eq!(ran.stages, []);
    }
}

#[test]
fn a_task_without_an_agent_is_verified_alone() {
    let case = Case::new().task(json!({"type": "gate"}));
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!(case.script.words(), ["check"]);
    assert_eq!(ran.stages, [Stage::Started, Stage::Verifying("check".to_owned())]);
    assert_eq!(ran.report().agent, None);
}

#[test]
fn without_verification_an_attempt_is_skipped() {
    let case = Case::new().job(|job| job.judge = Judge::Nobody);
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Skipped), "", ""));
    assert_eq!(case.script.words(), ["agent"]);
    assert_eq!(variable(&case.script.last("agent"), "WORKLOOP_TASK_ID").as_deref(), Some("A"));
}

#[test]
fn a_run_ends_with_a_block_in_the_log_of_verdicts() {
    let mut case = Case::new().on("check", Answer::exit(1)).on("check", Answer::exit(0));
    let ran = case.run();
    let log = ran.finished.job.state.root().join("verification.log");
    let first = fs::read_to_string(&log).unwrap();
    assert!(first.contains("FAIL") && first.contains("step check: exit status 1"), "{first}");
    case.attempt(2);
    case.run();
    let both = fs::read_to_string(&log).unwrap();
    let second = both.strip_prefix(&first).expect("it is appended to");
    assert!(second.contains("PASS"), "{second}");
    assert_eq!(ran.finished.unlogged, None);
    fs::remove_file(&log).unwrap();
    fs::create_dir(&log).unwrap();
    let unlogged = case.run().finished.unlogged.unwrap();
    assert!(unlogged.starts_with("failed to log verdicts: "), "{unlogged}");
}

#[test]
fn only_work_in_the_project_itself_that_passed_leaves_its_files_for_later() {
    let case = Case::new().file("src/a", "x").task(json!({"files": ["src/a"]}));
    let ran = case.on("agent", Answer::exit(0).writes("src/a", "longer")).run();
    assert_eq!((ran.end().0, ran.finished.work.is_some()), (Some(Verdict::Pass), true));
    let case = Case::new().file("src/a", "x").task(json!({"files": ["src/a"]}));
    let case = case.on("agent", Answer::exit(0).writes("src/a", "longer"));
    let ran = case.on("check", Answer::exit(1)).run();
    assert_eq!((ran.end().0, ran.finished.work.is_some()), (Some(Verdict::Fail), false));
    assert_eq!(ran.text("changed-files.txt"), "src/a\n");
}
