//! Agents by preset: the output of their tools decides about pauses and money, never about the
//! work.

use crate::sandbox::{Sandbox, flat_queue, task, wait_until};
use serde_json::{Value, json};

const FAKE: &str = include_str!("fake-claude.sh");

const OK: &str = r#"exit 0
{"type":"system","subtype":"init","session_id":"s-1","model":"m-1"}
{"type":"result","subtype":"success","is_error":false,"session_id":"s-1","total_cost_usd":1.5,"usage":{"input_tokens":100,"output_tokens":20,"cache_read_input_tokens":5},"result":"done"}"#;

const AUTH: &str = r#"exit 1
{"type":"result","subtype":"success","is_error":true,"api_error_status":401,"result":"who?"}"#;

/// Returns the event of a limit that ends in `seconds` seconds.
fn limit(seconds: i64) -> String {
    format!(
        "exit 1\n{{\"type\":\"rate_limit_event\",\"rate_limit_info\":{{\"status\":\"rejected\",\
         \"resetsAt\":@{seconds}@,\"rateLimitType\":\"five_hour\"}}}}\n\
         {{\"type\":\"result\",\"subtype\":\"success\",\"is_error\":true,\"result\":\"Another text\"}}"
    )
}

/// Returns a sandbox with a queue of `count` tasks and a fake of the tool that replays `stream` for
/// all of them.
fn with_streams(count: usize, stream: &str, more: &str) -> Sandbox {
    let (list, _) = flat_queue(count);
    let toml = format!(
        "[agents.default]\npreset = \"claude\"\nrun = [\"sh\", \"fake-claude.sh\", \"{{args}}\"]\n{more}\n\
         [[verify]]\nname = \"made\"\n\
         run = 'test -n \"$WORKLOOP_TREE_CHECK\" || test -e \"made/$WORKLOOP_TASK_ID\"'\n"
    );
    let sandbox = Sandbox::new().queue("q.json", &list).config(&toml);
    sandbox.file("fake-claude.sh", FAKE).file("streams/default", format!("{stream}\n"))
}

fn starts(sandbox: &Sandbox) -> Vec<String> {
    if !sandbox.path("starts").exists() {
        return Vec::new();
    }
    let text = String::from_utf8(sandbox.bytes("starts")).expect("text");
    text.lines().map(str::to_owned).collect()
}

#[test]
fn what_a_tool_reports_is_kept_and_a_limit_costs_no_attempt() {
    let more = "resume = true\nmodel = \"opus\"";
    let sandbox = with_streams(1, OK, more).file("streams/T001.1", limit(-58) + "\n");
    sandbox.run(["run", "q.json", "--max-cost", "9"]).exits(0);
    let why = sandbox.run(["why", "T001", "--work-queue", "q.json", "--json"]).exits(0).json();
    let (first, second) = (&why["attempts"][0], &why["attempts"][1]);
    assert_eq!(first["agent"]["outcome"], "usage_limit");
    assert_eq!((&first["reason_code"], &first["verdict"]), (&json!("usage_limit"), &Value::Null));
    let agent = &second["agent"];
    assert_eq!((&agent["preset"], &agent["outcome"]), (&json!("claude"), &json!("ok")));
    assert_eq!((&agent["session_id"], &agent["model"]), (&json!("s-1"), &json!("m-1")));
    assert_eq!((&agent["tokens"]["in"], &agent["cost_usd"]), (&json!(100), &json!(1.5)));
    let list = sandbox.read("q.json");
    let done = task(&list, "T001");
    assert_eq!((&done["budget_used"], &done["cost_usd"]), (&json!(1), &json!(1.5)));
    assert_eq!(done["tokens"], json!(125));
    let started = starts(&sandbox);
    assert!(started[0].contains("--model opus"), "{started:?}");
}

/// No loop starts the agent before its reset. Other agents can work.
#[test]
fn a_stated_reset_is_kept_by_every_loop() {
    let sandbox = with_streams(3, &limit(3600), "");
    let paused = sandbox.run(["run", "q.json", "--no-wait"]).exits(8);
    paused.says("agent default: usage limit reached; next try at");
    sandbox.run(["run", "q.json", "--no-wait"]).exits(8);
    assert_eq!(starts(&sandbox).len(), 1);
    let status = sandbox.run(["status", "q.json", "--json"]).exits(0).json();
    let pause = &status["pauses"][0];
    assert_eq!((&pause["agent"], &pause["kind"]), (&json!("default"), &json!("usage_limit")));
    assert_eq!(sandbox.status("T001"), "pending");
    // A loop that waits does not end.
    let waiting = sandbox.spawn(["run", "q.json"]);
    wait_until("it reports the limit", || waiting.output().contains("usage limit reached"));
    sandbox.run(["stop", "q.json"]).exits(0);
    waiting.ends().exits(6);
    assert_eq!(starts(&sandbox).len(), 1);
    // Another agent may do the work in the meantime.
    let toml = String::from_utf8(sandbox.bytes("workloop.toml")).expect("text");
    let other = "fallback = [\"other\"]\n[agents.other]\n\
                 run = 'mkdir -p made; echo >made/$WORKLOOP_TASK_ID'\n[[verify]]";
    let sandbox = sandbox.config(&toml.replacen("[[verify]]", other, 1));
    sandbox.run(["run", "q.json"]).exits(0);
    assert_eq!(starts(&sandbox).len(), 1);
}

#[test]
fn a_missing_login_names_the_command_and_blames_no_task() {
    let sandbox = with_streams(2, AUTH, "");
    let ran = sandbox.run(["run", "q.json"]).exits(2);
    ran.says("not logged in: who?; log in with: claude, then /login");
    assert_eq!((starts(&sandbox).len(), sandbox.status("T001").as_str()), (1, "pending"));
    // The next run tries the agent once.
    let sandbox = sandbox.file("streams/default", format!("{OK}\n"));
    sandbox.run(["run", "q.json"]).exits(0);
}

#[test]
fn limits_of_money_end_a_run_and_block_a_task() {
    let sandbox = with_streams(5, OK, "[limits.day]\ncost_usd = 4");
    let ran = sandbox.run(["run", "q.json", "--jobs", "3"]).exits(6);
    let expected = "today's limit cost_usd = 4 (3.00 measured by claude, 1.50 expected for the next \
                    attempt) is reached";
    ran.says(expected);
    assert_eq!(starts(&sandbox).len(), 2);
    let status = sandbox.run(["status", "q.json", "--json"]).json();
    assert_eq!(status["pauses"][0]["kind"], "budget", "{status}");
    // Another loop knows that the limit is reached.
    sandbox.run(["run", "q.json"]).exits(6).says(expected);
    assert_eq!(starts(&sandbox).len(), 2);
    // The limit of a run counts its own attempts only.
    let sandbox = with_streams(5, OK, "[limits.run]\ncost_usd = 3");
    let ran = sandbox.run(["run", "q.json", "--jobs", "4"]).exits(6);
    ran.says("the run's limit cost_usd = 3 (3.00 measured by claude) is reached");
    assert_eq!(starts(&sandbox).len(), 2);
    let failing = OK.replace("exit 0", "exit 3");
    let sandbox = with_streams(1, &failing, "[limits]\ncost_usd = 2");
    sandbox.run(["run", "q.json"]).exits(5);
    let list = sandbox.read("q.json");
    let error = task(&list, "T001")["error"].as_str().unwrap_or_default().to_owned();
    let limit = "the task's limit cost_usd = 2 (3.00 measured) is reached";
    assert!(error.starts_with(limit), "{error}");
    assert_eq!(starts(&sandbox).len(), 2);
}
