//! Kills whole loops, with their queue, at a call of git: the next loop completes the task, once.

use super::shim::{self, Harm};
use crate::chance::{Chance, counted, say, spread};
use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task};
use crate::twin::broken;
use std::fs;

/// How many calls that change no refs the short run tests, for each of the two kinds of harm.
const SHORT: usize = 2;

const TOML: &str = "[isolation]\nmode = \"private\"\n[workspaces]\ndir = \"../trees\"\n\
    [agents.default]\nrun = 'echo ran >>../../../ran; echo 4 >>a; mkdir -p new; echo n >new/file'\n\
    [[verify]]\nrun = \"test -f new/file\"\n[limits]\nuntouched = false\ncrashes = 9\n";

/// Creates a project with one task, whose change lands beside a person's edits.
fn sandbox() -> Sandbox {
    let sandbox = Sandbox::new().config(TOML).queue("q.json", &queue(&[("A", &[])]));
    let init = "git init -q -b main && git config user.email t@example.org && \
                git config user.name t && printf '/q.json\\n/.workloop/\\n' >.git/info/exclude && \
                seq 3 >a && seq 3 >mine && seq 3 >staged && git add -A && git commit -qm start && \
                echo edit >>mine && echo stage >>staged && git add staged && echo u >untracked";
    assert!(sandbox.shell(init));
    sandbox
}

fn says(sandbox: &Sandbox, script: &str) -> String {
    super::sh(&sandbox.path(""), script)
}

/// Prints the person's own work as they see it.
const SEEN: &str =
    "git status --porcelain; cat mine staged untracked; git diff --cached; git stash list";

/// Runs a loop whose git does `harm` at its call number `at`.
fn harmed(sandbox: &Sandbox, at: usize, harm: &Harm) {
    let folder = sandbox.path("../shim");
    fs::create_dir_all(&folder).expect("a folder");
    shim::git(&folder, at, harm);
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.display());
    let run = ["run", "q.json", "--when-empty", "exit"];
    drop(sandbox.spawn_as(&sandbox.program, &[("PATH", &path)], &run).ends());
}

/// Returns what is wrong after a further loop has run.
fn wrong(sandbox: &Sandbox, seen: &str) -> Vec<String> {
    let mut wrong = Vec::new();
    let mut is = |what: &str, expected: &str, found: String| {
        if found != expected {
            wrong.push(format!("{what}: {found:?} instead of {expected:?}"));
        }
    };
    let status = task(&sandbox.read("q.json"), "A")["status"].to_string();
    is("the task", "\"complete\"", status);
    is("the branch", "Make A\nstart", says(sandbox, "git log --format=%s main"));
    is("the files", "4\nn", says(sandbox, "tail -1 a; cat new/file"));
    is("what the person sees", seen, says(sandbox, SEEN));
    let fsck = "git fsck --strict --no-dangling 2>&1 | grep -v '^notice' || true";
    is("fsck", "", says(sandbox, fsck));
    let left = "find .git -name '*.lock' -o -name '*workloop-index*' -o -path '*workloop/landing/*' -type f
                git for-each-ref refs/workloop/landing";
    is("what is left", "", says(sandbox, left));
    // The agent runs a second time if the loop was killed before anything was captured.
    let ran = sandbox.bytes("../ran").len() / 4;
    if !(1..=2).contains(&ran) {
        wrong.push(format!("the agent ran {ran} times"));
    }
    wrong
}

/// Returns at which calls a loop is killed: in the long version at each, otherwise at those that
/// change refs, where its work goes from one state to the next, and some of the others.
fn chosen(calls: &[String], chance: &mut Chance) -> Vec<usize> {
    let all = 1..=calls.len();
    let (refs, others): (Vec<usize>, Vec<usize>) =
        all.partition(|at| calls[at - 1].contains(" update-ref "));
    [refs, spread(chance, &others, SHORT)].concat()
}

/// Kills loops until there are no more calls to kill them at, those of a twin until that broke
/// something. Returns what is broken.
fn killed(fault: Option<&str>) -> Option<Vec<String>> {
    let new = || match fault {
        Some(fault) => broken(sandbox(), fault),
        None => Some(sandbox()),
    };
    let whole = new()?;
    let seen = says(&whole, SEEN);
    harmed(&whole, 0, &Harm::Before);
    assert_eq!(wrong(&whole, &seen), Vec::<String>::new());
    let calls = shim::calls(&whole.path("../shim"));
    let mut chance = Chance::of("landing, whole loops");
    let (mut hits, mut tried, mut wrongs) = (0, 0, Vec::new());
    for harm in [Harm::Before, Harm::Beside] {
        let chosen = chosen(&calls, &mut chance);
        if fault.is_none() {
            counted(&format!("kills of a whole loop, {harm:?}"), chosen.len(), calls.len());
        }
        for at in chosen {
            let sandbox = new()?;
            harmed(&sandbox, at, &harm);
            tried += 1;
            hits += usize::from(sandbox.path("../shim/harmed").exists());
            let next = sandbox.run(["run", "q.json", "--when-empty", "exit"]);
            let found = wrong(&sandbox, &seen).into_iter();
            wrongs.extend(found.map(|one| format!("{harm:?} call {at}: {one}: {next}")));
            if fault.is_some() && !wrongs.is_empty() {
                return Some(wrongs);
            }
        }
    }
    say(&format!("whole loops: {hits} of {tried} kills hit, {} calls", calls.len()));
    assert_eq!(hits, tried, "a kill did not hit");
    Some(wrongs)
}

#[test]
fn a_loop_that_is_killed_at_git_is_continued() {
    if lacks("git") {
        return;
    }
    assert_eq!(killed(None), Some(Vec::new()));
}

/// The kills of the short run are enough to show a loop that does not continue what a dead one left.
#[test]
fn a_loop_that_forgets_a_change_is_caught() {
    if lacks("git") {
        return;
    }
    let Some(wrongs) = killed(Some("change-forgotten")) else { return };
    say(&format!("change-forgotten: {}", wrongs.first().map_or("NOT NOTICED", |what| what)));
    assert!(!wrongs.is_empty(), "the fault change-forgotten was not noticed");
}
