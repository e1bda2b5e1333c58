//! Steps that run beside each other: what runs at once, and that the verdict is that of steps that
//! ran one after the other.

use super::super::Stage;
use super::case::Case;
use crate::domain::{Outcome, Verdict};
use crate::platform::lock::FileLock;
use crate::supervisor::Unstarted;
use crate::supervisor::scripted::{Answer, Script};
use std::sync::atomic::Ordering;
use std::sync::{Arc, Barrier};
use std::time::{Duration, Instant};

/// A parallel profile with the steps `a`, `b`, and `c`, which needs `a`.
const PARALLEL: &str = "[agents.default]\nrun = [\"agent\"]\n\
    [[verify]]\nname = \"a\"\nrun = [\"a\"]\nretries = 1\n\
    [[verify]]\nname = \"b\"\nrun = [\"b\"]\n\
    [[verify]]\nname = \"c\"\nrun = [\"c\"]\nneeds = [\"a\"]\n\
    [profiles.default]\nparallel = true\n";

fn parallel() -> Case {
    Case::of(PARALLEL)
}

/// Returns an answer that ends only while another one with the same barrier runs.
fn meets(other: &Arc<Barrier>, answer: Answer) -> Answer {
    let other = Arc::clone(other);
    answer.does(move |_| {
        other.wait();
    })
}

/// Returns the words of the steps that ran, those that run at once in the order of their names.
fn ran(case: &Case) -> Vec<String> {
    let mut words = case.script.words();
    words[1..].sort();
    words
}

#[test]
fn steps_run_at_once_unless_one_needs_another() {
    let both = Arc::new(Barrier::new(2));
    let case = parallel()
        .on("a", meets(&both, Answer::exit(0).prints("A")))
        .on("b", meets(&both, Answer::exit(0).prints("B")));
    let done = case.run();
    assert_eq!(done.end(), (Some(Verdict::Pass), "", ""));
    let ended = ["agent", "a", "b", "c"].map(|name| format!("{name}: exit status 0"));
    assert_eq!(done.steps(), ended);
    assert_eq!(case.script.words().last().unwrap(), "c", "{:?}", case.script.words());
    let told = ["a", "b", "c"].map(|name| Stage::Verifying(name.to_owned()));
    assert_eq!(done.stages[2..], told);
    let logs = ["verify-1.out", "verify-2.out", "verify-3.out"].map(|log| done.text(log));
    assert_eq!(logs, ["A", "B", ""]);
    assert_eq!(done.step("b").millis, 7);
}

#[test]
fn what_passed_beside_the_first_failure_is_listed_before_it() {
    let both = Arc::new(Barrier::new(2));
    let case = Case::of(&PARALLEL.replace("retries = 1\n", ""))
        .on("a", meets(&both, Answer::exit(3)))
        .on("b", meets(&both, Answer::exit(0)));
    let done = case.run();
    assert_eq!(done.end(), (Some(Verdict::Fail), "tests_failed", "step a: exit status 3"));
    assert_eq!(done.steps(), ["agent: exit status 0", "b: exit status 0", "a: exit status 3"]);
    assert_eq!(ran(&case), ["agent", "a", "b"], "c does not begin");
}

#[test]
fn of_two_failures_beside_each_other_the_first_step_decides() {
    let case = Case::of(&PARALLEL.replace("retries = 1\n", ""))
        .on("a", Answer::exit(1))
        .on("b", Answer::exit(2));
    let done = case.run();
    assert_eq!(done.end().2, "step a: exit status 1");
    assert_eq!(done.steps(), ["agent: exit status 0", "a: exit status 1"]);
}

#[test]
fn a_step_that_runs_again_runs_alone() {
    let both = Arc::new(Barrier::new(2));
    let case = parallel()
        .on("a", meets(&both, Answer::exit(1)))
        .on("a", Answer::exit(0))
        .on("b", meets(&both, Answer::exit(0)));
    let done = case.run();
    assert_eq!(done.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!(done.step("a").checked.retried, 1);
    assert_eq!(done.step("a").log, "verify-1-2.out");
    assert_eq!(ran(&case), ["agent", "a", "a", "b", "c"]);
}

#[test]
fn a_step_that_something_outside_killed_runs_again_alone() {
    let killed = Answer::ends(Outcome::Signaled { signal: 15 });
    let case = parallel().on("a", Answer::exit(0)).on("b", killed).on("b", Answer::exit(0));
    let done = case.run();
    assert_eq!(done.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!((done.step("b").checked.retried, done.step("b").log.as_str()), (0, "verify-2.out"));
    assert_eq!(ran(&case), ["agent", "a", "b", "b", "c"]);
    assert_eq!(done.finished.warnings, Vec::<String>::new());
}

#[test]
fn a_step_beside_others_that_cannot_be_started_is_a_fault_of_the_environment() {
    let missing = Answer::unstarted(Unstarted::Missing, "b: not found");
    let done = parallel().on("b", missing).run();
    assert_eq!(done.end(), (None, "environment", "b: failed to start: b: not found"));
    let done = parallel().on("b", Answer::vanishes()).run();
    assert_eq!(done.end(), (None, "crash", "b: lost: its supervisor vanished"));
    assert_eq!(
        done.finished.warnings,
        ["failed to keep the attempt running: its supervisor vanished"]
    );
}

#[test]
fn a_step_beside_others_needs_a_lock_of_its_own() {
    let case = parallel();
    let file = case.prepared().folder.file("verify-2.out.lock");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let lock = FileLock::try_acquire(&file).unwrap().unwrap();
    let done = case.run();
    let reason = format!("b: {} is locked by another process", file.display());
    assert_eq!(done.end(), (None, "environment", &*reason));
    drop(lock);
    assert_eq!(case.run().end().0, Some(Verdict::Pass));
}

#[test]
fn a_lock_that_is_free_in_a_moment_is_waited_for() {
    let case = parallel();
    let file = case.prepared().folder.file("verify-2.out.lock");
    std::fs::create_dir_all(file.parent().unwrap()).unwrap();
    let lock = std::sync::Mutex::new(Some(FileLock::try_acquire(&file).unwrap().unwrap()));
    // A child of this process between fork and exec, which is over when the first step runs.
    let case = case.on("a", Answer::exit(0).does(move |_| drop(lock.lock().unwrap().take())));
    assert_eq!(case.run().end(), (Some(Verdict::Pass), "", ""));
}

#[test]
fn a_step_whose_folder_is_gone_is_told_so_in_its_turn() {
    let config = PARALLEL.replace("name = \"b\"\n", "name = \"b\"\ncwd = \"sub\"\n");
    let case = Case::of(&config).file("sub/x", "").on("agent", Answer::exit(0).removes("sub"));
    let done = case.run();
    let reason = "step b: its cwd sub: No such file or directory (os error 2)";
    assert_eq!(done.end(), (Some(Verdict::Fail), "tests_failed", reason));
    assert!(!ran(&case).contains(&"b".to_owned()));
}

#[test]
fn steps_of_another_profile_wait_for_those_of_a_parallel_one() {
    let config =
        format!("{PARALLEL}[[verify]]\nname = \"z\"\nprofile = \"other\"\nrun = [\"z\"]\n");
    let case = Case::of(&config).task(serde_json::json!({"verify": ["default", "other"]}));
    let done = case.run();
    assert_eq!(done.end(), (Some(Verdict::Pass), "", ""));
    assert_eq!(case.script.words().last().unwrap(), "z");
    assert!(case.prepared().folder.file("verify-1.out.lock").exists(), "beside others");
    assert!(!case.prepared().folder.file("verify-4.out.lock").exists(), "alone");
}

#[test]
fn a_judge_that_changed_stops_steps_before_they_begin() {
    let config = PARALLEL.replace("[\"b\"]", "[\"sh\", \"b.sh\"]");
    let case = Case::of(&config).file("b.sh", "").on("agent", Answer::exit(0).writes("b.sh", "x"));
    assert_eq!(case.run().end().1, "tampered");
    assert_eq!(case.script.words(), ["agent"]);
}

#[test]
fn a_pause_is_acknowledged_when_all_steps_beside_each_other_rest() {
    let case = parallel().on("b", Answer::runs());
    let script = Arc::clone(&case.script);
    let still = Arc::clone(&case.still);
    let ended = case.under(|job, with| {
        let controls = with.supervisor.controls();
        let watcher = std::thread::spawn(move || {
            let until = |condition: &dyn Fn() -> bool| {
                let began = Instant::now();
                while !condition() && began.elapsed() < Duration::from_secs(20) {
                    std::thread::yield_now();
                }
            };
            until(&|| script.words().contains(&"b".to_owned()));
            controls.pause(7);
            until(&|| still.lock().unwrap().contains(&7));
            controls.term();
        });
        let finished = super::super::run(job, with, &mut |_| {});
        watcher.join().unwrap();
        finished
    });
    assert_eq!(case.still.lock().unwrap().first(), Some(&7), "no step waited for another");
    assert_eq!(ended.report.reason.as_deref(), Some("interrupted"));
    assert!(!case.script.words().contains(&"c".to_owned()));
}

#[test]
fn a_supervisor_that_is_refused_what_it_needs_is_no_verdict() {
    let mut case = parallel();
    case.script = Script::refusing();
    assert_eq!(case.run().end().0, None);
}

#[test]
fn a_hidden_step_runs_alone_and_those_after_it_beside_each_other() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let hidden = tempfile::tempdir().unwrap();
    std::fs::write(hidden.path().join("case"), "secret").unwrap();
    let more = format!("name = \"a\"\nhidden = \"{}\"\n", hidden.path().display());
    let config = PARALLEL.replace("name = \"a\"\n", &more).replace("needs = [\"a\"]\n", "");
    let both = Arc::new(Barrier::new(2));
    let looks = Answer::exit(0).prints("secret").does(|spec| {
        assert_eq!(std::fs::read_to_string(spec.cwd.join("case")).unwrap(), "secret");
    });
    let covered = |answer: Answer| {
        answer.does(|spec| assert!(!spec.cwd.join("case").exists(), "it is hidden again"))
    };
    let case = Case::of(&config)
        .private()
        .on("a", looks)
        .on("b", covered(meets(&both, Answer::exit(0))))
        .on("c", covered(meets(&both, Answer::exit(0))));
    let done = case.run();
    assert_eq!(done.end(), (Some(Verdict::Pass), "", ""));
    let log = |number: u32| done.finished.job.folder.file(&format!("verify-{number}.out.lock"));
    assert_eq!([1, 2, 3].map(|number| log(number).exists()), [false, true, true]);
    assert!(done.step("a").checked.hidden && done.step("a").log.is_empty());
    assert_eq!(done.text("verify-1.out"), "", "its output is not kept");
}

#[test]
fn no_step_of_a_cancelled_attempt_begins_beside_others() {
    let case = parallel();
    let cancelled = Arc::clone(&case.cancelled);
    let cancels = Answer::exit(0).does(move |_| cancelled.store(true, Ordering::SeqCst));
    let case = case.on("agent", cancels);
    let done = case.run();
    assert_eq!(done.end(), (None, "", "interrupted"));
    assert_eq!(case.script.words(), ["agent"]);
}

#[test]
fn a_command_beside_a_supervisor_that_was_asked_to_end_never_starts() {
    let case = parallel();
    let done = case.under(|job, with| {
        with.supervisor.controls().term();
        super::super::run(job, with, &mut |_| {})
    });
    assert_eq!(done.report.reason.as_deref(), Some("interrupted"));
    let case = parallel().task(serde_json::json!({"type": "gate"}));
    case.under(|job, with| {
        with.supervisor.controls().term();
        super::super::run(job, with, &mut |_| {})
    });
    assert_eq!(case.script.words(), Vec::<String>::new(), "neither a nor b");
}
