//! What the end of an attempt means for its task, and what the person at the terminal reads.

use super::Reason;
use super::ends::{End, blocked, fails, interrupted, leaves, lost, passes, unjudged};
use super::play::{Play, Ran, task, with};
use crate::agent::AgentResult;
use crate::domain::{Outcome, ReasonCode, Transition, Verdict};
use serde_json::json;

/// Runs one task with two attempts, of which the first one ends like this. Returns its end, as it is
/// reported, and the state of the task after it.
fn first(end: End) -> (String, String) {
    let mut play =
        Play::with("untouched = false\nattempts = 2\n", json!([task("A")])).ends("A", [end]);
    play.chosen.attempts = Some(1);
    let ran = play.go();
    (said(&ran), ran.status("A"))
}

/// Returns how the first attempt ended, as it is reported.
fn said(ran: &Ran) -> String {
    let heard = ran.heard();
    let end = heard.iter().find_map(|text| text.strip_prefix("0 ends A "));
    end.unwrap_or_else(|| panic!("{heard:?}")).to_owned()
}

#[test]
fn each_end_is_said_in_one_line() {
    let skipped: End = Box::new(|it| it.report.verdict = Some(Verdict::Skipped));
    let missing = Outcome::FailedToStart { reason: "no such file".to_owned() };
    for (end, words, status) in [
        (passes(), "PASS: complete", "complete"),
        (skipped, "SKIPPED: complete", "complete"),
        (fails(), "FAIL: step test: exit status 1; to be tried again [test]", "pending"),
        (
            blocked(ReasonCode::Tampered, "a test was changed"),
            "BLOCKED: a test was changed; blocked",
            "blocked",
        ),
        (
            blocked(ReasonCode::Question, "question: which one?"),
            "BLOCKED: question: which one?; workloop answer A TEXT",
            "blocked",
        ),
        (interrupted(), "without a verdict: interrupted; pending again", "pending"),
        (lost(), "without a verdict: its supervisor vanished; to be tried again", "pending"),
        (
            unjudged(missing, "agent: no such file"),
            "without a verdict: agent: no such file; pending again",
            "pending",
        ),
    ] {
        assert_eq!(first(end), (words.to_owned(), status.to_owned()));
    }
}

#[test]
fn the_last_attempt_of_a_budget_blocks_its_task() {
    let play = Play::with("untouched = false\nattempts = 2\n", json!([task("A")]));
    let ran = play.ends("A", [fails(), fails()]).go();
    let ends: Vec<String> =
        ran.heard().into_iter().filter(|text| text.starts_with("0 ends")).collect();
    assert_eq!(
        ends,
        [
            "0 ends A FAIL: step test: exit status 1; to be tried again [test]",
            "0 ends A FAIL: step test: exit status 1 (attempt 2 of 2); blocked [test]",
        ]
    );
    let said = "0 of 1 complete; 1 cannot continue (A): workloop why A, then workloop retry A";
    assert_eq!(ran.end(), (5, said.to_owned()));
    assert_eq!(ran.task("A")["error"], "step test: exit status 1 (attempt 2 of 2)");
}

#[test]
fn a_tool_that_cannot_be_started_ends_the_run_and_blames_no_task() {
    let missing = Outcome::FailedToStart { reason: "no program `agent`".to_owned() };
    let play = Play::new(json!([task("A"), task("B")]));
    let ran = play.ends("A", [unjudged(missing, "agent: no program `agent`")]).go();
    let why = "task A: no program `agent`";
    assert_eq!(ran.ending().reason, Reason::Environment(why.to_owned()));
    let said = format!("stopped: {why}; no task was blamed, 0 of 2 complete");
    assert_eq!(ran.end(), (2, said));
    assert_eq!((ran.begun().len(), ran.task("A")["budget_used"].clone()), (1, json!(0)));
    // If the task itself is refused, the others continue.
    let refused: End = Box::new(|it| {
        it.report.outcome = Outcome::FailedToStart { reason: "no agent `x`".to_owned() };
        (it.report.verdict, it.report.reason_code) =
            (Some(Verdict::Blocked), Some(ReasonCode::UnknownAgent));
        it.report.reason = Some("no agent `x`".to_owned());
    });
    let ran = Play::new(json!([task("A"), task("B")])).ends("A", [refused]).go();
    assert_eq!((ran.begun().len(), ran.status("A"), ran.end().0), (2, "blocked".to_owned(), 5));
}

#[test]
fn work_that_waits_for_a_review_is_no_failure() {
    let review = with(task("A"), json!({"review": true}));
    let ran = Play::new(json!([review, task("B")])).go();
    let words = "PASS: passed, and waits for your review; workloop approve A";
    assert_eq!((said(&ran), ran.status("A")), (words.to_owned(), "blocked".to_owned()));
    let last = "1 of 2 complete; 1 waiting for a person (A): workloop approve A";
    assert_eq!(ran.end(), (7, last.to_owned()));
}

#[test]
fn a_claim_that_a_person_ended_ends_its_attempt_and_its_result_is_kept_apart() {
    let play = Play::new(json!([task("A"), task("B")]))
        .stays("A")
        .then(|at| at.person("A", &Transition::Cancel))
        .then(|at| {
            assert!(at.is_cancelled("A"), "the loop ends it");
            at.end("A", passes());
        });
    let ran = play.go();
    let lost = said(&ran);
    let folder = lost.strip_prefix("PASS: claim lost: a person ended its claim; its result is in ");
    assert!(std::path::Path::new(folder.unwrap()).join("verdict.json").is_file(), "{lost}");
    assert_eq!((ran.status("A"), ran.status("B")), ("parked".to_owned(), "complete".to_owned()));
    assert_eq!(ran.end(), (0, "the task is complete; 1 parked".to_owned()));
}

#[test]
fn a_claim_that_only_the_file_lost_is_still_ours() {
    let play = Play::new(json!([task("A")]))
        .stays("A")
        .then(|at| {
            at.edit(|tasks| tasks[0] = task("A"));
        })
        .waits(2)
        .then(|at| {
            assert!(!at.is_cancelled("A"), "no verb ended it");
            at.end("A", passes());
        });
    let ran = play.go();
    assert_eq!((ran.begun().len(), ran.status("A")), (1, "complete".to_owned()));
}

#[test]
fn warnings_of_an_attempt_are_said_before_its_end() {
    let warns = || -> End {
        Box::new(|it| {
            it.warnings = vec!["w1".to_owned(), "w2".to_owned()];
            it.unlogged = Some("the log is full".to_owned());
        })
    };
    let play = Play::new(json!([task("A"), task("B")])).ends("A", [warns()]).ends("B", [warns()]);
    let said: Vec<String> = play
        .go()
        .heard()
        .into_iter()
        .filter(|text| text.starts_with("warning") || text.contains(" ends "))
        .collect();
    // What is the same for all attempts is said once.
    assert_eq!(
        said,
        [
            "warning: w1",
            "warning: w2",
            "warning: the log is full",
            "0 ends A PASS: complete",
            "warning: w1",
            "warning: w2",
            "0 ends B PASS: complete",
        ]
    );
}

#[test]
fn follow_ups_are_done_in_the_same_run() {
    let found = json!({"title": "more"}).as_object().unwrap().clone();
    let result = AgentResult { follow_ups: vec![found], ..AgentResult::default() };
    let ran = Play::new(json!([task("A")])).ends("A", [leaves(result)]).go();
    assert_eq!(ran.begun(), ["A in 0", "T-001 in 0"]);
    assert_eq!(ran.end(), (0, "all 2 tasks are complete".to_owned()));
}

#[test]
fn an_attempt_that_vanishes_without_a_result_is_a_bug_and_is_said() {
    let play = Play::new(json!([task("A"), task("B")])).stays("A").then(|at| at.dies("A"));
    let ran = play.go();
    let bug = "the attempt of A ended because of a bug in workloop";
    assert_eq!(ran.said("warning"), [bug]);
    assert_eq!(ran.status("B"), "complete");
}

#[test]
fn an_edit_beside_an_attempt_is_put_back_and_said() {
    let play = Play::new(json!([task("A"), task("B"), task("C")]))
        .stays("A")
        .then(|at| {
            at.edit(|tasks| {
                tasks[1]["status"] = json!("complete");
                tasks[2]["title"] = json!("better");
            });
        })
        .waits(1)
        .then(|at| at.end("A", passes()));
    let ran = play.go();
    assert_eq!(ran.begun(), ["A in 0", "B in 0", "C in 0"]);
    assert_eq!(ran.task("C")["title"], "better");
    let put_back = "edit of task B beside an attempt put back: status is pending again, not \
                    complete; workloop done B completes a task by hand";
    assert_eq!(ran.said("warning"), [put_back]);
}
