//! The git calls of an attempt, under its supervisor.

use super::super::git_calls::ask;
use super::super::job::{Job, Purpose};
use super::case::Case;
use crate::domain::Outcome;
use crate::supervisor::scripted::{Answer, variable};
use crate::supervisor::{CommandSpec, Unstarted};
use crate::workspace::Call;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// Returns a call of a program that is not git, so that scripts record it.
fn call() -> Call {
    Call {
        argv: ["/opt/vcs", "--no-pager", "status", "-z"].map(Into::into).to_vec(),
        env: vec![("GIT_DIR".into(), "/p/.git".into())],
        cwd: "/".into(),
        stdin: Vec::new(),
    }
}

fn vcs(answer: Answer) -> Case {
    Case::new().on("/opt/vcs", answer)
}

/// How a question with two calls ended: what each call returned, or the outcome, code and reason of
/// the attempt's end.
type Asked = Result<[Option<Vec<u8>>; 2], (Outcome, Option<&'static str>, String)>;

/// Asks twice.
fn asked(case: &Case) -> (Asked, Vec<String>, Job) {
    case.under(|job, mut with| {
        let mut warnings = Vec::new();
        let answer = ask(&job, &mut with, &mut warnings, |run| [run(&call()), run(&call())]);
        let words = |end: super::super::end::End| {
            (end.outcome, end.code.map(|code| code.word()), end.reason.unwrap_or_default())
        };
        (answer.map_err(words), warnings, job)
    })
}

const MISSES: &str = "; the list of changed files may miss files that the task does not name";

#[test]
fn a_call_returns_what_it_printed_and_leaves_no_file() {
    for (answer, printed) in [
        (Answer::exit(0).prints("M a\0"), "M a\0"),
        (Answer::exit(0), ""),
        (Answer::exit(0).complains("warning: odd\n"), ""),
    ] {
        let case = vcs(answer);
        let (answer, warnings, job) = asked(&case);
        assert!(job.folder.path().is_dir());
        assert_eq!(answer.unwrap(), [Some(printed.into()), Some(printed.into())]);
        assert_eq!(warnings, Vec::<String>::new());
        assert!(!job.folder.file("git.out").exists() && !job.folder.file("git.err").exists());
    }
}

#[test]
fn a_call_has_its_own_environment_and_half_a_minute() {
    let case = vcs(Answer::exit(0));
    let (_, _, job) = asked(&case);
    let spec = case.script.last("/opt/vcs");
    assert_eq!((spec.argv, spec.cwd), (call().argv, call().cwd));
    assert_eq!(spec.env, call().env, "nothing of the loop");
    assert_eq!((spec.timeout.as_secs(), spec.grace.as_secs(), spec.silence), (30, 0, None));
    assert_eq!((spec.stdin, spec.stdout), (None, job.folder.file("git.out")));
    assert_eq!(spec.stderr, Some(job.folder.file("git.err")));
}

#[test]
fn a_call_that_fails_is_a_warning_with_its_first_complaint() {
    let ends = Answer::ends;
    for (answer, why) in [
        (
            Answer::exit(128).complains("\n  fatal: not a repo\nmore\n"),
            "exit status 128: fatal: not a repo",
        ),
        (Answer::exit(1).prints("out"), "exit status 1"),
        (ends(Outcome::TimedOut { seconds: 30 }), "timed out after 30 s"),
        (ends(Outcome::Silent { seconds: 30 }), "silent for 30 s"),
        (ends(Outcome::Signaled { signal: 11 }), "ended by signal 11"),
        (
            Answer::unstarted(Unstarted::Missing, "git: not found"),
            "failed to start: git: not found",
        ),
        (
            Answer::exit(0).with(|ended| ended.printed = CommandSpec::CAP + 1),
            "it printed 67108865 bytes",
        ),
    ] {
        let (answer, warnings, _) = asked(&vcs(answer));
        assert_eq!(answer.unwrap(), [None, None], "{why}");
        let said = format!("A: git status could not report what changed in / ({why}){MISSES}");
        assert_eq!(warnings, [said.clone(), said]);
    }
}

#[test]
fn a_call_for_the_tree_misses_no_files_of_a_task() {
    let case = vcs(Answer::exit(2)).job(|job| job.purpose = Purpose::Untouched);
    let (_, warnings, _) = asked(&case);
    assert_eq!(warnings[0], "A: git status could not report what changed in / (exit status 2)");
}

#[test]
fn a_complaint_is_masked() {
    let secret = "s3cr3t-0123456789";
    let answer = Answer::exit(128).complains(&format!("fatal: {secret}\n"));
    let (_, warnings, _) = asked(&vcs(answer).var("API_TOKEN", secret));
    assert!(warnings[0].contains("(exit status 128: fatal: [masked])"), "{warnings:?}");
}

#[test]
fn output_that_could_not_be_stored_is_asked_for_three_times() {
    let lost = || Answer::exit(0).with(|ended| ended.output_error = Some("disk full".to_owned()));
    let case = vcs(lost()).on("/opt/vcs", lost()).on("/opt/vcs", Answer::exit(0).prints("now"));
    let (answer, warnings, _) = asked(&case);
    assert_eq!(answer.unwrap(), [Some(b"now".to_vec()), Some(b"now".to_vec())]);
    assert_eq!((case.script.words().len(), warnings.len()), (4, 0), "three times, and once");
    let case = vcs(lost());
    let (answer, warnings, _) = asked(&case);
    assert_eq!((answer.unwrap(), case.script.words().len()), ([None, None], 6));
    assert!(warnings[0].contains(" (disk full)"), "{warnings:?}");
}

#[test]
fn nothing_is_asked_after_the_attempt_was_cut() {
    let case = vcs(Answer::ends(Outcome::Interrupted));
    let (answer, warnings, _) = asked(&case);
    assert_eq!(answer, Err((Outcome::Interrupted, None, "interrupted".to_owned())));
    assert_eq!((case.script.words().len(), warnings.len()), (1, 0));
    let case = vcs(Answer::vanishes());
    let (answer, warnings, _) = asked(&case);
    let reason = "git: lost: its supervisor vanished".to_owned();
    assert_eq!(answer, Err((Outcome::Lost, Some("crash"), reason)));
    assert_eq!(warnings, ["failed to keep the attempt running: its supervisor vanished"]);
    assert_eq!(case.script.words().len(), 1);
}

#[test]
fn a_cancelled_attempt_asks_nothing() {
    let case = vcs(Answer::exit(0));
    case.cancelled.store(true, Ordering::SeqCst);
    assert!(matches!(asked(&case).0, Err((Outcome::Interrupted, None, _))));
    assert_eq!(case.script.words().len(), 0);
    let case = Case::new();
    let cancelled = Arc::clone(&case.cancelled);
    let cancels = Answer::exit(0).does(move |_| cancelled.store(true, Ordering::SeqCst));
    let case = case.on("/opt/vcs", cancels);
    assert!(matches!(asked(&case).0, Err((Outcome::Interrupted, None, _))));
    assert_eq!(case.script.words().len(), 1, "the second call is not made");
}

#[test]
fn a_pause_during_a_call_is_acknowledged() {
    let case = vcs(Answer::exit(0).pauses(9)).on("/opt/vcs", Answer::exit(0));
    assert!(asked(&case).0.is_ok());
    assert_eq!(*case.still.lock().unwrap(), [9]);
}

#[test]
fn a_failed_call_leaves_the_files_that_the_task_names() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let case = Case::new().git().task(serde_json::json!({"files": ["src/a"]}));
    let git = case.prepared().git;
    assert!(git.is_some());
    let program = case.sh("command -v git");
    let answer = Answer::exit(0).writes("src/a", "x").writes("src/b", "x");
    let case = case.on("agent", answer).on(&program, Answer::exit(128).complains("fatal: no\n"));
    let ran = case.run();
    assert_eq!(ran.report().files_changed, ["src/a"]);
    let [first, ..] = &ran.finished.warnings[..] else { panic!("no warning") };
    let root = case.root().display().to_string();
    let said = format!(
        "A: git --list could not report what changed in {root} (exit status 128: fatal: no){MISSES}"
    );
    assert_eq!(first.replace("config", "--list"), said);
    assert_eq!(variable(&case.script.last("check"), "GIT_DIR"), None);
}
