//! What a loop learns about the tree from attempts.

use super::super::record::After;
use super::super::trees::{TreeKnowledge, judged};
use super::*;
use crate::engine::attempt::ProfileKey;
use crate::store::Trees;
use crate::workspace::TaskName;

fn case() -> Case {
    Case::new("", json!([claimed("A", 1)]))
}

fn key(finished: &Finished) -> ProfileKey {
    let key = finished.job.profiles.first();
    key.expect("the tree is judged before an attempt begins").clone()
}

/// Returns whether the tree has to be judged again after `finished` ended like this; it was green
/// if `was_green`.
fn wants(was_green: bool, finished: &Finished, after: &After) -> bool {
    let (key, mut trees) = (key(finished), TreeKnowledge::default());
    if was_green {
        trees.untouched_mut().passed(std::slice::from_ref(&key));
    }
    trees.learn_from(finished, after);
    trees.untouched().wants(&key)
}

#[test]
fn work_that_passed_shows_that_the_tree_is_green() {
    let case = case();
    let mut passed = case.passed("A");
    let complete = After::Complete(None);
    assert!(!wants(false, &passed, &complete));
    passed.report.verdict = Some(Verdict::Skipped);
    assert!(wants(false, &passed, &complete), "nothing was judged");
    for after in [After::Review, After::Again("r".into()), After::Lost("r".into())] {
        assert!(wants(false, &case.passed("A"), &after), "{after:?}");
        assert!(!wants(true, &case.passed("A"), &after), "{after:?}");
    }
}

#[test]
fn work_that_stays_in_a_private_tree_shows_nothing() {
    let case = case();
    let mut passed = case.passed("A");
    in_private_tree(&mut passed);
    assert!(wants(false, &passed, &After::Complete(None)));
    assert!(!wants(false, &passed, &After::Complete(Some("c1".into()))), "it landed");
    passed.job.agent = None;
    assert!(!wants(false, &passed, &After::Complete(None)), "a gate judges the tree itself");
}

fn in_private_tree(finished: &mut Finished) {
    let (id, queue) = ("A".to_owned(), "q".to_owned());
    let name = TaskName { id, queue_name: queue.clone(), is_shared: false, queue };
    finished.job.name = Some(name);
}

#[test]
fn what_a_blocked_task_left_may_have_made_the_tree_red() {
    let case = case();
    let (blocked, asked) = (After::Blocked("r".into()), After::Asked("r".into()));
    for after in [&blocked, &asked] {
        assert!(wants(true, &case.failed("A"), after));
        let changes: [(&str, Change); 3] = [
            ("no agent worked", |it| it.job.agent = None),
            ("nothing ran", |it| it.report.steps.clear()),
            ("its work is in a tree of its own", in_private_tree),
        ];
        for (why, change) in changes {
            let mut finished = case.failed("A");
            change(&mut finished);
            assert!(!wants(true, &finished, after), "{why}");
        }
    }
}

#[test]
fn a_tree_that_cannot_be_judged_holds_nothing_up() {
    let (case, mut trees) = (case(), TreeKnowledge::default());
    let key = key(&case.failed("A"));
    assert!(trees.untouched().wants(&key));
    trees.give_up(&key);
    assert!(!trees.untouched().wants(&key));
}

#[test]
fn a_tree_is_judged_while_somebody_holds_its_lock() {
    let case = case();
    let set = case.project.set();
    let root = set.root(QueueIx::FIRST).to_owned();
    assert_eq!(judged(set), Vec::<PathBuf>::new());
    let lock = Trees::of(&root).lock().unwrap();
    assert_eq!(judged(set), [root]);
    drop(lock);
    assert!(judged(set).is_empty());
    let mut trees = TreeKnowledge::default();
    assert!(!trees.are_judged());
    trees.found_judged(vec![PathBuf::from("/p")]);
    assert!(trees.are_judged());
    trees.found_judged(Vec::new());
    assert!(!trees.are_judged());
}
