//! New tasks.

use crate::folder::{Folder, QUEUE, ended, feed};
use serde_json::json;

#[test]
fn a_task_from_flags_is_written_like_its_neighbours() {
    let folder = Folder::with(QUEUE);
    let words = [
        "add",
        "--title",
        "Sow",
        "--depends-on",
        "W-001",
        "--depends-on",
        "W-003",
        "--priority",
        "2",
        "--file",
        "a.rs",
        "--tag",
        "x",
        "--set",
        "more={\"k\": 1}",
    ];
    let ran = folder.run(&words).works();
    assert_eq!(ran.out, "W-008\n");
    let task = folder.task("W-008");
    assert_eq!(task["depends_on"], json!(["W-001", "W-003"]), "the spelling that the file uses");
    assert_eq!((&task["priority"], &task["file"]), (&json!(2), &json!("a.rs")));
    assert_eq!((&task["status"], &task["more"]["k"]), (&json!("todo"), &json!(1)));
    let after = folder.text("q.json");
    let kept = QUEUE.lines().filter(|line| !line.contains("summary"));
    for line in kept {
        let line = line.trim_end_matches(['}', ' ']);
        assert!(after.contains(line), "{line}");
    }
    assert_eq!(folder.json()["summary"]["total"], 8);
    assert_eq!(folder.events_of("W-008"), ["added"]);
}

#[test]
fn json_keeps_its_numbers_and_errors_have_a_position() {
    let folder = Folder::with(QUEUE);
    let list = r#"[{"title": "One", "cost": 1.50, "n": [7e242, -0.0]},
        {"id": "own", "title": "Two", "status": "icebox"}]"#;
    let ran = folder.run_with(&["add", "-"], list).works();
    assert_eq!(ran.out, "W-008\nown\n");
    let text = folder.text("q.json");
    assert!(text.contains("1.50") && text.matches("7e242").count() == 2, "{text}");
    assert_eq!(folder.task("own")["status"], "icebox");
    folder.run(&["add", r#"{"title": "Three"}"#]).works();
    let before = folder.text("q.json");
    for (input, says) in [
        ("{\n  \"title\": nonsense}", "stdin:2:13"),
        ("[1]", "a task is a JSON object"),
        ("{}", "needs a title"),
        (r#"{"id": "W-001", "title": "x"}"#, "there is already a task `W-001`"),
        (r#"{"title": "x", "claim": {}}"#, "claimed"),
        (r#"{"title": "x", "tags": 3}"#, "`tags`"),
        (r#"{"title": "x", "not_before": "soon"}"#, "`not_before` must be a time such as"),
        (r#"[{"title": "fine"}, {"title": " dig"}]"#, "task W-001 is the same work"),
    ] {
        let ran = folder.run_with(&["add", "-"], input).says(says);
        assert_eq!(ran.status, 2, "{input}");
        assert_eq!(folder.text("q.json"), before, "{input}");
    }
}

#[test]
fn discovered_work_carries_its_fingerprint() {
    let folder = Folder::with(QUEUE);
    folder.refuses(&["add", "--title", "Leak", "--discovered-by", "W-01"]).says("W-001");
    folder.run(&["add", "--title", "Leak", "--discovered-by", "W-001"]).works();
    let task = folder.task("W-008");
    assert_eq!(task["discovered_by"], "W-001");
    assert_eq!(task["fingerprint"].as_str().map(str::len), Some(16));
    folder.run(&["edit", "W-008", "--title", "Leak in the roof"]).works();
    folder.refuses(&["add", "--title", "leak"]).says("W-008");
    folder.run(&["add", "--title", "leak", "--file", "roof.rs"]).works();
}

#[test]
fn eight_processes_add_at_once_and_nothing_is_lost() {
    let folder = Folder::with("{\n  \"tasks\": []\n}\n");
    for round in 0..5 {
        let children: Vec<_> = (0..8)
            .map(|n| {
                let command = folder.command(&["add", "-", "q.json"]);
                feed(command, &format!("{{\"title\": \"work {round}/{n}\"}}"))
            })
            .collect();
        for child in children {
            ended(child.wait_with_output().expect("it ends")).works();
        }
    }
    let queue = folder.json();
    let tasks = queue["tasks"].as_array().expect("a list");
    let ids: std::collections::BTreeSet<_> = tasks.iter().map(|t| t["id"].to_string()).collect();
    assert_eq!((tasks.len(), ids.len()), (40, 40));
    assert!(ids.contains("\"T-040\""), "{ids:?}");
    assert_eq!(queue["summary"]["pending"], 40);
    assert_eq!(folder.events().iter().filter(|e| e["event"] == "added").count(), 40);
}

#[test]
fn one_queue_must_be_meant() {
    let folder = Folder::with(QUEUE);
    folder.put("r.json", QUEUE);
    let ran = folder.refuses(&["add", "--title", "x", "--work-queue", "r.json"]);
    assert!(ran.err.contains("name the queue to add to"), "{ran:?}");
}

/// A dependency that does not exist, or that closes a circle, is accepted because the next command
/// may fix it, but a warning reports it at once.
#[test]
fn a_task_that_can_never_run_is_reported() {
    let folder = Folder::with(QUEUE);
    let ran = folder.run(&["add", "--title", "Reap", "--depends-on", "W-0011"]).works();
    assert_eq!(ran.out, "W-008\n");
    assert!(ran.err.contains("warning: W-008 can never run: W-0011"), "{}", ran.err);
    let ran = folder.run(&["edit", "W-001", "--depends-on", "W-002"]).works();
    assert!(ran.err.contains("W-001 -> W-002 -> W-001 can never run"), "{}", ran.err);
    let ran = folder.run(&["edit", "W-008", "--depends-on", "W-003"]).works();
    assert_eq!(ran.err, "", "no warning remains");
    // Only the first of many wrong ids are listed.
    let many: Vec<String> = (0..30).map(|number| format!("--depends-on=X-{number}")).collect();
    let mut words = vec!["edit", "W-008"];
    words.extend(many.iter().map(String::as_str));
    let ran = folder.run(&words).works();
    assert_eq!(ran.err.lines().count(), 21, "{}", ran.err);
    assert!(ran.err.contains("warning: and 10 more of this kind"), "{}", ran.err);
}
