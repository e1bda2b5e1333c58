//! Runs whose tasks have private trees in a git repository: entries of changes, and the target.

use super::ends::{End, carries, interrupted, passes};
use super::play::{Play, Ran, task, with};
use super::{Finished, WhenEmpty};
use crate::domain::QueueIx;
use crate::engine::attempt::{CameTo, Carried, Fixed, entry};
use crate::platform::ids::{CountingIds, Ids, RandomIds};
use crate::platform::programs::lacks;
use crate::workspace::{Entries, Entry, Oid, Repository, State};
use serde_json::{Value, json};
use std::fs;
use std::path::PathBuf;
use std::sync::Arc;

const PLAIN: &str = "untouched = false\n";

fn repository(play: &Play) -> Repository {
    let project = play.site.open();
    let (set, ids): (_, Arc<dyn Ids>) = (project.set(), Arc::new(CountingIds::default()));
    let fixed = Fixed::of_run(&set.config, &play.chosen.vars, &ids);
    let fixed = fixed.isolated(set, &play.chosen.vars).unwrap();
    fixed.repository(set.root(QueueIx::FIRST)).unwrap().clone()
}

/// Returns a commit that is on no branch.
fn commit(play: &Play) -> Oid {
    let made = play.site.sh("git commit-tree -p HEAD -m change 'HEAD^{tree}'");
    Oid::parse(made.trim()).unwrap()
}

fn head(play: &Play) -> Oid {
    Oid::parse(play.site.sh("git rev-parse HEAD").trim()).unwrap()
}

/// Returns the names of the entries that are left.
fn entries(site: &super::outside::Site) -> Vec<String> {
    let all = fs::read_dir(site.dir.path().join(".git/workloop/landing"));
    let names = all.into_iter().flatten().flatten();
    let mut names: Vec<String> =
        names.map(|file| file.file_name().to_string_lossy().into_owned()).collect();
    names.sort_unstable();
    names
}

/// Returns the entry of a change of this task.
fn waiting(play: &Play, id: &str, attempt: u32) -> Entry {
    let project = play.site.open();
    let mut job = play.site.job(&project, id, 9);
    job.token.attempt = attempt;
    let mut entry = *entry(&job, head(play), commit(play));
    entry.whose.queue = project.set().real(QueueIx::FIRST).to_owned();
    entry
}

fn enter(play: &Play, entry: &Entry) {
    let repository = repository(play);
    Entries::of(&repository).unwrap().enter(&repository, entry, &RandomIds).unwrap();
}

/// Returns a task that process 9, which is alive, has claimed for this attempt.
fn claimed(id: &str, attempt: u32) -> Value {
    let claim = json!({"worker": "h:9:00000000", "attempt": attempt, "since": "",
        "host": "0123abcd", "boot": "4567cdef", "start": 1});
    with(task(id), json!({"status": "in_progress", "attempts": attempt, "claim": claim}))
}

#[test]
fn entries_of_changes_that_wait_no_more_are_removed_when_a_run_begins() {
    if lacks("git") {
        return;
    }
    let done = |id: &str| with(task(id), json!({"status": "complete"}));
    let tasks = json!([done("A"), claimed("B", 1), claimed("C", 2), done("D"), done("E")]);
    let mut play = Play::private(PLAIN, tasks);
    play.chosen.alive = vec![9];
    play.chosen.when_empty = WhenEmpty::Wait;
    for (id, attempt) in [("A", 1), ("B", 1), ("C", 1)] {
        enter(&play, &waiting(&play, id, attempt));
    }
    // It is being moved onto the target: its landing continues.
    let mut moving = waiting(&play, "D", 1);
    let (old, new) = (head(&play), moving.work.change.clone());
    moving.state = State::Moving { old, new, checkouts: Vec::new() };
    enter(&play, &moving);
    let mut other = waiting(&play, "E", 1);
    other.whose.queue = PathBuf::from("/another/queue.json");
    enter(&play, &other);
    let ran = play.waits(1).then(|at| at.signal(15)).go();
    assert_eq!(entries(&ran.site), ["B-1.json", "D-1.json", "E-1.json"]);
    let refs = ran.site.sh("git for-each-ref --format='%(refname)' refs/workloop/landing");
    let left: Vec<&str> = refs.lines().filter_map(|name| name.split('/').nth(3)).collect();
    assert_eq!(left, ["B-1", "D-1", "E-1"]);
    assert_eq!(ran.said("warning"), Vec::<String>::new());
}

/// An attempt that passed, with an entry for its change.
fn waits(play: &Play, change: Oid) -> End {
    let (repository, base) = (repository(play), head(play));
    Box::new(move |it: &mut Finished| {
        let entry = entry(&it.job, base.clone(), change.clone());
        Entries::of(&repository).unwrap().enter(&repository, &entry, &RandomIds).unwrap();
        it.change = Some(Carried { entry, came_to: CameTo::Waits(None) });
    })
}

#[test]
fn the_entry_of_a_change_that_landed_or_went_back_is_removed() {
    if lacks("git") {
        return;
    }
    for back in [false, true] {
        let play = Play::private(PLAIN, json!([task("A")]));
        let change = commit(&play);
        let (first, second) = (waits(&play, change.clone()), passes());
        let mut play = play.ends("A", [first, second]);
        if back {
            let (carried, failed) = (carries(CameTo::Back(Vec::new())), super::ends::fails());
            let end: End = Box::new(move |it| {
                failed(it);
                carried(it);
            });
            play = play.ends("land A", [end]);
        }
        let ran = play.go();
        assert_eq!((ran.end().0, entries(&ran.site)), (0, Vec::new()), "back: {back}");
        assert_eq!(ran.begun().len(), if back { 3 } else { 2 });
    }
}

#[test]
fn the_entry_of_a_change_whose_task_a_person_parked_is_removed() {
    if lacks("git") {
        return;
    }
    let play = Play::private(PLAIN, json!([task("A")]));
    let first = waits(&play, commit(&play));
    let play = play.ends("A", [first]).stays("land A").then(|at| {
        assert_eq!(entries(&at.site), ["A-1.json"]);
        at.person("A", &crate::domain::Transition::Park);
    });
    let ran = play.then(|at| at.end("land A", interrupted())).go();
    assert_eq!((ran.status("A"), entries(&ran.site)), ("parked".to_owned(), Vec::new()));
}

#[test]
fn a_target_that_a_person_moved_is_judged_before_the_next_attempt() {
    if lacks("git") {
        return;
    }
    let moved = |script: &'static str| {
        let play = Play::private("", json!([task("A"), task("B")])).stays("A").then(move |at| {
            at.site.sh(script);
            at.end("A", passes());
        });
        play.go().begun().len()
    };
    assert_eq!(moved("true"), 3, "the tree is judged once");
    assert_eq!(moved("git commit -q --allow-empty -m mine"), 4);
    let landed = "git commit -q --allow-empty -m x --trailer 'Workloop-Task: X'";
    assert_eq!(moved(landed), 3, "what lands was judged");
    let both = "git commit -q --allow-empty -m x --trailer 'Workloop-Task: X'
                git commit -q --allow-empty -m mine";
    assert_eq!(moved(both), 4);
    assert_eq!(moved("git commit -q --amend --allow-empty -m other"), 4, "it was rewritten");
}

/// Lets A land as `change`, and then sets the queue back while nothing runs.
fn set_back(change: impl FnOnce(&Play) -> Oid) -> Ran {
    let tasks = json!([task("A")]);
    let play = Play::private(PLAIN, tasks.clone());
    let change = change(&play);
    let first = waits(&play, change);
    play.ends("A", [first]).then_set_back(json!({"tasks": tasks}))
}

#[test]
fn work_whose_commit_is_on_the_target_is_complete_however_old_its_queue_is() {
    if lacks("git") {
        return;
    }
    let ran = set_back(head);
    assert_eq!(ran.begun(), ["A in 0", "land A in 1"], "nothing is verified");
    assert_eq!(ran.status("A"), "complete");
    let there = "set back with the queue: A; their commits are on the target, which counts as \
                 complete again";
    assert_eq!(ran.said("warning").last().unwrap(), there);
}

#[test]
fn work_whose_commit_is_not_on_the_target_is_done_again() {
    if lacks("git") {
        return;
    }
    let ran = set_back(commit);
    assert_eq!(ran.begun(), ["A in 0", "land A in 1", "A in 0"]);
    let redo = "set back with the queue: A; their work is not in the tree, so they are done again";
    assert!(ran.said("warning").contains(&redo.to_owned()), "{:?}", ran.said("warning"));
}
