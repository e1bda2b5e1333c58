//! What ends an attempt whose judging files changed, and what the next attempts are told.

use super::super::{Judge, Purpose};
use super::case::Case;
use crate::domain::{Outcome, Verdict};
use crate::platform::lock::FileLock;
use crate::platform::programs::lacks;
use crate::supervisor::scripted::Answer;
use serde_json::json;
use std::fs;

const BLOCKED: Option<Verdict> = Some(Verdict::Blocked);

/// A project whose step runs a script of the project; `more` follows the step.
fn project(more: &str) -> Case {
    let config = format!(
        "[agents.default]\nrun = [\"agent\"]\n\
         [[verify]]\nname = \"check\"\nrun = [\"sh\", \"check.sh\"]\n{more}"
    );
    Case::of(&config).file("check.sh", "exit 0\n").file("other.sh", "exit 1\n")
}

fn writes(path: &str) -> Answer {
    Answer::exit(0).writes(path, "exit 0 # at once\n")
}

/// Returns the reason of an attempt at `A` that did this to the script.
fn tampered(what: &str) -> String {
    format!(
        "tampered: check.sh was {what} during the attempt; check it, then workloop retry A accepts it \
         as it is (a task that has to change it lists it in its files)"
    )
}

#[test]
fn an_agent_that_changes_what_judges_it_is_blocked_and_no_step_runs() {
    for (answer, what) in
        [(writes("check.sh"), "changed"), (Answer::exit(0).removes("check.sh"), "deleted")]
    {
        let case = project("").on("agent", answer);
        let ran = case.run();
        assert_eq!(ran.end(), (BLOCKED, "tampered", &*tampered(what)));
        assert_eq!(case.script.words(), ["agent"]);
    }
    let more = "[[verify]]\nname = \"make\"\nrun = [\"make\", \"test\"]\n";
    let case = project(more).file("Makefile", "test:\n\ttrue\n").on("agent", writes("GNUmakefile"));
    let (verdict, code, reason) =
        (BLOCKED, "tampered", tampered("made").replace("check.sh", "GNUmakefile"));
    assert_eq!(case.run().end(), (verdict, code, &*reason), "it would take precedence");
}

#[test]
fn what_the_task_may_change_is_no_tampering() {
    let case = project("").task(json!({"files": ["check.sh"]})).on("agent", writes("check.sh"));
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
    let by_agent = json!({"files": ["check.sh"], "discovered_by": "B"});
    let case = project("").task(by_agent).on("agent", writes("check.sh"));
    assert_eq!(case.run().end().1, "tampered", "a task that an agent added owns nothing");
    let case = project("").on("agent", writes("other.sh"));
    assert_eq!(case.run().end().0, Some(Verdict::Pass), "nothing runs this one");
}

#[test]
fn a_step_that_changes_the_next_one_or_itself_is_found() {
    let more = "[[verify]]\nname = \"next\"\nrun = [\"sh\", \"next.sh\"]\n";
    let case = project(more).file("next.sh", "").on("check.sh", writes("next.sh"));
    let ran = case.run();
    assert_eq!(
        ran.end(),
        (BLOCKED, "tampered", &*tampered("changed").replace("check.sh", "next.sh"))
    );
    assert_eq!(case.script.words(), ["agent", "check.sh"]);
    let ran = project("").on("check.sh", writes("check.sh")).run();
    assert_eq!(ran.end(), (BLOCKED, "tampered", &*tampered("changed")), "after the last step");
    assert_eq!(ran.step("check").outcome, Outcome::Exited { code: 0 }, "although it passed");
}

#[test]
fn a_hook_whose_script_the_agent_changed_does_not_run() {
    let hook = "[hooks]\nbefore_verification = [\"sh\", \"gate.sh\"]\n";
    let case = project(hook).file("gate.sh", "exit 1\n").on("agent", writes("gate.sh"));
    let reason = tampered("changed").replace("check.sh", "gate.sh");
    assert_eq!(case.run().end(), (BLOCKED, "tampered", &*reason));
    assert_eq!(case.script.words(), ["agent"], "it could let the change pass");
}

#[test]
fn however_an_attempt_ends_its_judging_files_are_compared() {
    for answer in [
        writes("check.sh"),
        Answer::exit(1).writes("check.sh", "x"),
        Answer::ends(Outcome::TimedOut { seconds: 1 }).writes("check.sh", "x"),
        Answer::ends(Outcome::Interrupted).writes("check.sh", "x"),
        Answer::vanishes().writes("check.sh", "x"),
        Answer::exit(0).writes("check.sh", "x").reports(&json!({"status": "needs_input"})),
    ] {
        let ran = project("").on("agent", answer).run();
        assert_eq!(ran.end(), (BLOCKED, "tampered", &*tampered("changed")));
    }
}

#[test]
fn a_changed_file_blocks_its_task_again_until_it_is_put_back() {
    let mut case = project("").on("agent", writes("check.sh")).on("agent", Answer::exit(0));
    case.run();
    case.attempt(2);
    let again = "tampered: check.sh is still as attempt 1 left it; put it back, or check it and accept it \
                 with workloop retry A";
    let ran = case.run();
    assert_eq!(ran.end(), (BLOCKED, "tampered", again));
    assert_eq!(case.script.words(), ["agent"], "no second agent started");
    case.put("check.sh", "exit 0\n");
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
}

#[test]
fn a_changed_file_judges_no_other_task_either() {
    let mut case = project("").on("agent", writes("check.sh")).on("agent", Answer::exit(0));
    case.run();
    case.other("B 2");
    let ran = case.run();
    let reason = "check.sh is still as an attempt at A left it, and A was blocked for that; put it back, \
                  or check it and accept it with workloop retry A";
    assert_eq!(ran.end(), (None, "environment", reason), "B is not to blame");
    assert_eq!(case.script.words(), ["agent"]);
    case.known = super::super::KnownCommands::default();
    assert_eq!(case.run().end(), (None, "environment", reason), "the next run reads the record");
}

#[test]
fn a_file_that_changed_after_an_attempt_was_cut_off_is_distrusted() {
    let mut case = project("").on("agent", Answer::vanishes()).on("agent", Answer::exit(0));
    assert_eq!(case.run().end().1, "crash");
    case.put("check.sh", "exit 0 # who?\n");
    let cut = "which was cut off before it was checked who changed it; put it back, or check it and accept \
               it with workloop retry A";
    case.other("B");
    let running = "check.sh changed since an attempt at A began that may still run; wait for its end, or put \
                   it back, or check it and accept it with workloop retry A";
    assert_eq!(case.run().end(), (None, "environment", running), "its lock file is gone");
    let state = case.prepared().state;
    let lock = state.lock_of(&case.claimed_key("A").id16);
    fs::create_dir_all(lock.parent().unwrap()).unwrap();
    drop(FileLock::try_acquire(&lock).unwrap().unwrap());
    let reason = format!("check.sh changed since an attempt at A began, {cut}");
    assert_eq!(case.run().end(), (None, "environment", &*reason), "nobody holds its lock");
    case.other("A");
    case.attempt(2);
    let reason = format!("tampered: check.sh changed since attempt 1 began, {cut}");
    assert_eq!(case.run().end(), (BLOCKED, "tampered", &*reason));
}

#[test]
fn an_attempt_that_was_cut_off_and_changed_nothing_is_forgotten() {
    let mut case = project("").on("agent", Answer::vanishes()).on("agent", Answer::exit(0));
    case.run();
    case.attempt(2);
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
    case.put("check.sh", "exit 0 # a person\n");
    case.attempt(3);
    assert_eq!(case.run().end().0, Some(Verdict::Pass), "a person changed it between attempts");
}

#[test]
fn a_verification_of_the_tree_that_changes_its_judge_has_no_task_to_retry() {
    let untouched = |case: Case| {
        case.job(|job| (job.purpose, job.agent, job.prompt) = (Purpose::Untouched, None, Ok(None)))
    };
    let ran = untouched(project("")).on("check.sh", writes("check.sh")).run();
    let reason = "tampered: check.sh was changed by a verification of the tree before any agent began; put \
                  it back, or change it yourself";
    assert_eq!(ran.end(), (BLOCKED, "tampered", reason));
    let case = untouched(project("")).on("check.sh", writes("check.sh"));
    case.run();
    let reason =
        "check.sh changed during a verification of the tree; put it back, or change it yourself";
    assert_eq!(case.run().end(), (None, "environment", reason));
}

#[test]
fn a_changed_configuration_is_put_back_and_costs_nothing_at_first() {
    let mut case = project("").on("agent", writes("workloop.toml"));
    case.prepared();
    let before = case.text("workloop.toml");
    let ran = case.run();
    let file = case.root().join("workloop.toml").display().to_string();
    let copy = ran.finished.job.folder.file("workloop.toml.changed").display().to_string();
    let said =
        format!("{file} changed during the attempt and was put back; the changed copy is {copy}");
    assert_eq!(ran.end(), (None, "tampered", &*format!("tampered: {said}")));
    assert_eq!(ran.report().outcome, Outcome::Interrupted);
    assert_eq!(ran.finished.warnings, [format!("A: {said}")]);
    assert_eq!(case.text("workloop.toml"), before);
    assert_eq!(ran.text("workloop.toml.changed"), "exit 0 # at once\n");
    assert_eq!(case.script.words(), ["agent"]);
    case.attempt(2);
    let ran = case.run();
    assert_eq!((ran.end().0, ran.end().1), (BLOCKED, "tampered"), "twice in a row is no accident");
    assert_eq!(ran.report().outcome, Outcome::Exited { code: 0 });
}

#[test]
fn a_task_may_change_the_configuration_if_it_says_so() {
    let case = project("").task(json!({"files": ["workloop.toml"]}));
    let case = case.on("agent", Answer::exit(0).writes("workloop.toml", "# new\n"));
    let ran = case.run();
    assert_eq!(ran.end().0, Some(Verdict::Pass));
    assert_eq!(case.text("workloop.toml"), "# new\n");
}

#[test]
fn protected_files_may_not_be_changed_made_or_deleted() {
    let protects = "[guardrails]\nprotect = [\"ci/**\"]\n";
    for (answer, path, what) in [
        (writes("ci/a"), "ci/a", "changed"),
        (Answer::exit(0).removes("ci/a"), "ci/a", "deleted"),
        (writes("ci/new/b"), "ci/new/b", "made"),
    ] {
        let ran = project(protects).file("ci/a", "x").on("agent", answer).run();
        let reason = tampered(what).replace("check.sh", path);
        assert_eq!(ran.end(), (BLOCKED, "tampered", &*reason));
    }
}

#[test]
fn in_a_private_tree_a_judge_of_other_tasks_fails_the_attempt() {
    if lacks("git") {
        return;
    }
    let more =
        "[[verify]]\nname = \"gate\"\nprofile = \"gate\"\nrun = [\"sh\", \"ci/check_all.sh\"]\n";
    let case = project(more).file("ci/check_all.sh", "exit 1\n").private();
    let ran = case.on("agent", writes("ci/check_all.sh")).run();
    let reason = "ci/check_all.sh judges other tasks and was changed; put it back (a task that has to change \
                  it lists it in its files)";
    assert_eq!(ran.end(), (Some(Verdict::Fail), "steering_changed", reason));
    let case = project(more).file("ci/check_all.sh", "exit 1\n");
    let ran = case.on("agent", writes("ci/check_all.sh")).run();
    assert_eq!(ran.end().1, "tampered", "in a shared tree it stays where others are judged");
}

#[test]
fn a_private_tree_needs_no_record_of_what_judges() {
    if lacks("git") {
        return;
    }
    let mut case =
        project("").private().on("agent", Answer::vanishes()).on("agent", Answer::exit(0));
    assert_eq!(case.run().end().1, "crash");
    case.put("check.sh", "exit 0 # a person\n");
    case.attempt(2);
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
}

#[test]
fn an_attempt_that_is_not_judged_is_guarded_all_the_same() {
    let case = project("").on("agent", writes("check.sh")).job(|job| job.judge = Judge::Nobody);
    assert_eq!(case.run().end(), (BLOCKED, "tampered", &*tampered("changed")));
}

#[test]
fn an_attempt_whose_judges_cannot_be_recorded_does_not_begin() {
    let case = project("");
    let state = case.prepared().state;
    fs::create_dir_all(state.root()).unwrap();
    fs::write(state.root().join("judges"), "a file in the place of a folder").unwrap();
    let reason = "cannot record what judges the attempt: Not a directory (os error 20)";
    assert_eq!(case.run().end(), (None, "environment", reason));
    assert_eq!(case.script.words(), Vec::<String>::new());
}
