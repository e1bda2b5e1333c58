//! A process that is killed on the way from a workspace to the branch: before each call of git,
//! while a git continues without it, in the middle of what git writes, and before its own writes.

use super::shim::{self, Harm};
use super::{Project, drive, wrong};
use crate::chance::{Chance, is_long, say};
use crate::processes::lacks;
use std::fs;

/// How many of the points of each kind the short run takes.
const SHORT: usize = 4;
/// The percentage of kills that must hit.
const HITS: usize = 80;

/// Where the process is harmed, and how.
#[derive(Clone, Debug)]
struct Point {
    at: usize,
    harm: Harm,
}

/// Returns each call of git of an undisturbed run, and each system call of git that changes
/// something.
fn points(make: fn() -> Project) -> Option<Vec<Point>> {
    let project = make();
    let done = drive(&project.top, &shim::git(project.folder(), 0, &Harm::Traced), &[]);
    if !done.status.success() {
        say("SKIPPED: strace is missing here, or may not trace");
        return None;
    }
    assert_eq!(wrong(&project, &make().seen()), Vec::<String>::new());
    let mut all = Vec::new();
    for at in 1..=shim::calls(project.folder()).len() {
        all.extend([Harm::Before, Harm::Beside].map(|harm| Point { at, harm }));
        let trace = fs::read(project.folder().join(format!("trace.{at}"))).expect("traced");
        let trace = String::from_utf8_lossy(&trace).into_owned();
        let mut seen = std::collections::BTreeMap::<&str, usize>::new();
        for line in trace.lines() {
            let Some((call, rest)) = line.split_once('(') else { continue };
            let number = seen.entry(call).or_default();
            *number += 1;
            let looks = call == "openat" && !rest.contains("O_CREAT") || rest.starts_with("1, ");
            if !looks {
                let both = Harm::Both(call.to_owned(), *number);
                let alone = Harm::Git(call.to_owned(), *number);
                all.extend([both, alone].map(|harm| Point { at, harm }));
            }
        }
    }
    Some(all)
}

/// Returns the points of a run: all, or `short` of each kind.
fn chosen(chance: &mut Chance, all: Vec<Point>, short: usize) -> Vec<Point> {
    let kind = |point: &Point| match point.harm {
        Harm::Traced | Harm::Before => 0,
        Harm::Beside => 1,
        Harm::Both(..) => 2,
        Harm::Git(..) => 3,
    };
    if is_long() {
        return all;
    }
    let mut chosen = Vec::new();
    for wanted in 0..4 {
        let some: Vec<&Point> = all.iter().filter(|point| kind(point) == wanted).collect();
        // Spread evenly over the run, one from each part.
        for part in 0..short {
            let (from, to) = (some.len() * part / short, some.len() * (part + 1) / short);
            chosen.extend(chance.pick(&some[from..to]).map(|point| (*point).clone()));
        }
    }
    chosen
}

/// Returns what is wrong after a run that was harmed and another one that continues.
fn after(project: &Project, seen: &str, known: &[String]) -> Vec<String> {
    let target = project.sh("git rev-parse main^{tree}");
    let mut found = Vec::new();
    if !known.contains(&target) {
        found.push(format!("the branch has a tree that was never judged: {target}"));
    }
    let mut next = project.drive(&super::git());
    // A half-written file looks edited and is reported to the person, who restores it.
    if String::from_utf8_lossy(&next.stderr).contains("Waits(Edits") {
        project.sh("git checkout -q -- a sub; rm -rf new");
        next = project.drive(&super::git());
    }
    if next.status.success() {
        found.extend(wrong(project, seen));
    } else {
        found.push(String::from_utf8_lossy(&next.stderr).into_owned());
    }
    found
}

/// Returns the trees that the branch may have: before and after.
fn trees(make: fn() -> Project) -> Vec<String> {
    let project = make();
    let tree = || project.sh("git rev-parse main^{tree}");
    let before = tree();
    assert!(project.drive(&super::git()).status.success());
    vec![before, tree()]
}

#[test]
fn a_landing_that_is_killed_at_git_is_completed() {
    if lacks("git") {
        return;
    }
    at_git(Project::new, SHORT);
}

/// Kills landings in the projects that `make` creates at calls of git: `short` of each kind in the
/// short run.
pub(super) fn at_git(make: fn() -> Project, short: usize) {
    let mut chance = Chance::of("landing");
    let Some(all) = points(make) else { return };
    let (trees, number) = (trees(make), all.len());
    let (mut hits, mut tried, mut broken) = (0, 0, Vec::new());
    for point in chosen(&mut chance, all, short) {
        let project = make();
        let seen = project.seen();
        let program = shim::git(project.folder(), point.at, &point.harm);
        let ended = project.drive(&program);
        tried += 1;
        hits += usize::from(project.folder().join("harmed").exists());
        assert!(!ended.status.success() || matches!(point.harm, Harm::Git(..)), "{point:?}");
        broken.extend(
            after(&project, &seen, &trees).into_iter().map(|one| format!("{point:?}: {one}")),
        );
    }
    say(&format!("landing: {hits} of {tried} kills hit, {number} points"));
    assert!(hits * 100 >= tried * HITS, "only {hits} of {tried} kills hit");
    assert_eq!(broken, Vec::<String>::new());
}

/// Calls with which the program itself changes visible state: files and folders of trees, entries,
/// locks.
const OWN: &str = "unlink,unlinkat,mkdir,renameat,renameat2,rename,symlink,link,linkat,fsync,rmdir";

/// Runs the driver under `strace`, which follows its threads and each git.
fn traced(project: &Project, trace: &str, inject: &str) -> (bool, String) {
    let file = project.folder().join("trace").display().to_string();
    let trace = format!("trace={trace}");
    let mut before = vec!["strace", "-f", "-qq", "-o", &file, "-e", &trace];
    if !inject.is_empty() {
        before.extend(["-e", inject]);
    }
    let ended = drive(&project.top, &super::git(), &before);
    (ended.status.success(), fs::read_to_string(&file).unwrap_or_default())
}

/// Returns the calls that the driver makes itself, each with its number in its thread.
fn own_points(make: fn() -> Project) -> Option<Vec<(String, usize)>> {
    let (done, trace) = traced(&make(), OWN, "");
    if !done {
        say("SKIPPED: strace is missing here, or may not trace");
        return None;
    }
    let calls = trace.lines().filter_map(|line| {
        let (thread, call) = line.split_once(' ')?;
        Some((thread, call.trim_start().split_once('(')?))
    });
    let ours = calls.clone().find(|(_, (_, rest))| rest.contains("workloop-is-landing"));
    let (ours, _) = ours.expect("the driver locks the person's index");
    let mut seen = std::collections::BTreeMap::<&str, usize>::new();
    let of_ours = calls.filter(|(thread, _)| *thread == ours).map(|(_, (call, _))| {
        let number = seen.entry(call).or_default();
        *number += 1;
        (call.to_owned(), *number)
    });
    Some(of_ours.collect())
}

#[test]
fn a_landing_that_is_killed_at_its_own_calls_is_completed() {
    if lacks("git") {
        return;
    }
    at_own_calls(Project::new, 2 * SHORT);
}

/// Kills landings in the projects that `make` creates at their own calls: `short` of them in the
/// short run.
pub(super) fn at_own_calls(make: fn() -> Project, short: usize) {
    let mut chance = Chance::of("landing, own calls");
    let Some(all) = own_points(make) else { return };
    let trees = trees(make);
    let (mut killed, mut tried, mut broken) = (0, 0, Vec::new());
    let parts = if is_long() { all.len() } else { short };
    for part in 0..parts {
        let some = &all[all.len() * part / parts..all.len() * (part + 1) / parts];
        let Some((call, number)) = chance.pick(some) else { continue };
        let project = make();
        let seen = project.seen();
        // If a git makes that many such calls, it dies too, alone: the driver then sees it fail.
        let inject = format!("inject={call}:signal=KILL:when={number}");
        let (_, trace) = traced(&project, call, &inject);
        tried += 1;
        killed += usize::from(trace.contains("killed by SIGKILL"));
        let wrong = after(&project, &seen, &trees).into_iter();
        broken.extend(wrong.map(|one| format!("killed before {call} {number}: {one}")));
    }
    say(&format!("landing, own calls: {killed} of {tried} kills hit, {} points", all.len()));
    assert!(killed * 100 >= tried * HITS, "only {killed} of {tried} kills hit");
    assert_eq!(broken, Vec::<String>::new());
}
