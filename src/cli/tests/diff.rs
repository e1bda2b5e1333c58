use super::sandbox::Sandbox;
use crate::platform::programs::lacks;
use serde_json::json;

const PRIVATE: &str = "[isolation]\nmode = \"private\"\n";

/// Returns a repository in which attempts of A can be kept, and C is complete.
fn project() -> Sandbox {
    let tasks = json!([
        {"id": "A", "title": "Walls", "status": "blocked", "attempts": 3},
        {"id": "B", "title": "Roof"},
        {"id": "C", "title": "Ground", "status": "complete"},
    ]);
    Sandbox::new(tasks).config(PRIVATE).file("a.txt", "one\ntwo\n").git()
}

#[test]
fn the_change_of_the_newest_attempt_is_a_patch_that_can_be_applied() {
    if lacks("git") {
        return;
    }
    let sandbox = project();
    sandbox.keep("A", 2, "second");
    sandbox.keep("A", 3, "third\\033[2J");
    let patch = sandbox.run("diff A").printed();
    assert!(patch.starts_with("diff --git a/a.txt b/a.txt\nindex "), "{patch}");
    assert!(
        patch.ends_with("@@ -1,2 +1,3 @@\n one\n two\n+third\u{1b}[2J\n"),
        "exact bytes: {patch}"
    );
    let patch = sandbox.run("diff A --attempt 2").printed();
    assert!(patch.ends_with("@@ -1,2 +1,3 @@\n one\n two\n+second\n"), "{patch}");
    sandbox.put("a.patch", &patch);
    sandbox.sh("git apply --check a.patch");
    let patch = sandbox.run("--color always diff A").printed();
    assert!(patch.ends_with("\u{1b}[32m+third␛[2J\u{1b}[0m\n"), "{patch}");
}

#[test]
fn json_names_the_commits_and_the_files() {
    if lacks("git") {
        return;
    }
    let sandbox = project();
    let (base, commit) = sandbox.keep("A", 2, "second");
    assert_eq!(
        sandbox.run("diff A --json").json("diff"),
        json!({
            "schema_version": 1, "id": "A", "queue": "queues/q.json", "attempt": 2, "landed": false,
            "base": base, "commit": commit,
            "files": [{"path": "a.txt", "change": "modified"}],
        })
    );
}

#[test]
fn of_a_complete_task_the_change_that_landed_is_shown_unless_an_attempt_is_named() {
    if lacks("git") {
        return;
    }
    let sandbox = project();
    let (base, _) = sandbox.keep("C", 1, "tried");
    sandbox.sh("echo landed >>a.txt; git commit -qam landed");
    let commit = sandbox.sh("git rev-parse HEAD");
    let queue = sandbox.text("queues/q.json");
    let complete = "\"status\": \"complete\"";
    sandbox.put(
        "queues/q.json",
        &queue.replace(complete, &format!("{complete}, \"landed_commit\": \"{commit}\"")),
    );
    let value = sandbox.run("diff C --json").json("diff");
    assert_eq!(
        (&value["landed"], &value["attempt"], &value["base"], &value["commit"]),
        (&json!(true), &json!(null), &json!(base), &json!(commit))
    );
    let patch = sandbox.run("diff C").printed();
    assert!(patch.ends_with("\n two\n+landed\n"), "{patch}");
    let patch = sandbox.run("diff C --attempt 1").printed();
    assert!(patch.ends_with("\n two\n+tried\n"), "{patch}");
}

#[test]
fn what_is_not_kept_is_refused_with_the_reason() {
    if lacks("git") {
        return;
    }
    let sandbox = project();
    sandbox.keep("A", 2, "second");
    sandbox.keep("A", 3, "third");
    let none = "error: no change of task B is kept: ";
    let hint = "hint: workloop log B shows what its agent said\n";
    for (line, text) in [
        (
            "diff A --attempt 1",
            "error: attempt 1 of task A is not kept\nhint: kept attempts: 2, 3\n".to_owned(),
        ),
        ("diff B", format!("{none}no attempt has made a change yet\n{hint}")),
        ("diff B --attempt 7 --json", format!("{none}no attempt has made a change yet\n{hint}")),
        ("diff X", "error: there is no task `X` in queues/q.json\n".to_owned()),
    ] {
        sandbox.refuses(line, 2, &text);
    }
    let shared = sandbox.config("");
    let why = "agents share one tree ([isolation] mode = \"shared\"), so the changes of one attempt \
               cannot be separated";
    shared.refuses("diff B", 2, &format!("{none}{why}\n{hint}"));
}

#[test]
fn a_project_without_git_keeps_no_changes() {
    let sandbox = Sandbox::new(json!([{"id": "a b"}])).config(PRIVATE);
    sandbox.refuses("diff 'a b'", 2, "error: git is not on the PATH\nhint: install git\n");
    if lacks("git") {
        return;
    }
    let sandbox = sandbox.var("PATH", &std::env::var("PATH").expect("a PATH"));
    let text = "error: no change of task a b is kept: the project is not in a git work tree\n\
                hint: workloop log 'a b' shows what its agent said\n";
    sandbox.refuses("diff 'a b'", 2, text);
}
