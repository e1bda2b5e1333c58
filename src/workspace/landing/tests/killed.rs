//! Landings and recoveries that are ended after each of their steps and completed by the next
//! process, and people who act in between.

use super::*;

/// Ends a landing after the step of this number; returns whether there was one.
fn after(
    number: usize,
    run: impl FnOnce(&mut dyn FnMut(Step) -> bool) -> Option<Step>,
) -> Option<Step> {
    let mut seen = 0;
    run(&mut |_| {
        seen += 1;
        seen == number
    })
}

/// Ended after any step, another process completes it, once.
#[test]
fn a_landing_that_was_killed_is_completed() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    for number in 1..=4 {
        let bench = Bench::new();
        bench.sh("echo staged >.gitignore; git add .gitignore; echo edited >long; echo u >u");
        let status = bench.status();
        let mut entry = bench.enters("A", "main", "echo 4 >>a; git rm -q sub/b; echo n >new");
        let stopped =
            after(number, |stop| match bench.landing().land_until(&mut entry, &bench.ids, stop) {
                Err(LandError::Stopped(step)) => Some(step),
                other => panic!("{other:?}"),
            });
        let expected = [Step::Intent, Step::Checkout, Step::Target, Step::Noted];
        assert_eq!(stopped, Some(expected[number - 1]));
        let recovered = bench.landing().recover(&bench.ids).unwrap();
        let tip = bench.repository.tip().unwrap();
        if number < 4 {
            let [(entry, Recovered::Landed { commit })] = &recovered[..] else {
                panic!("{recovered:?}")
            };
            assert_eq!((commit, &entry.state), (&tip, &State::Landed { commit: tip.clone() }));
        } else {
            assert!(recovered.is_empty());
        }
        assert_eq!(bench.sh("git log --format=%s"), "Do A\nlong\none");
        assert_eq!(bench.status(), status);
        assert!(bench.landing().recover(&bench.ids).unwrap().is_empty());
    }
}

/// A person checks the target out while it moves, and the landing is killed before it notices. The
/// person does not keep the old files, with which the next commit would undo the landing.
#[test]
fn who_checked_the_target_out_meanwhile_has_the_landing_after_a_kill() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    bench.sh("git switch -qc elsewhere; echo new >>sub/b");
    let status = bench.status();
    let mut entry = bench.enters("A", "main", "echo 4 >>a; echo n >new");
    let ended = bench.landing().land_until(&mut entry, &bench.ids, &mut |step| {
        if step == Step::Target {
            // Like `git switch`, which wrote the files of the earlier target.
            bench.sh("git symbolic-ref HEAD refs/heads/main");
        }
        step == Step::Target
    });
    assert!(matches!(ended, Err(LandError::Stopped(Step::Target))), "{ended:?}");
    assert_ne!(bench.status(), status);
    let recovered = bench.landing().recover(&bench.ids).unwrap();
    assert!(matches!(&recovered[..], [(_, Recovered::Landed { .. })]), "{recovered:?}");
    assert_eq!((bench.status(), bench.sh("tail -1 a")), (status, "4".to_owned()));
}

/// Recovery may be killed as well, after each of its steps.
#[test]
fn a_recovery_that_was_killed_is_completed() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    for number in 1..=3 {
        let bench = Bench::new();
        let mut entry = bench.enters("A", "main", "echo 4 >>a");
        let ended =
            bench.landing().land_until(&mut entry, &bench.ids, &mut |step| step == Step::Intent);
        assert!(ended.is_err());
        let stopped = after(number, |stop| match bench.landing().recover_until(&bench.ids, stop) {
            Err(LandError::Stopped(step)) => Some(step),
            other => panic!("{other:?}"),
        });
        assert!(stopped.is_some());
        let recovered = bench.landing().recover(&bench.ids).unwrap();
        assert!(matches!(&recovered[..], [(_, Recovered::Landed { .. })]), "{recovered:?}");
        assert_eq!((bench.status(), bench.sh("tail -1 a")), (String::new(), "4".to_owned()));
    }
}

#[test]
fn what_others_did_after_a_kill_decides() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let stopped_at = |step: Step| {
        let bench = Bench::new();
        let mut entry = bench.enters("A", "main", "echo 4 >>a; echo n >new");
        let ended = bench.landing().land_until(&mut entry, &bench.ids, &mut |now| now == step);
        assert!(ended.is_err());
        bench
    };
    // The person sees the landing staged, and commits it.
    let bench = stopped_at(Step::Checkout);
    assert_eq!(bench.status(), "M  a\nA  new");
    bench.sh("git commit -qm mine");
    let tip = bench.repository.tip().unwrap();
    let recovered = bench.landing().recover(&bench.ids).unwrap();
    assert_eq!(recovered[0].1, Recovered::Covered { by: tip });
    assert_eq!((bench.status(), bench.sh("tail -1 a")), (String::new(), "4".to_owned()));
    // Another process moves the target: the updated checkouts are restored.
    let bench = stopped_at(Step::Checkout);
    let theirs = bench.change("main", "echo theirs >theirs");
    bench.sh(&format!("git update-ref refs/heads/main {theirs}"));
    assert_eq!(bench.landing().recover(&bench.ids).unwrap()[0].1, Recovered::TakenBack);
    assert_eq!(
        bench.sh("tail -1 a; ls new 2>/dev/null || true; git diff HEAD --name-only; cat theirs"),
        "3\ntheirs"
    );
    // Another change lands on top of it.
    let bench = stopped_at(Step::Target);
    bench.sh("git commit -qm more --allow-empty");
    let recovered = bench.landing().recover(&bench.ids).unwrap();
    assert!(matches!(recovered[0].1, Recovered::Landed { .. }));
    // A git that was killed wrote some files, and not the index.
    let bench = stopped_at(Step::Intent);
    bench.sh("echo 4 >>a; echo n >new");
    let recovered = bench.landing().recover(&bench.ids).unwrap();
    assert!(matches!(recovered[0].1, Recovered::Landed { .. }), "{recovered:?}");
    assert_eq!(bench.status(), "");
    // A person edits a file in between.
    let bench = stopped_at(Step::Intent);
    bench.sh("echo mine >>a");
    let recovered = bench.landing().recover(&bench.ids).unwrap();
    assert!(matches!(recovered[0].1, Recovered::Waits(Obstacle::Edits { .. })), "{recovered:?}");
    assert_eq!((bench.status(), bench.sh("tail -1 a")), (" M a".to_owned(), "mine".to_owned()));
    assert_eq!(recovered[0].0.state, State::Waiting);
}

/// A person commits what is staged for the landing, all of it or a part, just before the target
/// moves: their next commit undoes nothing of it.
#[test]
fn what_a_person_committed_of_a_landing_stays() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    for (commit, whole) in [("git commit -qam mine", true), ("git commit -qm mine --only a", false)]
    {
        let bench = Bench::new();
        let mut entry = bench.enters("A", "main", "echo 4 >>a; echo more >>sub/b");
        let mut committed = false;
        let landed = bench.landing().land_until(&mut entry, &bench.ids, &mut |step| {
            if step == Step::Checkout && !committed {
                committed = true;
                bench.sh(commit);
            }
            false
        });
        let tip = bench.repository.tip().unwrap();
        match landed.unwrap() {
            Landed::Covered { by } => assert!(whole && by == tip),
            Landed::Done { commit } => assert!(!whole && commit == tip),
            other @ (Landed::Judge { .. }
            | Landed::Conflict { .. }
            | Landed::RevertsOthers(_)
            | Landed::Waits(_)) => panic!("{commit}: {other:?}"),
        }
        assert_eq!(bench.sh("tail -1 a; git diff HEAD --name-only"), "4", "{commit}");
    }
}
