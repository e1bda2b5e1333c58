//! Verifications of the tree: of the one that attempts start from, and of finished work that was
//! set back.

use super::ends::{End, blocked, fails, interrupted, passes, unjudged};
use super::outside::Outside;
use super::play::{Play, Ran, task, with};
use super::{Reason, WhenEmpty};
use crate::domain::{Outcome, QueueIx, ReasonCode, Verdict};
use crate::engine::attempt::{ProfileKey, Stage};
use crate::store::control::Request;
use crate::store::{TreeReport, Trees};
use serde_json::json;
use std::fs;
use std::path::PathBuf;

const TREE: &str = "untouched tree";
const SET_BACK: &str = "verification of the tree";

/// Returns the reports of ends without tallies.
fn ends(ran: &Ran) -> Vec<String> {
    ran.heard().into_iter().filter(|text| text.contains(" ends ")).collect()
}

fn root(at: &super::outside::Site) -> PathBuf {
    at.open().set().root(QueueIx::FIRST).to_owned()
}

/// Returns what is remembered about the tree.
fn remembered(ran: &Ran) -> Option<TreeReport> {
    let project = ran.site.open();
    let steps = project.config().all_profiles().into_iter().next().unwrap();
    let root = project.set().root(QueueIx::FIRST);
    let key = ProfileKey::new(root, &steps);
    Trees::of(root).last(&key.steps)
}

#[test]
fn the_tree_is_judged_once_before_the_first_attempt() {
    let ran = Play::with("", json!([task("A"), task("B")])).go();
    assert_eq!(ran.begun(), [&format!("{TREE} in 0"), "A in 0", "B in 0"]);
    assert_eq!(ends(&ran)[0], "0 ends untouched tree PASS: profile default");
    assert_eq!(remembered(&ran).map(|tree| tree.verdict), Some(Verdict::Pass));
    assert_eq!((ran.end().0, ran.ending().attempts), (0, 2), "it is no attempt");
    assert!(!ran.journal().iter().any(|event| event.starts_with("verified untouched")));
}

#[test]
fn nothing_begins_while_the_tree_is_judged() {
    let mut play = Play::with("", json!([task("A"), task("B")])).stays(TREE).waits(5).then(|at| {
        assert_eq!(at.site.begun.borrow().len(), 1);
        at.end(TREE, passes());
    });
    play.chosen.jobs = 2;
    assert_eq!(play.go().begun()[1..], ["A in 0", "B in 1"]);
}

#[test]
fn a_verification_is_said_to_begin_when_its_first_step_does() {
    let step = |at: &Outside| at.reaches(TREE, Stage::Verifying("test".to_owned()));
    let play = Play::with("", json!([task("A")])).stays(TREE).then(|at| {
        assert_eq!(*at.site.heard.borrow(), ["0 of 1 complete, 0 running, 0 blocked, 1 ready"]);
    });
    let ran = play.then(step).then(step).then(|at| at.end(TREE, passes())).go();
    let begins = ran.heard().into_iter().filter(|text| text.ends_with("begins untouched tree"));
    assert_eq!(begins.count(), 1);
}

#[test]
fn a_red_tree_is_said_and_tasks_begin_anyway() {
    let ran = Play::with("", json!([task("A")])).ends(TREE, [fails()]).go();
    let red = "0 ends untouched tree FAIL: profile default: step test: exit status 1; tasks begin \
               anyway";
    assert!(ends(&ran)[0].starts_with(red), "{:?}", ends(&ran));
    assert_eq!(ran.end().0, 0);
    // The task passed, so its tree is green now.
    let tree = remembered(&ran).unwrap();
    assert_eq!((tree.verdict, tree.red), (Verdict::Pass, None));
}

#[test]
fn a_failure_that_the_tree_had_before_is_named_in_its_reason() {
    let config = "attempts = 1\n";
    let ran =
        Play::with(config, json!([task("A")])).ends(TREE, [fails()]).ends("A", [fails()]).go();
    let why = "step test: exit status 1; it already failed on the untouched tree, with the same \
               output (attempt 1 of 1)";
    assert_eq!(ran.task("A")["error"], why);
    let tree = remembered(&ran).unwrap();
    let red = tree.red.unwrap();
    assert_eq!(
        (tree.verdict, red.step.as_str(), red.outcome.as_str()),
        (Verdict::Fail, "test", "exit status 1")
    );
}

#[test]
fn a_result_that_was_remembered_is_said_only_if_it_is_red() {
    let known = |verdict: Verdict| -> End {
        Box::new(move |it| {
            let red = (verdict == Verdict::Fail).then(|| crate::store::RedStep {
                profile: "default".to_owned(),
                step: "test".to_owned(),
                outcome: "exit status 1".to_owned(),
                output: None,
                said: String::new(),
                log: PathBuf::new(),
            });
            it.report.steps = Vec::new();
            it.tree.known = Some(TreeReport { tree: None, at: String::new(), verdict, red });
        })
    };
    let ran = Play::with("", json!([task("A")])).ends(TREE, [known(Verdict::Pass)]).go();
    assert_eq!(ends(&ran), ["0 ends A PASS: complete"]);
    let ran = Play::with("", json!([task("A")])).ends(TREE, [known(Verdict::Fail)]).go();
    let red = "0 ends untouched tree FAIL: profile default: step test: exit status 1, as found \
               before; tasks begin anyway";
    assert_eq!(ends(&ran)[0], red);
}

#[test]
fn a_tree_that_could_not_be_judged_holds_nothing_up() {
    let ran = Play::with("", json!([task("A")])).ends(TREE, [interrupted()]).go();
    assert_eq!(ran.said("warning"), ["the untouched tree was not verified: interrupted"]);
    assert_eq!((ran.end().0, remembered(&ran)), (0, None));
}

#[test]
fn a_step_that_cannot_be_started_makes_the_tree_red_and_is_not_remembered() {
    let missing = Outcome::FailedToStart { reason: "no program `x`".to_owned() };
    let plain = unjudged(missing, "step test: no program `x`");
    let end: End = Box::new(move |it| {
        let steps = it.report.steps.clone();
        plain(it);
        it.report.steps = steps;
    });
    let ran = Play::with("attempts = 1\n", json!([task("A")]))
        .ends(TREE, [end])
        .ends("A", [fails()])
        .go();
    assert_eq!(ran.end().0, 5);
    assert_eq!(remembered(&ran), None);
}

#[test]
fn a_judging_file_that_a_step_changes_ends_the_run_before_any_task_is_blamed() {
    let tampered = blocked(ReasonCode::Tampered, "step test changed run.sh");
    let ran = Play::with("", json!([task("A")])).ends(TREE, [tampered]).go();
    assert_eq!(ran.ending().reason, Reason::Environment("step test changed run.sh".to_owned()));
    let said = "stopped: step test changed run.sh; no task was blamed, 0 of 1 complete";
    assert_eq!((ran.end(), ran.begun().len()), ((2, said.to_owned()), 1));
}

#[test]
fn a_verification_that_dies_holds_nothing_up() {
    let ran = Play::with("", json!([task("A")])).stays(TREE).then(|at| at.dies(TREE)).go();
    let bug = "the attempt of untouched tree ended because of a bug in workloop";
    assert_eq!(ran.said("warning"), [bug]);
    assert_eq!((ran.begun().len(), ran.end().0), (2, 0));
}

#[test]
fn a_tree_that_a_blocked_task_left_red_ends_the_run_at_the_next_failure() {
    let play = Play::with("attempts = 1\n", json!([task("A"), task("B"), task("C")]));
    let ran = play.ends(TREE, [passes(), fails()]).ends("A", [fails()]).ends("B", [fails()]).go();
    let red = "0 ends untouched tree FAIL: profile default: step test: exit status 1; it was green \
               before A was blocked";
    assert!(ends(&ran)[2].starts_with(red), "{:?}", ends(&ran));
    let why = "the tree is red since A was blocked: step test: exit status 1, and B failed in the \
               same way";
    assert_eq!(ran.ending().reason, Reason::LeftRed(why.to_owned()));
    let said = format!(
        "stopped: {why}; 0 of 3 complete; fix the tree (git status shows what was left), then the \
         same command continues"
    );
    assert_eq!(ran.end(), (5, said));
    assert_eq!(ran.begun().len(), 4, "C does not begin");
}

#[test]
fn a_task_that_left_work_is_not_told_about_a_tree_judged_after_it() {
    let begun = with(task("A"), json!({"attempts": 1}));
    let config = "attempts = 2\n";
    let mut play = Play::with(config, json!([begun, task("B")]))
        .ends(TREE, [fails()])
        .stays("A")
        .stays("B")
        .then(|at| {
            at.end("A", fails());
            at.end("B", fails());
        });
    play.chosen.jobs = 2;
    let ran = play.go();
    assert_eq!(ran.task("A")["error"], "step test: exit status 1 (attempt 2 of 2)");
    let told = "step test: exit status 1; it already failed on the untouched tree, with the same \
                output";
    let failed = format!("1 ends B FAIL: {told}; to be tried again [test]");
    assert!(ends(&ran).contains(&failed), "{:?}", ends(&ran));
}

#[test]
fn what_the_steps_write_into_a_queue_is_judged_before_anything_is_claimed() {
    // A queue that no loop has written yet is taken as it is found.
    let mut first = Play::with("", json!([task("X"), task("A"), task("B")]));
    first.chosen.attempts = Some(1);
    let play = Play::again(&first.go()).stays(TREE).then(|at| {
        at.edit(|tasks| {
            tasks[1]["title"] = json!("better");
            tasks[2]["status"] = json!("complete");
        });
        at.end(TREE, passes());
    });
    let ran = play.go();
    assert_eq!(ran.begun()[1..], ["A in 0", "B in 0"], "no verb completed B");
    assert_eq!(ran.task("A")["title"], "better");
    let put_back = "edit of task B beside an attempt put back: status is pending again, not \
                    complete; workloop done B completes a task by hand";
    assert_eq!(ran.said("warning"), [put_back]);
}

#[test]
fn nobody_waits_for_a_verification_when_nothing_begins_any_more() {
    for (ask, status) in [(Request::Stop, 6), (Request::Pause, 0)] {
        let play =
            Play::with("", json!([task("A")])).stays(TREE).then(move |at| at.ask("q.json", ask));
        let play = play.then(move |at| {
            assert!(at.is_cancelled(TREE));
            at.end(TREE, interrupted());
            at.withdraw("q.json");
        });
        let ran = play.go();
        assert_eq!(ran.end().0, status, "{ask:?}");
    }
}

#[test]
fn a_loop_waits_while_another_one_judges_the_tree() {
    let play = Play::with("", json!([task("A")]));
    let lock = Trees::of(&root(&play.site)).lock().unwrap();
    assert!(lock.is_some());
    let ran = play.waits(4).then(move |_| drop(lock)).go();
    // It is said again if a child that another test starts just then still has the lock.
    let mut said = ran.said("waits");
    said.dedup();
    assert_eq!(said, ["another loop verifies the untouched tree"]);
    assert_eq!((ran.begun().len(), ran.end().0), (2, 0));
}

#[test]
fn the_tree_is_judged_again_when_there_is_work_after_a_wait() {
    let mut play = Play::with("", json!([task("A")]))
        .waits(4)
        .then(|at| at.edit(|tasks| tasks.as_array_mut().unwrap().push(task("B"))))
        .waits(30)
        .then(|at| at.signal(15));
    play.chosen.when_empty = WhenEmpty::Wait;
    let tree = format!("{TREE} in 0");
    assert_eq!(play.go().begun(), [&tree, "A in 0", &tree, "B in 0"]);
}

#[test]
fn a_tree_whose_lock_cannot_be_taken_is_not_judged_and_said_so() {
    let play = Play::with("", json!([task("A")]));
    let root = root(&play.site);
    fs::create_dir_all(root.join(".workloop")).unwrap();
    fs::write(root.join(".workloop/trees"), "").unwrap();
    let ran = play.go();
    let why = "Not a directory (os error 20)";
    let said = format!("the tree in {} is not verified: {why}", root.display());
    assert_eq!(ran.said("warning"), [said]);
    assert_eq!((ran.begun(), ran.end().0), (vec!["A in 0".to_owned()], 0));
}

#[test]
fn a_result_that_cannot_be_remembered_is_said_once() {
    let play = Play::with("", json!([task("A"), task("B")]));
    let project = play.site.open();
    let steps = project.config().all_profiles().into_iter().next().unwrap();
    let root = root(&play.site);
    let key = ProfileKey::new(&root, &steps);
    fs::create_dir_all(root.join(format!(".workloop/trees/{}.json", key.steps))).unwrap();
    let ran = play.go();
    let [said] = ran.said("warning").try_into().unwrap();
    let start = "cannot store the result for the untouched tree: ";
    assert!(said.starts_with(start), "{said}");
    assert_eq!((ran.begun().len(), ran.end().0), (3, 0));
}

#[test]
fn a_red_tree_is_remembered_for_the_next_run() {
    let ran = Play::with("attempts = 1\n", json!([task("A"), task("B")]))
        .ends(TREE, [fails(), fails()])
        .ends("A", [fails()])
        .ends("B", [fails()])
        .go();
    assert_eq!(ran.end().0, 5);
    let sentences = crate::engine::attempt::red_trees(ran.site.open().set());
    let red = "the untouched tree was red when it was last verified (profile default): step test: \
               exit status 1";
    assert_eq!(sentences, [red]);
}

/// Lets A become complete, and then sets the queue back while nothing runs.
fn set_back(end: End) -> Ran {
    let tasks = json!([task("A"), task("B")]);
    Play::new(tasks.clone()).ends(SET_BACK, [end]).then_set_back(json!({"tasks": tasks}))
}

#[test]
fn finished_work_that_was_set_back_is_verified_and_not_redone() {
    let ran = set_back(passes());
    assert_eq!(ran.begun(), ["A in 0", "B in 0", "verification of the tree in 0"]);
    assert_eq!((ran.status("A"), ran.status("B")), ("complete".to_owned(), "complete".to_owned()));
    let decides = "set back with the queue: A, B; a verification of the tree decides whether the \
                   work is still there";
    let passes = "set back with the queue: A, B; the verification passes on the tree as it is, \
                  which counts as complete again";
    // The number of attempts is not in the earlier text.
    let edited = "edits were put back: A, B; workloop events shows each";
    assert_eq!(ran.said("warning"), [edited, decides, passes]);
    let end = "0 ends verification of the tree PASS: the tree passes";
    assert!(ran.heard().contains(&"0 begins verification of the tree".to_owned()));
    assert!(ran.heard().contains(&end.to_owned()), "{:?}", ran.heard());
}

#[test]
fn finished_work_that_is_not_in_the_tree_is_done_again() {
    let ran = set_back(fails());
    let check = "verification of the tree in 0";
    assert_eq!(ran.begun(), ["A in 0", "B in 0", check, "A in 0", "B in 0"]);
    let redo =
        "set back with the queue: A, B; their work is not in the tree, so they are done again";
    assert_eq!(ran.said("warning").last().unwrap(), redo);
    let end = "0 ends verification of the tree FAIL: step test: exit status 1 [test]";
    assert!(ran.heard().contains(&end.to_owned()), "{:?}", ran.heard());
}

#[test]
fn a_verification_that_says_nothing_decides_nothing() {
    let ran = set_back(interrupted());
    assert_eq!(ran.begun().len(), 4, "it is tried again");
    assert_eq!(ran.status("A"), "complete");
    let missing = Outcome::FailedToStart { reason: "no program `x`".to_owned() };
    let before = json!({"tasks": [task("A")]}).to_string();
    let mut play = Play::new(json!([task("A")]))
        .ends(SET_BACK, [unjudged(missing, "step test: no program `x`")])
        .waits(2)
        .then(move |at| at.site.write("q.json", &before));
    play.chosen.when_empty = WhenEmpty::Wait;
    let ran = play.go();
    let why = "verification: no program `x`";
    assert_eq!((&ran.ending().reason, ran.end().0), (&Reason::Environment(why.to_owned()), 2));
}
