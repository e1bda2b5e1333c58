//! Preparing private trees: the setup commands, and the work that another attempt continues.

use super::case::{Case, Ran};
use crate::domain::{Outcome, Verdict};
use crate::platform::programs::lacks;
use crate::supervisor::scripted::Answer;
use std::fs;

const FAIL: Option<Verdict> = Some(Verdict::Fail);

/// A project whose private trees are set up by `prep` and `more`, which reads `src/deps`.
fn project() -> Case {
    let workspaces = "setup = [\"prep\", \"more\"]\nsetup_inputs = [\"src/deps\"]\n";
    files(Case::new()).private().also(workspaces)
}

fn files(case: Case) -> Case {
    case.file("src/a", "one\n").file("src/deps", "1\n").file(".gitignore", "made\n")
}

fn changes(path: &str, text: &str) -> Answer {
    Answer::exit(0).writes(path, text)
}

/// Returns the file of the attempt that a message names.
fn log(ran: &Ran, name: &str) -> String {
    ran.finished.job.folder.file(name).display().to_string()
}

#[test]
fn both_trees_are_set_up_once_before_the_agent_starts() {
    if lacks("git") {
        return;
    }
    let mut case = project().on("prep", Answer::exit(0).prints("ready\n"));
    let ran = case.run();
    assert_eq!(ran.end().0, Some(Verdict::Pass), "{:?}", ran.end());
    let words = ["prep", "more", "prep", "more", "agent", "check"];
    assert_eq!(case.script.words(), words);
    let [judge, .., agent, check] = &case.script.ran()[..] else { panic!("too few commands") };
    assert_eq!((&judge.cwd, &case.script.ran()[2].cwd), (&check.cwd, &agent.cwd));
    assert_eq!(ran.text("setup-judge.out"), "ready\n");
    assert_eq!(ran.text("setup-ws.out"), "ready\n");
    assert_eq!(case.script.ran()[3].stdout, ran.finished.job.folder.file("setup-ws-2.out"));
    assert_eq!(ran.report().steps.len(), 2, "a setup is no step");
    case.attempt(2);
    case.run();
    assert_eq!(case.script.words()[6..], ["agent", "check"], "what it made is still there");
}

#[test]
fn a_setup_that_fails_on_the_target_is_a_fault_of_the_environment() {
    if lacks("git") {
        return;
    }
    let tree = |ran: &Ran, tree: &str, end: &str, name: &str| {
        let log = log(ran, name);
        format!("workspaces.setup failed in {tree}: {end}; its output is in {log}")
    };
    let case = project().on("more", Answer::exit(1));
    let ran = case.run();
    let reason = tree(&ran, "the judge tree", "more: exit status 1", "setup-judge-2.out");
    assert_eq!(ran.end(), (None, "environment", &*reason));
    assert_eq!(case.script.words(), ["prep", "more"]);
    let case = project()
        .on("prep", Answer::exit(0))
        .on("prep", Answer::ends(Outcome::TimedOut { seconds: 9 }));
    let ran = case.run();
    let reason = tree(&ran, "the workspace", "prep: timed out after 9 s", "setup-ws.out");
    assert_eq!(ran.end(), (None, "environment", &*reason));
    assert_eq!(case.script.words(), ["prep", "more", "prep"]);
}

#[test]
fn a_setup_that_does_not_end_by_itself_ends_the_attempt() {
    if lacks("git") {
        return;
    }
    for (answer, end) in [
        (Answer::ends(Outcome::Interrupted), (None, "", "interrupted")),
        (Answer::vanishes(), (None, "crash", "setup: lost: its supervisor vanished")),
    ] {
        let case = project().on("prep", answer);
        assert_eq!(case.run().end(), end);
        assert_eq!(case.script.words(), ["prep"]);
    }
}

#[test]
fn a_setup_that_fails_on_the_change_is_the_verdict() {
    if lacks("git") {
        return;
    }
    for (answer, code, end) in [
        (Answer::exit(2), "tests_failed", "exit status 2"),
        (Answer::ends(Outcome::TimedOut { seconds: 9 }), "timeout", "timed out after 9 s"),
    ] {
        let case = project()
            .on("agent", changes("src/deps", "2\n"))
            .on("more", Answer::exit(0))
            .on("more", Answer::exit(0))
            .on("more", answer);
        let ran = case.run();
        assert_eq!(ran.end(), (FAIL, code, &*format!("step setup: {end}")));
        assert_eq!(case.script.words().last().unwrap(), "more", "no step ran");
        assert_eq!(ran.step("setup").log, "setup-judge-2.out");
        assert_eq!(ran.report().outcome, Outcome::Exited { code: 0 });
    }
}

#[test]
fn a_setup_runs_again_if_a_file_that_it_reads_changed() {
    if lacks("git") {
        return;
    }
    let case = project().on("agent", changes("src/deps", "2\n"));
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
    let words = ["prep", "more", "prep", "more", "agent", "prep", "more", "check"];
    assert_eq!(case.script.words(), words);
}

#[test]
fn a_verification_that_changes_what_the_setup_made_is_a_warning() {
    if lacks("git") {
        return;
    }
    let case =
        project().on("prep", changes("made", "deps")).on("check", Answer::exit(0).removes("made"));
    let ran = case.run();
    assert_eq!(ran.end().0, Some(Verdict::Pass));
    let warning = "A: the verification changed what workspaces.setup made in the judge tree; it runs again \
                   before the next one";
    assert_eq!(ran.finished.warnings, [warning]);
}

#[test]
fn another_attempt_continues_the_work_of_the_last_one() {
    if lacks("git") {
        return;
    }
    let mut case = project()
        .on("agent", changes("src/a", "half\n"))
        .on(
            "agent",
            Answer::exit(0).does(|spec| {
                assert_eq!(fs::read_to_string(spec.cwd.join("src/a")).unwrap(), "half\n");
            }),
        )
        .on("check", Answer::exit(1));
    case.run();
    case.attempt(2);
    let ran = case.run();
    assert_eq!(ran.end().1, "tests_failed", "{:?}", ran.end());
    let prompt = ran.text("prompt.md");
    assert!(prompt.contains("You continue the work of attempt 1 at this task"), "{prompt}");
}

#[test]
fn another_attempt_starts_over_if_that_is_configured() {
    if lacks("git") {
        return;
    }
    let mut case = files(Case::new())
        .private()
        .also("retry_from = \"base\"\n")
        .on("agent", changes("src/a", "half\n"))
        .on(
            "agent",
            Answer::exit(0).does(|spec| {
                assert_eq!(fs::read_to_string(spec.cwd.join("src/a")).unwrap(), "one\n");
            }),
        )
        .on("check", Answer::exit(1));
    case.run();
    case.attempt(2);
    let ran = case.run();
    assert_eq!(ran.end().1, "tests_failed", "{:?}", ran.end());
    assert!(!ran.text("prompt.md").contains("You continue the work"));
}

#[test]
fn work_that_tampered_is_not_continued() {
    if lacks("git") {
        return;
    }
    let config = "[agents.default]\nrun = [\"agent\"]\n\
                  [[verify]]\nname = \"check\"\nrun = [\"sh\", \"check.sh\"]\n";
    let mut case = files(Case::of(config))
        .file("check.sh", "true\n")
        .private()
        .on("agent", changes("src/a", "half\n"))
        .on(
            "agent",
            Answer::exit(0).does(|spec| {
                assert_eq!(fs::read_to_string(spec.cwd.join("src/a")).unwrap(), "one\n");
            }),
        )
        .on("check.sh", changes("check.sh", "exit 0\n"))
        .on("check.sh", Answer::exit(0));
    assert_eq!(case.run().end().1, "tampered");
    case.attempt(2);
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
}

#[test]
fn work_that_conflicts_with_what_landed_meanwhile_is_merged_as_far_as_possible() {
    if lacks("git") {
        return;
    }
    let mut case = files(Case::new())
        .private()
        .on("agent", Answer::exit(0).writes("src/a", "mine\n").writes("src/b", "mine\n"))
        .on(
            "agent",
            Answer::exit(0).does(|spec| {
                let text = fs::read_to_string(spec.cwd.join("src/a")).unwrap();
                assert!(text.contains("<<<<<<<") && text.contains("theirs"), "{text}");
                assert_eq!(fs::read_to_string(spec.cwd.join("src/b")).unwrap(), "mine\n");
            }),
        )
        .on("check", Answer::exit(1));
    case.run();
    case.put("src/a", "theirs\n");
    case.sh("git commit -qam theirs");
    case.attempt(2);
    let ran = case.run();
    assert_eq!(ran.step("agent").outcome, Outcome::Exited { code: 0 }, "{:?}", ran.end());
    let prompt = ran.text("prompt.md");
    assert!(prompt.contains("You continue") && prompt.contains("src/a"), "{prompt}");
}

#[test]
fn work_that_landed_meanwhile_is_nothing_to_continue() {
    if lacks("git") {
        return;
    }
    let mut case = files(Case::new())
        .private()
        .on("agent", changes("src/a", "two\n"))
        .on("agent", Answer::exit(0))
        .on("check", Answer::exit(1));
    case.run();
    case.put("src/a", "two\n");
    case.sh("git commit -qam same");
    case.attempt(2);
    assert!(!case.run().text("prompt.md").contains("You continue the work"));
}

#[test]
fn a_setup_that_fails_on_the_work_of_the_last_attempt_is_for_the_agent_to_fix() {
    if lacks("git") {
        return;
    }
    let mut case = project().on("agent", changes("src/deps", "bad\n")).on("check", Answer::exit(1));
    case.run();
    let runs =
        |case: &Case, word: &str| case.script.words().iter().filter(|one| *one == word).count();
    assert_eq!(runs(&case, "prep"), 3);
    // The judge tree is at the target again; then the workspace has the bad dependencies.
    case.script.on("prep", Answer::exit(0));
    case.script.on("prep", Answer::exit(5));
    case.script.on("prep", Answer::exit(0));
    case.attempt(2);
    let ran = case.run();
    let said = format!(
        "workspaces.setup failed in the workspace: prep: exit status 5; its output is in {}",
        log(&ran, "setup-ws.out")
    );
    let warning = format!("A: on the work of its last attempt {said}");
    assert!(ran.finished.warnings.contains(&warning), "{:?}", ran.finished.warnings);
    assert!(ran.text("prompt.md").contains(&said), "{}", ran.text("prompt.md"));
    assert_eq!(runs(&case, "agent"), 2);
}
