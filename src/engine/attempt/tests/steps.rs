//! Steps of a verification: which of them run, how often, and what each one decides.

use super::super::Judge;
use super::case::Case;
use crate::domain::{Checked, Outcome, StepReport, Verdict};
use crate::supervisor::Unstarted;
use crate::supervisor::scripted::{Answer, variable};
use serde_json::json;
use std::fs;
use std::sync::Arc;

fn signaled(signal: i32) -> Answer {
    Answer::ends(Outcome::Signaled { signal })
}

#[test]
fn a_step_that_may_fail_is_a_warning_and_the_next_one_runs() {
    let keys = "allow_failure = true\n[[verify]]\nname = \"last\"\nrun = [\"last\"]\n";
    for answer in [Answer::exit(3), Answer::ends(Outcome::TimedOut { seconds: 4 })] {
        let case = Case::more(keys).on("check", answer);
        let ran = case.run();
        assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
        assert_eq!(case.script.words(), ["agent", "check", "last"]);
        let Checked { verdict, allowed, .. } = &ran.step("check").checked;
        assert_eq!((*verdict, *allowed), (Some(Verdict::Fail), true));
    }
    let ran = Case::more(keys).on("check", Answer::exit(3)).run();
    assert_eq!(ran.report().warnings(), ["step check: exit status 3, which it may"]);
}

#[test]
fn a_step_that_may_fail_and_is_missing_decides_nothing() {
    let missing = Answer::unstarted(Unstarted::Missing, "check: not found");
    let ran = Case::more("allow_failure = true\n").on("check", missing).run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    let reason = "check: not found".to_owned();
    assert_eq!(ran.step("check").outcome, Outcome::FailedToStart { reason });
    let interrupted = Answer::ends(Outcome::Interrupted);
    let ran = Case::more("allow_failure = true\n").on("check", interrupted).run();
    assert_eq!(ran.end(), (None, "", "interrupted"), "nothing is known");
}

#[test]
fn an_exit_status_that_blocks_needs_a_person() {
    let ran =
        Case::more("blocked_exit_codes = [75]\nretries = 2\n").on("check", Answer::exit(75)).run();
    let reason = "step check: exit status 75, which blocks";
    assert_eq!(ran.end(), (Some(Verdict::Blocked), "tests_failed", reason));
    assert_eq!(ran.report().steps.len(), 2, "it is not run again");
}

#[test]
fn a_step_that_fails_runs_again_as_often_as_it_may() {
    let case = Case::more("retries = 2\n").on("check", Answer::exit(1).prints("first"));
    let ran = case.run();
    assert_eq!(ran.end().2, "step check: exit status 1 (run 3 times)");
    assert_eq!(ran.steps(), ["agent: exit status 0", "check: exit status 1 (run 3 times)"]);
    assert_eq!(case.script.words(), ["agent", "check", "check", "check"]);
    assert_eq!(ran.step("check").log, "verify-1-3.out");
    for log in ["verify-1.out", "verify-1-2.out", "verify-1-3.out"] {
        assert_eq!(ran.text(log), "first", "each run has its own output: {log}");
    }
}

#[test]
fn a_step_that_passes_on_a_further_run_is_flaky() {
    let twice = |more: &str| {
        Case::more(&format!("retries = 3\n{more}"))
            .on("check", Answer::exit(1))
            .on("check", Answer::exit(0).prints("better"))
    };
    let ran = twice("").run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!(ran.report().warnings(), ["step check is flaky: it passed when it ran again"]);
    assert_eq!(
        (ran.step("check").checked.retried, ran.text("verify-1-2.out").as_str()),
        (1, "better")
    );
    let ran = twice("[profiles.default]\nflaky = \"fail\"\n").run();
    let reason = "step check: flaky: it passed only when it ran again (run twice)";
    assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", reason));
}

#[test]
fn a_step_that_something_outside_kills_runs_again_and_keeps_its_output_file() {
    for signal in [1, 2, 9, 15] {
        let case = Case::new().on("check", signaled(signal)).on("check", Answer::exit(0));
        let ran = case.run();
        assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""), "signal {signal}");
        assert_eq!(case.script.words(), ["agent", "check", "check"]);
        let warning = format!("step check: ended by signal {signal}, from outside; it ran again");
        assert_eq!(ran.finished.warnings, [warning]);
        let Checked { retried, .. } = &ran.step("check").checked;
        assert_eq!((*retried, ran.step("check").log.as_str()), (0, "verify-1.out"));
    }
}

#[test]
fn a_step_that_is_killed_three_times_gets_its_verdict() {
    let case = Case::new().on("check", signaled(9));
    let ran = case.run();
    let reason = "step check: ended by signal 9";
    assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", reason));
    assert_eq!(case.script.words(), ["agent", "check", "check", "check"]);
    assert_eq!(ran.finished.warnings.len(), 2);
}

#[test]
fn an_agent_that_is_killed_is_not_run_again() {
    let case = Case::new().on("agent", signaled(9));
    case.run();
    assert_eq!(case.script.words(), ["agent"]);
}

#[test]
fn a_crash_of_its_own_is_no_reason_to_run_again() {
    let case = Case::new().on("check", signaled(6));
    assert_eq!(case.run().end().2, "step check: ended by signal 6");
    assert_eq!(case.script.words(), ["agent", "check"]);
}

#[test]
fn a_step_runs_in_its_own_folder_if_that_is_in_the_project() {
    let case = Case::more("cwd = \"sub/dir\"\n").file("sub/dir/x", "");
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
    assert_eq!(case.script.last("check").cwd, case.root().join("sub/dir"));
    assert_eq!(case.script.last("agent").cwd, case.root());
}

#[test]
fn a_step_fails_if_the_work_took_its_folder_away() {
    let keys = "cwd = \"sub\"\n";
    let linked = |to: &'static str| {
        Answer::exit(0).does(move |spec| {
            fs::remove_dir_all(spec.cwd.join("sub")).unwrap();
            std::os::unix::fs::symlink(to, spec.cwd.join("sub")).unwrap();
        })
    };
    for (answer, why) in [
        (Answer::exit(0).removes("sub"), "its cwd sub: No such file or directory (os error 2)"),
        (Answer::exit(0).removes("sub").writes("sub", "a file"), "its cwd sub is not a folder"),
        (linked("/"), "its cwd sub leads out of the project"),
        (linked("nowhere"), "its cwd sub: No such file or directory (os error 2)"),
    ] {
        let case = Case::more(keys).file("sub/x", "").on("agent", answer);
        let ran = case.run();
        let reason = format!("step check: {why}");
        assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", &*reason));
        assert_eq!(case.script.words(), ["agent"], "{why}: it did not run");
    }
    let case = Case::more(keys).file("sub/x", "").file("other/x", "").on("agent", linked("other"));
    assert_eq!(case.run().end().0, Some(Verdict::Pass), "a link within the project");
}

#[test]
fn a_step_whose_inputs_did_not_change_is_left_out() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let keys = "inputs = [\"src/**\", \"Cargo.*\"]\n";
    for (path, runs) in [("src/a/b.rs", true), ("Cargo.lock", true), ("docs/a.md", false)] {
        let case = Case::more(keys).git().on("agent", Answer::exit(0).writes(path, "new"));
        let ran = case.run();
        assert_eq!(ran.report().files_changed, [path]);
        assert_eq!(case.script.words().len(), if runs { 2 } else { 1 }, "{path}");
        if !runs {
            let why = "no step had to run: none of their inputs changed";
            assert_eq!(ran.end(), (Some(Verdict::Skipped), "", why));
            let StepReport { log, millis, .. } = ran.step("check");
            assert_eq!((log.as_str(), *millis), ("", 0));
            let said = "check: skipped: nothing changed that matches src/**, Cargo.*";
            assert_eq!(ran.steps()[1], said);
        }
    }
}

#[test]
fn a_step_with_inputs_runs_if_it_is_not_known_what_changed() {
    let case = Case::more("inputs = [\"src/**\"]\n");
    assert_eq!(case.run().end().0, Some(Verdict::Pass), "there is no git to ask");
    assert_eq!(case.script.words(), ["agent", "check"]);
    let case = Case::more("inputs = [\"src/**\"]\n").task(json!({"type": "gate"}));
    case.run();
    assert_eq!(case.script.words(), ["check"], "a gate runs every step");
}

#[test]
fn what_an_earlier_attempt_changed_counts_as_an_input() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut case = Case::more("inputs = [\"src/**\"]\n")
        .git()
        .on("agent", Answer::exit(0).writes("src/a", "broken"))
        .on("agent", Answer::exit(0).writes("notes", "n"))
        .on("check", Answer::exit(1));
    assert_eq!(case.run().end().0, Some(Verdict::Fail));
    case.attempt(2);
    let ran = case.run();
    assert_eq!(ran.report().files_changed, ["notes"]);
    assert_eq!(ran.end().0, Some(Verdict::Fail), "src/a is still broken");
    fs::remove_dir_all(ran.finished.job.folder.path().with_file_name("1")).unwrap();
    case.attempt(3);
    assert_eq!(case.run().end().0, Some(Verdict::Fail), "an unknown attempt: every step runs");
}

#[test]
fn after_an_attempt_of_which_nothing_is_known_every_step_runs() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let cut = Answer::ends(Outcome::Interrupted).writes("src/a", "broken");
    let mut case = Case::more("inputs = [\"src/**\"]\n")
        .git()
        .on("agent", cut)
        .on("agent", Answer::exit(0).writes("notes", "n"));
    assert_eq!(case.run().report().files_changed, Vec::<String>::new(), "it is not known");
    case.attempt(2);
    let ran = case.run();
    assert_eq!((ran.end().0, case.script.words().len()), (Some(Verdict::Pass), 3));
}

#[test]
fn the_output_of_a_step_that_could_not_be_stored_is_a_warning() {
    let lost = Answer::exit(0).with(|ended| ended.output_error = Some("disk full".to_owned()));
    let ran = Case::new().on("check", lost).run();
    assert_eq!(ran.end().0, Some(Verdict::Pass));
    assert_eq!(ran.finished.warnings, ["check: output: disk full"]);
}

#[test]
fn a_command_that_was_there_and_is_gone_is_the_fault_of_the_work() {
    let keys = "[[verify]]\nname = \"again\"\nrun = [\"check\"]\n";
    let gone = Answer::unstarted(Unstarted::Missing, "check: not found");
    let case = Case::more(keys).on("check", Answer::exit(0)).on("check", gone);
    let ran = case.run();
    let reason = "step again: exit status 127";
    assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", reason));
    assert_eq!(ran.text("verify-2.out"), "check: not found\n");
}

#[test]
fn a_shell_that_finds_no_command_says_which() {
    let config =
        "[agents.default]\nrun = [\"agent\"]\n[[verify]]\nname = \"check\"\nrun = \"lint -q\"\n";
    let said = "sh: 1: lint: not found\n\n";
    for (code, meaning) in [
        (127, "exit status 127: a command in it was not found"),
        (126, "exit status 126: a command in it cannot be executed"),
    ] {
        let ran = Case::of(config).on("lint -q", Answer::exit(code).complains(said)).run();
        let reason = format!("check: failed to start: {meaning}: sh: 1: lint: not found");
        assert_eq!(ran.end(), (None, "environment", &*reason));
        let ran = Case::of(config).on("lint -q", Answer::exit(code)).run();
        assert_eq!(ran.end().2, format!("check: failed to start: {meaning}"));
    }
    let ran = Case::of(config).on("lint -q", Answer::exit(125).complains(said)).run();
    assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", "step check: exit status 125"));
}

#[test]
fn a_task_whose_arguments_fit_into_no_command_line_blocks() {
    let long = Answer::unstarted(Unstarted::TooLong, "agent: Argument list too long");
    let case = Case::new().on("agent", long.clone());
    let ran = case.run();
    let reason = "agent: agent: Argument list too long";
    assert_eq!(
        ran.end(),
        (Some(Verdict::Blocked), "bad_task", reason),
        "its variables are the longest"
    );
    let case = Case::more("[environment]\ninherit = \"all\"\n").var("HUGE", &"x".repeat(1 << 14));
    let ran = case.on("agent", long).run();
    let reason = "agent: failed to start: agent: Argument list too long";
    assert_eq!(ran.end(), (None, "environment", reason), "the loop has too many variables");
}

#[test]
fn commands_run_again_if_their_folder_was_deleted_before_they_could_start() {
    let gone = |spec: &crate::supervisor::CommandSpec| {
        let folder = spec.stdout.parent().unwrap();
        fs::remove_dir_all(folder).unwrap();
    };
    let unstarted = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let counted = Arc::clone(&unstarted);
    let cleans = Answer::exit(0).prints("kept").does(move |spec| {
        counted.fetch_add(1, std::sync::atomic::Ordering::SeqCst);
        gone(spec);
    });
    let case = Case::new().on("agent", cleans);
    let ran = case.run();
    assert_eq!(ran.end().0, Some(Verdict::Pass));
    let [lost, ..] = &ran.finished.warnings[..] else { panic!("no warning") };
    assert!(lost.starts_with("agent: output: write "), "{lost}");
    assert_eq!(unstarted.load(std::sync::atomic::Ordering::SeqCst), 1, "it ran once");
    let folder = ran.finished.job.folder;
    assert!(folder.report().is_some(), "the verdict is stored in a new folder");
}

#[test]
fn steps_and_agents_have_their_own_limits() {
    let config = "[agents.default]\nrun = [\"agent\"]\ntimeout = \"90s\"\nsilence = \"9s\"\n\
                  grace = \"3s\"\n[[verify]]\nname = \"check\"\nrun = [\"check\"]\ntimeout = \"7s\"\n";
    let case = Case::of(config);
    case.run();
    let limits = |word: &str| {
        let spec = case.script.last(word);
        let seconds = |time: std::time::Duration| time.as_secs();
        (seconds(spec.timeout), spec.silence.map(seconds), seconds(spec.grace))
    };
    assert_eq!(limits("agent"), (90, Some(9), 3));
    assert_eq!(limits("check"), (7, None, 10), "a step may be silent");
    let case = Case::of(&format!("{config}[limits.attempt]\nminutes = 0.5\n"));
    case.run();
    assert_eq!(case.script.last("agent").timeout.as_secs(), 30, "the shorter limit");
    assert_eq!(case.script.last("check").timeout.as_secs(), 7);
}

#[test]
fn an_agent_gets_its_prompt_on_stdin_and_steps_get_nothing() {
    let case = Case::new();
    let ran = case.run();
    let folder = &ran.finished.job.folder;
    let agent = case.script.last("agent");
    assert_eq!(agent.stdin, Some(folder.file("prompt.md")));
    assert_eq!(
        (agent.stdout, agent.stderr),
        (folder.file("agent.out"), Some(folder.file("agent.err")))
    );
    let check = case.script.last("check");
    assert_eq!((&check.stdin, &check.stderr), (&None, &None));
    assert_eq!(
        variable(&check, "WORKLOOP_PROMPT_FILE").unwrap(),
        folder.file("prompt.md").display().to_string()
    );
    let steps = match &ran.finished.job.judge {
        Judge::Steps(steps) => steps.len(),
        Judge::Nobody => 0,
    };
    assert_eq!(steps, 1);
}
