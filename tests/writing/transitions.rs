//! Each verb where it is legal and where it is not, and what it writes.

use crate::folder::{Folder, QUEUE};
use serde_json::{Value, json};

/// Returns the lines of the file without those of one task and of the summary.
fn others(text: &str, id: &str) -> Vec<String> {
    let mut kept = Vec::new();
    let mut inside = false;
    for line in text.lines() {
        if line.contains("{ \"id\"") {
            inside = line.contains(&format!("\"{id}\""));
        } else if line.trim() == "]," {
            inside = false;
        }
        if !inside && !line.contains("\"summary\"") {
            kept.push(line.to_owned());
        }
    }
    kept
}

#[test]
fn every_legal_transition_is_journalled_and_touches_its_task_alone() {
    for (words, status, event) in [
        (vec!["approve", "W-003"], "todo", "approved"),
        (vec!["answer", "W-002", "granite"], "todo", "answered"),
        (vec!["done", "W-001", "--by", "the mason"], "done", "completed"),
        (vec!["done", "W-003"], "done", "completed"),
        (vec!["done", "W-005", "--note", "it rained"], "done", "completed"),
        (vec!["done", "W-007"], "done", "completed"),
        (vec!["retry", "W-002"], "todo", "retried"),
        (vec!["retry", "W-007"], "todo", "retried"),
        (vec!["reset", "W-004"], "todo", "reset"),
        (vec!["reset", "W-005"], "todo", "reset"),
        (vec!["cancel", "W-006"], "icebox", "cancelled"),
        (vec!["cancel", "W-001"], "icebox", "cancelled"),
        (vec!["block", "W-001", "--because", "no\nspade"], "blocked", "blocked"),
        (vec!["block", "W-006", "--because", "x"], "blocked", "blocked"),
        (vec!["park", "W-007"], "icebox", "parked"),
        (vec!["park", "W-006"], "icebox", "parked"),
        (vec!["unpark", "W-005"], "todo", "unparked"),
        (vec!["release", "W-006", "--force"], "todo", "released"),
        (vec!["progress", "W-001", "--percent", "5"], "todo", "progress"),
    ] {
        let folder = Folder::with(QUEUE);
        let id = words[1];
        folder.run(&words).works().says(id);
        let after = folder.text("q.json");
        assert_eq!(folder.task(id)["status"], status, "{words:?}");
        assert_eq!(others(&after, id), others(QUEUE, id), "{words:?}");
        assert_eq!(after.ends_with('\n'), QUEUE.ends_with('\n'));
        assert_eq!(folder.events_of(id), [event], "{words:?}");
        let summary = &folder.json()["summary"];
        assert_eq!(summary["total"], 7);
        assert_eq!(summary["archived"], 0, "unknown keys stay");
        assert!(folder.task(id).get("claim").is_none() || id != "W-006", "{words:?}");
    }
}

#[test]
fn an_illegal_transition_names_the_legal_ones_and_writes_nothing() {
    for (words, legal) in [
        (vec!["approve", "W-001"], "run, done, block, park, cancel, reset"),
        (vec!["done", "W-004"], "reset"),
        (vec!["answer", "W-001", "x"], "run, done, block"),
        (vec!["retry", "W-004"], "reset"),
        (vec!["reset", "W-006"], "cancel, block, park, release"),
        (vec!["reset", "--all", "--yes"], "cancel, block, park, release"),
        (vec!["cancel", "W-004"], "reset"),
        (vec!["block", "W-002", "--because", "x"], "retry, answer"),
        (vec!["park", "W-005"], "unpark, done, reset"),
        (vec!["unpark", "W-001"], "run"),
        (vec!["release", "W-001"], "run"),
    ] {
        let folder = Folder::with(QUEUE);
        let ran = folder.refuses(&words).says("legal now: ");
        assert!(ran.err.contains(legal), "{words:?}: {ran:?}");
        assert!(folder.events().is_empty(), "{words:?}");
    }
}

#[test]
fn what_the_transitions_write() {
    let folder = Folder::with(QUEUE);
    folder.run(&["approve", "W-003"]).works();
    assert_eq!(folder.task("W-003")["approved_by"], "workloop approve");
    folder.run(&["approve", "W-003", "--by", "the mason"]);
    folder.run(&["answer", "W-002", "granite"]).works();
    let answers = folder.task("W-002")["answers"].clone();
    assert_eq!(answers[0]["question"], "which stone?");
    assert_eq!(answers[0]["answer"], "granite");
    assert_eq!(folder.task("W-002")["error"], Value::Null);
    assert_eq!(folder.task("W-002")["budget_used"], 0);
    folder.run(&["block", "W-001", "--because", "no\nspade"]).works();
    assert_eq!(folder.task("W-001")["error"], "no spade");
    folder.run(&["reset", "W-004"]).works();
    let reset = folder.task("W-004");
    assert_eq!((&reset["attempts"], &reset["passes"]), (&json!(0), &json!(false)));
    assert_eq!(reset["completed_at"], Value::Null);
}

#[test]
fn what_a_person_did_is_complete_by_them() {
    let folder = Folder::with(QUEUE);
    folder.run(&["done", "W-001", "W-007", "--by", "the mason", "--note", "by hand"]).works();
    for id in ["W-001", "W-007"] {
        let task = folder.task(id);
        assert_eq!(task["completed_by"], "the mason");
        assert_eq!(task["completion_note"], "by hand");
        assert!(task["completed_at"].as_str().is_some_and(|time| time.ends_with('Z')), "{task}");
        assert_eq!(
            (&task["passes"], &task["verification_verdict"]),
            (&json!(false), &json!("SKIPPED"))
        );
        assert!(task["error"].is_null() && task["blocked_reason"].is_null(), "{task}");
    }
    let event = folder.events().into_iter().find(|event| event["task"] == "W-001").expect("one");
    assert_eq!((&event["event"], &event["data"]["by"]), (&json!("completed"), &json!("the mason")));
    folder.run(&["check"]).works();
    // Without --by the name of the current user is used. The ids come from a script.
    folder.run_with(&["done", "-"], r#"["W-003"]"#).works();
    assert!(folder.task("W-003")["completed_by"].as_str().is_some_and(|name| !name.is_empty()));
    folder.run(&["reset", "W-001"]).works();
    let task = folder.task("W-001");
    assert!(task.get("completed_by").is_none() && task.get("completion_note").is_none(), "{task}");
    folder.refuses(&["done", "W-002", "--by", " "]);
    // A worker on another machine has claimed it.
    folder.refuses(&["done", "W-006"]).says("cannot be determined here").says("workloop cancel");
}

#[test]
fn an_argument_is_a_task_unless_it_is_a_file() {
    let folder = Folder::with(QUEUE);
    folder.run(&["park", "W-001", "W-007"]).works();
    assert_eq!(folder.run(&["park", "q.json"]).says("no task is named").status, 2);
    assert_eq!(folder.run(&["retry", "--failed", "W-002"]).says("takes no ids").status, 2);
    std::fs::create_dir(folder.path("sub")).expect("made");
    folder.put("sub/work", QUEUE);
    let plain = |words: &[&str]| folder.command(words).output().expect("it starts").status.code();
    assert_eq!(plain(&["park", "sub/work", "W-003"]), Some(0));
    assert!(folder.text("sub/work").contains("icebox\",\n      \"requires_approval"));
    assert_eq!(folder.task("W-003")["status"], "todo");
}

#[test]
fn several_tasks_at_once_or_none() {
    let folder = Folder::with(QUEUE);
    let ran = folder.run_with(&["retry", "-"], r#"["W-002", "W-007", "W-002"]"#).works();
    assert_eq!(ran.out.lines().count(), 2);
    let before = folder.text("q.json");
    let ran = folder.run_with(&["park", "-"], r#"["W-001", "W-004"]"#).says("W-004 is complete");
    assert_eq!((ran.status, folder.text("q.json")), (2, before));
    let ran = folder.run_with(&["park", "-"], "[\"W-001\",\n 3x]").says("stdin:2:3");
    assert_eq!(ran.status, 2);
    assert_eq!(folder.run_with(&["park", "-"], "{}").status, 2);

    let folder = Folder::with(QUEUE);
    folder.run(&["retry", "--failed"]).works();
    assert_eq!(folder.task("W-002")["status"], "todo");
    assert_eq!(folder.task("W-007")["status"], "todo");
    folder.run(&["retry", "--failed"]).works().says("no task is blocked");
}

#[test]
fn reset_all_leaves_what_is_parked_or_never_ran() {
    let folder = Folder::with(QUEUE);
    folder.run(&["release", "W-006", "--force"]).works();
    folder.run(&["reset", "--all", "--yes"]).works().says("not reset: 1 parked");
    let statuses =
        ["W-001", "W-002", "W-004", "W-006", "W-007"].map(|id| folder.task(id)["status"].clone());
    assert!(statuses.iter().all(|status| status == "todo"), "{statuses:?}");
    assert_eq!(folder.task("W-005")["status"], "icebox");
    assert!(folder.events_of("W-001").is_empty(), "it never ran");
    let before = folder.text("q.json");
    folder.run(&["reset", "--all", "--yes"]).works().says("no task has run");
    assert_eq!(folder.text("q.json"), before);
}

#[test]
fn what_cannot_be_undone_is_asked_for() {
    let folder = Folder::with(QUEUE);
    folder.refuses(&["reset", "--all"]).says("reset 4 tasks").says("--yes");
    folder.refuses(&["cancel", "W-001", "W-003"]).says("cancel 2 tasks").says("--yes");
    folder.run(&["cancel", "W-001", "W-003", "--yes"]).works();
    folder.run(&["cancel", "W-002"]).works();
}

#[test]
fn references_are_unique_or_refused() {
    let folder = Folder::with(QUEUE);
    folder.refuses(&["park", "W-01"]).says("did you mean `W-001`");
    folder.refuses(&["park", "elsewhere:W-001"]);
    folder.run(&["park", "q:W-001"]).works();
    folder.put("r.json", QUEUE);
    let both = ["--work-queue", "r.json"];
    let ran = folder.refuses(&["park", "W-002", both[0], both[1]]);
    assert!(ran.err.contains("r:W-002") && ran.err.contains("q:W-002"), "{ran:?}");
    folder.run(&["park", "r:W-002", both[0], both[1]]).works();
    assert_eq!(folder.task("W-002")["status"], "blocked");
    folder.put("workloop.toml", "queues = [\"*.json\"]\n");
    folder.put("s.json", &QUEUE.replace("W-", "S-"));
    folder.refuses(&["park", "S-001"]).says("is in s.json");
}

#[test]
fn progress_inside_an_attempt_is_fenced_by_its_claim() {
    let folder = Folder::with(QUEUE);
    folder.refuses(&["progress", "--percent", "5"]).says("name the task");
    folder.refuses(&["progress", "W-001"]).says("--percent");
    let inside = |attempt: &str, words: &[&str]| {
        let mut command = folder.command(&[&["progress"], words].concat());
        command.env("WORKLOOP_TASK_ID", "W-006").env("WORKLOOP_QUEUE", folder.path("q.json"));
        command.env("WORKLOOP_WORKER", "far:12:0badcafe").env("WORKLOOP_ATTEMPT", attempt);
        crate::folder::ended(command.output().expect("it starts"))
    };
    inside("1", &["--percent", "50", "--next", "roof"]).works();
    inside("1", &["--note", "slow", "--eta", "noon"]).works();
    let progress = folder.task("W-006")["progress"].clone();
    assert_eq!(progress["percent"], 50);
    assert_eq!((&progress["next"], &progress["note"]), (&json!("roof"), &json!("slow")));
    assert_eq!(inside("2", &["--percent", "60"]).status, 2);
    assert_eq!(folder.task("W-006")["progress"]["percent"], 50);
    folder.run_with(&["progress", "-"], r#"{"id": "W-001", "percent": 7}"#).works();
    assert_eq!(folder.task("W-001")["progress"]["percent"], 7);
    assert_eq!(folder.run_with(&["progress", "-"], r#"{"id": "W-001", "percent": 101}"#).status, 2);
}

#[test]
fn steps_that_are_done_add_up_and_make_the_percentage() {
    let queue = r#"{"tasks": [{"id": "A", "title": "a", "steps": ["dig", "fill", "roll", "sow"]},
        {"id": "B", "title": "b"}]}"#;
    let folder = Folder::with(queue);
    folder.run(&["progress", "A", "--percent", "90"]).works();
    folder.run(&["progress", "A", "--step", "3", "--step", "1"]).works();
    folder.run_with(&["progress", "-"], r#"{"id": "A", "step": [1, 2]}"#).works();
    let progress = folder.task("A")["progress"].clone();
    assert_eq!((&progress["steps_done"], progress.get("percent")), (&json!([1, 2, 3]), None));
    folder.refuses(&["progress", "A", "--step", "5"]).says("its steps are 1 to 4");
    folder.refuses(&["progress", "B", "--step", "1"]).says("lists no steps");
    let both = r#"{"id": "A", "step": 4, "percent": 4}"#;
    assert_eq!(folder.run_with(&["progress", "-"], both).status, 2);
    assert_eq!(folder.run_with(&["progress", "-"], r#"{"id": "A", "step": 0}"#).status, 2);
    let said = folder.run(&["status"]).works().out;
    assert!(said.contains("2 tasks: 2 ready (37% of the work)"), "{said}");
}
