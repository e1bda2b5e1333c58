//! What is refused: files that other users can change, links that lead elsewhere; and the broken
//! twins of these guards.

use crate::chance::say;
use crate::sandbox::{Ran, Sandbox, flat_queue, queue, task};
use crate::twins::{holds, unless};
use serde_json::json;
use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

/// Every verb that writes, and `run`.
pub(crate) const WRITERS: &[&[&str]] = &[
    &["run", "q.json", "--agent", "touch ran", "--no-verify"],
    &["add", "q.json", "--title", "more"],
    &["edit", "T001", "q.json", "--priority", "1"],
    &["block", "T001", "q.json", "--because", "no"],
    &["park", "T001", "q.json"],
    &["unpark", "T004", "q.json"],
    &["retry", "T002", "q.json"],
    &["retry", "--failed", "q.json"],
    &["reset", "T003", "q.json"],
    &["reset", "--all", "--yes", "q.json"],
    &["cancel", "T001", "q.json"],
    &["approve", "T005", "q.json"],
    &["answer", "T002", "yes", "q.json"],
    &["release", "--force", "T006", "q.json"],
    &["progress", "T001", "q.json", "--percent", "5"],
];

/// The verbs that only read.
pub(crate) const READERS: &[&[&str]] = &[
    &["status", "q.json"],
    &["status", "--json", "q.json"],
    &["next", "q.json"],
    &["why", "T001", "q.json"],
    &["plan", "q.json"],
    &["graph", "q.json"],
    &["prompt", "T001", "q.json"],
    &["events", "q.json"],
    &["log", "T003", "q.json"],
    &["run", "--dry-run", "q.json"],
];

/// Creates a queue in which each of the `WRITERS` has something to do.
pub(crate) fn worked_on() -> Sandbox {
    let (mut list, _) = flat_queue(6);
    let tasks = &mut list["tasks"];
    tasks[1]["status"] = json!("blocked");
    tasks[1]["error"] = json!("question: which one?");
    tasks[2]["status"] = json!("complete");
    tasks[2]["passes"] = json!(true);
    tasks[3]["status"] = json!("parked");
    tasks[4]["requires_approval"] = json!(true);
    tasks[5]["status"] = json!("in_progress");
    tasks[5]["claim"] = json!({"worker": "elsewhere:1:00000000", "attempt": 1,
        "since": "2026-01-19T14:35:45Z", "host": "ffffffff", "boot": "0", "start": 1});
    Sandbox::new().queue("q.json", &list)
}

fn spawn(sandbox: &Sandbox, words: &[&str]) -> Ran {
    sandbox.spawn_as(&sandbox.program, &[], words).ends()
}

/// Returns every file of the sandbox with its bytes; for links, their target.
pub(crate) fn everything(sandbox: &Sandbox) -> BTreeMap<String, Vec<u8>> {
    fn look(dir: &Path, found: &mut BTreeMap<String, Vec<u8>>) {
        for entry in fs::read_dir(dir).into_iter().flatten().flatten() {
            let path = entry.path();
            let meta = fs::symlink_metadata(&path).expect("there");
            if meta.is_dir() {
                found.insert(path.display().to_string(), b"a folder".to_vec());
                look(&path, found);
            } else if meta.is_symlink() {
                let to = fs::read_link(&path).expect("a link");
                found.insert(path.display().to_string(), to.to_string_lossy().into_owned().into());
            } else {
                found.insert(path.display().to_string(), fs::read(&path).unwrap_or_default());
            }
        }
    }
    let mut found = BTreeMap::new();
    look(&sandbox.path(""), &mut found);
    found
}

/// Checks that the writing verbs refuse untrusted files: they change nothing and print why.
pub(crate) fn all_refuse(sandbox: &Sandbox, sentence: &str, statuses: &[i32]) -> Vec<String> {
    let before = everything(sandbox);
    let mut broken = Vec::new();
    for words in WRITERS {
        let ran = spawn(sandbox, words);
        let said = ran.stderr.contains(sentence);
        if !statuses.contains(&ran.status) || !said {
            broken.push(format!("not refused with {sentence:?}: {ran}"));
        }
        let after = everything(sandbox);
        let differs = after.iter().find(|(path, bytes)| before.get(*path) != Some(*bytes));
        let gone = before.keys().find(|path| !after.contains_key(*path));
        let what = differs.map(|(path, _)| path).or(gone);
        broken.extend(what.map(|path| format!("{words:?} wrote {path}")));
    }
    broken
}

fn is_root() -> bool {
    let root = rustix::process::geteuid().is_root();
    if !root {
        say("SKIPPED: files of another user can only be made by root");
    }
    root
}

/// A file, what is done to it, and a part of the refusal.
type Case = (&'static str, &'static str, &'static str);

const CASES: &[Case] = &[
    ("q.json", "ln q.json other", "hard links"),
    ("q.json", "chmod o+w q.json", "writable by every user"),
    (".workloop", "mkdir -p .workloop && chmod o+w .workloop", "writable by every user"),
    ("workloop.toml", "ln workloop.toml other", "hard link"),
    ("workloop.toml", "chmod o+w workloop.toml", "every user may write"),
    ("its folder", "chmod 777 .", "every user may write"),
    ("q.json", "chown 4242 q.json", "belongs to user 4242"),
    (".workloop", "mkdir -p .workloop && chown 4242 .workloop", "belongs to user 4242"),
    ("workloop.toml", "chown 4242 workloop.toml", "belongs to another user"),
];

fn cases() -> impl Iterator<Item = &'static Case> {
    let root = is_root();
    CASES.iter().filter(move |(_, harm, _)| root || !harm.contains("chown"))
}

#[test]
fn what_others_can_change_is_not_believed() {
    for (what, harm, sentence) in cases() {
        let sandbox = worked_on();
        assert!(sandbox.shell(harm), "{harm}");
        assert_eq!(all_refuse(&sandbox, sentence, &[2, 3]), Vec::<String>::new(), "{harm}");
        // Reading a queue runs nothing, whoever wrote it; a configuration is not read at all.
        let config = matches!(*what, "workloop.toml" | "its folder");
        for words in READERS {
            let ran = spawn(&sandbox, words);
            let fine = ran.status == 0 || words[0] == "log";
            // Without the configuration, a verb shows what it can and prints a warning.
            let told = fine && ran.stderr.contains(sentence) || ran.status == 2;
            assert!(if config { told } else { fine }, "{harm}: {ran}");
        }
        let looked = spawn(&sandbox, &["check", "q.json"]);
        assert!(looked.status == 3 || !config, "{harm}: {looked}");
    }
}

/// If a person trusts a path, it is accepted: by flag, by variable, for the folder or for a file.
#[test]
fn what_a_person_trusts_is_let_in() {
    for (what, harm, sentence) in cases().filter(|(_, harm, _)| !harm.starts_with("ln ")) {
        let sandbox = worked_on();
        assert!(sandbox.shell(harm), "{harm}");
        let park = ["park", "T001", "q.json"];
        let folder = sandbox.path("");
        let trust = format!("--trust {}", folder.display().to_string().trim_end_matches('/'));
        let refused = spawn(&sandbox, &park).exits(2).says(sentence);
        if *what != "its folder" {
            assert!(refused.stderr.contains(&trust), "{harm}: {refused}");
        }
        spawn(&sandbox, &["check", "q.json"]).exits(3).says(sentence);
        spawn(&sandbox, &["--trust", "elsewhere", "park", "T001", "q.json"]).exits(2);
        spawn(&sandbox, &["park", "--trust", ".", "T001", "q.json"]).exits(0);
        let checked = spawn(&sandbox, &["check", "--trust", ".", "q.json"]);
        assert!(!checked.stdout.contains(sentence), "{harm}: {checked}");
        let variable = format!("/elsewhere:{}", folder.display());
        let trusting = [("WORKLOOP_TRUST", variable.as_str())];
        let unpark = ["unpark", "T001", "q.json"];
        sandbox.spawn_as(&sandbox.program, &trusting, &unpark).ends().exits(0);
        if *what == "q.json" {
            spawn(&sandbox, &["park", "--trust", "q.json", "T001", "q.json"]).exits(0);
        }
    }
}

/// Root can change our files anyway, so files of root are trusted.
#[test]
fn what_root_wrote_is_believed() {
    if !is_root() {
        return;
    }
    let sandbox = worked_on();
    // Only folders of the sandbox are changed; the queue still belongs to root.
    let as_other = "chmod 755 ..; chown 4242 . ..; setpriv --reuid 4242 --clear-groups true";
    if !sandbox.shell(as_other) {
        say("SKIPPED: setpriv is not there, or may not change the user");
        return;
    }
    let program = sandbox.program.to_string_lossy().into_owned();
    let words = ["--reuid", "4242", "--clear-groups", &program, "park", "T001", "q.json"];
    let ran = sandbox.spawn_as(Path::new("setpriv"), &[], &words).ends();
    if ran.status == 127 || ran.stderr.contains("setpriv: failed to execute") {
        say("SKIPPED: the program lies where another user cannot run it");
        return;
    }
    assert!(!ran.stderr.contains("belongs to user"), "{ran}");
}

#[test]
fn a_group_may_share_a_queue() {
    let sandbox = worked_on();
    assert!(
        sandbox.shell("chmod 664 q.json && mkdir .workloop && chmod 770 .workloop && chmod 775 .")
    );
    sandbox.run(["park", "T001", "q.json"]).exits(0);
    assert_eq!(sandbox.status("T001"), "parked");
    let mode = fs::metadata(sandbox.path("q.json")).expect("there").mode();
    assert_eq!(mode & 0o777, 0o664, "the group lost its rights");
}

/// The file behind the link is written in its own folder; the link stays.
#[test]
fn a_link_to_a_queue_is_followed() {
    let sandbox = Sandbox::new().queue("real/q.json", &queue(&[("A", &[]), ("B", &[])]));
    assert!(
        sandbox.shell("cp workloop.toml real && ln -s real/q.json q.json && ln -s q.json l.json")
    );
    sandbox.run(["park", "A", "l.json"]).exits(0);
    sandbox.run(["run", "l.json", "--agent", "true", "--verify", "true"]).exits(0);
    for link in ["q.json", "l.json"] {
        assert!(fs::symlink_metadata(sandbox.path(link)).expect("there").is_symlink());
    }
    let real = sandbox.read("real/q.json");
    assert_eq!(task(&real, "A")["status"], "parked");
    assert_eq!(task(&real, "B")["status"], "complete");
    assert!(sandbox.path("real/.workloop").is_dir() && !sandbox.path(".workloop").exists());
    assert!(sandbox.shell("ln -s nowhere dangling.json"));
    assert_ne!(sandbox.run(["add", "dangling.json", "--title", "x"]).status, 0);
    assert!(!sandbox.path("nowhere").exists());
}

/// As in a shared folder: another user's configuration above a repository.
#[test]
fn a_configuration_of_somebody_else_above_is_not_ours() {
    if !is_root() {
        return;
    }
    let sandbox = Sandbox::new().queue("repo/sub/q.json", &queue(&[("T001", &[])]));
    assert!(sandbox.shell("mkdir repo/.git && chown 4242 workloop.toml"));
    let run = ["run", "repo/sub/q.json", "--agent", "touch ran", "--no-verify"];
    sandbox.run(run).exits(2).says("belongs to another user");
    assert!(sandbox.shell("chown 0 workloop.toml && chmod 777 repo"));
    sandbox.run(run).exits(2).says("every user may write");
    assert!(!sandbox.path("ran").exists() && !sandbox.path("repo/sub/.workloop").exists());
    assert!(sandbox.shell("chmod 1777 repo"));
    sandbox.run(run).exits(0);
}

#[test]
fn the_guards_are_what_refuses() {
    holds("no-refusals", |sandbox| {
        assert!(sandbox.shell("chmod o+w workloop.toml"));
        let ran = sandbox.run(["run", "q.json", "--agent", "true", "--no-verify"]);
        let mut broken = unless(ran.status == 2, "a configuration that all can write was believed");
        assert!(sandbox.shell("chmod o-w workloop.toml; ln q.json other"));
        let ran = sandbox.run(["park", "T001", "q.json"]);
        broken.extend(unless(ran.status == 2, "a queue with two hard links was written"));
        broken
    });
}
