//! Kills whole loops, with their queue, at a call of git: the next loop completes the task, once.

use super::shim::{self, Harm};
use crate::chance::{Chance, sampled, say};
use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task};
use std::fs;

/// How many calls the short run tests, for each of the two kinds of harm.
const SHORT: usize = 4;

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

/// Runs a loop whose git does `harm` at its call number `at`; returns the number of calls.
fn harmed(sandbox: &Sandbox, at: usize, harm: &Harm) -> usize {
    let folder = sandbox.path("../shim");
    fs::create_dir_all(&folder).expect("a folder");
    shim::git(&folder, at, harm);
    let path = std::env::var("PATH").unwrap_or_default();
    let path = format!("{}:{path}", folder.display());
    let run = ["run", "q.json", "--when-empty", "exit"];
    drop(sandbox.spawn_as(&sandbox.program, &[("PATH", &path)], &run).ends());
    let count = fs::read_to_string(folder.join("count")).unwrap_or_default();
    count.trim().parse().unwrap_or(0)
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

#[test]
fn a_loop_that_is_killed_at_git_is_continued() {
    if lacks("git") {
        return;
    }
    let whole = sandbox();
    let seen = says(&whole, SEEN);
    let calls = harmed(&whole, 0, &Harm::Before);
    assert_eq!(wrong(&whole, &seen), Vec::<String>::new());
    let mut chance = Chance::of("landing, whole loops");
    let (mut hits, mut tried, mut broken) = (0, 0, Vec::new());
    for harm in [Harm::Before, Harm::Beside] {
        let what = format!("kills of a whole loop, {harm:?}");
        for at in sampled(&mut chance, &what, &Vec::from_iter(1..=calls), SHORT) {
            let sandbox = sandbox();
            harmed(&sandbox, at, &harm);
            tried += 1;
            hits += usize::from(sandbox.path("../shim/harmed").exists());
            let next = sandbox.run(["run", "q.json", "--when-empty", "exit"]);
            let found = wrong(&sandbox, &seen).into_iter();
            broken.extend(found.map(|one| format!("{harm:?} call {at}: {one}: {next}")));
        }
    }
    say(&format!("whole loops: {hits} of {tried} kills hit, {calls} calls"));
    assert_eq!(hits, tried, "a kill did not hit");
    assert_eq!(broken, Vec::<String>::new());
}
