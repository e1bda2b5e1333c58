//! A change that passed, on its way to the target: what stops it, and what is judged again.

use super::*;
use crate::domain::Waits;
use crate::engine::attempt::tests::case::{Case, Ran};
use crate::engine::attempt::{Purpose, ToLand};
use crate::platform::programs::lacks;
use crate::supervisor::scripted::Answer;
use serde_json::json;
use std::sync::atomic::Ordering;

/// A project with `src/a` and `src/b`, whose agent changes the former, and its change, which waits.
fn waiting(more: &str) -> (Case, ToLand) {
    let case = Case::more(more).file("src/a", "one\n").file("src/b", "one\n").private();
    let case = case.on("agent", Answer::exit(0).writes("src/a", "two\n"));
    let ran = case.run();
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""), "{:?}", ran.finished.warnings);
    let (change, entry) = ran.finished.waiting().unwrap();
    (case, ToLand { change, entry })
}

/// Lands the change in `case`, after `change` changed the job.
fn landing(case: Case, to_land: &ToLand, change: impl Fn(&mut Job) + 'static) -> (Case, Ran) {
    let to_land = to_land.clone();
    let case = case.job(move |job| {
        (job.purpose, job.agent, job.prompt) = (Purpose::Landing, None, Ok(None));
        job.to_land = Some(to_land.clone());
        change(job);
    });
    let ran = case.run_with(land);
    (case, ran)
}

/// Returns how far the change came.
#[track_caller]
fn came_to(ran: &Ran) -> &CameTo {
    &ran.finished.change.as_ref().unwrap().came_to
}

/// Returns the commit of the target.
fn target(case: &Case) -> String {
    case.sh("git rev-parse main")
}

#[test]
fn a_landing_without_what_it_needs_does_not_begin() {
    if lacks("git") {
        return;
    }
    let (mut case, to_land) = waiting("");
    let (before, ran) = (target(&case), case.script.ran().len());
    type Change = fn(&mut Job);
    let changes: [(Change, &str); 5] = [
        (
            |job| {
                let (code, reason) = (ReasonCode::BadTask, "its title is odd".to_owned());
                job.refusal = Some(super::super::super::Refusal { code, reason });
            },
            "its title is odd",
        ),
        (|job| job.to_land = None, "it has no change that waits to land"),
        (|job| job.apart = None, "it has no change that waits to land"),
        (
            |job| job.to_land.as_mut().unwrap().entry.as_mut().unwrap().memo = json!([3]),
            "its entry does not contain the result of the attempt",
        ),
        (
            |job| {
                let to_land = job.to_land.as_mut().unwrap();
                (to_land.entry, to_land.change.commit) = (None, "main".to_owned());
            },
            "\"main\" is not a valid commit id",
        ),
    ];
    for (change, reason) in changes {
        let (now, ended) = landing(case, &to_land, change);
        assert_eq!(ended.end(), (None, "", reason));
        assert!(ended.finished.change.is_none(), "{reason}");
        assert_eq!((target(&now), now.script.ran().len()), (before.clone(), ran), "{reason}");
        case = now;
    }
}

#[test]
fn a_change_waits_for_a_person_and_lands_once() {
    if lacks("git") {
        return;
    }
    let (case, to_land) =
        waiting("[hooks]\nbefore_landing = [\"ask\"]\nafter_landing = [\"tell\"]\n");
    let before = target(&case);
    // Nothing more may begin.
    case.cancelled.store(true, Ordering::SeqCst);
    let (case, ran) = landing(case, &to_land, |_| {});
    assert_eq!((ran.end().0, came_to(&ran)), (None, &CameTo::Waits(None)), "{:?}", ran.end());
    case.cancelled.store(false, Ordering::SeqCst);
    // A person edits the file that the landing writes.
    case.put("src/a", "mine\n");
    let (case, ran) = landing(case, &to_land, |_| {});
    let CameTo::Waits(Some(Obstructed { waits: Waits::Checkout, why })) = came_to(&ran) else {
        panic!("{:?}", came_to(&ran))
    };
    assert!(why.contains("src/a"), "{why}");
    assert_eq!(ran.end(), (None, "", &**why));
    assert_eq!((target(&case), case.text("src/a").as_str()), (before.clone(), "mine\n"));
    let (change, entry) = ran.finished.waiting().unwrap();
    assert_eq!(change.obstacle.as_ref(), Some(why));
    let asked = case.script.words().iter().filter(|word| *word == "ask").count();
    case.put("src/a", "one\n");
    let again = ToLand { change, entry };
    let (case, ran) = landing(case, &again, |_| {});
    assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""), "{:?}", ran.finished.warnings);
    let CameTo::Landed(landed) = came_to(&ran) else { panic!("{:?}", came_to(&ran)) };
    assert_eq!((&landed.commit, case.text("src/a").as_str()), (&target(&case), "two\n"));
    assert_eq!(landed.tree, case.sh("git rev-parse main^{tree}"));
    assert_eq!(case.sh("git rev-parse main^"), before);
    // The hook was asked once for this change, and what it said is part of the report.
    let words = case.script.words();
    assert_eq!(words.iter().filter(|word| *word == "ask").count(), asked);
    assert_eq!(words.iter().filter(|word| *word == "tell").count(), 1);
    assert_eq!(
        ran.steps(),
        ["agent: exit status 0", "check: exit status 0"],
        "nothing was judged again"
    );
    // Another loop that finds the same change lands nothing more.
    let adopted = ToLand { entry: None, ..again };
    let tip = target(&case);
    let (case, ran) = landing(case, &adopted, |_| {});
    assert_eq!(came_to(&ran), &CameTo::Landed(landed.clone()), "{:?}", ran.end());
    assert_eq!(target(&case), tip);
}

#[test]
fn a_hook_decides_before_a_change_lands() {
    if lacks("git") {
        return;
    }
    let (case, to_land) = waiting("[hooks]\nbefore_landing = [\"ask\"]\n");
    let before = target(&case);
    // A hook that cannot run is no decision.
    let missing = Answer::unstarted(crate::supervisor::Unstarted::Missing, "ask: not found");
    let case = case.on("ask", missing).on("ask", Answer::exit(1).prints("not on Fridays\n"));
    let (case, ran) = landing(case, &to_land, |_| {});
    let CameTo::Waits(Some(Obstructed { waits, why })) = came_to(&ran) else {
        panic!("{:?}", came_to(&ran))
    };
    assert_eq!((*waits, ran.end().0), (Waits::Landing, None));
    assert!(why.contains("ask: not found"), "{why}");
    let (case, ran) = landing(case, &to_land, |_| {});
    assert_eq!(came_to(&ran), &CameTo::Back(Vec::new()));
    let reason = "hook before_landing said no: exit status 1: not on Fridays";
    assert_eq!(ran.end(), (Some(Verdict::Blocked), "hook", reason));
    assert_eq!(target(&case), before);
}

#[test]
fn a_target_that_moved_is_merged_and_judged_again() {
    if lacks("git") {
        return;
    }
    for (code, is_landed) in [(0, true), (3, false)] {
        let (case, to_land) = waiting("");
        let moved = case.sh("echo two >src/b; git commit -qam b; git rev-parse main");
        let sees = Answer::exit(code).does(|spec| {
            for path in ["src/a", "src/b"] {
                let text = std::fs::read_to_string(spec.cwd.join(path)).unwrap();
                assert_eq!(text, "two\n", "{path}");
            }
        });
        // The script has a successful run before it.
        let case = case.on("check", sees);
        let (case, ran) = landing(case, &to_land, |_| {});
        let steps = ran.steps();
        assert_eq!(steps[..2], ["agent: exit status 0", "check: exit status 0"]);
        assert_eq!(steps[2..], [format!("check: exit status {code}")]);
        assert_eq!(ran.finished.job.folder.report().as_ref(), Some(ran.report()), "it is stored");
        if is_landed {
            assert_eq!(ran.end(), (Some(Verdict::Pass), "", ""));
            assert_eq!(case.sh("git rev-parse main^"), moved);
            assert_eq!((case.text("src/a"), case.text("src/b")), ("two\n".into(), "two\n".into()));
        } else {
            let reason = "on main as it is now: step check: exit status 3";
            assert_eq!(ran.end(), (Some(Verdict::Fail), "tests_failed", reason));
            assert_eq!((came_to(&ran), target(&case)), (&CameTo::Back(Vec::new()), moved));
        }
    }
}

#[test]
fn a_change_that_does_not_merge_goes_back_with_the_paths() {
    if lacks("git") {
        return;
    }
    let (case, to_land) = waiting("");
    let moved = case
        .sh("echo three >src/a; git commit -qam 'Three' -m 'as asked' -m 'Workloop-Task: B'
         git rev-parse main");
    let (case, ran) = landing(case, &to_land, |_| {});
    let reason = "it does not merge with what landed meanwhile, in src/a; landed there meanwhile: B \
                  (Three): as asked";
    assert_eq!(ran.end(), (Some(Verdict::Fail), "conflict", reason));
    assert_eq!(came_to(&ran), &CameTo::Back(vec!["src/a".to_owned()]));
    assert_eq!(ran.finished.conflict_paths(), ["src/a"]);
    assert_eq!((target(&case), case.text("src/a").as_str()), (moved, "three\n"));
    assert_eq!(
        ran.report().fingerprint,
        crate::domain::Fingerprint::default(),
        "no failure of the agent"
    );
    // Its refs are gone.
    let refs = case.sh("git for-each-ref --format='%(refname)' refs/workloop");
    assert!(!refs.contains("/landing/") && !refs.contains("/entries/"), "{refs}");
}

#[test]
fn what_a_landing_would_undo_is_listed_with_the_tasks() {
    let reverted = |path: Option<&str>, tasks: &[&str]| Reverted {
        path: path.map(Into::into),
        tasks: tasks.iter().map(ToString::to_string).collect(),
    };
    for (found, expected) in [
        (vec![reverted(Some("a"), &[])], "a".to_owned()),
        (
            vec![reverted(Some("a"), &["B", "C"]), reverted(None, &["D"])],
            "a (B, C), some lines (D)".to_owned(),
        ),
        (vec![], String::new()),
        (vec![reverted(Some("x"), &[]); 11], ["x"; 10].join(", ")),
    ] {
        assert_eq!(undone(&found), expected);
    }
    let paths: Vec<std::path::PathBuf> =
        (0..12).map(|number| format!("p{number}").into()).collect();
    assert_eq!(list(paths[..2].iter().map(|path| path.as_path())), "p0, p1");
    assert_eq!(list(paths.iter().map(|path| path.as_path())).split(", ").count(), 10);
}
