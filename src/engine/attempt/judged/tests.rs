//! Verifications without an attempt, under a scripted supervisor.

use super::*;
use crate::engine::attempt::tests::case::{CONFIG, Case};
use crate::store::attempts::AttemptFolder;
use crate::supervisor::Unstarted;
use crate::supervisor::scripted::Answer;
use serde_json::json;

/// A project whose task nobody has claimed.
fn case(config: &str) -> Case {
    Case::of(config).task(json!({"status": "pending", "claim": null, "attempts": 0}))
}

/// Judges the task of `case`.
fn judge(case: &Case) -> Result<Judged, JudgeError> {
    case.source("A", |source, place, _| {
        let mut keeper = Keeper::here(Arc::clone(source.set.claims()));
        judge_with(case, source, place, &mut keeper)
    })
}

fn judge_with(
    case: &Case,
    source: Source<'_>,
    place: Place,
    keeper: &mut Keeper,
) -> Result<Judged, JudgeError> {
    let worker = WorkerId::new("h:7:00000001");
    Judging { source, exe: case.script.exe(), clock: &*case.clock, worker }.judge(place, keeper)
}

#[test]
fn only_the_steps_run_and_their_verdict_counts() {
    let case = case(CONFIG).on("check", Answer::exit(0).prints("all is well\n"));
    let judged = judge(&case).unwrap();
    assert_eq!((judged.verdict, judged.failed), (Some(Verdict::Pass), None));
    assert_eq!((judged.said.as_str(), judged.warnings.len()), ("", 0));
    assert_eq!(case.script.words(), ["check"], "no agent works");
    assert_eq!(case.queue["tasks"][0]["status"], json!("pending"));
    // It has a folder of its own, beside those of attempts.
    let report = case.source("A", |source, place, _| {
        let key = source.set.queue(place.queue).task("A");
        AttemptFolder::new(&source.set.state(place.queue), &key, NO_ATTEMPT).report()
    });
    assert_eq!(report.unwrap().worker, "h:7:00000001");
}

#[test]
fn a_failure_is_told_with_its_output_and_without_secrets() {
    let secret = "s3cr3t-0123456789";
    let long = format!("{secret}\n{}", "x\n".repeat(FEEDBACK_BYTES));
    let case = case(CONFIG).var("API_TOKEN", secret);
    let case = case.on("check", Answer::exit(3).prints(&long));
    let judged = judge(&case).unwrap();
    assert_eq!(judged.verdict, Some(Verdict::Fail));
    assert_eq!(judged.failed, Some(("check".to_owned(), "exit status 3".to_owned())));
    assert!(judged.said.starts_with("[masked]\nx\n"), "{}", &judged.said[..40]);
    assert!(judged.said.len() <= FEEDBACK_BYTES / 4, "{}", judged.said.len());
}

#[test]
fn of_a_step_that_cannot_run_nothing_is_known() {
    let missing = Answer::unstarted(Unstarted::Missing, "check: not found");
    let judged = judge(&case(CONFIG).on("check", missing)).unwrap();
    assert_eq!(judged.verdict, None);
    let failed = Some(("check".to_owned(), "failed to start: check: not found".to_owned()));
    assert_eq!(judged.failed, failed);
    assert_eq!(judged.reason.as_deref(), Some("check: failed to start: check: not found"));
}

#[test]
fn what_judges_the_task_is_not_guarded_because_no_agent_works() {
    let config = CONFIG.replace("[\"check\"]", "\"sh check.sh\"");
    let case = case(&config).file("check.sh", "exit 0\n");
    let case = case.on("sh check.sh", Answer::exit(0).writes("check.sh", "exit 1\n"));
    assert_eq!(judge(&case).unwrap().verdict, Some(Verdict::Pass));
}

#[test]
fn a_task_that_cannot_be_judged_is_refused_with_the_reason() {
    let refused = |case: &Case| judge(case).unwrap_err().to_string();
    let unknown = case(CONFIG).task(json!({"verify": ["nothing"]}));
    assert_eq!(refused(&unknown), "unknown profile nothing; there are: default");
    assert!(unknown.script.ran().is_empty());
    let none = case("[agents.default]\nrun = [\"agent\"]\n");
    assert_eq!(refused(&none), "no verification is configured");
    let flag = case(&CONFIG.replace("[\"check\"]", "[\"check\", \"{title}\"]"));
    let flag = flag.task(json!({"title": "-x"}));
    assert!(refused(&flag).starts_with("title is \"-x\", which check would parse as a flag"));
}

#[test]
fn a_task_that_another_process_works_on_is_busy() {
    let case = case(CONFIG);
    case.source("A", |source, place, _| {
        let real = source.set.real(place.queue);
        let key = TaskKey::new(real, "A");
        let mut other = Keeper::here(Arc::clone(source.set.claims()));
        assert!(other.take(real, &key, None).unwrap());
        let mut keeper = Keeper::here(Arc::clone(source.set.claims()));
        let error = judge_with(&case, source, place, &mut keeper).unwrap_err();
        assert_eq!(error.to_string(), "task A is being worked on");
        assert!(case.script.ran().is_empty());
    });
}

#[test]
fn a_file_that_an_attempt_left_changed_judges_nothing() {
    let config = CONFIG.replace("[\"check\"]", "\"sh check.sh\"");
    let mut case = Case::of(&config).file("check.sh", "exit 1\n");
    case = case.on("agent", Answer::exit(0).writes("check.sh", "exit 0\n"));
    assert_eq!(case.run().end().1, "tampered");
    case = case.task(json!({"status": "blocked", "claim": null}));
    let error = judge(&case).unwrap_err().to_string();
    assert!(error.starts_with("task A: ") && error.contains("check.sh"), "{error}");
    case.put("check.sh", "exit 1\n");
    assert_eq!(judge(&case).unwrap().verdict, Some(Verdict::Pass), "it was put back");
}
