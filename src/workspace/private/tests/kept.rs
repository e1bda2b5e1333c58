//! Kept attempts, and what a further attempt begins with.

use super::*;

#[test]
fn attempts_are_kept_by_task_and_the_oldest_given_up() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new(TreeRules::default());
    let name = |number| AttemptName { task: "a/\u{e4}.lock".to_owned(), queue: None, number };
    let tip = bench.repository.tip().unwrap();
    for number in [1, 2, 9, 10, 11] {
        assert!(bench.repository.keep_attempt(&name(number), (&tip, &tip), 3).unwrap());
    }
    let mut kept: Vec<u32> =
        bench.repository.attempts(None).unwrap().iter().map(|one| one.number).collect();
    kept.sort_unstable();
    assert_eq!(kept, [9, 10, 11]);
    assert_eq!(bench.repository.attempt(&name(10)).unwrap(), Some(tip.clone()));
    assert_eq!(bench.repository.attempt(&name(1)).unwrap(), None);
    let other = AttemptName { queue: Some("b.json".to_owned()), ..name(1) };
    bench.repository.keep_attempt(&other, (&tip, &tip), 3).unwrap();
    assert_eq!(other.name(), "refs/workloop/attempts/a%2F%C3%A4%2Elock@b.json/1");
    assert_eq!(bench.repository.attempts(None).unwrap().len(), 4);
}

/// A person may collect garbage while no ref keeps the objects of a capture yet.
#[test]
fn a_capture_that_lost_objects_is_told_and_made_again() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new(TreeRules::default());
    // A tracked file stays tracked when it is ignored.
    bench.agent("echo 4 >>a; echo n >n; echo a >.gitignore");
    let name = AttemptName { task: "T".to_owned(), queue: None, number: 1 };
    let captured = bench.capture().unwrap();
    let blob = bench.scratch.sh(&format!("git rev-parse {}:n", captured.commit));
    bench.scratch.sh(&format!("rm -f .git/objects/{}/{}", &blob[..2], &blob[2..]));
    let ids = (&captured.base, &captured.commit);
    assert!(!bench.repository.keep_attempt(&name, ids, 3).unwrap());
    let again = bench.captured(true).unwrap();
    assert_eq!(again, captured);
    assert!(bench.repository.keep_attempt(&name, ids, 3).unwrap());
    bench.scratch.sh("git gc -q --prune=now");
    assert_eq!(bench.scratch.sh(&format!("git show {}:n", captured.commit)), "n");
}

#[test]
fn a_further_attempt_begins_with_the_last_one_on_the_new_target() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let mut bench = Bench::new(TreeRules::default());
    bench.agent("echo 4 >>a; echo n >n");
    let captured = bench.capture().unwrap();
    bench.scratch.sh("sed -i 1s/1/one/ sub/b; git commit -qam other");
    let onto = bench.repository.tip().unwrap();
    let merged = bench.tree.merged(&captured.base, &onto, &captured.commit).unwrap();
    let Merge::Clean(files) = merged else { panic!("{merged:?}") };
    bench.tree.prepare(&Wanted { base: onto.clone(), files }).unwrap();
    assert_eq!(
        bench.agent("git rev-parse HEAD; head -1 sub/b; tail -1 a; cat n"),
        format!("{onto}\none\n4\nn")
    );
    assert_eq!(bench.paths(), ["a", "n"]);
    bench.scratch.sh("echo five >>a; git commit -qam clash");
    let onto = bench.repository.tip().unwrap();
    let merged = bench.tree.merged(&captured.base, &onto, &captured.commit).unwrap();
    let Merge::Conflict { tree: files, paths } = merged else { panic!("{merged:?}") };
    assert_eq!(paths, [Path::new("a")]);
    bench.tree.prepare(&Wanted { base: onto, files }).unwrap();
    assert!(bench.agent("cat a").contains("<<<<<<<"));
}

#[test]
fn a_task_goes_on_with_its_newest_work_until_it_is_to_begin_anew() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new(TreeRules::default());
    let name = |queue: &str| {
        TaskName::new(&bench.repository, &bench.scratch.top.join(queue), queue, "a b\n")
    };
    let (task, other) = (name("q.json"), name("sub/r s.json"));
    let keep = |task: &TaskName, number: u32, date: i64| {
        bench.agent(&format!("echo {number} >>a"));
        let captured = bench.tree.capture(&CaptureRules {
            ours: &|_| false,
            own_attributes: false,
            anew: false,
            attempt_folder: &bench.attempt,
            date: Stamp(date),
            message: &task.message(number),
        });
        let captured = captured.unwrap();
        let commits = (&captured.base, &captured.commit);
        assert!(bench.repository.keep_attempt(&task.attempt(number), commits, 9).unwrap());
        captured
    };
    let next = |task: &TaskName| {
        let kept = bench.repository.to_continue(task).unwrap();
        kept.map(|kept| (kept.attempt.number, kept.attempt.commit, kept.base))
    };
    assert_eq!(
        (next(&task), bench.repository.begin_anew(std::slice::from_ref(&task)).unwrap()),
        (None, 0)
    );
    keep(&task, 1, 10);
    let second = keep(&task, 2, 20);
    assert_eq!(next(&task), Some((2, second.commit.clone(), second.base.clone())));
    // The id also exists in another queue, under the same name as long as the two are not loaded
    // together.
    assert_eq!(next(&other), None);
    let shared = TaskName { is_shared: true, ..other.clone() };
    let theirs = keep(&shared, 1, 30);
    assert_eq!(next(&other).unwrap().1, theirs.commit);
    assert_eq!(next(&task).unwrap().0, 2);
    assert_eq!(bench.repository.begin_anew(std::slice::from_ref(&task)).unwrap(), 1);
    assert_eq!((next(&task), next(&shared).map(|next| next.0)), (None, Some(1)));
    assert_eq!(bench.repository.kept_of(&task).unwrap().len(), 2);
    // Numbers begin again after a reset; time does not.
    let again = keep(&task, 1, 40);
    assert_eq!(next(&task).unwrap().1, again.commit);
    assert_eq!(bench.repository.begin_anew(&[task.clone(), other.clone()]).unwrap(), 2);
    assert_eq!((next(&task), next(&other)), (None, None));
}

/// A commit that is garbage-collected before its ref is written is not kept: it is captured again.
#[test]
fn what_is_gone_before_it_is_kept_is_captured_again() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new(TreeRules::default());
    bench.agent("echo new >new");
    let captured = bench.capture().unwrap();
    bench.scratch.sh("git prune --expire=now");
    let name = AttemptName { task: "A".to_owned(), queue: None, number: 1 };
    let keep = |captured: &Captured| {
        bench.repository.keep_attempt(&name, (&captured.base, &captured.commit), 3).unwrap()
    };
    assert!(!keep(&captured));
    assert_eq!(bench.scratch.sh("git for-each-ref refs/workloop"), "");
    assert!(keep(&bench.captured(true).unwrap()));
    assert_eq!(bench.scratch.sh("git for-each-ref refs/workloop | wc -l"), "1");
}
