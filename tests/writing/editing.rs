//! Edits of fields: by flags, by JSON, and in an editor on a terminal.

use crate::folder::{Folder, QUEUE, Ran, ended, feed};
use serde_json::{Value, json};
use std::fs;
use std::os::unix::fs::PermissionsExt as _;

#[test]
fn flags_change_what_they_name() {
    let folder = Folder::with(QUEUE);
    let words = ["edit", "W-002", "--title", "Build", "--depends-on", "W-005", "--unset", "error"];
    folder.run(&words).works();
    let task = folder.task("W-002");
    assert_eq!((&task["title"], &task["depends_on"]), (&json!("Build"), &json!(["W-005"])));
    assert!(task.get("error").is_none() && task.get("dependencies").is_none());
    let (before, after): (Vec<_>, _) = (QUEUE.lines().collect(), folder.text("q.json"));
    let same = before.iter().filter(|line| after.contains(*line)).count();
    assert_eq!(same, before.len() - 3, "{after}");
    let event = folder.events().pop().expect("an event");
    assert_eq!(event["event"], "edited");
    assert_eq!(event["data"]["fields"]["title"], "Build");
    let events = folder.events().len();
    folder.run(&["edit", "W-002", "--title", "Build"]).works();
    assert_eq!(folder.events().len(), events, "nothing changed");
    folder.refuses(&["edit", "W-002", "--unset", "errors"]).says("no `errors`");
    folder.refuses(&["edit", "W-002", "--not-before", "soon"]).says("must be a time such as");
    folder.refuses(&["edit", "W-002", "--set", "x"]).says("KEY=VALUE");
}

#[test]
fn json_merges_and_null_removes() {
    let folder = Folder::with(QUEUE);
    let change = r#"{"title": "Dig deep", "x": null, "y": {"z": 2.50}, "id": "W-001"}"#;
    folder.run_with(&["edit", "W-001", "-"], change).works();
    let task = folder.task("W-001");
    assert!(task.get("x").is_none() && folder.text("q.json").contains("2.50"), "{task}");
    let before = folder.text("q.json");
    for (change, says) in [
        (r#"{"id": "W-009"}"#, "the id of task W-001 cannot be changed"),
        (r#"{"claim": {"worker": "a", "attempt": 1, "since": "now"}}"#, "claim of task"),
        ("{\"title\":\n tru}", "stdin:2:5"),
        ("[]", "JSON object"),
    ] {
        let ran = folder.run_with(&["edit", "W-001", "-"], change).says(says);
        assert_eq!((ran.status, folder.text("q.json")), (2, before.clone()), "{change}");
    }
    let change = r#"{"status": "done", "passes": true, "title": "R"}"#;
    let ran = folder.run_with(&["edit", "W-006", "-"], change);
    assert_eq!(ran.status, 2);
    ran.says("status, passes of task W-006 cannot be edited");
    folder.run_with(&["edit", "W-006", "-"], r#"{"title": "R", "attempts": 1}"#).works();
    folder.run_with(&["edit", "W-001", "-"], r#"{"status": "icebox"}"#).works();
}

#[test]
fn a_dependency_is_dropped_with_its_reason() {
    let folder = Folder::with(QUEUE);
    let drop = |id| ["edit", "W-002", "--drop-dependency", id, "--because", "the ground is rock"];
    folder.refuses(&drop("W-004")).says("it depends on W-001, W-003");
    folder.run(&drop("W-001")).works();
    let task = folder.task("W-002");
    assert_eq!(task["depends_on"], json!(["W-003"]));
    let dropped = &task["dropped_dependencies"][0];
    assert_eq!(
        (&dropped["id"], &dropped["because"]),
        (&json!("W-001"), &json!("the ground is rock"))
    );
    assert!(dropped["at"].as_str().is_some_and(|at| at.ends_with('Z')), "{dropped}");
    let event = folder.events().pop().expect("an event");
    assert_eq!(event["data"]["dropped"][0]["id"], "W-001");
    folder.run(&drop("W-003")).works();
    assert_eq!(folder.task("W-002")["dropped_dependencies"].as_array().map(Vec::len), Some(2));
    assert_eq!(folder.refuses(&["edit", "W-002", "--drop-dependency", "W-001"]).status, 2);
}

#[test]
fn without_a_terminal_no_editor_opens() {
    let folder = Folder::with(QUEUE);
    folder.refuses(&["edit", "W-001"]).says("no terminal").says("stdin with -");
    assert!(folder.events().is_empty());
}

/// Runs `edit` on a terminal with a script as the editor; `keys` are typed.
fn on_a_terminal(folder: &Folder, script: &str, keys: &str) -> Ran {
    folder.put("editor.sh", &format!("#!/bin/sh\n{script}\n"));
    let editor = folder.path("editor.sh");
    fs::set_permissions(&editor, fs::Permissions::from_mode(0o755)).expect("executable");
    let line = format!("'{}' edit W-001 --work-queue q.json", env!("CARGO_BIN_EXE_workloop"));
    let mut command = std::process::Command::new("script");
    command.args(["-qec", &line, "/dev/null"]).current_dir(folder.path("")).env_clear();
    command.env("PATH", std::env::var_os("PATH").unwrap_or_default()).env("NO_COLOR", "1");
    command.env("VISUAL", format!("{} --wait", editor.display())).env("TMPDIR", folder.path(""));
    command.stdout(std::process::Stdio::piped()).stderr(std::process::Stdio::piped());
    ended(feed(command, keys).wait_with_output().expect("it ends"))
}

fn kept_copies(folder: &Folder) -> usize {
    let entries = fs::read_dir(folder.path("")).expect("readable").flatten();
    entries.filter(|e| e.file_name().to_string_lossy().starts_with("workloop-edit-")).count()
}

#[test]
fn an_editor_changes_a_copy_that_is_merged() {
    let folder = Folder::with(QUEUE);
    // Another process changes another field while the editor is open.
    let script = r#"grep -q '"x": 7e242' "$2" || exit 9
        sed -i 's/"Dig"/"Dig deep"/; s/"attempts": 0/"attempts": 0, "new": 1.50/' "$2"
        sed -i 's/"a",   "b"/"a",   "c"/' q.json"#;
    let ran = on_a_terminal(&folder, script, "");
    assert_eq!(ran.status, 0, "{ran:?}");
    let task = folder.task("W-001");
    assert_eq!((&task["title"], &task["tags"]), (&json!("Dig deep"), &json!(["a", "c"])));
    let text = folder.text("q.json");
    assert!(
        text.contains("\"x\": 7e242") && text.contains("1.50") && text.contains("\"a\",   \"c\"")
    );
    assert_eq!(kept_copies(&folder), 0);
    assert_eq!(folder.events_of("W-001"), ["edited"]);
    let ran = on_a_terminal(&folder, "true", "").says("not changed");
    assert_eq!((ran.status, folder.text("q.json")), (0, text));
}

#[test]
fn a_conflict_keeps_the_copy() {
    let folder = Folder::with(QUEUE);
    let script = r#"sed -i 's/"Dig"/"Mine"/' "$2"; sed -i 's/"Dig"/"Theirs"/' q.json"#;
    let ran = on_a_terminal(&folder, script, "");
    assert_eq!(ran.status, 2, "{ran:?}");
    ran.says("`title` was also changed in the file").says("is kept in");
    assert_eq!((folder.task("W-001")["title"].clone(), kept_copies(&folder)), (json!("Theirs"), 1));
}

#[test]
fn broken_json_may_be_edited_again() {
    let folder = Folder::with(QUEUE);
    let script = r#"if [ -e broken ]; then sed -i 's/"Dig",,/"Dug",/' "$2"
        else touch broken; sed -i 's/"Dig",/"Dig",,/' "$2"; fi"#;
    let ran = on_a_terminal(&folder, script, "\n");
    assert_eq!(ran.status, 0, "{ran:?}");
    ran.says(".json:3:18: invalid JSON").says("Edit again?");
    assert_eq!(folder.task("W-001")["title"], "Dug");
    let ran = on_a_terminal(&folder, r#"echo '{' > "$2""#, "n\n");
    assert_eq!((ran.status, kept_copies(&folder)), (2, 1), "{ran:?}");
    let ran = on_a_terminal(&folder, "exit 3", "");
    assert_eq!(ran.status, 2, "{ran:?}");
    ran.says("exit status 3");
    assert_eq!(folder.task("W-001")["status"], Value::from("todo"));
}
