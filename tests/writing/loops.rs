//! Verbs while a loop runs, and tasks that a loop adds.

use crate::folder::{Folder, Ran, ended, wait_until};
use serde_json::json;
use std::process::Child;

/// Returns a folder with two tasks. The agent runs the script `go-TASK` if it exists, otherwise it
/// hangs.
fn folder() -> Folder {
    let folder = Folder::with(&format!(
        "{:#}\n",
        json!({"tasks": [
            {"id": "A", "title": "a", "status": "pending"},
            {"id": "B", "title": "b", "status": "pending", "dependencies": ["A"]},
        ]})
    ));
    folder.put(
        "agent.sh",
        "touch started-$WORKLOOP_TASK_ID\n[ -e go-$WORKLOOP_TASK_ID ] && \
        { . ./go-$WORKLOOP_TASK_ID; exit 0; }\nexec tail -f /dev/null\n",
    );
    folder.put(
        "workloop.toml",
        "[agents.default]\nrun = \"sh ./agent.sh\"\ngrace = \"1s\"\n\
        [[verify]]\nname = \"v\"\nrun = \"true\"\n",
    );
    folder
}

/// A loop that is killed at the end of its test.
struct Loop(Option<Child>);

impl Loop {
    fn start(folder: &Folder, words: &[&str]) -> Self {
        let words = [&["run", "q.json"], words].concat();
        let running = Self(folder.command(&words).spawn().ok());
        wait_until("the agent runs", || folder.path("started-A").exists());
        running
    }

    fn ends(mut self) -> Ran {
        ended(self.0.take().expect("running").wait_with_output().expect("it ends"))
    }
}

impl Drop for Loop {
    fn drop(&mut self) {
        if let Some(child) = &mut self.0 {
            drop(child.kill());
            drop(child.wait());
        }
    }
}

#[test]
fn cancel_ends_a_running_attempt() {
    for (words, status) in [
        (vec!["cancel", "A"], "parked"),
        (vec!["park", "A"], "parked"),
        (vec!["block", "A", "--because", "no"], "blocked"),
    ] {
        let folder = folder();
        let running = Loop::start(&folder, &[]);
        folder.refuses(&["reset", "A"]).says("cancel or release it first");
        folder.refuses(&["reset", "--all", "--yes"]).says("cancel or release it first");
        folder.refuses(&["edit", "A", "--set", "status=done"]).says("status of task A");
        folder.run(&["edit", "A", "--title", "while it runs"]).works();
        folder.run(&words).works();
        assert_eq!(running.ends().status, 5);
        let task = folder.task("A");
        assert_eq!(task["status"], status, "{task}");
        assert!(task.get("claim").is_none() && task["title"] == "while it runs", "{task}");
    }
}

#[test]
fn a_live_claim_is_released_with_force_only() {
    let folder = folder();
    let running = Loop::start(&folder, &["--max-iterations", "1"]);
    folder.refuses(&["release", "A"]).says("is working on it").says("--force");
    folder.run(&["release", "A", "--force"]).works();
    assert_eq!(running.ends().status, 6);
    let task = folder.task("A");
    assert_eq!((&task["status"], &task["budget_used"]), (&json!("pending"), &json!(0)));
}

#[test]
fn a_claim_of_an_earlier_boot_needs_no_force() {
    let folder = folder();
    let running = Loop::start(&folder, &[]);
    let claim = folder.task("A")["claim"].clone();
    folder.run(&["cancel", "A"]).works();
    running.ends();
    let mut queue = folder.json();
    let mut dead = claim.clone();
    dead["boot"] = json!("00000000");
    for verb in ["release", "reset"] {
        queue["tasks"][0]["status"] = json!("in_progress");
        queue["tasks"][0]["claim"] = dead.clone();
        folder.put("q.json", &queue.to_string());
        folder.run(&[verb, "A"]).works();
        assert_eq!(folder.task("A")["status"], "pending", "{verb}");
    }
    let mut foreign = claim;
    foreign["host"] = json!("00000000");
    queue["tasks"][0]["claim"] = foreign;
    folder.put("q.json", &queue.to_string());
    folder.refuses(&["release", "A"]).says("on another host");
}

#[test]
fn loops_are_counted_and_a_broken_queue_can_be_stopped() {
    let folder = folder();
    folder.run(&["stop"]).works().says("0 loops alive");
    folder.run(&["resume"]).works().says("asked to continue");
    folder.run(&["resume"]).works().says("nothing was stopped");
    let running = Loop::start(&folder, &[]);
    folder.run(&["pause", "--all"]).works().says("1 loop alive");
    assert!(folder.path(".workloop/pause-all").exists());
    folder.run(&["resume"]).works().says("resume --all");
    folder.run(&["pause"]).works();
    folder.run(&["resume", "--all"]).works();
    let left = [".workloop/pause-all", ".workloop/pause-q"].map(|name| folder.path(name).exists());
    assert_eq!(left, [false, false]);
    let words: Vec<_> = folder.events().iter().map(|e| e["event"].clone()).collect();
    for word in ["stopped", "paused", "resumed"] {
        assert!(words.contains(&json!(word)), "{words:?}");
    }
    let text = folder.text("q.json");
    folder.put("q.json", "{");
    folder.run(&["stop"]).works();
    assert!(folder.path(".workloop/stop-q").exists());
    folder.put("q.json", &text);
    folder.run(&["cancel", "A"]).works();
    running.ends();
}

#[test]
fn all_reaches_every_queue_without_a_choice() {
    let folder = folder();
    for name in ["a", "b"] {
        std::fs::create_dir_all(folder.path("queues")).expect("a folder");
        folder.put(&format!("queues/{name}.json"), "{\"tasks\": []}");
    }
    let stop = |words: &[&str]| ended(folder.command(words).output().expect("it starts"));
    assert_eq!(stop(&["stop"]).status, 2);
    stop(&["stop", "--all"]).works();
    assert!(folder.path("queues/.workloop/stop-all").exists());
}

#[test]
fn follow_ups_of_a_passed_attempt_are_added_once() {
    let folder = folder();
    let result = r#"{"follow_ups": [
        {"title": "c", "status": "complete", "approved_by": "me", "dependencies": ["B"]},
        {"title": "a"}, {"title": ""}]}"#;
    folder.put("result", result);
    folder.put("go-A", "cp result \"$WORKLOOP_RESULT_FILE\"");
    folder.put("go-B", "cp result \"$WORKLOOP_RESULT_FILE\"");
    folder.put("go-T-001", "sed s/c/d/ result > \"$WORKLOOP_RESULT_FILE\"");
    let running = Loop::start(&folder, &[]);
    let ran = running.ends().works();
    assert!(ran.err.contains("follow_up_depth is 1"), "{ran:?}");
    let queue = folder.json();
    assert_eq!(queue["tasks"].as_array().map(Vec::len), Some(3), "{queue}");
    let task = folder.task("T-001");
    assert_eq!((&task["discovered_by"], &task["dependencies"]), (&json!("A"), &json!(["B"])));
    assert!(task.get("approved_by").is_none() && task["passes"] == true, "{task}");
    let events = folder.events();
    let done = events.iter().find(|e| e["event"] == "completed" && e["task"] == "B");
    assert_eq!(done.map(|e| e["data"]["follow_ups"]["duplicates"].clone()), Some(json!(2)));
}

#[test]
fn reset_all_after_the_end_makes_everything_pending() {
    let folder = folder();
    folder.put("go-A", ":");
    folder.put("go-B", ":");
    Loop::start(&folder, &[]).ends().works();
    assert_eq!(folder.json()["summary"]["complete"], 2);
    folder.run(&["reset", "--all", "--yes"]).works();
    assert_eq!(folder.json()["summary"]["pending"], 2);
    Loop::start(&folder, &[]).ends().works();
    assert_eq!(folder.json()["summary"]["complete"], 2);
}
