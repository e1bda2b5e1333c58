//! The entry of a change that waits to land: made at a PASS, and made again by another loop.

use super::super::carried::{CameTo, ToLand};
use super::super::{Judge, entries};
use super::case::{Case, Ran};
use crate::domain::{Change, Outcome, Verdict, Waits};
use crate::platform::programs::lacks;
use crate::supervisor::scripted::Answer;
use crate::workspace::{self, Entry};
use serde_json::json;
use std::fs;

/// A project in which the agent changes `src/a`, so that its change waits to land.
fn project(more: &str) -> Case {
    let works = Answer::exit(0)
        .writes("src/a", "two\n")
        .reports(&json!({"status": "done", "summary": "did it"}));
    Case::more(more).file("src/a", "one\n").private().on("agent", works)
}

fn waiting(ran: &Ran) -> (Change, Entry) {
    let (change, entry) = ran.finished.waiting().unwrap();
    (change, *entry.unwrap())
}

/// Returns what another loop makes of a change, without the entry of the first one.
fn adopted(case: &Case, change: &Change) -> Result<Entry, String> {
    let job = case.prepared();
    let apart = job.apart.clone().unwrap();
    let to_land = ToLand { change: change.clone(), entry: None };
    entries::begin(&job, &apart, to_land, 77)
}

#[test]
fn work_that_passed_waits_with_what_its_commit_will_say() {
    if lacks("git") {
        return;
    }
    let case = project("");
    let ran = case.run();
    let (change, entry) = waiting(&ran);
    let parent = case.sh(&format!("git rev-parse {}^", change.commit));
    assert_eq!((change.base.as_str(), change.verdict.as_str()), (parent.as_str(), "PASS"));
    assert_eq!((change.waits, change.obstacle), (Waits::Landing, None));
    let message = &entry.message;
    assert_eq!((message.task.as_str(), message.title.as_str(), message.attempt), ("A", "a", 1));
    assert_eq!((message.summary.as_str(), &message.verdict), ("did it", &workspace::Verdict::Pass));
    assert_eq!(message.receipt, format!("A/1/{}", &change.commit[..12]));
    let whose = &entry.whose;
    assert_eq!((whose.part.as_str(), whose.attempt), ("A", 1));
    assert_eq!((whose.worker.as_str(), whose.since), ("h:7:00000000", 1_767_225_600));
    assert_eq!(whose.queue, case.root().join("q.json"));
    let tree = case.sh(&format!("git rev-parse {}^{{tree}}", change.commit));
    assert_eq!(entry.work.judged.iter().map(ToString::to_string).collect::<Vec<_>>(), [tree]);
    assert_eq!(entry.memo["report"]["task"], "A");
    assert_eq!(entry.memo["result"]["summary"], "did it");
}

#[test]
fn what_nobody_judged_lands_as_skipped() {
    if lacks("git") {
        return;
    }
    let ran = project("").job(|job| job.judge = Judge::Nobody).run();
    assert_eq!(ran.end().0, Some(Verdict::Skipped));
    let (change, entry) = waiting(&ran);
    assert_eq!(change.verdict, "SKIPPED");
    assert_eq!(entry.message.verdict, workspace::Verdict::Skipped);
}

#[test]
fn work_that_a_person_reviews_waits_for_that() {
    if lacks("git") {
        return;
    }
    let ran = project("").job(|job| job.review = true).run();
    assert_eq!(waiting(&ran).0.waits, Waits::Review);
    assert!(matches!(&ran.finished.change, Some(carried) if carried.came_to == CameTo::Review));
}

#[test]
fn nothing_waits_if_nothing_lands() {
    if lacks("git") {
        return;
    }
    let ran = project("[landing]\nmode = \"off\"\n").run();
    assert_eq!((ran.end().0, ran.finished.waiting()), (Some(Verdict::Pass), None));
}

#[test]
fn a_change_that_cannot_be_stored_is_a_fault_of_the_environment() {
    if lacks("git") {
        return;
    }
    let case = project("");
    fs::create_dir_all(case.root().join(".git/workloop")).unwrap();
    let blocks = Answer::exit(0).does({
        let folder = case.root().join(".git/workloop/landing");
        move |_| {
            drop(fs::remove_dir_all(&folder));
            fs::write(&folder, "a file").unwrap();
        }
    });
    let ran = case.on("check", blocks).run();
    let (verdict, code, reason) = ran.end();
    assert_eq!((verdict, code), (None, "environment"), "{reason}");
    assert!(reason.starts_with("failed to store the change until it lands: "), "{reason}");
    assert_eq!(ran.report().outcome, Outcome::FailedToStart { reason: reason.to_owned() });
    assert_eq!(ran.finished.waiting(), None);
}

#[test]
fn another_loop_makes_the_same_entry_from_the_task_and_the_stored_one() {
    if lacks("git") {
        return;
    }
    let case = project("");
    let ran = case.run();
    let (change, entry) = waiting(&ran);
    drop(ran);
    assert_eq!(adopted(&case, &change).unwrap(), entry, "it has waited since then");
}

#[test]
fn without_the_stored_entry_the_folder_of_the_attempt_is_read() {
    if lacks("git") {
        return;
    }
    let case = project("");
    let ran = case.run();
    let (change, entry) = waiting(&ran);
    let landing = case.root().join(".git/workloop/landing");
    fs::remove_dir_all(&landing).unwrap();
    let made = adopted(&case, &change).unwrap();
    assert_eq!((made.whose.since, &made.work), (77, &entry.work), "it waits from now on");
    assert_eq!(made.message.summary, "", "the result of the agent is not stored there");
    assert_eq!(made.message.receipt, entry.message.receipt);
    fs::remove_dir_all(ran.finished.job.folder.path()).unwrap();
    assert_eq!(adopted(&case, &change), Err("its attempt is unknown".to_owned()));
}

#[test]
fn an_entry_that_is_about_another_change_does_not_count() {
    if lacks("git") {
        return;
    }
    let case = project("");
    let ran = case.run();
    let (change, _) = waiting(&ran);
    let other = case.sh("git commit-tree -m x HEAD^{tree} -p HEAD");
    let made = adopted(&case, &Change { commit: other.clone(), ..change }).unwrap();
    assert_eq!((made.work.change.to_string(), made.whose.since), (other, 77));
    assert_eq!(made.message.summary, "");
}

#[test]
fn the_task_must_name_commits_that_git_knows() {
    if lacks("git") {
        return;
    }
    let case = project("");
    let ran = case.run();
    let (change, _) = waiting(&ran);
    let not_valid = |text: &str| Err(format!("{text:?} is not a valid commit id"));
    for text in ["", "HEAD", "../x", "deadbeef"] {
        let commit = Change { commit: text.to_owned(), ..change.clone() };
        assert_eq!(adopted(&case, &commit).map(drop), not_valid(text));
        let base = Change { base: text.to_owned(), ..change.clone() };
        assert_eq!(adopted(&case, &base).map(drop), not_valid(text));
    }
    let unknown = Change { commit: "ab".repeat(20), ..change };
    assert!(adopted(&case, &unknown).is_err(), "git does not have it");
}

#[test]
fn the_entry_of_this_loop_is_used_as_it_is() {
    if lacks("git") {
        return;
    }
    let case = project("");
    let ran = case.run();
    let (change, mut entry) = waiting(&ran);
    drop(ran);
    entry.whose.since = 5;
    let job = case.prepared();
    let apart = job.apart.clone().unwrap();
    let to_land = ToLand { change, entry: Some(Box::new(entry.clone())) };
    assert_eq!(entries::begin(&job, &apart, to_land, 77), Ok(entry));
}
