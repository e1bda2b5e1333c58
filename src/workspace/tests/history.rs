//! Tests questions about the history of a target.

use super::super::repo::scratch::Scratch;
use super::super::repo::{Oid, Stamp};
use crate::platform::programs::lacks;

/// Commits the tree as it is, with `message`, and returns the commit.
fn commit(scratch: &Scratch, files: &str, message: &str) -> Oid {
    scratch.sh(&format!("{files}\ngit add -A; git commit -q --allow-empty -m '{message}'"));
    scratch.oid("HEAD")
}

#[test]
fn a_target_moved_only_by_landings_where_each_commit_names_its_task() {
    if lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    let base = scratch.oid("HEAD");
    let one = commit(&scratch, "echo 1 >x", "one\n\nWorkloop-Task: A");
    let two = commit(&scratch, "echo 2 >x", "two\n\nWorkloop-Task: B");
    let own = commit(&scratch, "echo 3 >x", "three");
    let last = commit(&scratch, "echo 4 >x", "four\n\nWorkloop-Task: C");
    let repository = scratch.repository();
    let only = |before: &Oid, after: &Oid| repository.only_landed_since(before, after).unwrap();
    assert!(only(&base, &one) && only(&base, &two) && only(&own, &last));
    assert!(only(&base, &base), "nothing moved it");
    assert!(!only(&base, &own) && !only(&two, &last) && !only(&two, &own));
    assert!(!only(&two, &one), "it was set back");
    let gone = Oid::parse(&"a".repeat(40)).unwrap();
    assert!(repository.only_landed_since(&gone, &one).is_err());
    assert_eq!(repository.parent_of(&two).unwrap(), one);
    assert!(repository.parent_of(&gone).is_err());
}

#[test]
fn the_first_of_several_commits_is_found_in_any_order() {
    if lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    let base = scratch.oid("HEAD");
    let one = commit(&scratch, "echo 1 >x", "one");
    let two = commit(&scratch, "echo 2 >x", "two");
    let repository = scratch.repository();
    let first = |all: &[&Oid]| {
        let all: Vec<Oid> = all.iter().map(|&oid| oid.clone()).collect();
        repository.first_of(&all).unwrap()
    };
    assert_eq!(first(&[]), None);
    assert_eq!(first(&[&two, &one]), Some(one.clone()));
    assert_eq!(first(&[&one, &two]), Some(one.clone()));
    assert_eq!(first(&[&two, &base, &one]), Some(base.clone()));
    let tree = scratch.oid("HEAD^{tree}");
    let aside = repository.commit(&tree, &base, "aside", Stamp(0)).unwrap();
    let gone = Oid::parse(&"a".repeat(40)).unwrap();
    assert_eq!(first(&[&one, &aside]), None, "it exists and did not land");
    assert_eq!(first(&[&one, &gone]), None);
    assert!(repository.has_commit(&aside).unwrap() && !repository.has_commit(&gone).unwrap());
    assert!(!repository.has_commit(&tree).unwrap(), "a tree is no commit");
}

#[test]
fn tasks_that_landed_on_a_path_are_listed_from_the_newest() {
    if lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    let base = scratch.oid("HEAD");
    let told = "Rewrite x\n\n\nIt  has\tno y.\nMore.\n\nWorkloop-Task: A\nWorkloop-Attempt: 1";
    commit(&scratch, "echo 1 >a", told);
    commit(&scratch, "echo 1 >other", "Other\n\nWorkloop-Task: B");
    commit(&scratch, "echo 2 >a", "By hand");
    commit(&scratch, "echo 3 >sub/b", "Below\n\nWorkloop-Task: C");
    let tip = commit(&scratch, "echo 3 >a; echo 1 >'*'", "Add\n\nWorkloop-Task: D");
    let repository = scratch.repository();
    let between = |paths: &[&str]| {
        let paths: Vec<_> = paths.iter().map(Into::into).collect();
        repository.tasks_between(&base, &tip, &paths).unwrap()
    };
    assert_eq!(between(&["a"]), ["D (Add)", "A (Rewrite x): It has no y."]);
    assert_eq!(between(&["sub"]), ["C (Below)"]);
    assert_eq!(between(&["*"]), ["D (Add)"], "a name is no pattern");
    assert_eq!(between(&["none"]), [""; 0]);
    assert_eq!(between(&[]), [""; 0], "there is no path on which they could be");
    assert_eq!(repository.tasks_between(&tip, &tip, &["a".into()]).unwrap(), [""; 0]);
}

#[test]
fn of_many_tasks_the_newest_five_are_listed() {
    if lacks("git") {
        return;
    }
    let scratch = Scratch::new();
    let base = scratch.oid("HEAD");
    scratch.sh("for at in 1 2 3 4 5 6 7; do echo $at >x; git add x; git commit -qm \"t$at

Workloop-Task: T-$at\"; done");
    let tip = scratch.oid("HEAD");
    let found = scratch.repository().tasks_between(&base, &tip, &["x".into()]).unwrap();
    assert_eq!(found, ["T-7 (t7)", "T-6 (t6)", "T-5 (t5)", "T-4 (t4)", "T-3 (t3)"]);
}
