use super::sandbox::{Sandbox, elsewhere};
use crate::platform::login;
use crate::platform::programs::lacks;
use serde_json::{Value, json};

fn sandbox() -> Sandbox {
    Sandbox::new(json!([
        {"id": "A", "title": "Walls"},
        {"id": "B", "title": "Roof", "status": "in_progress", "attempts": 1, "claim": elsewhere(1)},
        {"id": "C", "title": "Ground", "status": "complete"},
        {"id": "D", "title": "Door", "status": "blocked", "error": "x", "attempts": 1},
        {"id": "P", "title": "Pond", "status": "parked"},
    ]))
}

#[test]
fn a_persons_work_says_by_whom_and_that_it_was_not_verified() {
    let sandbox = sandbox();
    assert_eq!(
        sandbox.run("done A D P --by Ann --note 'by hand'").printed(),
        "A: complete, not verified\nD: complete, not verified\nP: complete, not verified\n"
    );
    for id in ["A", "D", "P"] {
        let task = sandbox.task(id);
        let of = |key: &str| task.get(key).cloned().unwrap_or_default();
        assert_eq!((of("status"), of("completed_by")), (json!("complete"), json!("Ann")), "{id}");
        assert_eq!((of("completion_note"), of("error")), (json!("by hand"), Value::Null), "{id}");
        assert_eq!((of("verification_verdict"), of("passes")), (json!("SKIPPED"), json!(false)));
        assert!(of("completed_at").is_string(), "{id}");
    }
    let event = &sandbox.events()[0];
    assert_eq!((&event["event"], &event["task"]), (&json!("completed"), &json!("A")));
    assert_eq!((&event["data"]["by"], &event["data"]["note"]), (&json!("Ann"), &json!("by hand")));
}

#[test]
fn the_person_is_the_one_who_is_logged_in_and_a_blank_note_is_none() {
    let sandbox = sandbox();
    assert_eq!(sandbox.run("done A -q --note ' '").printed(), "");
    let task = sandbox.task("A");
    assert_eq!(task["completed_by"], login::name());
    assert_eq!(task.get("completion_note"), None);
    assert_eq!(sandbox.events()[0]["data"].get("note"), None);
}

#[test]
fn all_tasks_are_completed_or_none() {
    let sandbox = sandbox();
    for (line, text) in [
        (
            "done A B",
            "error: task B was not completed: elsewhere:4711:0badcafe is on another host, so whether it \
             is alive cannot be determined here\n\
             hint: workloop cancel B ends the attempt first\n",
        ),
        ("done A C", "error: task C is complete: it is already complete; legal now: reset\n"),
        ("done A X", "error: there is no task `X` in queues/q.json\n"),
        ("done queues/q.json", "error: no task is named, only queues\n"),
        ("done A --by ' '", "error: --by needs a name\n"),
    ] {
        sandbox.refuses(line, 2, text);
    }
}

#[test]
fn a_verification_must_be_configured() {
    let sandbox = sandbox();
    let text = "error: no verification is configured\n\
                hint: add [[verify]] with run = \"…\" to workloop.toml, or give --verify CMD\n\
                hint: --no-verify runs without verification; such tasks are recorded as SKIPPED\n";
    let before = sandbox.text("queues/q.json");
    assert_eq!(sandbox.run("done A --verify").failed(2), text);
    assert_eq!(sandbox.text("queues/q.json"), before);
}

#[test]
fn a_complete_task_is_refused_before_anything_is_verified() {
    let sandbox = sandbox();
    let text = "error: task C is complete: it is already complete; legal now: reset\n";
    assert_eq!(sandbox.run("done C --verify").failed(2), text);
}

#[test]
fn a_change_that_did_not_land_is_pointed_to() {
    if lacks("git") {
        return;
    }
    let sandbox =
        sandbox().config("[isolation]\nmode = \"private\"\n").file("a.txt", "one\n").git();
    let (_, commit) = sandbox.keep("D", 1, "two");
    let ran = sandbox.run("done D A --by Ann");
    assert_eq!(
        (ran.exit, ran.out.as_str()),
        (0, "D: complete, not verified\nA: complete, not verified\n")
    );
    let wanted = format!(
        "D: the change of attempt 1 is not on main: workloop diff D shows it, git cherry-pick --no-commit \
         {} takes it\n",
        &commit[..12]
    );
    assert_eq!(ran.err, wanted);
    sandbox.keep("P", 1, "three");
    assert_eq!(sandbox.run("done P --by Ann -q").printed(), "");
}
