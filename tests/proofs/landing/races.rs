//! Parallel work: places, landers, and what people do to the same repository meanwhile.

use super::{Done, Project, lands, sh};
use crate::chance::{is_long, say};
use crate::processes::lacks;
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;
use workloop::testing::workspace::{Kind, Oid, Places, Tree, TreeRules, Wanted};

/// Sixteen slots are taken and created at the same moment, as by sixteen processes: they share only
/// the repository.
#[test]
fn sixteen_workspaces_are_made_at_once() {
    if lacks("git") {
        return;
    }
    let project = Project::new();
    let seen = project.seen();
    let trees = project.folder().join("trees");
    let make = || {
        let repository = project.repository(&super::git()).expect("fit");
        let places = Places::of(&repository, Some(&trees), None).expect("places");
        let slot = places.take(Kind::Workspace).expect("a place");
        let mut tree = Tree::new(&repository, slot, TreeRules::default()).expect("a tree");
        tree.prepare(&Wanted::commit(repository.tip().expect("a tip"))).expect("prepared");
        assert_eq!(
            sh(tree.path(), "git status --porcelain; ls | wc -l; git rev-parse --abbrev-ref HEAD"),
            "5\nmain"
        );
        tree
    };
    let made: Vec<Tree> = std::thread::scope(|scope| {
        let slots: Vec<_> = (0..16).map(|_| scope.spawn(make)).collect();
        slots.into_iter().map(|slot| slot.join().expect("made")).collect()
    });
    let paths: BTreeSet<&Path> = made.iter().map(Tree::path).collect();
    assert_eq!(paths.len(), 16);
    assert_eq!(project.sh("git worktree list | wc -l; git for-each-ref | wc -l"), "1\n1");
    assert_eq!(project.seen(), seen);
}

/// Shared state of the landers and of those who disturb them.
struct Field<'a> {
    project: &'a Project,
    /// How many landed.
    landed: AtomicUsize,
    over: AtomicBool,
    /// Git itself can lose a person's commit during such a garbage collection; changes of the
    /// program must not be lost.
    turn: Mutex<()>,
}

impl Field<'_> {
    /// Runs one of four landers with `each` tasks.
    fn lander(&self, number: usize, each: usize) -> Done<Vec<Oid>> {
        let repository = self.project.repository(&super::git())?;
        let places = Places::of(&repository, Some(&self.project.folder().join("trees")), None)?;
        let mut landed = Vec::new();
        for round in 0..each {
            let task = format!("T{number}-{round}");
            let name = format!("by-{task}");
            landed.push(lands(&repository, &places, &task, &|tree| {
                // One new file, and one line of a file that all change.
                fs::write(tree.join(&name), "new\n")?;
                let all = fs::read_to_string(tree.join("other"))?;
                let mut lines: Vec<String> = all.lines().map(str::to_owned).collect();
                lines[number * 2] = format!("{number} {round}");
                fs::write(tree.join("other"), lines.join("\n") + "\n")
            })?);
            self.landed.fetch_add(1, Ordering::Relaxed);
        }
        Ok(landed)
    }

    /// Runs a script once, and again each time that something landed. Returns how often it ran.
    fn disturbs(&self, script: &dyn Fn(usize) -> String) -> usize {
        let (mut times, mut seen) = (0, None);
        while !self.over.load(Ordering::Relaxed) {
            let now = self.landed.load(Ordering::Relaxed);
            if seen == Some(now) {
                std::thread::park_timeout(Duration::from_millis(2));
                continue;
            }
            seen = Some(now);
            let turn = self.turn.lock();
            self.project.sh(&script(times));
            drop(turn);
            times += 1;
        }
        times
    }
}

/// A person who commits and switches to another branch and back; access to the index is first come,
/// first served.
fn person(number: usize) -> String {
    format!(
        "file=person-{number}; echo p >$file
         for try in $(seq 100); do git add $file 2>/dev/null && git commit -qm $file -- $file 2>/dev/null && break; done
         git checkout -q side 2>/dev/null && for try in $(seq 100); do git checkout -q main 2>/dev/null && break; done
         git symbolic-ref -q HEAD >/dev/null"
    )
}

/// Four landers, a person who commits to the same branch and switches to another, and constant
/// garbage collections.
#[test]
fn landers_people_and_garbage_collections_meet() {
    if lacks("git") {
        return;
    }
    let project = Project::new();
    project.sh("git stash -q -u; git stash drop -q; git branch side");
    let each = if is_long() { 40 } else { 4 };
    let (landed, over, turn) = (AtomicUsize::new(0), AtomicBool::new(false), Mutex::new(()));
    let field = Field { project: &project, landed, over, turn };
    let (landed, commits, collected) = std::thread::scope(|scope| {
        let field = &field;
        let landers: Vec<_> =
            (0..4).map(|number| scope.spawn(move || field.lander(number, each))).collect();
        let person = scope.spawn(|| field.disturbs(&person));
        let collect = |_| "git gc -q --prune=now 2>/dev/null || true".to_owned();
        let collector = scope.spawn(move || field.disturbs(&collect));
        let joined = landers.into_iter().map(|one| one.join().unwrap_or(Err("a panic".into())));
        let landed: Vec<Done<Vec<_>>> = joined.collect();
        field.over.store(true, Ordering::Relaxed);
        (landed, person.join().expect("a person"), collector.join().expect("a collector"))
    });
    let landed: Done<Vec<Vec<_>>> = landed.into_iter().collect();
    let landed: Vec<_> = landed.expect("all land").into_iter().flatten().collect();
    say(&format!("landed {}, a person {commits} times, {collected} collections", landed.len()));
    assert!(commits > 1 && collected > 1);
    // A linear history, each commit with the lines of its own task.
    let log = project.sh("git rev-list --merges --count main; git rev-list --count main");
    assert_eq!(log, format!("0\n{}", 2 + landed.len() + commits));
    for commit in &landed {
        let script = format!("git show --format=%s --numstat {commit} | tr '\\t\\n' '  '");
        let shown = project.sh(&script);
        let task = shown.split_whitespace().nth(1).expect("a task").to_owned();
        assert_eq!(shown, format!("Do {task}  1 0 by-{task} 1 1 other"));
    }
    let left = "git fsck --strict --no-dangling 2>&1 | grep -v '^notice' || true
                git status --porcelain; find .git -name '*.lock'; git for-each-ref refs/workloop/landing";
    assert_eq!(project.sh(left), "");
}
