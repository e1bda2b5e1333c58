//! Hooks of an attempt: when each one runs, what it may veto, and what it gets.

use super::super::Stage;
use super::case::{Case, Ran};
use crate::domain::{HookPoint, HookReport, Outcome, Verdict};
use crate::supervisor::Unstarted;
use crate::supervisor::scripted::{Answer, variable};
use serde_json::json;
use std::fs;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// A hook of one word at each point of an attempt.
const ALL: &str = "[hooks]\nbefore_task = [\"b-task\"]\nbefore_attempt = [\"b-attempt\"]\n\
                   before_verification = [\"b-verification\"]\n\
                   after_verification = [\"a-verification\"]\nafter_attempt = [\"a-attempt\"]\n\
                   timeout = \"11s\"\n";

/// Returns the points of the hooks that the loop was told of.
fn told(ran: &Ran) -> Vec<HookPoint> {
    let hook = |stage: &Stage| match stage {
        Stage::Hooked(report) => Some(report.hook),
        Stage::Started | Stage::AgentFinished(_) | Stage::Verifying(_) | Stage::Verified(_) => None,
    };
    ran.stages.iter().filter_map(hook).collect()
}

#[test]
fn the_hooks_of_an_attempt_run_around_its_commands() {
    let case = Case::more(ALL);
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    let words =
        ["b-task", "b-attempt", "agent", "b-verification", "check", "a-verification", "a-attempt"];
    assert_eq!(case.script.words(), words);
    use HookPoint::{
        AfterAttempt, AfterVerification, BeforeAttempt, BeforeTask, BeforeVerification,
    };
    let points = [BeforeTask, BeforeAttempt, BeforeVerification, AfterVerification, AfterAttempt];
    assert_eq!(told(&ran), points);
    let reports: Vec<HookPoint> = ran.report().hooks.iter().map(|report| report.hook).collect();
    assert_eq!(reports, points);
    assert_eq!(ran.report().steps.len(), 2, "hooks are no steps");
}

#[test]
fn the_hook_before_a_task_runs_only_while_its_budget_is_unused() {
    let mut case = Case::more(ALL).on("check", Answer::exit(1));
    case.attempt(2);
    case.run();
    assert_eq!(case.script.words()[0], "b-attempt");
    let case = case.task(json!({"budget_used": 0}));
    case.run();
    let again = case.script.words();
    assert_eq!(again.iter().filter(|word| *word == "b-task").count(), 1, "{again:?}");
}

#[test]
fn a_hook_that_says_no_blocks_before_anything_runs() {
    for (hook, next) in [("b-task", 1), ("b-attempt", 2)] {
        let point = hook.replace("b-", "before_");
        for (answer, said) in [
            (Answer::exit(1), format!("hook {point} said no: exit status 1")),
            (Answer::exit(1).prints("freeze\nx\n"), format!("hook {point} said no: freeze")),
            (
                Answer::exit(3).prints("freeze\n").complains("\nno deploys on friday\nx\n"),
                format!("hook {point} said no: freeze: no deploys on friday"),
            ),
            (
                Answer::ends(Outcome::TimedOut { seconds: 11 }),
                format!("hook {point} said no: timed out after 11 s"),
            ),
            (
                Answer::ends(Outcome::Signaled { signal: 9 }),
                format!("hook {point} said no: ended by signal 9"),
            ),
        ] {
            let case = Case::more(ALL).on(hook, answer);
            let ran = case.run();
            assert_eq!(ran.end(), (Some(Verdict::Blocked), "hook", &*said));
            assert_eq!(case.script.words().len(), next, "{:?}", case.script.words());
            assert_eq!(ran.report().hooks.len(), next);
            assert!(!ran.stages.contains(&Stage::Started), "the task was not begun");
        }
    }
}

#[test]
fn the_code_that_a_hook_prints_is_the_code_of_the_attempt() {
    let case = Case::more(ALL).on("b-attempt", Answer::exit(1).prints("freeze:q4\n"));
    let ran = case.run();
    assert_eq!(ran.report().code(), Some("freeze:q4"));
    let case = Case::more(ALL).on("b-attempt", Answer::exit(1).prints("not one word\n"));
    let ran = case.run();
    assert_eq!(ran.report().code(), Some("hook"));
    assert_eq!(ran.end().2, "hook before_attempt said no: exit status 1: not one word");
}

#[test]
fn a_hook_that_does_not_end_by_itself_decides_nothing() {
    for (answer, end) in [
        (Answer::ends(Outcome::Interrupted), (None, "", "interrupted")),
        (Answer::vanishes(), (None, "crash", "hook before_attempt: lost: its supervisor vanished")),
        (
            Answer::unstarted(Unstarted::Missing, "b-attempt: not found"),
            (None, "environment", "hook before_attempt: failed to start: b-attempt: not found"),
        ),
    ] {
        let case = Case::more(ALL).on("b-attempt", answer);
        let ran = case.run();
        assert_eq!(ran.end(), end);
        assert_eq!(case.script.words(), ["b-task", "b-attempt"]);
    }
}

#[test]
fn a_veto_before_the_verification_counts_as_an_attempt_and_no_step_runs() {
    let case = Case::more(ALL).on("b-verification", Answer::exit(1).prints("ticket\n"));
    let ran = case.run();
    let reason = "hook before_verification said no: ticket";
    assert_eq!(ran.end(), (Some(Verdict::Blocked), "hook", reason));
    let words = ["b-task", "b-attempt", "agent", "b-verification", "a-attempt"];
    assert_eq!(case.script.words(), words, "the hooks after the attempt run, as it ran");
}

#[test]
fn an_agent_that_fails_has_no_hook_of_the_verification() {
    let case = Case::more(ALL).on("agent", Answer::exit(1));
    case.run();
    assert_eq!(case.script.words(), ["b-task", "b-attempt", "agent", "a-attempt"]);
}

#[test]
fn a_hook_after_the_work_is_told_what_came_of_it() {
    let case = Case::more(ALL).on("check", Answer::exit(3));
    let ran = case.run();
    assert_eq!(ran.end().0, Some(Verdict::Fail));
    for hook in ["a-verification", "a-attempt"] {
        let spec = case.script.last(hook);
        let names = ["WORKLOOP_VERDICT", "WORKLOOP_REASON_CODE", "WORKLOOP_REASON"];
        let values = names.map(|name| variable(&spec, name).unwrap());
        assert_eq!(values, ["FAIL", "tests_failed", "step check: exit status 3"], "{hook}");
    }
    let case = Case::more(ALL);
    case.run();
    let spec = case.script.last("a-attempt");
    let values = ["WORKLOOP_VERDICT", "WORKLOOP_REASON_CODE"].map(|name| variable(&spec, name));
    assert_eq!(values, [Some("PASS".to_owned()), Some(String::new())]);
    assert_eq!(variable(&case.script.last("b-attempt"), "WORKLOOP_VERDICT"), None);
}

#[test]
fn a_reason_with_a_nul_still_fits_into_a_variable() {
    let result = json!({"status": "needs_input", "question": "a\0b"});
    let case = Case::more(ALL).on("agent", Answer::exit(0).reports(&result));
    case.run();
    let reason = variable(&case.script.last("a-attempt"), "WORKLOOP_REASON");
    assert_eq!(reason.as_deref(), Some("question: ab"));
}

#[test]
fn a_hook_after_the_work_that_fails_is_a_warning() {
    let case = Case::more(ALL)
        .on("a-verification", Answer::exit(2).complains("no mail\n"))
        .on("a-attempt", Answer::unstarted(Unstarted::Missing, "a-attempt: not found"));
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    let warnings = [
        "A: hook after_verification: exit status 2: no mail",
        "A: hook after_attempt: failed to start: a-attempt: not found",
    ];
    assert_eq!(ran.finished.warnings, warnings);
    let HookReport { code, text, millis, .. } = &ran.report().hooks[3];
    assert_eq!((code, text.as_str(), *millis), (&None, "no mail", 7));
}

#[test]
fn a_hook_whose_supervisor_vanishes_is_lost() {
    let ran = Case::more(ALL).on("a-attempt", Answer::vanishes()).run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    let last = ran.report().hooks.last().unwrap();
    assert_eq!((&last.outcome, last.millis), (&Outcome::Lost, 0));
    let warnings = [
        "failed to keep the attempt running: its supervisor vanished",
        "A: hook after_attempt: lost: its supervisor vanished",
    ];
    assert_eq!(ran.finished.warnings, warnings);
}

#[test]
fn no_hook_runs_after_an_attempt_that_was_cancelled() {
    let case = Case::more(ALL);
    let cancelled = Arc::clone(&case.cancelled);
    let cancels = Answer::exit(0).does(move |_| cancelled.store(true, Ordering::SeqCst));
    let case = case.on("b-verification", cancels);
    let ran = case.run();
    assert_eq!(ran.end(), (None, "", "interrupted"));
    assert_eq!(case.script.words(), ["b-task", "b-attempt", "agent", "b-verification"]);
    assert_eq!((ran.report().hooks.len(), ran.finished.warnings.len()), (3, 0), "none is reported");
}

#[test]
fn a_hook_gets_the_environment_of_a_step_and_its_own_name() {
    let case = Case::more(ALL).var("HOME", "/home/me").var("API_TOKEN", "t0ken-of-mine");
    let ran = case.run();
    let spec = case.script.last("b-verification");
    let get = |name| variable(&spec, name);
    assert_eq!(get("WORKLOOP_HOOK").as_deref(), Some("before_verification"));
    assert_eq!(get("WORKLOOP_TASK_ID").as_deref(), Some("A"));
    assert_eq!(get("WORKLOOP_TREE_CHECK"), None);
    assert_eq!((get("HOME").as_deref(), get("API_TOKEN")), (Some("/home/me"), None));
    assert_eq!(get("WORKLOOP_WORKSPACE"), None, "the agent works in the project itself");
    assert_eq!((spec.cwd, spec.timeout.as_secs(), spec.stdin), (case.root(), 11, None));
    assert_eq!(spec.cap, 1 << 20);
    let folder = &ran.finished.job.folder;
    assert_eq!(spec.stdout, folder.file("hook-before_verification.out"));
    assert_eq!(spec.stderr, Some(folder.file("hook-before_verification.err")));
}

#[test]
fn a_hook_before_the_attempt_can_already_read_the_task() {
    let reads = Answer::exit(0).does(|spec| {
        let file = variable(spec, "WORKLOOP_TASK_FILE").unwrap();
        let text = fs::read_to_string(file).unwrap();
        assert!(text.contains("\"title\": \"a\"") || text.contains("\"title\":\"a\""), "{text}");
    });
    let ran = Case::more(ALL).on("b-task", reads).run();
    assert_eq!(ran.end().0, Some(Verdict::Pass));
}

#[test]
fn what_a_hook_prints_is_masked_and_one_line() {
    let secret = "s3cr3t-0123456789";
    let said = format!("\u{1b}[31m{secret} is bad\nmore\n");
    let case = Case::more(ALL).var("API_TOKEN", secret);
    let ran = case.on("b-attempt", Answer::exit(1).complains(&said)).run();
    let reason = "hook before_attempt said no: exit status 1: [31m[masked] is bad";
    assert_eq!(ran.end().2, reason);
}

#[test]
fn a_gate_has_hooks_as_well() {
    let case = Case::more(ALL).task(json!({"type": "gate"}));
    case.run();
    let words = ["b-task", "b-attempt", "b-verification", "check", "a-verification", "a-attempt"];
    assert_eq!(case.script.words(), words);
}

#[test]
fn without_verification_there_is_no_hook_of_it() {
    let case = Case::more(ALL).job(|job| job.judge = super::super::Judge::Nobody);
    assert_eq!(case.run().end().0, Some(Verdict::Skipped));
    assert_eq!(case.script.words(), ["b-task", "b-attempt", "agent", "a-attempt"]);
}
