//! Findings of `check` that come in large numbers, and those about claims.

use super::sandbox::{Sandbox, gone};
use crate::store::{StateDir, TaskKey};
use serde_json::{Value, json};

#[test]
fn a_thousand_findings_of_a_kind_are_listed_and_all_are_counted() {
    let without_title =
        |count: u32| -> Value { (0..count).map(|n| json!({"id": format!("T{n}")})).collect() };
    let exact = Sandbox::complete(without_title(1000));
    let text = exact.reads("check").printed();
    assert!(
        text.ends_with("\n0 errors, 1000 warnings in 1 queue of 1000 tasks\n"),
        "{}",
        text.len()
    );
    assert!(!text.contains("more of this kind"));
    assert_eq!(exact.reads("check --json").json("check")["more"], json!([]));
    let more = Sandbox::complete(without_title(1002));
    let text = more.reads("check").printed();
    let end = "\nqueues/q.json: warning[no-description]: and 2 more of this kind\n\
               0 errors, 1002 warnings in 1 queue of 1002 tasks\n";
    assert!(text.ends_with(end), "{}", text.lines().last().unwrap_or_default());
    let value = more.reads("check --json").json("check");
    assert_eq!(value["findings"].as_array().map(Vec::len), Some(1000));
    let rest = json!({"severity": "warning", "code": "no-description", "queue": "queues/q.json", "count": 2});
    assert_eq!(value["more"], json!([rest]));
}

#[test]
fn a_claim_of_a_newer_program_is_reported() {
    let task = json!([{"id": "A", "title": "a", "status": "in_progress", "attempts": 1, "claim": gone(1)}]);
    let sandbox = Sandbox::complete(task);
    let queue = sandbox.path("queues/q.json");
    let (state, key) = (StateDir::beside(&queue), TaskKey::new(&queue, "A"));
    let lock = state.claim_lock(&key);
    let record = |version: u32| {
        let record = json!({"v": version, "pid": 7, "start": 1, "session": 7, "group": 7});
        sandbox.put(lock.to_str().expect("text"), &format!("{record}\n"));
        sandbox.reads("check").printed()
    };
    assert_eq!(record(1), "nothing found in 1 queue of 1 task\n");
    let shown = sandbox.masked(lock.to_str().expect("text"));
    let text = format!(
        "{shown}: warning[newer-claim]: format 2, but this program supports 1\n\
         0 errors, 1 warning in 1 queue of 1 task\n"
    );
    assert_eq!(record(2), text);
}
