//! Changes that land, changes that may not, and landings that are ended after each of their steps.

use super::super::repo::scratch::{Scratch, sh};
use super::super::repo::{Oid, Repository, ref_part};
use super::checkout::Obstacle;
use super::recover::Recovered;
use super::step::Step;
use super::*;
use crate::platform::ids::CountingIds;
use crate::platform::lock::LockError;
use std::path::{Path, PathBuf};
use std::time::Duration;

mod checkouts;
mod hostile;
mod killed;
mod modules;

struct Bench {
    scratch: Scratch,
    repository: Repository,
    ids: CountingIds,
}

impl Bench {
    fn new() -> Self {
        let scratch = Scratch::new();
        scratch.sh("seq 9 >long; git add .; git commit -qm long");
        let repository = scratch.repository();
        Self { scratch, repository, ids: CountingIds::default() }
    }

    fn landing(&self) -> Landing {
        let landing = Landing::begin(&self.repository, Some(Duration::ZERO), &mut |_, _| {});
        landing.unwrap().waiting(Duration::from_millis(100))
    }

    /// Returns the change that `script` makes to `base`: a commit on it.
    fn change(&self, base: &str, script: &str) -> Oid {
        self.scratch.sh(&format!("git worktree add -q --detach ../work {base}"));
        let work = self.scratch.top.with_file_name("work");
        sh(&work, &format!("{script}\ngit add -A --sparse; git commit -qm change --allow-empty"));
        let oid = Oid::parse(&sh(&work, "git rev-parse HEAD")).unwrap();
        self.scratch.sh("git worktree remove --force ../work");
        oid
    }

    /// Adds the change of a task to the entries, judged as it is.
    fn enters(&self, task: &str, base: &str, script: &str) -> Entry {
        let change = self.change(base, script);
        let whose = Whose {
            queue: PathBuf::from("/q.json"),
            part: ref_part(task),
            attempt: 1,
            worker: "w".to_owned(),
            since: 1_767_225_600,
        };
        let judged = vec![self.repository.tree_of(&change).unwrap()];
        let base = self.scratch.oid(base);
        let work = Work { base, change, judged, declared: Vec::new() };
        let message = Message {
            task: task.to_owned(),
            title: format!("Do {task}"),
            summary: "Did it.".to_owned(),
            attempt: 1,
            verdict: Verdict::Pass,
            receipt: format!("{task}/1"),
        };
        let entry = Entry::new(whose, work, message);
        Entries::of(&self.repository).unwrap().enter(&self.repository, &entry, &self.ids).unwrap();
        entry
    }

    fn land(&self, entry: &mut Entry) -> Landed {
        self.landing().land(entry, &self.ids).unwrap()
    }

    /// Lands a change, and judges it again if required.
    fn lands(&self, entry: &mut Entry) -> Oid {
        let mut landed = self.land(entry);
        if let Landed::Judge { tree, .. } = landed {
            entry.work.judged.push(tree);
            landed = self.land(entry);
        }
        let Landed::Done { commit } = landed else { panic!("{landed:?}") };
        assert_eq!(commit, self.repository.tip().unwrap());
        commit
    }

    fn sh(&self, script: &str) -> String {
        self.scratch.sh(script)
    }

    fn status(&self) -> String {
        self.sh("git status --porcelain")
    }
}

#[test]
fn a_change_lands_as_one_commit_with_its_trailers() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let before = bench.scratch.oid("HEAD");
    let mut entry = bench.enters("T/1", "main", "echo 4 >>a; git rm -q sub/b; echo n >new");
    // The person's staged, edited and untracked files stay unchanged.
    bench.sh("echo staged >.gitignore; git add .gitignore; echo edited >long; echo u >untracked");
    let status = bench.status();
    let commit = bench.lands(&mut entry);
    assert_eq!(bench.status(), status);
    assert_eq!(
        bench.sh("cat a new long untracked; ls sub 2>/dev/null || true"),
        "1\n2\n3\n4\nn\nedited\nu"
    );
    assert_eq!(bench.sh("git log -1 --format='%P|%s|%an'"), format!("{before}|Do T/1|t"));
    assert_eq!(bench.repository.tree_of(&commit).unwrap(), entry.work.judged[0]);
    assert_eq!(bench.repository.landed_for("T/1/1").unwrap(), Some(commit.clone()));
    let entries = Entries::of(&bench.repository).unwrap();
    assert_eq!(entries.all().unwrap(), [entry.clone()]);
    assert_eq!(entry.state, State::Landed { commit });
    entries.leave(&bench.repository, &entry).unwrap();
    assert!(entries.all().unwrap().is_empty());
    assert_eq!(bench.sh("git for-each-ref refs/workloop; git fsck --no-dangling 2>&1"), "");
}

#[test]
fn what_was_not_judged_does_not_land() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let mut first = bench.enters("A", "main", "echo 4 >>a");
    let mut second = bench.enters("B", "main", "echo 10 >>long");
    let mut entry = bench.enters("C", "main", "echo c >c");
    entry.work.judged.clear();
    assert!(matches!(bench.land(&mut entry), Landed::Judge { .. }));
    let tip = bench.lands(&mut first);
    let Landed::Judge { commit, tree, onto } = bench.land(&mut second) else { panic!() };
    assert_eq!((onto, bench.repository.tip().unwrap()), (tip.clone(), tip));
    assert_eq!(
        bench.sh(&format!("git show {commit}:a | tail -1; git show {tree}:long | tail -1")),
        "4\n10"
    );
    // Its objects are kept while it is judged.
    assert_eq!(bench.scratch.oid("refs/workloop/landing/B-1/merge"), commit);
    second.work.judged.push(tree);
    assert_eq!(bench.land(&mut second), Landed::Done { commit });
    assert_eq!(
        bench.sh("git log --format=%s; git rev-list --merges --count HEAD"),
        "Do B\nDo A\nlong\none\n0"
    );
}

#[test]
fn what_is_there_already_and_what_does_not_merge_is_told() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let mut first = bench.enters("A", "main", "echo 4 >>a");
    let mut same = bench.enters("B", "main", "echo 4 >>a");
    let mut other = bench.enters("C", "main", "echo 5 >>a; echo c >c");
    let tip = bench.lands(&mut first);
    assert_eq!(bench.land(&mut same), Landed::Covered { by: tip.clone() });
    assert_eq!(same.state, State::Covered { by: tip.clone() });
    let Landed::Conflict { onto, files, paths } = bench.land(&mut other) else { panic!() };
    assert_eq!((onto, paths), (tip.clone(), vec![PathBuf::from("a")]));
    let text = bench.sh(&format!("git show {files}:a; git show {files}:c"));
    assert!(
        text.contains("<<<<<<<")
            && text.contains("4\n=======\n5\n>>>>>>>")
            && text.ends_with("\nc")
    );
    assert_eq!(bench.repository.tip().unwrap(), tip);
}

/// A stale tree merges without a conflict.
#[test]
fn what_would_undo_others_is_refused() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let old = bench.scratch.oid("HEAD");
    for (task, script) in [("A", "echo 4 >>a"), ("B", "echo b >b; echo t >sub/test")] {
        bench.lands(&mut bench.enters(task, "main", script));
    }
    let stale = format!("git checkout -q {old} -- a; git rm -q sub/test; echo mine >mine");
    let mut entry = bench.enters("S", "main", &stale);
    let Landed::RevertsOthers(found) = bench.land(&mut entry) else { panic!() };
    let reverted = |path: &str, tasks: &[&str]| Reverted {
        path: Some(path.into()),
        tasks: tasks.iter().map(|task| (*task).to_owned()).collect(),
    };
    assert_eq!(found, [reverted("a", &["A"]), reverted("sub/test", &["B"])]);
    assert_eq!(entry.state, State::Waiting);
    // A declared path may be reverted, and so may the work of one's own task.
    entry.work.declared = vec!["a".to_owned(), "sub".to_owned()];
    bench.lands(&mut entry);
    bench.lands(&mut bench.enters("B", "main", "git rm -q b"));
}

/// If the target moves meanwhile, the landing starts over on its new position.
#[test]
fn a_target_that_moves_is_not_overwritten() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let mut entry = bench.enters("A", "main", "echo 4 >>a");
    let theirs = bench.change("main", "echo theirs >theirs");
    let mut moved = false;
    let landed = bench.landing().land_until(&mut entry, &bench.ids, &mut |step| {
        if step == Step::Checkout && !moved {
            moved = true;
            bench.sh(&format!("git update-ref refs/heads/main {theirs}"));
        }
        false
    });
    let Landed::Judge { onto, .. } = landed.unwrap() else { panic!() };
    assert_eq!((onto, bench.repository.tip().unwrap()), (theirs.clone(), theirs));
    // The checkout has what is on the branch now, and nothing of the landing.
    assert_eq!(bench.sh("cat a | tail -1; git diff --cached --name-only; cat theirs"), "3\ntheirs");
}

#[test]
fn one_lands_at_a_time() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let landing = bench.landing();
    let other = Landing::begin(&bench.repository, Some(Duration::ZERO), &mut |_, _| {});
    assert!(matches!(other, Err(LandError::Lock(LockError::TimedOut { .. }))));
    drop(landing);
    drop(bench.landing());
}

#[test]
fn an_entry_that_is_not_understood_is_left_and_told() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let entry = bench.enters("A", "main", "echo 4 >>a");
    let folder = bench.repository.common().join("workloop/landing");
    let text = std::fs::read_to_string(folder.join("A-1.json")).unwrap();
    let entries = Entries::of(&bench.repository).unwrap();
    assert_eq!(entries.read("A-1").unwrap(), Some(entry));
    for wrong in [text.replace("\"version\": 1", "\"version\": 9"), "{".to_owned()] {
        std::fs::write(folder.join("A-1.json"), &wrong).unwrap();
        assert!(matches!(entries.all(), Err(EntryError::Strange { .. })));
        assert_eq!(std::fs::read_to_string(folder.join("A-1.json")).unwrap(), wrong);
    }
    assert_eq!(entries.read("nope").unwrap(), None);
}

/// A landing runs nothing that was configured since the run began.
#[test]
fn nothing_that_was_configured_meanwhile_is_run() {
    if crate::platform::programs::lacks("git") {
        return;
    }
    let bench = Bench::new();
    let mut first = bench.enters(
        "A",
        "main",
        "printf '* filter=x merge=x diff=x\\n' >.gitattributes; echo 4 >>a",
    );
    let mut second = bench.enters("B", "main", "echo 10 >>long; sed -i 1s/1/one/ a");
    let evil = bench.scratch.folder.path().join("evil");
    bench.sh(&format!(
        "for key in filter.x.clean filter.x.smudge merge.x.driver diff.x.textconv diff.x.command core.fsmonitor diff.external gpg.program; do
           git config $key 'touch {evil}; cat'; done; git config commit.gpgsign true
         mkdir -p .git/hooks; for hook in reference-transaction post-checkout post-index-change; do
           printf '#!/bin/sh\\ntouch {evil}\\n' >.git/hooks/$hook; chmod +x .git/hooks/$hook; done",
        evil = evil.display()
    ));
    bench.lands(&mut first);
    bench.lands(&mut second);
    assert!(!evil.exists());
    assert!(Path::new(&bench.scratch.top).join(".gitattributes").exists());
}
