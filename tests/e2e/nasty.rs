//! Agents that misbehave.

use crate::fake_agent::CONFIG;
use crate::processes::lacks;
use crate::sandbox::{Sandbox, queue, task, wait_until};
use serde_json::json;
use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

/// Returns a sandbox with one task, a budget of one attempt, and a timeout of one second.
fn hurried(script: &str) -> Sandbox {
    let mut list = queue(&[("A", &[])]);
    list["tasks"][0]["max_iterations"] = json!(1);
    Sandbox::new()
        .config(&CONFIG.replace(r#"timeout = "30s""#, r#"timeout = "1s""#))
        .queue("q.json", &list)
        .script("A", script)
}

fn size_of(folder: &Path) -> u64 {
    let entries = fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(data) if data.is_dir() => size_of(&entry.path()),
            Ok(data) => data.len(),
            Err(_) => 0,
        })
        .sum()
}

#[test]
fn a_hanging_agent_with_a_daemon_is_ended_with_all_it_started() {
    let sandbox = hurried("ignore-term\ndaemonise\nhang");
    let start = Instant::now();
    sandbox.run(["run", "q.json"]).exits(5);
    assert!(start.elapsed() < Duration::from_secs(20), "{:?}", start.elapsed());
    sandbox.nothing_left();
    let queue = sandbox.read("q.json");
    assert_eq!(task(&queue, "A")["status"], "blocked");
    let error = task(&queue, "A")["error"].as_str().unwrap_or_default();
    assert!(error.contains("agent") || error.contains("timed out"), "{error}");
}

#[test]
fn a_child_left_behind_by_a_good_agent_goes_before_the_verification() {
    if lacks("flock") {
        return;
    }
    // The child holds the lock of the agent, so `flock -n` fails while the child is alive.
    let alone = r#"
[[verify]]
name = "alone"
run = 'flock -n "oracle/$WORKLOOP_TASK_ID.lock" true'
"#;
    let sandbox = hurried("daemonise").config(&format!("{CONFIG}{alone}"));
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.status("A"), "complete");
    sandbox.nothing_left();
}

#[test]
fn a_flood_costs_neither_disk_nor_memory() {
    let sandbox =
        Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "flood 300000000");
    sandbox.run(["run", "q.json"]).exits(0);
    let kept = size_of(&sandbox.path(".workloop"));
    assert!(kept > 1024 * 1024 && kept < 72 * 1024 * 1024, "{kept} bytes were kept");
    sandbox.nothing_left();
}

#[test]
fn a_reader_of_stdin_gets_the_prompt_and_its_end() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "drain-stdin");
    let running = sandbox.spawn_with_silent_stdin(["run", "q.json"]);
    running.ends().exits(0);
    assert_eq!(sandbox.oracle().ends("A"), 1);
}

#[test]
fn a_reader_of_the_terminal_finds_none() {
    let sandbox = Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "read-tty");
    sandbox.run(["run", "q.json"]).exits(0);
    sandbox.nothing_left();
}

#[test]
fn exit_0_having_done_nothing_is_not_done() {
    let sandbox = hurried("nothing\nsay all done, promise\nresult {\"status\": \"done\"}");
    sandbox.run(["run", "q.json"]).exits(5);
    let queue = sandbox.read("q.json");
    assert_eq!(task(&queue, "A")["status"], "blocked");
    assert_eq!(task(&queue, "A")["verification_verdict"], "FAIL");
}

#[test]
fn a_result_that_is_no_json_harms_nothing() {
    let sandbox = hurried("result {\"status\": \"done\", \"summary\": ");
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(sandbox.status("A"), "complete");
}

#[test]
fn an_agent_that_deletes_the_state_folder_loses_nothing() {
    if lacks("flock") {
        return;
    }
    let sandbox = Sandbox::new()
        .config(&CONFIG.replace(
            r#"run = ["sh", "fake-agent.sh"]"#,
            r#"run = "rm -rf .workloop && sh fake-agent.sh""#,
        ))
        .queue("q.json", &queue(&[("A", &[]), ("B", &["A"])]))
        .script("default", "sleep 0.05");
    let ran = sandbox.run(["run", "q.json"]);
    assert!(sandbox.oracle().overlaps().is_empty(), "{ran}");
    assert_eq!(sandbox.read("q.json")["tasks"].as_array().map(Vec::len), Some(2));
    sandbox.nothing_left();
}

#[test]
fn task_data_is_never_a_shell_command() {
    let hostile = "$(touch canary) `touch canary` ; touch canary # ' \" \n../../x";
    let mut list = queue(&[("A", &[])]);
    for key in ["title", "description", "type", "completion_promise"] {
        list["tasks"][0][key] = json!(hostile);
    }
    for key in ["tests", "tags", "acceptance_criteria", "deliverables"] {
        list["tasks"][0][key] = json!([hostile]);
    }
    let sandbox = Sandbox::new().queue("q.json", &list);
    sandbox.run(["run", "q.json"]).exits(0);
    assert!(!sandbox.path("canary").exists());
}

#[test]
fn a_hostile_id_is_never_a_path() {
    let mut list = queue(&[("A", &[])]);
    list["tasks"][0]["id"] = json!("../../../escape\u{1b}[31m/$(touch canary)");
    let sandbox = Sandbox::new().queue("q.json", &list);
    let ran = sandbox.run(["run", "q.json", "--agent", "true", "--verify", "true"]).exits(0);
    assert!(!sandbox.path("canary").exists());
    assert!(!sandbox.path("../escape").exists() && !sandbox.path("escape").exists());
    assert!(!ran.stderr.contains('\u{1b}') && !ran.stdout.contains('\u{1b}'), "{ran}");
}

#[test]
fn a_cancelled_attempt_ends_and_its_task_is_parked() {
    let sandbox =
        Sandbox::new().queue("q.json", &queue(&[("A", &[])])).script("A", "daemonise\nhang");
    let running = sandbox.spawn(["run", "q.json"]);
    wait_until("the agent runs", || sandbox.oracle().starts("A") == 1);
    sandbox.run(["cancel", "A", "--work-queue", "q.json"]).exits(0);
    running.ends().exits(0).says("parked");
    assert_eq!(sandbox.status("A"), "parked");
    sandbox.nothing_left();
}
